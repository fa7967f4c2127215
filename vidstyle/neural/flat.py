"""Noise for the flat parts of a picture to begin with: there, what is even stays even.

All pixels of a drawing's ground see the same around them, so they get the same gradient. Only what is near an edge
became strokes; the rest turned into a fine regular hatching, in normal quality as in draft.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..motion.reliability import Array

# A part is flat where the pixels around each, in windows this wide, differ by so little, in 0..255, from their own
# means, all over a square with this share of the longer side. From 0.6 on it were smooth parts in which a film's paint
# began, where strokes come by themselves, as well.
EVEN, WINDOW, PART = 0.5, 9, 0.06
NARROW = 3  # a window in which what lies between such parts and their edges is still even

# Of the noise, in 0..255, and how smooth it is, as a share of the longer side. White noise left grain behind. With
# twice this amplitude, or two thirds or twice of this smoothness, the loss was the same.
AMPLITUDE, GRAIN = 30.0, 1.5 / 256


def roughened(picture: Array, frame: NDArray[np.uint8], painted: Array, seed: int) -> Array:
    """`picture` with noise where `frame` is flat or evenly shaded; float32 (H, W, 3), clipped to 0..255.

    frame: uint8 (H, W, 3). painted: float32 (H, W) in [0, 1], or (1, 1), how much of the noise a place gets.
    """
    even = flat(frame)
    if not even.any():
        return picture
    white = np.random.default_rng(seed).standard_normal(frame.shape, np.float32)
    smooth = cv2.GaussianBlur(white, (0, 0), GRAIN * max(frame.shape))
    amount = AMPLITUDE / smooth.std() * (even * painted)[..., None]
    return np.asarray(np.clip(picture + amount * smooth, 0, 255), np.float32)


def noise_share(style: NDArray[np.uint8]) -> float:
    """How much noise a style, uint8 (H, W, 3), takes in, in [0, 1]: what is above its own contrast stays as specks."""
    return min(1.0, float(cv2.meanStdDev(style)[1].mean()) / AMPLITUDE)


def flat(frame: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels (H, W) are in large flat or evenly shaded parts of a frame, or beside them and even, too."""
    picture = frame.astype(np.float32)
    side = round(PART * max(frame.shape)) | 1
    square = np.ones((side, side), np.uint8)
    parts = cv2.morphologyEx(_even(picture, WINDOW), cv2.MORPH_OPEN, square)
    return np.asarray((cv2.dilate(parts, square) > 0) & (_even(picture, NARROW) > 0))


def _even(picture: Array, window: int) -> NDArray[np.uint8]:
    size = (window, window)
    differences = cv2.blur(np.square(picture - cv2.blur(picture, size)), size)
    return np.asarray(differences.max(-1) < EVEN**2, np.uint8)
