"""Animated pictures as lists of parts that are painted one over another; shared by GIF, APNG and WebP."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image


class Disposal(Enum):
    """What becomes of a part's area before the next one is painted."""

    KEEP = 0
    CLEAR = 1  # to transparent
    RESTORE = 2  # to what was there before the part


@dataclass(frozen=True)
class Part:
    """One frame as it is stored.

    duration: seconds. box: x, y, width, height in pixels. transparent: whether it may have transparent pixels.
    blend: painted over what is there (True) or replacing it, alpha and all.
    ranges: (offset, size) of its compressed data in the file. A format that needs more to decode it has a subclass.
    """

    duration: Fraction
    box: tuple[int, int, int, int]
    disposal: Disposal
    transparent: bool
    blend: bool
    ranges: tuple[tuple[int, int], ...]

    def read(self, file: BinaryIO) -> bytes:
        """Its compressed data. Raises EOFError if the file ends before it does."""
        data = []
        for offset, size in self.ranges:
            file.seek(offset)
            data.append(read_exactly(file, size))
        return b"".join(data)


@dataclass(frozen=True)
class Outline:
    """An animated picture without its pixels. loop: as in ClipInfo. shared: chunks that all parts need."""

    width: int
    height: int
    loop: int | None
    parts: list[Part]
    shared: dict[bytes, bytes] = field(default_factory=dict)

    def surely_opaque(self) -> bool:
        """True if no frame can have a transparent pixel, told without decoding one."""
        whole = (0, 0, self.width, self.height)
        if any(part.disposal is not Disposal.KEEP and part.box != whole for part in self.parts):
            return False
        opaque = [part.box == whole and not part.transparent for part in self.parts]
        cleared = [part.disposal is not Disposal.KEEP for part in self.parts]
        # The first part and every one that follows a cleared canvas must fill it; the others only add to it.
        return all(full for full, after in zip(opaque, [True, *cleared], strict=False) if after) and all(
            part.blend or not part.transparent for part in self.parts
        )


class Canvas:
    """Where parts are composed. pixels: uint8 (H, W, 4), RGBA, the frame that was painted last."""

    def __init__(self, width: int, height: int) -> None:
        self.pixels: NDArray[np.uint8] = np.zeros((height, width, 4), np.uint8)
        self._undo: tuple[tuple[slice, slice], NDArray[np.uint8] | int] | None = None

    def paint(self, patch: NDArray[np.uint8], part: Part) -> None:
        """Disposes of the part before and paints `patch`, uint8 (h, w, 4), where `part` belongs.

        What reaches over the canvas is cut off.
        """
        if self._undo:
            area, before = self._undo
            self.pixels[area] = before
            self._undo = None
        x, y, width, height = part.box
        area = (slice(y, y + height), slice(x, x + width))
        target = self.pixels[area]
        if part.disposal is Disposal.RESTORE:
            self._undo = area, target.copy()
        elif part.disposal is Disposal.CLEAR:
            self._undo = area, 0
        patch = patch[: target.shape[0], : target.shape[1]]
        if not target.size:
            return
        if not part.blend:
            target[:] = patch
        else:
            _paint_over(target, patch)


def _paint_over(target: NDArray[np.uint8], patch: NDArray[np.uint8]) -> None:
    alpha = patch[..., 3]
    solid = alpha == 255
    target[solid] = patch[solid]
    if ((alpha > 0) & ~solid).any():
        under, over = Image.fromarray(np.ascontiguousarray(target)), Image.fromarray(np.ascontiguousarray(patch))
        target[:] = np.asarray(Image.alpha_composite(under, over))


def read_exactly(file: BinaryIO, size: int) -> bytes:
    """The next `size` bytes. Raises EOFError if there are fewer."""
    data = file.read(size)
    if len(data) < size:
        raise EOFError("it ends too early")
    return data
