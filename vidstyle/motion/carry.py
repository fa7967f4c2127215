"""Where a frame's paint comes from: the results before it, moved along the flow to where things are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .flow import estimate_motion
from .outlines import brought_in, left_behind
from .reliability import Array, Motion, Part, differs, largest, smaller, spanned, warp, warp_paint
from .still import at_rest

Image = NDArray[np.uint8]  # (H, W, 3), RGB

# How far back is looked for what the nearest frame does not show: the set J of Ruder et al. 2016, section 4.3.
DISTANCES = (2, 4, 8)
WORTHWHILE = 0.002  # share of the pixels that must be in want of paint for another flow to be computed

# Pixels around what changes in which motion is looked for, too.
MARGIN = 32

# A source pixel counts as changed from SAME to OTHER, in 0..255: below is noise of the camera and the coding.
SAME, OTHER = 8.0, 32.0

# Where a disc this wide, as a share of the longer side, has changed all over, another thing is seen, even if the flow
# there leads back and forth. Thinner changes are mostly edges that the flow missed by a pixel: to begin anew there
# cost half as much warping error again where things move fast.
CORE = 0.06
SMALL = 256  # longer side of the frames in which such discs, and the light, are looked for
SOFT = 1.5  # pixels; without it, lines stayed where paint that begins anew meets other paint

# Paint that is kept comes to show what is seen now by this share a frame. What has become another thing faster, as in a
# dissolve, is found by what it is short of.
FOLLOWED = 0.1


class Past(NamedTuple):
    """A frame and its result: uint8 and float32 (H, W, 3), 0..255."""

    source: Image
    image: Array


class Far(NamedTuple):
    """Pixels of a frame that are taken from `distance` frames before it, within a part of the picture.

    part: rows and columns. flow: float32 (h, w, 2), from the part's own coordinates to where they were, in pixels.
    take: bool (h, w).
    """

    distance: int
    part: Part
    flow: Array
    take: NDArray[np.bool_]


class Bared(NamedTuple):
    """Pixels of a frame that are taken from `paint`, float32 (H, W, 3), 0..255; take: bool (H, W)."""

    take: NDArray[np.bool_]
    paint: Array


@dataclass(frozen=True, eq=False)
class Origins:
    """Where each pixel of a frame was in the frames before it.

    motion: from the frame just before. far: what is taken from others. reliable: float32 (H, W) in [0, 1], where that
    may be trusted, whichever frame it is from. changed: float32 (H, W) in [0, 1], how certain it is that something else
    is seen there now. still: bool (H, W), the ground that at_rest() tells of. bared: what of it comes to be seen.
    """

    motion: Motion
    far: list[Far]
    reliable: Array
    changed: Array
    still: NDArray[np.bool_]
    bared: Bared | None = None

    @cached_property
    def new(self) -> Array:
        """How surely a pixel shows what was not there before: float32 (H, W) in [0, 1].

        Where the flow is doubtful but the source looks the same, as at most motion boundaries, to begin anew cost 6 %
        of the loss on a hand-held clip, and two thirds more warping error. Where it has changed by half, to begin all
        anew gave fast cars 1 % less loss, but hardly any strokes.
        """
        return np.asarray(cv2.GaussianBlur((1 - self.reliable) * self.changed, (0, 0), SOFT), np.float32)


def find_origins(sources: Sequence[Image], frame: Image, method: str, motion: Motion | None = None) -> Origins:
    """From the frames before, nearest last: each where nearer ones show nothing (Ruder et al. 2016, eqs. 9 and 10).

    motion: from the nearest to `frame`, where it was found in larger versions of them.
    """
    if motion is None:
        motion = _motion(sources[-1], frame, method)
    motion, still = at_rest(motion, sources[-1], frame)
    changed = _changed(warp(sources[-1].astype(np.float32), motion.backward), frame)
    found = motion.reliable * (1 - np.square(_replaced(changed)))
    # Beside still ground, paint goes along with the thing, its outline too.
    left = np.zeros_like(found) if still.any() else left_behind(sources[-1], frame, motion.backward)
    left[brought_in(motion.backward)] = 1
    far: list[Far] = []
    for distance in DISTANCES:
        wanting = (1 - found) * changed
        if distance > len(sources) or wanting.mean() < WORTHWHILE:
            break
        other = _motion(sources[-distance], frame, method)
        # Only what looks as it did then: a flow across several frames is often wrong where it seems consistent.
        then = warp(sources[-distance].astype(np.float32), other.backward)
        take = (wanting > 0) & (other.reliable > 0) & (_changed(then, frame) == 0)
        part = spanned(take)
        if part is None:
            continue
        found = np.where(take, np.float32(1), found)
        changed = np.where(take, np.float32(0), changed)
        far.append(Far(distance, part, _within(other.backward, part), take[part]))
        left = np.where(take, np.float32(0), left)
    return Origins(motion, far, found * (1 - left), np.maximum(changed, left), still)


def follow(shown: Array, frame: Image, origins: Origins) -> tuple[Origins, Array]:
    """The origins, less what has become another thing little by little, as in a dissolve; and the next `shown`.

    shown: float32 (H, W, 3), 0..255, the picture that the paint of the frame before shows: the one that it was begun
    for, moved along since and worked over by and by.
    """
    moved = warp(shown, origins.motion.backward)
    for _, part, _, take in origins.far:
        moved[part][take] = frame[part][take]
    if origins.bared is not None:
        moved[origins.bared.take] = frame[origins.bared.take]
    other = _replaced(_changed(moved, frame))
    origins = replace(
        origins, reliable=origins.reliable * (1 - np.square(other)), changed=np.maximum(origins.changed, other)
    )
    return origins, moved + np.maximum(origins.new, np.float32(FOLLOWED))[..., None] * (frame - moved)


def carry(images: Sequence[Array], origins: Origins) -> Array:
    """The results of the frames before, nearest last, moved to the frame: float32 (H, W, 3), 0..255."""
    moved, flow = np.array(images[-1]), origins.motion.backward
    moving = spanned((flow[..., 0] != 0) | (flow[..., 1] != 0))
    if moving is not None:
        moved[moving] = warp_paint(images[-1], _within(flow, moving))
    for distance, part, flow, take in origins.far:
        moved[part][take] = warp_paint(images[-distance], flow)[take]
    if origins.bared is not None:
        moved[origins.bared.take] = origins.bared.paint[origins.bared.take]
    return moved


def _within(flow: Array, part: Part) -> Array:
    """The flow (H, W, 2) of a part, from its own coordinates."""
    rows, columns = part
    return np.asarray(flow[part] + np.array([columns.start, rows.start], np.float32), np.float32)


def _motion(source: Image, frame: Image, method: str) -> Motion:
    """As estimate_motion() finds it, looked for only around what changes; elsewhere nothing moves."""
    changing = differs(source, frame)
    backward, reliable = np.zeros((*changing.shape, 2), np.float32), np.ones(changing.shape, np.float32)
    part = spanned(changing, MARGIN)
    if part is not None:
        found = estimate_motion(source[part], frame[part], method)
        backward[part], reliable[part] = found.backward, found.reliable
    return Motion(backward, reliable)


def _replaced(changed: Array) -> Array:
    """The changes, float32 (H, W) in [0, 1], where they are those of another thing that is seen there; 0 elsewhere."""
    small = smaller(changed, SMALL)
    side = round(CORE * max(small.shape)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    around = cv2.dilate(cv2.morphologyEx(small, cv2.MORPH_OPEN, disc), disc)
    return np.asarray(np.minimum(changed, cv2.resize(around, changed.shape[::-1])), np.float32)


def _changed(moved: Array, frame: Image) -> Array:
    now = frame.astype(np.float32)
    # In another light it is still the same scene: in a flash half of the paint began anew.
    return np.minimum(_unlike(now, moved), _unlike(now, _relit(moved, now)))


def _unlike(one: Array, other: Array) -> Array:
    return np.asarray(np.clip((largest(one - other) - SAME) / (OTHER - SAME), 0, 1), np.float32)


def _relit(image: Array, goal: Array) -> Array:
    """The image (H, W, 3), 0..255, with the gain and the offset of each channel that bring it nearest to the goal."""
    own, aim = smaller(image, SMALL), smaller(goal, SMALL)
    mean, wanted, square, product = (
        np.array(cv2.mean(each)[:3]) for each in (own, aim, cv2.multiply(own, own), cv2.multiply(own, aim))
    )
    gain = (product - mean * wanted) / np.maximum(square - mean * mean, 1e-3)
    offset = wanted - gain * mean
    return np.asarray(np.clip(image * gain.astype(np.float32) + offset.astype(np.float32), 0, 255), np.float32)
