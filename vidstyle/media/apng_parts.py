"""The structure of APNG files: chunks and frame controls; Pillow decodes each frame as a PNG of its own."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .guard import check_count
from .parts import Disposal, Outline, Part, read_exactly
from .stills import rgba

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DISPOSALS = (Disposal.KEEP, Disposal.CLEAR, Disposal.RESTORE)
_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"iCCP")


@dataclass
class _Control:
    """An fcTL chunk and where the data that follow it lie."""

    fields: bytes
    ranges: list[tuple[int, int]]

    def part(self, transparent: bool, first: bool) -> Part:
        _, width, height, x, y, number, denominator, disposal, blend = struct.unpack(">5I2H2B", self.fields)
        if disposal > 2 or blend > 1 or not self.ranges:
            raise ValueError("it holds a frame without data or with unknown ways to show it")
        if first and disposal == 2:
            disposal = 1  # says the standard: there is nothing to restore
        delay = Fraction(number, denominator or 100)
        box = (x, y, width, height)
        return Part(delay, box, _DISPOSALS[disposal], transparent, blend == 1, tuple(self.ranges))


def outline(file: BinaryIO) -> Outline:
    """Walks over the chunks of an APNG and checks their sums.

    Raises EOFError where the file ends before its IEND, ValueError on garbage.
    """
    read_exactly(file, len(SIGNATURE))
    chunks: dict[bytes, bytes] = {}
    controls: list[_Control] = []
    announced = plays = 0
    name = b""
    while name != b"IEND":
        size, name = struct.unpack(">I4s", read_exactly(file, 8))
        start = file.tell()
        data = read_exactly(file, size)
        if zlib.crc32(data, zlib.crc32(name)) != struct.unpack(">I", read_exactly(file, 4))[0]:
            raise ValueError(f"the checksum of a {name.decode('latin-1')!r} chunk is wrong")
        if name in _NEEDED:
            chunks[name] = data
        elif name == b"acTL":
            announced, plays = struct.unpack(">2I", data)
        elif name == b"fcTL":
            controls.append(_Control(data, []))
            check_count(len(controls))
        elif name == b"IDAT" and controls:  # without a control before it, it is a default image and no frame
            controls[-1].ranges.append((start, size))
        elif name == b"fdAT" and controls:
            controls[-1].ranges.append((start + 4, size - 4))
    width, height = struct.unpack(">2I", chunks[b"IHDR"][:8])
    if announced != len(controls):
        raise ValueError(f"it announces {announced} frames and holds {len(controls)}")
    transparent = b"tRNS" in chunks or chunks[b"IHDR"][9] in (4, 6)
    parts = [control.part(transparent, i == 0) for i, control in enumerate(controls)]
    for x, y, part_width, part_height in (part.box for part in parts):
        if x + part_width > width or y + part_height > height:
            raise ValueError("a frame reaches over the edge")
    return Outline(width, height, {0: 0, 1: None}.get(plays, plays - 1), parts, chunks)


def decode(file: BinaryIO, outline: Outline, part: Part) -> NDArray[np.uint8]:
    """The pixels of one frame by itself: uint8 (h, w, 4), RGBA."""
    _, _, width, height = part.box
    chunks = dict(outline.shared)
    chunks[b"IHDR"] = struct.pack(">2I", width, height) + chunks[b"IHDR"][8:]
    chunks[b"IDAT"] = part.read(file)
    png = SIGNATURE + b"".join(chunk(name, data) for name, data in chunks.items()) + chunk(b"IEND", b"")
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return rgba(image, image.info.get("icc_profile"))


def chunk(name: bytes, data: bytes) -> bytes:
    """A PNG chunk with its size and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))
