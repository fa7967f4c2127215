"""A clip and the same clip painted, frame beside frame."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..framing import scale_image
from ..media import ReadOptions, open_clip, over_white
from ..plan import counted

Image = NDArray[np.uint8]  # (H, W, 3), RGB


class Pair(NamedTuple):
    """A frame as it was and as it is painted, both of the painted one's size, and how long that is shown, seconds."""

    source: Image
    painted: Image
    duration: Fraction


def check_lengths(source: Path, output: Path, frames: int, read: ReadOptions) -> None:
    """Raises InputError unless `output` has as many frames as were found in (the part of) `source`, at least one."""
    if frames == 0:
        raise InputError(f"{source}: no frame between --start and --end; choose a wider part")
    with open_clip(output, read) as clip:
        painted = clip.info.frame_count
        if painted is None:
            painted = sum(1 for _ in clip.frames())
    if frames != painted:
        raise InputError(
            f"{output}: has {counted(painted)}, but {source} has {frames}; "
            "give two clips of the same frames, or the part of the source with --start and --end"
        )


def pairs(source: Path, output: Path, start: Fraction, end: Fraction | None, read: ReadOptions) -> Iterator[Pair]:
    """The frames of both clips, the source's between start and end (seconds)."""
    with open_clip(source, read) as one, open_clip(output, read) as other:
        for a, b in zip(one.frames(start, end), other.frames(), strict=True):
            painted = over_white(b)
            height, width = painted.shape[:2]
            frame = over_white(a)
            same = frame.shape == painted.shape
            yield Pair(frame if same else scale_image(frame, (width, height)), painted, b.duration)
