"""What every reader and writer of clips looks like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, get_args

from ..errors import OptionError, unknown
from .frame import ClipInfo, Frame

MAX_PIXELS = 100_000_000  # width x height that is decoded unless the user raises it
Palette = Literal["global", "frame"]
Dither = Literal["ordered", "floyd", "none"]
DEFAULT_FPS = Fraction(25)  # of clips that do not say: folders of stills


@dataclass(frozen=True)
class ReadOptions:
    """max_pixels: refuse larger frames. fps: frames per second given to folders and patterns of stills."""

    max_pixels: int = MAX_PIXELS
    fps: Fraction = DEFAULT_FPS

    def __post_init__(self) -> None:
        if self.max_pixels < 1:
            raise OptionError(f"--max-pixels {self.max_pixels}: must be 1 or more")
        if not Fraction(1, 1000) <= self.fps <= 1000:
            raise OptionError(f"--fps {float(self.fps):g}: must be between 0.001 and 1000")


@dataclass(frozen=True)
class AudioSource:
    """The file whose first audio stream goes into the output, from start to end (seconds; None is to its end)."""

    path: Path
    start: Fraction = Fraction(0)
    end: Fraction | None = None


@dataclass(frozen=True)
class WriteOptions:
    """overwrite: replace what stands under the output's name. palette, dither: of GIF. crf, codec: of video."""

    overwrite: bool = False
    palette: Palette = "global"
    dither: Dither = "ordered"
    crf: int | None = None
    codec: str | None = None

    def __post_init__(self) -> None:
        for name, kind in (("palette", Palette), ("dither", Dither)):
            if getattr(self, name) not in get_args(kind):
                raise OptionError(f"--{name}: {unknown(name, getattr(self, name), get_args(kind))}")


class ClipReader(Protocol):
    """A clip that is open for reading; a context manager. Frames stream: none is kept after it was yielded."""

    @property
    def info(self) -> ClipInfo: ...

    def frames(self, start: Fraction = Fraction(0), end: Fraction | None = None) -> Iterator[Frame]:
        """The frames whose first instant lies in [start, end), in order; each call begins anew.

        Raises InputError where the file turns out to be damaged.
        """
        ...

    def __enter__(self) -> ClipReader: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ClipWriter(Protocol):
    """A clip that is being written; a context manager.

    Leaving it without an error completes the file and moves it under its name; leaving it with one removes all traces.
    """

    def write(self, frame: Frame) -> None:
        """Append a frame. Raises OutputError where the output cannot take it (disk full, encoder gone)."""
        ...

    def __enter__(self) -> ClipWriter: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
