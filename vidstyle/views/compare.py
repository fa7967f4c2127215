"""A clip beside its painting, or both in one picture with a divider that moves over it."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..config import Config, Style
from ..errors import OptionError, unknown
from ..framing import count_frames
from ..media import ANIMATED, AudioSource, Frame, ReadOptions, WriteOptions, create_clip, is_video_output, open_clip
from ..naming import beside, files_of, refuse_inputs
from .pairs import check_lengths, pairs
from .sheet import PAPER

Image = NDArray[np.uint8]  # (H, W, 3), RGB
How = Literal["side", "divider"]

GAP = 4  # pixels between the two
LINE = 2  # pixels of the divider's width
SWEEP = Fraction(4)  # seconds that the divider takes to the right and back, about
SWEEP_RATE = 25  # frames a second of what is made of a single picture


def compare(
    source: str | Path,
    painted: str | Path,
    output: str | Path | None = None,
    *,
    how: How = "side",
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
    read: ReadOptions = ReadOptions(),
    write: WriteOptions = WriteOptions(),
) -> Path:
    """Write `source` and `painted`, any clip of as many frames as `source` has from start to end (seconds), as one.

    how: side by side, or the source left of a divider and the painting right of it. The source is scaled to the
    painting's size; durations, sound and the default output's kind are the painting's. Of two single pictures a
    GIF, APNG or video shows a divider that moves; a WebP stays a picture. Raises VidstyleError; the output then does
    not exist.
    """
    source, painted = Path(source), Path(painted)
    if how not in get_args(How):
        raise OptionError(f"--how: {unknown('way', how, get_args(How))}")
    Config(styles=(Style(Path()),), start=start, end=end)  # which checks them
    with open_clip(source, read) as clip:
        count = count_frames(clip.info, start, end)
        if count is None:
            count = sum(1 for _ in clip.frames(start, end))
    check_lengths(source, painted, count, read)
    with open_clip(painted, read) as clip:
        info = clip.info
    place = beside(painted, info.format, "compared") if output is None else output
    refuse_inputs(Path(place), files_of([source, painted]))
    audio = AudioSource(painted, info.audio_lead) if info.has_audio else None
    width = 2 * info.width + GAP if how == "side" else info.width
    info = replace(info, width=width, frame_count=count, has_alpha=False)
    moves = is_video_output(place) or Path(place).suffix.lower() in (".gif", ".apng")
    repeats = round(SWEEP * SWEEP_RATE) if how == "divider" and count == 1 and moves else 1
    if repeats > 1:
        tick = Fraction(1, SWEEP_RATE)
        info = replace(info, frame_count=repeats, rate=Fraction(SWEEP_RATE), tick=tick, duration=None)
    loop = info.loop if info.format in ANIMATED and repeats == 1 else 0
    sweeps = max(1, round((info.duration or 0) / SWEEP))
    with create_clip(place, replace(info, loop=loop), write, audio) as writer:
        for index, pair in enumerate(pairs(source, painted, start, end, read)):
            for again in range(repeats):
                turn = (index * repeats + again) * sweeps / (count * repeats)
                image = _side(pair.source, pair.painted) if how == "side" else _divided(*pair[:2], turn)
                writer.write(Frame(image, pair.duration if repeats == 1 else info.tick))
    return Path(place)


def _side(source: Image, painted: Image) -> Image:
    return np.hstack([source, np.full((source.shape[0], GAP, 3), PAPER, np.uint8), painted])


def _divided(source: Image, painted: Image, turn: float) -> Image:
    """The source left of the divider, which from the middle goes right, left and back in a `turn` of 1."""
    width = source.shape[1]
    at = round(width * (0.5 + 0.5 * math.sin(2 * math.pi * turn)))
    image: Image = painted.copy()
    image[:, :at] = source[:, :at]
    image[:, max(0, at - LINE // 2) : at + LINE - LINE // 2] = 255
    return image
