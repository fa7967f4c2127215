"""Painting frames: the first one coarse to fine, each next one from the result before it."""

from __future__ import annotations

import gc
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..blending import Blend, shares_at
from ..colour import match_colours
from ..config import Config
from ..errors import OptimizationError
from ..motion.carry import DISTANCES, Carried, Past, carry
from ..motion.shots import Shot
from .engine import Engine, Painted, Picture, Tick, resize
from .firmness import Firmness, emphasis
from .frame_result import ClipTick, FrameResult
from .passes import passes
from .runtime import compute_dtype
from .vgg import Vgg
from .weights import Weights

Image = NDArray[np.uint8]  # (H, W, 3), RGB

COARSEST = 128  # pixels of the shorter side; below, starting coarse cost 3 % of the loss after as many evaluations
COARSE_SHARE = 0.2  # of a first frame's evaluations, for each coarse size; they are cheap
COARSE_MIX = 0.5  # of a coarse result in the start of the next size, the rest is the frame, whose detail it has lost
COARSE_LEVELS = 3  # coarse sizes at most, each half of the next

# How much of the frame itself is in the start where something new is seen: less smears, more flickers. Where the flow
# is doubtful but the source looks the same (most motion boundaries) it is best left out: on a hand-held clip it
# cost 6 % of the loss and two thirds more warping error.
FRESH = 0.5

# Unchanged frames after which a pixel keeps its paint bit for bit. What was just uncovered gets time to be finished.
SETTLED = 3

PROBE = 5  # evaluations by which the time of one is measured

# Frames of a loop that are also painted before its first; at its end the paint goes over into theirs.
LEAD = 6


