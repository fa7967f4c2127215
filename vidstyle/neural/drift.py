"""How far the paint of a shot has drifted from the colours that it had, and how it is brought back.

Paint that is always a little nearer to the style changes its colours over a long shot: yellow grass turned blue while
the sky made up for it. So each part of the picture is brought back by itself, too.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..motion.carry import OTHER
from ..motion.reliability import Array, Motion, largest, smaller, warp

# Of the drift of all, and of what a part of the picture has beyond that, so much is taken back in each frame. With 0.4
# of both, a clip with much motion had 0.5 % more loss than with nothing for parts, with these 0.3 %.
RETURN, OF_PART = 0.4, 0.1
CELLS, NEAR = 32, 2.0  # cells of the longer side, and the standard deviation, in these, over which a drift is averaged
KNOWN = 0.5  # of what is around; where less is known, as much less is taken back


class Drift:
    """Of a chain of frames. change: float32 (H, W, 3), -255..255, what the paint of each thing in the last frame has
    changed by since it came into view, beyond what the thing did; None before the first.
    """

    def __init__(self) -> None:
        self.change: Array | None = None

    def returned(self, image: Array, motion: Motion) -> Array:
        """Paint (H, W, 3), 0..255, that was moved by that, a little nearer to the colours that it had."""
        if self.change is None:
            return image
        around = _around(warp(self.change, motion.backward), motion.reliable)
        mean = around.mean((0, 1))
        return np.asarray(image - RETURN * mean - np.float32(OF_PART) * (around - mean), np.float32)

    def heed(self, paint: Array, source: Array, motion: Motion, restyled: NDArray[np.bool_]) -> None:
        """The next frame. paint, source: residual() of the results and of the frames.

        restyled: bool (H, W) or (), where the style has changed, and so the paint should.
        """
        # Paint that does not turn black with the source has not drifted: what followed a black frame came out darker.
        alike = np.float32(255) * (largest(source) < OTHER / 255)
        change = alike[..., None] * (paint - source)
        if self.change is not None:
            change += warp(self.change, motion.backward)
        known = motion.reliable[..., None]
        change = known * change + (1 - known) * _around(change, motion.reliable)
        self.change = np.asarray(change * ~restyled[..., None], np.float32)


def _around(change: Array, weight: Array) -> Array:
    """The mean around each pixel, (H, W, 3), by weight (H, W) in [0, 1]; towards 0 where that is little."""
    height, width = weight.shape
    small = smaller(np.dstack([change * weight[..., None], weight]), CELLS)
    blurred = cv2.GaussianBlur(small, (0, 0), NEAR)
    mean = blurred[..., :3] / np.maximum(blurred[..., 3:], KNOWN)
    return np.asarray(cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
