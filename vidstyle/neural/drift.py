"""How far the paint of a shot has drifted from the colours that it had, and how it is brought back.

Paint that is always a little nearer to the style changes its colours over a long shot: yellow grass turned blue while
the sky made up for it. So each part of the picture is brought back by itself, too.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..motion.carry import OTHER, SAME
from ..motion.reliability import Array, Motion, smaller, warp

# Of the drift of all, and of what a part of the picture has beyond that, so much is taken back in each frame. With 0.4
# of both, a clip with much motion had 0.5 % more loss than with nothing for parts, with these 0.3 %.
RETURN, OF_PART = 0.4, 0.1
CELLS, NEAR = 32, 2.0  # cells of the longer side, and the standard deviation, in these, over which a drift is averaged
KNOWN = 0.5  # of what is around; where less is known, as much less is taken back
LONG = 24  # frames in which most looks otherwise, as after a fade, from which on things are known anew


class Drift:
    """Of a chain of frames. change: float32 (H, W, 4), -255..255, since each thing in the last frame came into view:
    what each channel of its paint has changed by beyond what the thing did, and how much lighter that is now; None
    before the first. otherwise: frames in a row in which most has looked otherwise than it did.
    """

    def __init__(self) -> None:
        self.change: Array | None = None
        self.otherwise = 0

    def returned(self, image: Array, motion: Motion) -> Array:
        """Paint (H, W, 3), 0..255, that was moved by that, a little nearer to the colours that it had."""
        if self.change is None:
            return image
        around = _around(warp(self.change, motion.backward), motion.reliable)
        around = around[..., :3] * _alike(around)
        mean = around.mean((0, 1))
        return np.asarray(image - RETURN * mean - np.float32(OF_PART) * (around - mean), np.float32)

    def heed(self, paint: Array, source: Array, motion: Motion, restyled: NDArray[np.bool_]) -> None:
        """The next frame. paint, source: residual() of the results and of the frames.

        restyled: bool (H, W) or (), where the style has changed, and so the paint should.
        """
        change = np.float32(255) * np.dstack([paint - source, source.mean(-1)])
        if self.change is not None:
            change += warp(self.change, motion.backward)
        around = _around(change, motion.reliable)
        change = around + motion.reliable[..., None] * (change - around)
        self.change = np.asarray(change * ~restyled[..., None], np.float32)
        self.otherwise = self.otherwise + 1 if _alike(around).mean() < 0.5 else 0
        if self.otherwise == LONG:
            self.change, self.otherwise = None, 0


def _alike(around: Array) -> Array:
    """How far things look as they did, (H, W, 1) in [0, 1]. Paint that stays when they turn black has not drifted."""
    return np.asarray(np.clip((OTHER - np.abs(around[..., 3:])) / (OTHER - SAME), 0, 1), np.float32)


def _around(change: Array, weight: Array) -> Array:
    """The mean around each pixel, (H, W, 4), by weight (H, W) in [0, 1]; towards 0 where that is little."""
    height, width = weight.shape
    parts = smaller(change * weight[..., None], CELLS), smaller(weight, CELLS)
    total, known = (cv2.GaussianBlur(part, (0, 0), NEAR) for part in parts)
    mean = total / np.maximum(known, KNOWN)[..., None]
    return np.asarray(cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
