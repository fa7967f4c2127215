"""Where a frame's paint comes from: the results before it, moved along the flow to where things are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .flow import estimate_motion
from .reliability import Array, Motion, warp, warp_paint

Image = NDArray[np.uint8]  # (H, W, 3), RGB

# How far back is looked for what the nearest frame does not show: the set J of Ruder et al. 2016, section 4.3.
DISTANCES = (2, 4, 8)
WORTHWHILE = 0.002  # share of the pixels that must be in want of paint for another flow to be computed

# A source pixel counts as changed from SAME to OTHER, in 0..255: below is noise of the camera and the coding.
SAME, OTHER = 8.0, 32.0


class Past(NamedTuple):
    """A frame and its result: uint8 and float32 (H, W, 3), 0..255."""

    source: Image
    image: Array


@dataclass(frozen=True, eq=False)
class Carried:
    """Paint moved to a frame.

    image: float32 (H, W, 3), 0..255. reliable: float32 (H, W) in [0, 1], where it may be trusted, whichever frame it is
    from. changed: float32 (H, W) in [0, 1], how certain it is that something else is seen there now. motion: from the
    frame just before.
    """

    image: Array
    reliable: Array
    changed: Array
    motion: Motion


def carry(history: Sequence[Past], frame: Image, method: str, motion: Motion | None = None) -> Carried:
    """The results in `history`, nearest last, moved to `frame`: each where nearer ones show nothing (Ruder, eq. 9).

    motion: from the nearest to `frame`, where it is known already.
    """
    near = history[-1]
    if motion is None:
        motion = estimate_motion(near.source, frame, method)
    image, found = warp_paint(near.image, motion.backward), motion.reliable
    changed = _changed(near, frame, motion)
    for distance in DISTANCES:
        wanting = (1 - found) * changed
        if distance > len(history) or wanting.mean() < WORTHWHILE:
            break
        far = history[-distance]
        other = estimate_motion(far.source, frame, method)
        unlike = _changed(far, frame, other)
        # Only what looks as it did then: a flow across several frames is often wrong where it seems consistent.
        take = (wanting > 0) & (other.reliable > 0) & (unlike == 0)
        image = np.where(take[..., None], warp_paint(far.image, other.backward), image)
        found = np.where(take, np.float32(1), found)
        changed = np.where(take, np.float32(0), changed)
    return Carried(image, found, changed, motion)


def _changed(past: Past, frame: Image, motion: Motion) -> Array:
    moved = warp(past.source.astype(np.float32), motion.backward)
    difference = np.abs(frame - moved).max(-1)
    return np.asarray(np.clip((difference - SAME) / (OTHER - SAME), 0, 1), np.float32)
