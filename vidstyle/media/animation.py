"""Reads animated pictures: GIF, APNG, animated WebP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from . import apng_parts, gif_parts, webp_parts
from .clip import ReadOptions
from .frame import ClipInfo, Frame
from .guard import check_clip, check_pixels, decoding
from .parts import Canvas, Outline, Part
from .timeline import common_rate, common_tick, shown

# To add a format: its name as sniff.py gives it, a function that walks over the file, and one that decodes a frame.
FORMATS: dict[str, tuple[Callable[[BinaryIO], Outline], Callable[[BinaryIO, Outline, Part], NDArray[np.uint8]]]] = {
    "gif": (gif_parts.outline, gif_parts.decode),
    "apng": (apng_parts.outline, apng_parts.decode),
    "animated webp": (webp_parts.outline, webp_parts.decode),
}


class AnimationReader:
    """A ClipReader of an animated picture.

    Opening it walks once over the file, and decodes frames only as far as is needed to know whether any is transparent.
    Raises InputError if the file is damaged, incomplete, without frames or larger than options.max_pixels.
    """

    def __init__(self, path: Path, format: str, options: ReadOptions) -> None:
        self._path = path
        self._limit = options.max_pixels
        scan, self._decode = FORMATS[format]
        with decoding(path, self._limit), path.open("rb") as file:
            self._outline = scan(file)
        parts = self._outline.parts
        if not parts:
            raise InputError(f"{path}: the {format} file holds no frames")
        check_clip(path, self._outline.width, self._outline.height, len(parts), self._limit)
        for part in parts:
            check_pixels(path, part.box[2], part.box[3], self._limit)
        durations = [part.duration for part in parts]
        self._info = ClipInfo(
            format=format,
            width=self._outline.width,
            height=self._outline.height,
            frame_count=len(parts),
            tick=common_tick(map(shown, durations)),
            rate=common_rate(durations),
            duration=sum(durations, Fraction(0)),
            loop=self._outline.loop,
            has_alpha=not self._outline.surely_opaque() and any((c[..., 3] < 255).any() for c in self._canvases()),
        )

    @property
    def info(self) -> ClipInfo:
        return self._info

    def frames(self, start: Fraction = Fraction(0), end: Fraction | None = None) -> Iterator[Frame]:
        """The frames whose first instant lies in [start, end). Raises InputError at a damaged frame."""
        time = Fraction(0)
        for part, pixels in zip(self._outline.parts, self._canvases(), strict=True):
            if end is not None and time >= end:
                return
            if time >= start:
                alpha = pixels[..., 3].copy() if self._info.has_alpha else None
                yield Frame(pixels[..., :3].copy(), part.duration, alpha)
            time += part.duration

    def _canvases(self) -> Iterator[NDArray[np.uint8]]:
        """The composed frames, uint8 (H, W, 4); each is valid until the next is asked for."""
        canvas = Canvas(self._outline.width, self._outline.height)
        with decoding(self._path, self._limit):
            file = self._path.open("rb")
        with file:
            for number, part in enumerate(self._outline.parts, 1):
                with decoding(self._path, self._limit, f"frame {number}"):
                    canvas.paint(self._decode(file, self._outline, part), part)
                yield canvas.pixels

    def __enter__(self) -> AnimationReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
