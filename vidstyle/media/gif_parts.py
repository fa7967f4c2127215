"""The structure of GIF files: where each frame lies and how it is composed; no pixels are decoded until asked for."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .guard import check_count
from .parts import Disposal, Outline, Part, read_exactly

_DISPOSALS = {2: Disposal.CLEAR, 3: Disposal.RESTORE}


@dataclass(frozen=True)
class _GifPart(Part):
    """colours: its palette, 3 bytes a colour. index: the transparent one or -1. interlaced: 0x40 if it is, else 0."""

    colours: bytes
    index: int
    interlaced: int


def _skip_blocks(file: BinaryIO) -> None:
    while size := read_exactly(file, 1)[0]:
        read_exactly(file, size)


def _palette(file: BinaryIO, flags: int) -> bytes:
    return read_exactly(file, 3 << ((flags & 7) + 1)) if flags & 0x80 else b""


def outline(file: BinaryIO) -> Outline:
    """Walks over the blocks of a GIF. Raises EOFError where the file ends within a frame, ValueError on garbage."""
    header = read_exactly(file, 13)
    width, height, flags = struct.unpack("<HHB", header[6:11])
    colours = _palette(file, flags)
    loop: int | None = None
    parts: list[Part] = []
    duration, disposal, transparent = Fraction(0), Disposal.KEEP, -1
    while (block := file.read(1)) and block != b";":  # a missing trailer is common and harmless
        if block == b"!":
            label = read_exactly(file, 1)[0]
            size = read_exactly(file, 1)[0]
            data = read_exactly(file, size)
            if label == 0xF9 and size >= 4:
                packed, delay, index = struct.unpack("<BHB", data[:4])
                duration, transparent = Fraction(delay, 100), index if packed & 1 else -1
                disposal = _DISPOSALS.get(packed >> 2 & 7, Disposal.KEEP)
            elif label == 0xFF and data in (b"NETSCAPE2.0", b"ANIMEXTS1.0"):
                size = read_exactly(file, 1)[0]
                data = read_exactly(file, size)
                if size >= 3 and data[0] & 7 == 1:
                    loop = struct.unpack("<H", data[1:3])[0]
            if size:
                _skip_blocks(file)
        elif block == b",":
            x, y, part_width, part_height, flags = struct.unpack("<HHHHB", read_exactly(file, 9))
            local = _palette(file, flags)
            start = file.tell()
            read_exactly(file, 1)
            _skip_blocks(file)
            data_range = (start, file.tell() - start)
            box = (x, y, part_width, part_height)
            stored = (duration, box, disposal, transparent >= 0, True, (data_range,))
            parts.append(_GifPart(*stored, local or colours, transparent, flags & 0x40))
            check_count(len(parts))
            duration, disposal, transparent = Fraction(0), Disposal.KEEP, -1
        elif block != b"\0":  # stray terminators are tolerated, as everywhere
            if parts:
                break  # bytes after the last frame
            raise ValueError("it holds a block of unknown kind")
    if parts:  # as browsers do: the screen is at least as large as the first frame
        x, y, part_width, part_height = parts[0].box
        width, height = max(width, x + part_width), max(height, y + part_height)
    return Outline(width, height, loop, parts)


def decode(file: BinaryIO, outline: Outline, part: Part) -> NDArray[np.uint8]:
    """The pixels of one frame by itself: uint8 (h, w, 4), RGBA."""
    assert isinstance(part, _GifPart)
    _, _, width, height = part.box
    # Pillow gets the frame as a GIF of its own without a palette, and so returns the bare indices.
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0)
    descriptor = b"," + struct.pack("<HHHHB", 0, 0, width, height, part.interlaced)
    with Image.open(io.BytesIO(head + descriptor + part.read(file) + b";"), formats=["GIF"]) as image:
        image.load()
        indices = np.asarray(image)
    if indices.shape != (height, width):
        raise ValueError("its frame has another size than it says")
    table = np.zeros((256, 4), np.uint8)
    if part.colours:
        table[: len(part.colours) // 3, :3] = np.frombuffer(part.colours, np.uint8).reshape(-1, 3)
    else:
        table[:, :3] = np.arange(256)[:, None]
    table[:, 3] = 255
    if part.index >= 0:
        table[part.index] = 0
    return np.take(table, indices, axis=0)
