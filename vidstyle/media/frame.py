"""The types that travel between the readers, the optimiser and the writers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a clip with everything that belongs to it.

    image: uint8 (H, W, 3), RGB, sRGB values 0..255.
    duration: how long it is shown, in seconds, exact.
    alpha: uint8 (H, W), 0 transparent .. 255 opaque, or None where the clip has none.
    """

    image: NDArray[np.uint8]
    duration: Fraction
    alpha: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class ClipInfo:
    """What is known of a clip before its frames are decoded.

    width, height: in pixels as displayed (rotation and pixel aspect ratio applied). Frames of a video whose pixels are
    not square come as they are stored, so that whoever scales them does it once.
    frame_count: None where only decoding the whole clip would tell.
    tick: seconds; the longest time of which every frame's duration, as browsers show it, is a whole multiple.
    rate: frames per second of a clip with one constant rate, None where frames have durations of their own.
    duration: seconds, None where unknown.
    audio_lead: seconds by which the file's sound begins before its first frame.
    loop: repeats after the first play of an animated picture, as GIF stores it: 0 is for ever, None is none.
    """

    format: str
    width: int
    height: int
    frame_count: int | None
    tick: Fraction
    rate: Fraction | None = None
    duration: Fraction | None = None
    loop: int | None = None
    has_alpha: bool = False
    has_audio: bool = False
    audio_lead: Fraction = Fraction(0)
