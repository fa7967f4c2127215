"""Where a clip stays as it is from frame to frame, to the last bit."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .reliability import Motion, differs, spanned, squared

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

# Where less than half of what has never changed is in squares with this side of it, only that keeps its paint at once.
# In a dithered GIF two thirds happened not to change in the first step, one here and one there: held among others that
# were painted, they became speckle, and the loss was 2.4 % higher.
WHOLLY = 5

# Pixels beside what changes in which paint goes along with it. With 5 the loss of a walking figure is the same.
BESIDE = 8
# Pixels beside the first thing that moves which may hold its outline; and the side of a square of one colour, by which
# an even ground is told.
OUTLINE, EVEN = 4, 5
GROUND = 0.1  # share of the picture; less is what a film's coder left out
RESTING = 0.5  # pixels a frame; by less nothing moves


def settled(unchanged: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which pixels (H, W) keep their paint, from how many frames each has been unchanged."""
    near = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    least = cv2.erode(np.clip(unchanged, 0, SETTLED).astype(np.uint8), near)
    never = unchanged >= NEVER
    whole = cv2.morphologyEx(never.astype(np.uint8), cv2.MORPH_OPEN, np.ones((WHOLLY, WHOLLY), np.uint8))
    if 2 * np.count_nonzero(whole) < np.count_nonzero(never):
        never = whole > 0
    return np.asarray(never | (least >= SETTLED))


def beside(mask: NDArray[np.bool_], distance: int = BESIDE) -> NDArray[np.bool_]:
    """What is True in (H, W), and what is at most so many pixels away from it."""
    square = np.ones((2 * distance + 1, 2 * distance + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), square), np.bool_)


def outlined(motion: Motion, source: Image, frame: Image) -> NDArray[np.bool_]:
    """Which pixels (H, W) may hold the outline of what stood beside them in `source`, a shot's first frame, and moved.

    Those of an even ground that goes along with it: they are the same, but are not known to stay where they are. Held,
    they kept a thin ring where a sun had been, which the flow then carried over the sky.
    """
    square = np.ones((EVEN, EVEN), np.uint8)
    even = ~differs(cv2.dilate(frame, square), cv2.erode(frame, square))
    near = beside(differs(source, frame), OUTLINE)
    return np.asarray(even & near & (squared(motion.backward) > RESTING**2))


def at_rest(motion: Motion, source: Image, frame: Image) -> tuple[Motion, NDArray[np.bool_]]:
    """The motion from `source` to `frame`, less what the flow gives to still ground; and which pixels (H, W) that is.

    An even ground has no flow of its own, so it gets that of the things in front of it, up to nine tenths of it: a
    figure that walked over it dragged its paint along and left a pale streak. Still ground is what stays the same while
    something else changes, in a part that is nowhere narrower than what goes along with a thing on both its sides, and
    that reaches all four edges of the picture, or one, and mostly does not move.
    """
    changed = differs(source, frame)
    square = np.ones((2 * BESIDE + 1, 2 * BESIDE + 1), np.uint8)
    same = cv2.morphologyEx((~beside(changed)).astype(np.uint8), cv2.MORPH_OPEN, square)
    count, parts = cv2.connectedComponents(same, connectivity=4)
    moves = squared(motion.backward) > RESTING**2
    rests = 2 * np.bincount(parts.ravel(), moves.ravel(), count) < np.bincount(parts.ravel(), minlength=count)
    edges = np.bincount(np.concatenate([np.unique(edge) for edge in (parts[0], parts[-1], parts[:, 0], parts[:, -1])]))
    still = np.isin(parts, [part for part in range(1, edges.size) if edges[part] > (0 if rests[part] else 3)])
    if still.mean() < GROUND or not changed.any():
        still[:] = False
    backward = np.where(still[..., None], np.float32(0), motion.backward)
    return Motion(backward, np.maximum(motion.reliable, still)), still


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
            height, width = frame.shape[:2]
            part = spanned(differs(frame, self._last))
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
