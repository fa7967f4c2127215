"""One frame of a clip, by its time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ..errors import InputError, OptionError
from ..media import ClipInfo, Frame, ReadOptions, open_clip


@dataclass(frozen=True, eq=False)
class Moment:
    """A frame, its number from 0, when it begins (seconds), and the clip that it is of."""

    frame: Frame
    index: int
    begin: Fraction
    info: ClipInfo


def find_moment(source: Path, at: Fraction | None, read: ReadOptions) -> Moment:
    """The frame that is shown `at` seconds, by default in the middle. Raises InputError, OptionError."""
    with open_clip(source, read) as clip:
        length = clip.info.duration
        if at is None:
            at = (sum((frame.duration for frame in clip.frames()), Fraction(0)) if length is None else length) / 2
        if at < 0:
            raise OptionError(f"--at {float(at):g}: must be 0 or more seconds")
        found, time = None, Fraction(0)
        for index, frame in enumerate(clip.frames()):
            if found is not None and time > at:
                return found
            found = Moment(frame, index, time, clip.info)
            time += frame.duration
        if found is None:
            raise InputError(f"{source}: holds no frame; give another clip")
        if at > time:
            raise OptionError(f"--at {float(at):g}: {source} ends at {float(time):g} s; give an earlier time")
        return found
