"""How long a run will take, and which quality and size fit into a given time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .config import MIN_SIDE, Config, Quality
from .errors import OptionError
from .motion.shots import OVERLAP
from .neural.coarse import equivalent

SECONDS_A_PIXEL = 2e-6  # of a frame, besides its evaluations: decoding, flow, encoding
SHARE = 0.9  # of a budget that is planned with; the rest is for what cannot be foreseen
SIZE_STEP = 8  # pixels, of the sizes that are tried

# A photograph whose style fades into another took as many evaluations a frame as if this share of it changed.
RESTYLED = 0.25


@dataclass(frozen=True)
class Work:
    """What there is to paint: frames in all, those of them that begin anew, and those painted before the first.

    joined: of the shots, those that go on from the one before, each with a lead of its own. changing: of frames that go
    on from another, what an evaluation costs over one of all pixels, and the share of these that changes; of none where
    all counts as changing. workers: that paint shots at once.
    """

    frames: int
    shots: int
    lead: int
    joined: int = 0
    changing: Sequence[tuple[float, float]] = ()
    workers: int = 1

    def evaluations(self, config: Config, size: tuple[int, int]) -> float:
        """How many evaluations of the objective at (width, height) it takes as a rule, or what costs as much."""
        effort = config.effort
        leads = self.joined + (self.lead > 0)
        first = equivalent(size[::-1], effort.first_evaluations, config.init)
        if config.independent:
            return self.frames * first
        begun = (self.shots - leads) * first + leads * equivalent(size[::-1], effort.first_evaluations // 2)
        going_on = self.frames * config.passes + self.lead + self.joined * OVERLAP - self.shots
        costs = [cost * effort.expected(part) for cost, part in self.changing] or [effort.usual]
        return begun + going_on * statistics.fmean(costs)

    def seconds(self, config: Config, size: tuple[int, int], per_pixel: float) -> float:
        """Expected at size (width, height), where an evaluation takes `per_pixel` seconds a pixel."""
        pixels = size[0] * size[1]
        whole = pixels * (self.evaluations(config, size) * per_pixel + self.frames * SECONDS_A_PIXEL)
        return whole / min(self.workers, max(1, self.shots))


@dataclass(frozen=True)
class Plan:
    """What a run is about to do.

    size: (width, height). seconds: expected from now to its end, if an evaluation takes `per_pixel` seconds a pixel.
    kept: frames that were painted by an earlier run, and are no part of the work.
    """

    work: Work
    size: tuple[int, int]
    quality: str
    seconds: float
    per_pixel: float
    kept: int = 0

    def __str__(self) -> str:
        frames, (width, height) = counted(self.work.frames), self.size
        more = f" ({self.kept} more {'is' if self.kept == 1 else 'are'} kept from before)" if self.kept else ""
        return f"{frames} of {width}x{height}{more}, {self.quality} quality: about {duration(self.seconds)}"


def fit(
    config: Config,
    work: Work,
    budget: float,
    spent: float,
    free_quality: bool,
    size_of: Callable[[int | None], tuple[int, int]],
    per_pixel: float,
) -> Config:
    """The settings with the best quality, then the largest size, for which the work takes `budget` seconds at most.

    spent: seconds of it that are gone already. free_quality: whether the quality may be chosen; the size may be where
    config.size is None. size_of: (width, height) for a longer side. Raises OptionError where nothing fits.
    """
    qualities: tuple[Quality, ...] = ("fine", "normal", "draft") if free_quality else (config.quality,)
    fixed = size_of(config.size)
    choices = [(replace(config, quality=quality), fixed) for quality in qualities]
    if config.size is None:
        least = math.ceil(MIN_SIDE * max(fixed) / min(fixed))
        for longer in range((max(fixed) - 1) // SIZE_STEP * SIZE_STEP, max(2 * MIN_SIDE, least) - 1, -SIZE_STEP):
            choices.append((replace(config, quality=qualities[-1], size=longer), size_of(longer)))
    for chosen, size in choices:
        if work.seconds(chosen, size, per_pixel) <= SHARE * (budget - spent):
            return chosen
    chosen, size = choices[-1]
    needed = spent + work.seconds(chosen, size, per_pixel) / SHARE
    raise OptionError(
        f"--budget {budget:g}s: even {chosen.quality} quality at {size[0]}x{size[1]} takes about {duration(needed)}; "
        "give more time, or a shorter part with --start and --end"
    )


def counted(frames: int) -> str:
    """As 1 frame, or 2 frames."""
    return "1 frame" if frames == 1 else f"{frames} frames"


def duration(seconds: float) -> str:
    """Minutes and seconds, as 1:05; hours too where there are any."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
