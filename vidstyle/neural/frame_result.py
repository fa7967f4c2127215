"""What painting a frame gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # so that what keeps results need not load TensorFlow
    from .engine import Picture

# Called within a frame: its index, the evaluations so far, its loss.
ClipTick = Callable[[int, int, float], None]


@dataclass(frozen=True, eq=False)
class FrameResult:
    """A painted frame.

    image: float32 (H, W, 3), 0..255. losses: each term without its weight, and their weighted `total`.
    reliable: share of the pixels that continue the previous frame; warp_error, source_warp_error: to the previous frame
    of the result and of the source (motion.reliability.warping_error), along the motion that was painted with, which
    leaves still ground where it is, or after several passes along the flow; all three are None without a previous
    frame. retries: how often it was painted again, since it had failed. excess: its loss over that of the frames
    before it, where that is still suspicious.
    """

    index: int
    image: Picture
    losses: dict[str, float]
    evaluations: int
    seconds: float
    reliable: float | None = None
    warp_error: float | None = None
    source_warp_error: float | None = None
    retries: int = 0
    excess: float | None = None
