"""Writes the blocks of a GIF; Pillow compresses the pixels of each frame."""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import GifImagePlugin, Image

from .gif_palette import Palette
from .pixels import changed_box
from .timeline import pieces

TRANSPARENT = 255  # the index that is never a colour
_MAX_DELAY = 65535  # cs
_NOWHERE = -1  # a packed colour that no pixel has
_KEEP, _CLEAR = 1, 2  # disposal


class GifEncoder:
    """Streams frames of indices into an open file.

    palette: of the whole clip, or None if each frame brings its own. alpha: frames may have transparent pixels; they
    are then stored whole, and cleared before the next. Otherwise only what differs from the frame before is stored.
    """

    def __init__(
        self, file: BinaryIO, size: tuple[int, int], loop: int | None, palette: Palette | None, alpha: bool
    ) -> None:
        self._file, self._size, self._palette, self._alpha = file, size, palette, alpha
        self._shown: NDArray[np.int32] = np.full(size[::-1], _NOWHERE, np.int32)
        self._first = True
        table = b"" if palette is None else _colour_table(palette)
        file.write(b"GIF89a" + struct.pack("<HHBBB", *size, 0xF7 if table else 0x70, 0, 0) + table)
        if loop is not None:
            file.write(b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", min(loop, 65535), 0))

    def add(self, indices: NDArray[np.uint8], palette: Palette, delay: int) -> None:
        """Appends a frame: indices uint8 (H, W) into `palette`, TRANSPARENT where nothing is; delay in cs."""
        box = (0, 0, *self._size)
        transparent = self._alpha
        if not self._alpha:
            shown = _packed_table(palette)[indices]
            changed = shown != self._shown
            self._shown = shown
            transparent = not self._first
            if transparent:
                box = changed_box(changed)
                indices = np.where(changed, indices, np.uint8(TRANSPARENT))
        self._first = False
        x, y, width, height = box
        data = _image_data(indices[y : y + height, x : x + width], (x, y), None if self._palette else palette)
        disposal = _CLEAR if self._alpha else _KEEP
        first, *rest = pieces(delay, _MAX_DELAY)
        self._write(data, first, disposal, transparent)
        for part in rest:
            self._write(data, part, disposal, transparent)

    def _write(self, data: bytes, delay: int, disposal: int, transparent: bool) -> None:
        flags = disposal << 2 | transparent
        index = TRANSPARENT if transparent else 0
        self._file.write(b"!\xf9\x04" + struct.pack("<BHBB", flags, delay, index, 0) + data)

    def finish(self) -> None:
        """Writes the trailer; the file stays open."""
        self._file.write(b";")


def _colour_table(palette: Palette) -> bytes:
    return palette.colours.tobytes().ljust(768, b"\0")


def _packed_table(palette: Palette) -> NDArray[np.int32]:
    wide = palette.colours.astype(np.int32)
    return np.asarray(wide[:, 0] << 16 | wide[:, 1] << 8 | wide[:, 2])


def _image_data(indices: NDArray[np.uint8], offset: tuple[int, int], local: Palette | None) -> bytes:
    """An image descriptor with its local colour table, if any, and compressed pixels."""
    # As a grey picture Pillow takes the indices as they are; only the colour table is put in by hand.
    image = Image.fromarray(np.ascontiguousarray(indices))
    blocks = b"".join(GifImagePlugin.getdata(image, offset))
    if local is None:
        return blocks
    return blocks[:9] + b"\x87" + _colour_table(local) + blocks[10:]
