"""Which frames of a clip, at which size, on which ground."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from .config import MAX_SIDE, MIN_SIDE
from .errors import OptionError
from .media import ClipInfo, Frame

Image = NDArray[np.uint8]


def target_size(info: ClipInfo, size: int | None) -> tuple[int, int]:
    """(width, height) of the result: the longer side is `size`, by default the source's up to MAX_SIDE.

    Raises OptionError where the shorter side would be too short to paint.
    """
    longer, shorter = max(info.width, info.height), min(info.width, info.height)
    wanted = min(longer, MAX_SIDE) if size is None else size
    if round(shorter * wanted / longer) < MIN_SIDE:
        raise OptionError(
            f"--size {wanted}: {info.width}x{info.height} would be less than {MIN_SIDE} pixels in its shorter side; "
            f"give --size {least_size(info)} or more"
        )
    return round(info.width * wanted / longer), round(info.height * wanted / longer)


def least_size(info: ClipInfo) -> int:
    """Pixels of the longer side from which a clip can be painted."""
    return math.ceil(max(info.width, info.height) * MIN_SIDE / min(info.width, info.height))


def count_frames(info: ClipInfo, start: Fraction, end: Fraction | None) -> int | None:
    """How many frames begin in [start, end), None where only decoding would tell."""
    if start == 0 and end is None:
        return info.frame_count
    if info.duration is not None and 0 < start >= info.duration:
        return 0
    if info.rate is None or info.frame_count is None:
        return None
    stop = info.frame_count if end is None else min(info.frame_count, math.ceil(end * info.rate))
    return max(0, stop - math.ceil(start * info.rate))


def first_instant(info: ClipInfo, start: Fraction) -> Fraction:
    """When the first frame that begins at `start` or later is shown, of a clip with one constant rate."""
    assert info.rate is not None
    return math.ceil(start * info.rate) / info.rate


def scale(frame: Frame, size: tuple[int, int]) -> Frame:
    """The frame at (width, height), by Lanczos."""
    if (frame.image.shape[1], frame.image.shape[0]) == size:
        return frame
    if frame.alpha is None:
        return replace(frame, image=scale_image(frame.image, size))
    # Together: what is hidden has no say in the colours beside it.
    both = scale_image(np.dstack([frame.image, frame.alpha]), size)
    return replace(frame, image=np.ascontiguousarray(both[..., :3]), alpha=np.ascontiguousarray(both[..., 3]))


def scale_image(image: Image, size: tuple[int, int]) -> Image:
    """A uint8 (H, W) or (H, W, 3) array, or (H, W, 4) with alpha, at (width, height), by Lanczos."""
    return np.asarray(PIL.Image.fromarray(image).resize(size, PIL.Image.Resampling.LANCZOS))
