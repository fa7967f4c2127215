"""How firmly paint is kept where it was moved to, and how much the content counts, part by part of a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..blending import SAME_STYLE
from ..motion.reliability import Array, Motion, mean_square, squared

# Firmness is steered, so that the paint flickers this much as the source does: by the error of the moving pixels for
# these, of all pixels for the rest; within limits, over the last frames.
CALM = 0.9  # warping error over the source's own that is aimed at
LIMITS = (0.25, 4.0)  # factors of the temporal weight
RECENT = 0.8  # of a warping error's weight is left in the next frame
MOVING, MOVING_PIXELS = 1.0, 64  # pixels a frame from which a pixel counts as moving; least number that tells anything

# How much the content counts where the picture moves or shows something new. There the paint comes last to its place:
# with 1 a hand-held clip had 4 % more content loss in these parts than frames of their own, with 1.5 14 % less, which
# cost 0.3 % of the loss.
EMPHASIS = 1.2


class Firmness:
    """The factors of the temporal weight along a chain of frames."""

    def __init__(self) -> None:
        # Of all and of the moving pixels: the factor; warping errors of the result and of the source.
        self.factors = np.ones(2)
        self.errors = np.zeros((2, 2))

    def of(self, motion: Motion, reliable: Array, restyled: NDArray[np.bool_] = SAME_STYLE) -> Array:
        """How firmly to keep to paint that is `reliable`: float32 (H, W); as little as ever where it is `restyled`."""
        factors = np.where(moving(motion), self.factors[1], self.factors[0])
        return reliable * np.where(restyled, LIMITS[0], factors).astype(np.float32)

    def heed(self, paint: Array, source: Array, motion: Motion, restyled: NDArray[np.bool_] = SAME_STYLE) -> None:
        """What comes next is held as firmly as the warping errors of the result and of the source ask for.

        paint, source: residual() of the results and of the frames. restyled: bool (H, W) or (), where the style has
        changed, and so the paint should.
        """
        kept = motion.reliable * ~restyled
        if kept.any():
            part = kept * moving(motion)
            self.errors = RECENT * self.errors
            self.errors[0] += mean_square(paint, kept), mean_square(source, kept)
            if part.sum() >= MOVING_PIXELS:
                self.errors[1] += mean_square(paint, part), mean_square(source, part)
            ratio = np.where(self.errors[:, 1] > 0, self.errors[:, 0] / np.maximum(CALM * self.errors[:, 1], 1e-12), 1)
            self.factors = np.clip(self.factors * np.clip(ratio, 0.25, 4) ** 0.5, *LIMITS)


def emphasis(motion: Motion) -> Array:
    """How much the content counts: float32 (H, W)."""
    return np.where(moving(motion) | (motion.reliable == 0), np.float32(EMPHASIS), np.float32(1))


def moving(motion: Motion) -> NDArray[np.bool_]:
    """Which pixels (H, W) move."""
    return np.asarray(squared(motion.backward) > MOVING**2)
