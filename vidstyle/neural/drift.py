"""How far the paint of a shot has drifted from the colours that it had, and how it is brought back.

Paint that is always a little nearer to the style changes its colour over a long shot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..motion.carry import OTHER
from ..motion.reliability import Array, Motion, largest

RETURN = 0.4  # of the drift is taken back in each frame


class Drift:
    """Of a chain of frames. mean: float32 (3,), 0..255, what each channel has changed by, on the same things and beyond
    what these did.
    """

    def __init__(self) -> None:
        self.mean = np.zeros(3, np.float32)

    def returned(self, image: Array) -> Array:
        """Paint (H, W, 3), 0..255, a little nearer to the colours that it had."""
        return np.asarray(image - RETURN * self.mean, np.float32)

    def heed(self, paint: Array, source: Array, motion: Motion, restyled: NDArray[np.bool_]) -> None:
        """The next frame. paint, source: residual() of the results and of the frames.

        restyled: bool (H, W) or (), where the style has changed, and so the paint should.
        """
        # Paint that does not turn black with the source has not drifted: what followed a black frame came out a
        # third darker. What little still looks the same then counts by its share of all.
        alike = motion.reliable * (largest(source) < OTHER / 255) * ~restyled
        change = np.tensordot(alike, paint - source, 2) / max(1.0, motion.reliable.sum())
        self.mean = (1 - float(restyled.mean())) * self.mean + np.float32(255) * change
