"""How far the paint of a shot has drifted from the colours that it had, and how it is brought back.

Paint that is always a little nearer to the style changes its colour over a long shot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..motion.carry import OTHER, SAME, Past
from ..motion.reliability import Array, Motion, largest

RETURN = 0.4  # of the drift is taken back in each frame

# The sum of what the paint changes by along the flow, beyond its things, is precise from frame to frame but misses what
# comes to be seen anew: after 240 frames it was wrong by 2.5 of 255. To compare with the shot's first frame, where the
# picture looks as it did then, scatters by 1 but not more with time. So the sum is led towards that by this share.
LED = 0.1
CELLS = 22  # along the longer side, in whose means they are compared
ENOUGH = 0.25  # of the cells must look as they did; fewer, as in a pan, do so by chance


class Drift:
    """Of a chain of frames.

    known: `mean`, float32 (3,), of each channel; `source` and `paint`, float32 (h, w, 3), the means over cells of the
    first frame and its result, where there is one that this can be compared with. All 0..255.
    """

    def __init__(self, known: Mapping[str, NDArray[Any]] | None = None) -> None:
        self.known = dict(known or {"mean": np.zeros(3, np.float32)})

    def returned(self, image: Array) -> Array:
        """Paint (H, W, 3), 0..255, a little nearer to the colours that it had."""
        return np.asarray(image - RETURN * self.known["mean"], np.float32)

    def heed(
        self, past: Past, now: Past, paint: Array, source: Array, motion: Motion, restyled: NDArray[np.bool_]
    ) -> None:
        """The next frame. paint, source: residual() of the results and of the frames.

        restyled: bool (H, W) or (), where the style has changed, and so the paint should.
        """
        # Paint that does not turn black with the source has not drifted: what followed a black frame came out a
        # third darker. What little still looks the same then counts by its share of all.
        alike = motion.reliable * (largest(source) < OTHER / 255) * ~restyled
        change = np.tensordot(alike, paint - source, 2) / max(1.0, motion.reliable.sum())
        mean = (1 - float(restyled.mean())) * self.known["mean"] + np.float32(255) * change
        if restyled.any():
            self.known = {"mean": mean}
            return
        if "source" not in self.known:
            self.known |= _cells(past)
        cells = _cells(now)
        changed = cells["source"] - self.known["source"]
        same = largest(changed) < SAME
        if same.mean() >= ENOUGH:
            far = (cells["paint"] - self.known["paint"] - changed)[same].mean(0)
            mean += np.float32(LED * same.mean()) * (far - mean)
        self.known["mean"] = mean


def _cells(past: Past) -> dict[str, Array]:
    height, width = past.source.shape[:2]
    scale = CELLS / max(height, width)
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    source, paint = (cv2.resize(np.asarray(image, np.float32), size, interpolation=cv2.INTER_AREA) for image in past)
    return {"source": np.asarray(source, np.float32), "paint": np.asarray(paint, np.float32)}
