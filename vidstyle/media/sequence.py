"""Reads single pictures, folders of them, numbered patterns and globs as clips."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import TracebackType

import numpy as np

from ..errors import InputError
from .clip import ReadOptions
from .frame import ClipInfo, Frame
from .sniff import identify
from .stills import read_header, read_still

PICTURE_EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
_PLACE = re.compile(r"%(0?)(\d*)d(?!(?<=%d)[a-z])")  # "50%done.png" is one picture


class SequenceReader:
    """A ClipReader of pictures of one size, each shown for 1/fps seconds.

    Opening it reads the headers of all files, and decodes those with an alpha until one is seen through. Raises
    InputError if one is damaged, no still, or of another size.
    """

    def __init__(self, files: list[Path], format: str, options: ReadOptions) -> None:
        self._files, self._limit = files, options.max_pixels
        for file in files:
            if identify(file).family != "still":
                raise InputError(f"{file}: is a clip, not a picture: only stills can be the frames of a sequence")
        headers = [read_header(file, options.max_pixels) for file in files]
        first = headers[0]
        for file, header in zip(files, headers, strict=True):
            if (header.width, header.height) != (first.width, first.height):
                raise InputError(
                    f"{file}: is {header.width}x{header.height}, but {files[0].name} is {first.width}x{first.height}: "
                    "all frames must have one size"
                )
        self._duration = 1 / options.fps
        self._info = ClipInfo(
            format=format,
            width=first.width,
            height=first.height,
            frame_count=len(files),
            tick=self._duration,
            rate=None if len(files) == 1 else options.fps,
            duration=len(files) * self._duration,
            has_alpha=any(
                header.has_alpha and _see_through(file, file.stat().st_mtime_ns, options.max_pixels)
                for file, header in zip(files, headers, strict=True)
            ),
        )

    @property
    def info(self) -> ClipInfo:
        return self._info

    def frames(self, start: Fraction = Fraction(0), end: Fraction | None = None) -> Iterator[Frame]:
        """The frames whose first instant lies in [start, end). Raises InputError at a damaged file."""
        for number, file in enumerate(self._files):
            time = number * self._duration
            if time < start or (end is not None and time >= end):
                continue
            frame = read_still(file, self._limit, self._duration)
            if frame.image.shape[:2] != (self._info.height, self._info.width):
                raise InputError(f"{file}: has changed its size since the sequence was opened: start again")
            alpha = frame.alpha if self._info.has_alpha else None
            if self._info.has_alpha and alpha is None:
                alpha = np.full(frame.image.shape[:2], 255, np.uint8)
            yield Frame(frame.image, frame.duration, alpha)

    def __enter__(self) -> SequenceReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


@cache
def _see_through(file: Path, changed: int, max_pixels: int) -> bool:
    """Whether any pixel is; programs that render pictures give them an alpha of 255 throughout.

    changed: when the file was, since a run opens its source several times.
    """
    alpha = read_still(file, max_pixels, Fraction(0)).alpha
    return alpha is not None and bool((alpha < 255).any())


def is_pattern(name: str) -> bool:
    """True for a file name with one place for a number, as in f_%04d.png."""
    return len(_PLACE.findall(name)) == 1


def numbered(name: str, number: int) -> str:
    """The name that the pattern `name` gives to `number`."""
    return _PLACE.sub(lambda place: f"{number:{place[1]}{place[2]}d}", name)


def number_in(name: str, pattern: str) -> int | None:
    """The number for which the pattern gives the name; None if there is none."""
    place = _PLACE.search(pattern)
    assert place
    before, after = (re.escape(part) for part in (pattern[: place.start()], pattern[place.end() :]))
    found = re.fullmatch(f"{before}(\\d+){after}", name)
    return int(found[1]) if found and numbered(pattern, int(found[1])) == name else None


def folder_files(folder: Path) -> list[Path]:
    """The pictures of a folder in natural order. Raises InputError if there are none."""
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".") and entry.is_file()]
    except OSError as error:
        raise InputError(f"{folder}: the folder cannot be read: {error.strerror}") from error
    return _pictures(folder, entries)


def glob_files(pattern: Path) -> list[Path]:
    """The pictures that a glob finds, in natural order. Raises InputError if there are none."""
    folder = str(pattern.parent)
    if os.path.isdir(folder):  # which may well be called "cats [2]"
        folder = glob.escape(folder)
    found = [Path(name) for name in glob.glob(os.path.join(folder, pattern.name))]
    return _pictures(pattern, [file for file in found if file.is_file()])


def _pictures(source: Path, files: list[Path]) -> list[Path]:
    pictures = [file for file in files if file.suffix.lower() in PICTURE_EXTENSIONS]
    if not pictures:
        raise InputError(f"{source}: there are no pictures ({', '.join(PICTURE_EXTENSIONS)}) to read")
    return sorted(pictures, key=_natural_key)


def _natural_key(file: Path) -> tuple[list[tuple[int, str]], str]:
    """Sorts f2 before f10."""
    pieces = re.split(r"(\d+)", file.name.lower())
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces], file.name


def pattern_files(pattern: Path) -> list[Path]:
    """The files of a numbered pattern, from the lowest number on.

    Raises InputError if there are none, or if one is missing between the lowest and the highest.
    """
    try:
        names = [entry.name for entry in pattern.parent.iterdir()]
    except OSError as error:
        raise InputError(f"{pattern}: the folder {pattern.parent} cannot be read: {error.strerror}") from error
    found = {number_in(name, pattern.name) for name in names}
    numbers = sorted(number for number in found if number is not None)
    if not numbers:
        raise InputError(f"{pattern}: no file has such a name: check the folder and the number of digits")
    for number, there in enumerate(numbers, numbers[0]):
        if number != there:
            missing = pattern.with_name(numbered(pattern.name, number))
            raise InputError(f"{missing}: this frame of the sequence is missing: there are frames before and after it")
    return [pattern.with_name(numbered(pattern.name, number)) for number in numbers]
