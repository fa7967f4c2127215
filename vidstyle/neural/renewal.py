"""When paint is spread anew because much of the picture came in late, and how the new paint comes into view.

What comes in piece by piece stays thin: the Gram matrices are means over the picture, and the paint that is there
already has all that they ask for. It would stay half a painting and half a photograph.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

from ..motion.carry import Origins
from ..motion.reliability import Array, warp
from ..motion.shots import OVERLAP

# Share of the picture that came in since its paint was spread, from which on it is spread anew. 0.15 gained no more.
LATE = 0.3
# Share that may come in meanwhile in a frame, as the mean of so many. Without, a street with much traffic took 15 %
# more evaluations in draft for 0.6 % of the loss.
CALM, RECENT = 0.02, 3

ALL = 0.5  # where more comes in within one frame, that was painted as a whole, as a first one is

# Of the old paint in what the new one begins with. With all of it, what came in late had 5 to 7 % less gradient energy
# fifteen frames later, for 0.3 to 0.4 % less loss; with none, 3 % more loss.
KEPT = 0.5

# How the new paint comes into view: by this share a frame, for so many frames, each of which is worked on. To show it
# at once is a jump; mixtures that are only shown have half as much loss again as either paint. With 0.2 its first frame
# flickered 1.5 to 1.7 times as much, for up to 0.4 % less loss at the shot's end.
SHARE, FRAMES = 0.1, 8


class Renewal:
    """What is to be known of a chain of frames for it."""

    def __init__(self) -> None:
        self.late: Array | None = None  # (H, W) in [0, 1], how surely a pixel came in since the paint was spread
        self.recent: deque[float] = deque(maxlen=RECENT)  # shares that came in
        self.frames = 0  # since the paint was spread
        self.goal: Array | None = None  # (H, W, 3), 0..255, the new paint moved to the last frame
        self.share: Array | None = None  # (H, W), how much of it comes into view in a frame

    def heed(self, origins: Origins) -> bool:
        """Goes on to the next frame, which comes from there. Whether its paint should be spread anew."""
        new = origins.new
        share = float(new.mean())
        if share > ALL:
            self.late = None
        else:
            self.late = new if self.late is None else np.maximum(warp(self.late, origins.motion.backward), new)
        self.recent.append(share)
        self.frames += 1
        if self.goal is not None and self.share is not None:
            self.goal = np.clip(warp(self.goal, origins.motion.backward, cv2.INTER_LANCZOS4), 0, 255)
            self.share = warp(self.share, origins.motion.backward) * origins.reliable
            if self.frames == FRAMES:
                self.goal = self.share = None
        # A lead is too short for it: its paint is also shown elsewhere.
        due = self.frames > OVERLAP and sum(self.recent) < CALM * RECENT
        return due and self.late is not None and float(self.late.mean()) > LATE

    def start(self, blank: Array, carried: Array) -> Array:
        """What to begin the new paint with. blank: what a first frame begins with. carried: the old paint, moved to the
        frame; all float32 (H, W, 3), 0..255.
        """
        late = np.float32(0) if self.late is None else self.late[..., None]
        return blank + KEPT * (1 - late) * (carried - blank)

    def begin(self, goal: Array) -> None:
        """The frame should become that, float32 (H, W, 3), 0..255, by and by."""
        self.late, self.frames = None, 0
        self.goal, self.share = goal, np.full(goal.shape[:2], SHARE, np.float32)
