"""What one look through a clip finds out before its first frame is painted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .blending import SETTLING, Blend, shares_at
from .config import Config
from .media import Frame, over_white
from .motion.shots import Shot, find_shots, split
from .motion.still import WHOLE, Box, Changes, area
from .plan import RESTYLED, Work

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Watch = Callable[[Image, NDArray[np.uint8] | None], None]

# Frames of a loop that are also painted before its first; at its end the paint goes over into theirs.
LEAD = 6


@dataclass(eq=False)
class Survey:
    """Of the frames that are to be painted.

    shots: of these; none where there is no frame. times: when each frame is shown, in seconds of the clip. changes:
    what changes in each. ends: the last frames as they are in the file, with their times, where paint goes on from them
    to the first one; else none.
    """

    config: Config
    shots: list[Shot] = field(default_factory=list)
    times: list[Fraction] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    ends: list[tuple[Fraction, Frame]] = field(default_factory=list)

    def work(self, todo: Collection[int], share: Callable[[Box | None], float] | None = None) -> Work:
        """What it takes to paint these frames, by index.

        share: what an evaluation costs over one of all pixels, where all that changes lies in a box; None where nobody
        can tell.
        """
        begun = [shot for shot in self.shots if shot.start in todo]
        lead = len(self.ends) if 0 in todo else 0
        changing = [] if share is None else self._changing({*todo}, share)
        return Work(len(todo), len(begun), lead, sum(shot.joined for shot in begun), changing)

    def _changing(self, todo: set[int], share: Callable[[Box | None], float]) -> list[tuple[float, float]]:
        """Work.changing of the frames."""
        costs = []
        for shot in self.shots:
            for index in sorted({*range(shot.start + 1, shot.stop)} & todo):
                box = self.changes.unsettled(index, shot.start)
                part = area(box)
                if self._restyled(index, shot.start):
                    box, part = WHOLE, max(part, RESTYLED)
                costs.append((share(box), part))
        return costs

    def _restyled(self, index: int, begin: int) -> bool:
        """Whether a frame of the shot that begins there is still to take on what its style has become."""
        if not self.config.faded:
            return False
        now, then = (Blend(shares_at(self.config, self.times[i])) for i in (index, max(begin, index - SETTLING)))
        return bool(now.unlike(then).any())


def survey(frames: Iterable[tuple[Fraction, Frame]], config: Config, repeats: bool, watch: Watch) -> Survey:
    """Looks at all frames, each with the time at which it is shown, and holds no more of them than a lead has.

    repeats: whether the clip is one that begins again where it ends. watch: gets each frame on white, and its alpha.
    """
    found = Survey(config)
    first: list[Image] = []
    last: deque[tuple[Fraction, Frame]] = deque(maxlen=LEAD)
    ended = config.start

    def watched() -> Iterator[Image]:
        nonlocal ended
        for at, frame in frames:
            ended = at + frame.duration
            image = over_white(frame)
            found.times.append(at)
            found.changes.watch(image)
            watch(image, frame.alpha)
            if len(first) < LEAD:
                first.append(image)
            last.append((at, frame))
            yield image

    found.shots = find_shots(watched())
    count = len(found.times)
    if count == 0:
        return found
    # Who fades from style to style wants other paint in the end than in the beginning.
    loops = repeats and not config.faded
    lead = min(LEAD, count // 2, count - found.shots[-1].start)
    if config.independent or config.loop == "off" or (config.loop == "auto" and not loops) or count < 4:
        lead = 0
    elif config.loop == "auto":
        tail = [over_white(frame) for _, frame in last]
        if len(find_shots([*tail, *first])) > len(find_shots(tail)):
            lead = 0  # a cut at the seam
    found.ends = list(last)[len(last) - lead :]
    if not config.shots:
        found.shots = [Shot(0, count)]
    seconds = float(ended - config.start)
    if config.split_seconds is not None and seconds > 0:  # frames of an animation may last no time at all
        found.shots = split(found.shots, config.split_seconds * count / seconds)
        if config.independent:
            found.shots = [replace(shot, joined=False) for shot in found.shots]
    return found