class Stylizer:
    """Paints frames in the style of one or more pictures, for one configuration.

    styles: uint8 (H, W, 3) of any sizes, one for each of config.styles.
    """

    def __init__(self, config: Config, weights: Weights, styles: Sequence[Image]) -> None:
        gc.collect()  # the graphs of one before this refer to themselves: hundreds of megabytes
        self.config = config
        self.styles = styles
        self.vgg = Vgg(weights, config.pooling, compute_dtype(config.precision))
        self._engines: dict[tuple[int, int], Engine] = {}

    def clip(
        self,
        frames: Iterable[Image],
        shots: Sequence[Shot],
        lead: Sequence[Image] = (),
        tick: ClipTick | None = None,
        blend: Callable[[int], Blend | None] = lambda index: None,
    ) -> Iterator[FrameResult]:
        """Paint the frames, uint8 (H, W, 3) of one size, shot by shot, as config.init says.

        lead: the last frames of the clip where it is a loop; its first shot then goes on from there. tick: called now
        and then within a frame. blend: of the styles, for a frame's index; asked once its frame was taken, for those of
        the lead before that. Raises OptimizationError, which names the frame, where a loss is not finite.
        With several passes a shot is kept until its last one: its frames in memory, the results in a temporary file.
        """
        painted: list[Image] = []  # frames of the shot, if they are needed again
        source = iter(frames)

        def watched() -> Iterator[Image]:
            for frame in source:
                if self.config.passes > 1:
                    painted.append(frame)
                yield frame

        for results in self._once(watched(), shots, lead, tick, blend):
            if self.config.passes == 1 or self.config.init in ("content", "noise"):
                yield from results
            else:
                painted.clear()
                cyclic = len(lead) > 0 and len(shots) == 1
                yield from passes(self.engine, self.config, painted, results, cyclic, tick, blend)

    def _once(
        self,
        source: Iterator[Image],
        shots: Sequence[Shot],
        lead: Sequence[Image],
        tick: ClipTick | None,
        blend: Callable[[int], Blend | None],
    ) -> Iterator[Iterator[FrameResult]]:
        """The frames of each shot after the first pass."""

        def within(index: int) -> Tick | None:
            return None if tick is None else partial(tick, index)

        ends: list[Painted] = []
        first = self.config.effort.first_evaluations
        # A lead begins with half of them: its frames come again at the end, and have been worked on since.
        chain = _Chain(self, first if not lead else max(1, first // 2))
        evaluations, seconds = 0, 0.0  # of the lead; the first frame's cost
        count = shots[-1].stop if shots else 0
        for index, frame in enumerate(lead, count - len(lead)):
            result = chain.add(frame, 0, within(0), blend=blend(index))
            evaluations, seconds = evaluations + result.evaluations, seconds + result.seconds
            assert chain.painted is not None
            ends.append(chain.painted)
        for shot in shots:
            if shot.start > 0:
                chain = _Chain(self, first)

            def painted(shot: Shot = shot, chain: _Chain = chain) -> Iterator[FrameResult]:
                nonlocal evaluations, seconds
                for index in range(shot.start, shot.stop):
                    after = index - (count - len(ends))
                    end = (ends[after], (after + 1) / len(ends)) if after >= 0 else None
                    frame = next(source)
                    result = chain.add(frame, index, within(index), end, blend(index))
                    yield replace(
                        result, evaluations=result.evaluations + evaluations, seconds=result.seconds + seconds
                    )
                    evaluations, seconds = 0, 0.0

            yield painted()

    def first(self, frame: Image, budget: int, tick: Tick | None, blend: Blend | None = None) -> Painted:
        """Within `budget` evaluations, coarse to fine, which gives larger, cleaner strokes for less time."""
        height, width = frame.shape[:2]
        coarse = [
            (height >> level, width >> level)
            for level in range(COARSE_LEVELS, 0, -1)
            if min(height, width) >> level >= COARSEST
        ]
        share = round(budget * COARSE_SHARE)
        spent = 0

        def heard(evaluations: int, loss: float) -> None:
            if tick is not None:
                tick(spent + evaluations, loss)

        sizes = [*(coarse if share else []), (height, width)]
        picture = resize(self._blank(frame, blend), sizes[0])
        for size, finer in itertools.pairwise(sizes):
            painted = self.engine(size).paint(resize(frame, size), picture, share, tick=heard, blend=blend)
            picture = COARSE_MIX * resize(painted.image, finer) + (1 - COARSE_MIX) * resize(frame, finer)
            spent += painted.evaluations
        content = resize(frame, sizes[-1])
        painted = self.engine(sizes[-1]).paint(content, picture, max(1, budget - spent), tick=heard, blend=blend)
        return painted._replace(evaluations=painted.evaluations + spent)

    def _blank(self, frame: Image, blend: Blend | None = None) -> Picture:
        """What is there before the first evaluation, float32 (H, W, 3)."""
        if self.config.init == "noise":
            # The same noise for every frame of a clip, so that only their content makes them differ.
            return np.random.default_rng(self.config.seed).uniform(0, 255, frame.shape).astype(np.float32)
        if self.config.init == "content":
            return frame.astype(np.float32)
        # The style's colours are half of its style, and cost no evaluation.
        blend = blend or Blend(shares_at(self.config))
        portions = blend.portions()
        if blend.places is None:
            return match_colours(frame, self.styles, portions[:, 0, 0].tolist())
        picture = (1 - portions.sum(0))[..., None] * frame
        for style, portion in zip(self.styles, portions, strict=True):
            picture += portion[..., None] * match_colours(frame, [style], [1.0])
        return np.asarray(picture, np.float32)

    def seconds_per_pixel(self, size: tuple[int, int]) -> float:
        """What an evaluation takes now on this machine for a picture of (height, width), over its pixels."""
        engine = self.engine(size)
        picture = self._blank(np.full((*size, 3), 128, np.uint8))
        engine.paint(picture, picture, PROBE)  # traces
        begin = time.perf_counter()
        evaluations = engine.paint(picture, picture, PROBE).evaluations
        return (time.perf_counter() - begin) / (evaluations * size[0] * size[1])

    def engine(self, size: tuple[int, int]) -> Engine:
        """The engine for pictures of (height, width); made once."""
        if size not in self._engines:
            self._engines[size] = Engine(self.config, self.vgg, self.styles, size)
        return self._engines[size]


class _Chain:
    """The frames of one shot, each painted from those before it."""

    def __init__(self, stylizer: Stylizer, first_evaluations: int) -> None:
        self.stylizer = stylizer
        self.first_evaluations = first_evaluations
        self.config = stylizer.config
        self.history: deque[Past] = deque(maxlen=max(DISTANCES))
        self.painted: Painted | None = None
        self.still: NDArray[np.int32] | None = None  # frames since a pixel of the source, or its style, changed
        self.blend: Blend | None = None
        self.firmness = Firmness()

    def add(
        self,
        frame: Image,
        index: int,
        tick: Tick | None,
        end: tuple[Painted, float] | None = None,
        blend: Blend | None = None,
    ) -> FrameResult:
        """Paint the next frame. end: what this frame should become, and how much it should, in (0, 1]."""
        begin = time.perf_counter()
        last = self.painted
        carried = carry(self.history, frame, self.config.flow) if self.history else None
        try:
            if end is not None and end[1] == 1:
                painted = end[0]._replace(evaluations=0)
            elif last is None or carried is None or self.config.init in ("content", "noise"):
                painted = self.stylizer.first(frame, self.first_evaluations, tick, blend)
            else:
                painted = self._next(frame, last, carried, tick, end, blend)
        except OptimizationError as error:
            raise OptimizationError(f"frame {index}: {error}") from error
        coherence: dict[str, float] = {}
        if carried is not None:
            past = self.history[-1]
            warp_error, source_warp_error = self.firmness.heed(past, Past(frame, painted.image), carried.motion)
            reliable = float(carried.reliable.mean())
            coherence = {"reliable": reliable, "warp_error": warp_error, "source_warp_error": source_warp_error}
        self.painted, self.blend = painted, blend
        self.history.append(Past(frame, painted.image))
        seconds = time.perf_counter() - begin
        return FrameResult(index, painted.image, painted.losses, painted.evaluations, seconds, **coherence)

    def _next(
        self,
        frame: Image,
        last: Painted,
        carried: Carried,
        tick: Tick | None,
        end: tuple[Painted, float] | None,
        blend: Blend | None,
    ) -> Painted:
        engine = self.stylizer.engine((frame.shape[0], frame.shape[1]))
        same = np.equal(frame, self.history[-1].source).all(-1)
        if blend is not None and self.blend is not None:
            same &= ~blend.unlike(self.blend)
        self.still = np.where(same, SETTLED if self.still is None else self.still + 1, 0)
        if same.all() and end is None:
            return last._replace(evaluations=0)
        content = frame.astype(np.float32)
        effort = self.config.effort
        if self.config.init == "prev":
            return engine.paint(
                content, last.image, effort.evaluations, last.memory, tolerance=effort.tolerance, tick=tick, blend=blend
            )
        held = self.still >= SETTLED
        image, reliable = carried.image, carried.reliable
        firm = self.firmness.of(carried.motion, reliable)
        if end is not None:
            goal, share = end
            image = image + share * (goal.image - image)
            reliable, firm = np.maximum(reliable, np.float32(share)), np.maximum(firm, np.float32(share))
            # A pixel that is still in both is the same in both, unless it was painted twice.
            held &= np.equal(goal.image, last.image).all(-1)
        image = np.where(held[..., None], last.image, image)
        fresh = FRESH * (1 - reliable) * carried.changed * ~held
        start = image + fresh[..., None] * (content - image)
        return engine.paint(
            content,
            start,
            effort.evaluations,
            last.memory,
            image,
            firm,
            held,
            emphasis(carried.motion),
            effort.tolerance,
            tick,
            blend,
        )
