"""Small conversions of frames that several writers need."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..motion.reliability import spanned
from .frame import Frame


def over_white(frame: Frame) -> NDArray[np.uint8]:
    """uint8 (H, W, 3): what shows on white paper, since hidden pixels may hold anything."""
    if frame.alpha is None:
        return frame.image
    alpha = frame.alpha[..., None].astype(np.uint16)
    return ((frame.image * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def with_alpha(frame: Frame) -> NDArray[np.uint8]:
    """The frame with its alpha, uint8 (H, W, 4); opaque where it has none."""
    alpha = np.full(frame.image.shape[:2], 255, np.uint8) if frame.alpha is None else frame.alpha
    return np.dstack([frame.image, alpha])


def changed_box(changed: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """x, y, width, height of the smallest box around the True pixels of (H, W); one pixel if there are none."""
    rows, columns = spanned(changed) or (slice(0, 1), slice(0, 1))
    return columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
