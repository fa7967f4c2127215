"""Where a clip stays as it is from frame to frame, to the last bit."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .reliability import spanned

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Box = tuple[float, float, float, float]  # top, left, bottom, right, as shares of the sides
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

# Unchanged frames after which a pixel keeps its paint bit for bit. What was just uncovered gets time to be finished.
SETTLED = 3
NEVER = 1 << 20  # so many frames it counts as unchanged that has not changed in the shot yet

# Pixels around one that must be unchanged for so long, too, if it has changed before. A thing that passes over a still
# ground uncovers a few pixels at a time. Painted alone, these took on all that the style was short of: a trail of
# speckles.
REACH = 6


def settled(unchanged: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which pixels (H, W) keep their paint, from how many frames each has been unchanged."""
    near = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    least = cv2.erode(np.minimum(unchanged, SETTLED).astype(np.uint8), near)
    return np.asarray((unchanged >= NEVER) | (least >= SETTLED))


def area(box: Box | None) -> float:
    """Its share of the picture."""
    if box is None:
        return 0.0
    top, left, bottom, right = box
    return (bottom - top) * (right - left)


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
            height, width = changed.shape
            part = spanned(changed)
            if part is None:
                self.boxes.append(None)
            else:
                rows, columns = part
                self.boxes.append(
                    (rows.start / height, columns.start / width, rows.stop / height, columns.stop / width)
                )
        self._last = frame

    def unsettled(self, index: int, begin: int) -> Box | None:
        """Around all that may be painted anew in a frame; None where it is the one before again.

        begin: the first frame of its shot, before the frame itself.
        """
        if self.boxes[index] is None:
            return None
        recent = [box for box in self.boxes[max(begin, index - SETTLED) + 1 : index + 1] if box is not None]
        tops, lefts, bottoms, rights = zip(*recent, strict=True)
        return min(tops), min(lefts), max(bottoms), max(rights)
