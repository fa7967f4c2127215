"""Outlines that things, and the edge of the picture, leave behind on what is beside them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .reliability import EDGE, Array, squared, warp

Image = NDArray[np.uint8]  # (H, W, 3), RGB

# How far, in pixels, the stroke along an edge reaches to both its sides, and how blurred its edges are looked for.
REACH, SOFT = 3, 1.0

# An edge is gone where it was so many times as steep as what is there now, and wholly from as many steps more, in
# 0..255 a pixel.
STEEPER, STEPS = 1.5, 8.0

# So many pixels at the edge of a picture are painted for the zeros that the network sees beside them: a line, or dots.
# What comes from there is painted anew where it comes in by more than INWARD. With 1, and what comes from outside too,
# a hand-held clip had 0.4 % more loss.
RIM, INWARD = 2.0, 2.0

NARROW = 3  # pixels; what is narrower is an edge that moved by a part of a pixel


def left_behind(previous: Image, frame: Image, backward: Array) -> Array:
    """How surely paint that comes along `backward` (H, W, 2) holds the outline of what has gone: float32 (H, W), 0..1.

    Strokes along a thing's edge lie to both its sides, so half of them on what is behind it. That looks the same when
    the thing has gone: nothing in the source tells that its paint is wrong, except that an edge was near and none is.
    """
    edges = _edges(previous)
    height, width = edges.shape
    x = np.arange(width, dtype=np.float32) - backward[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] - backward[..., 1]
    # What leaves the picture leaves nothing behind in it.
    edges[(x < REACH) | (x > width - 1 - REACH) | (y < REACH) | (y > height - 1 - REACH)] = 0
    gone = warp(_near(edges), backward) - STEEPER * _near(_edges(frame))
    gone = cv2.morphologyEx(gone, cv2.MORPH_OPEN, np.ones((NARROW, NARROW), np.uint8))
    return np.asarray(np.clip(gone / STEPS, 0, 1), np.float32)


def brought_in(backward: Array) -> NDArray[np.bool_]:
    """Where paint that comes along `backward` (H, W, 2) brings the picture's own edge further into it: (H, W)."""
    height, width = backward.shape[:2]
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]

    def depth(x: Array, y: Array) -> Array:
        return np.asarray(np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y)))

    before = depth(x + backward[..., 0], y + backward[..., 1])
    return np.asarray((before > -EDGE) & (before < RIM) & (depth(x, y) > before + INWARD))


def _edges(image: Image) -> Array:
    """How steep the picture is, in 0..255 a pixel: float32 (H, W)."""
    soft = cv2.GaussianBlur(image.astype(np.float32), (0, 0), SOFT)
    right, down = (cv2.Sobel(soft, -1, *axis, ksize=3, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    return np.asarray(np.sqrt(squared(right) + squared(down)), np.float32)


def _near(edges: Array) -> Array:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * REACH + 1, 2 * REACH + 1))
    return np.asarray(cv2.dilate(edges, disc), np.float32)
