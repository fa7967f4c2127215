"""How the evaluations of a first frame are shared out among sizes; no TensorFlow is needed to ask."""

from __future__ import annotations

from ..config import Init

COARSEST = 128  # pixels of the shorter side; below, starting coarse cost 3 % of the loss after as many evaluations
SHARE = 0.2  # of a first frame's evaluations, for each coarse size; they are cheap
LEVELS = 3  # coarse sizes at most, each half of the next


def stages(size: tuple[int, int], evaluations: int, init: Init = "prev-warped") -> list[tuple[tuple[int, int], int]]:
    """The sizes (height, width) from coarse to fine, `size` last, each with its evaluations.

    Noise begins at its own size: a finer size begins with half of the frame's own detail, which is no noise.

    >>> stages((288, 512), 100)
    [((144, 256), 20), ((288, 512), 80)]
    """
    height, width = size
    share = round(evaluations * SHARE)
    coarse = [
        ((height >> level, width >> level), share)
        for level in range(LEVELS, 0, -1)
        if share and init != "noise" and min(height, width) >> level >= COARSEST
    ]
    return [*coarse, (size, max(1, evaluations - share * len(coarse)))]


def equivalent(size: tuple[int, int], evaluations: int, init: Init = "prev-warped") -> float:
    """How many evaluations of the whole size cost as much."""
    return sum(h * w * count for (h, w), count in stages(size, evaluations, init)) / (size[0] * size[1])
