"""Where a clip stays as it is from frame to frame, to the last bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Box = tuple[float, float, float, float]  # top, left, bottom, right, as shares of the sides
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

# Unchanged frames after which a pixel keeps its paint bit for bit. What was just uncovered gets time to be finished.
SETTLED = 3


class Changes:
    """Looks at the frames of a clip one after another.

    boxes: for each around all that changed; None where nothing did.
    """

    def __init__(self) -> None:
        self.boxes: list[Box | None] = []
        self._last: Image | None = None

    def watch(self, frame: Image) -> None:
        """The next frame, uint8 (H, W, 3)."""
        if self._last is None or self._last.shape != frame.shape:
            self.boxes.append(WHOLE)
        else:
            changed: NDArray[np.bool_] = np.any(frame != self._last, axis=2)
            rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
            height, width = changed.shape
            self.boxes.append(
                (rows[0] / height, columns[0] / width, (rows[-1] + 1) / height, (columns[-1] + 1) / width)
                if rows.size
                else None
            )
        self._last = frame

    def unsettled(self, index: int) -> Box | None:
        """Around all that may be painted anew in a frame; None where it is the one before again."""
        if self.boxes[index] is None:
            return None
        recent = [box for box in self.boxes[max(0, index - SETTLED + 1) : index + 1] if box is not None]
        tops, lefts, bottoms, rights = zip(*recent, strict=True)
        return min(tops), min(lefts), max(bottoms), max(rights)
