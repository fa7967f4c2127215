"""The structure of animated WebP files; Pillow decodes each frame as a WebP still of its own."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .guard import check_count
from .parts import Disposal, Outline, Part, read_exactly
from .stills import rgba

_ALPHA_FLAG = 0x10


def _u24(data: bytes) -> int:
    return int.from_bytes(data, "little")


def u24(number: int) -> bytes:
    """`number` as 3 bytes, as WebP stores sizes and durations."""
    return number.to_bytes(3, "little")


def outline(file: BinaryIO) -> Outline:
    """Walks over the chunks of an animated WebP. Raises EOFError where it ends too early, ValueError on garbage."""
    end = struct.unpack("<4xI4x", read_exactly(file, 12))[0] + 8
    width = height = plays = 0
    parts: list[Part] = []
    shared: dict[bytes, bytes] = {}
    while file.tell() + 8 <= end:
        name, size = struct.unpack("<4sI", read_exactly(file, 8))
        start = file.tell()
        if name == b"VP8X":
            header = read_exactly(file, 10)
            width, height = _u24(header[4:7]) + 1, _u24(header[7:10]) + 1
        elif name == b"ICCP":
            shared[name] = read_exactly(file, size)
        elif name == b"ANIM":
            plays = struct.unpack("<4xH", read_exactly(file, 6))[0]
        elif name == b"ANMF":
            header = read_exactly(file, 16)
            inner = read_exactly(file, 4)
            x, y = 2 * _u24(header[0:3]), 2 * _u24(header[3:6])
            box = (x, y, _u24(header[6:9]) + 1, _u24(header[9:12]) + 1)
            if x + box[2] > width or y + box[3] > height:
                raise ValueError("a frame reaches over the edge")
            disposal = Disposal.CLEAR if header[15] & 1 else Disposal.KEEP
            duration = Fraction(_u24(header[12:15]), 1000)
            # A lossless frame may use its alpha without an ALPH chunk, so only a lone lossy one is surely opaque.
            part = Part(duration, box, disposal, inner != b"VP8 ", not header[15] & 2, ((start + 16, size - 16),))
            parts.append(part)
            check_count(len(parts))
        file.seek(start)
        read_exactly(file, size + (size & 1 if start + size < end else 0))
    return Outline(width, height, {0: 0, 1: None}.get(plays, plays - 1), parts, shared)


def decode(file: BinaryIO, outline: Outline, part: Part) -> NDArray[np.uint8]:
    """The pixels of one frame by itself: uint8 (h, w, 4), RGBA."""
    _, _, width, height = part.box
    data = part.read(file)
    if data[:4] == b"ALPH":
        data = chunk(b"VP8X", struct.pack("<I", _ALPHA_FLAG) + u24(width - 1) + u24(height - 1)) + data
    webp = b"RIFF" + struct.pack("<I", len(data) + 4) + b"WEBP" + data
    with Image.open(io.BytesIO(webp), formats=["WEBP"]) as image:
        if image.size != (width, height):
            raise ValueError("its frame has another size than it says")
        return rgba(image, outline.shared.get(b"ICCP"))


def chunk(name: bytes, data: bytes) -> bytes:
    """A RIFF chunk with its size and padding."""
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)
