"""Painting frames: the first one coarse to fine, each next one from the result before it."""

from __future__ import annotations

import gc
import itertools
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..blending import Blend, shares_at
from ..colour import match_colours
from ..config import DEFAULT_WEIGHTS, Config
from ..motion.carry import DISTANCES, Origins, find_origins
from ..motion.flow import estimate_motion
from ..motion.shots import OVERLAP, Shot
from ..motion.still import REACH, Box
from .ahead import ahead
from .chain import Chain, ends_of
from .coarse import stages
from .engine import Engine, Painted, Picture, Tick, resize
from .flat import noise_share, roughened
from .frame_result import ClipTick, FrameResult
from .memory import give_back_memory, is_large
from .passes import passes
from .runtime import compute_dtype, tf
from .state import Resume, State
from .vgg import Vgg
from .weights import Weights

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Moving = tuple[Image, Origins | None]  # a frame, and where it was in those before if that is needed

COARSE_MIX = 0.5  # of a coarse result in the start of the next size, the rest is the detail that it has lost

PROBE = 5  # evaluations by which the time of one is measured; of large pictures a single one

# How far paint that goes over into other paint is led in a frame at most, but for the last ones. Where two parts of a
# hand-held clip meet, the largest warping error was 2.2 times the usual in draft and 2.5 times in normal; with 0.2
# throughout seven times, for the paint did not arrive; with 0.35 from the first frame on five times.
LED = 0.4


class Stylizer:
    """Paints frames in the style of one or more pictures, for one configuration.

    styles: uint8 (H, W, 3) of any sizes, one for each of config.styles.
    """

    def __init__(self, config: Config, weights: Weights, styles: Sequence[Image]) -> None:
        gc.collect()  # the graphs of one before this refer to themselves: hundreds of megabytes
        self.config = config
        self.weights, self.styles = weights, styles
        self.noise_shares = np.array([noise_share(style) for style in styles], np.float32)
        self.vgg = Vgg(weights, config.pooling, compute_dtype(config.precision))
        self._engines: dict[tuple[tuple[int, int], bool], Engine] = {}

    def clip(
        self,
        frames: Iterable[Image],
        shots: Sequence[Shot],
        lead: Sequence[Image] = (),
        tick: ClipTick | None = None,
        blend: Callable[[int], Blend | None] = lambda index: None,
        resume: Resume = Resume(),
        closer: Callable[[int], Image | None] = lambda index: None,
    ) -> Iterator[FrameResult | None]:
        """Paint the frames, uint8 (H, W, 3) of one size, shot by shot, as config.init says.

        lead: the last frames of the clip where it is a loop; its first shot then goes on from there. The last frames of
        a shot with which another is joined are painted twice in the same way: for that one first. tick: called now
        and then within a frame. blend: of the styles, for a frame's index; asked once its frame was taken, for those of
        the lead before that. resume: what is known of an earlier run; for a frame that it does not want, which is taken
        all the same, None is given. closer: a larger version of a frame that was taken, to find its motion in; None
        where there is none. Raises OptimizationError, which names the frame, where a loss is not finite.
        With several passes a shot is kept until its last one: its frames in memory, the results in a temporary file.
        """
        painted: list[Image] = []  # frames of the shot, if they are needed again
        # Decoding and flow go on while the optimiser works.
        coming = ahead(self._moving(frames, shots, lead, resume, closer))

        def watched() -> Iterator[Moving]:
            for frame, origins in coming:
                if self.config.goes_over:
                    painted.append(frame)
                yield frame, origins

        with closing(coming):
            for shot, results in zip(shots, self._once(watched(), shots, lead, tick, blend, resume), strict=True):
                painted.clear()
                if not self.config.goes_over or not resume.wanted(shot.start):
                    yield from results
                else:
                    cyclic = len(lead) > 0 and len(shots) == 1
                    kept = []
                    if lead and not cyclic:  # where a loop with cuts begins again, the paint goes on
                        kept += [0] if shot == shots[0] else []
                        kept += [shot.stop - 1 - shot.start] if shot == shots[-1] else []
                    first = (result for result in results if result is not None)
                    yield from passes(self.engine, self.config, painted, first, cyclic, kept, tick, blend)

    def _moving(
        self,
        frames: Iterable[Image],
        shots: Sequence[Shot],
        lead: Sequence[Image],
        resume: Resume,
        closer: Callable[[int], Image | None],
    ) -> Generator[Moving, None, None]:
        starts = {shot.start: shot for shot in shots}
        # What the chain that paints the frame has seen before.
        sources: deque[Image] = deque(lead, max(DISTANCES))
        last: Image | None = None  # the closer version of the frame before
        for index, frame in enumerate(frames):
            close = closer(index)
            origins = None
            if index in starts:
                if index > 0 and not starts[index].joined:
                    sources.clear()
            elif resume.wanted(index):
                motion = None
                if last is not None and close is not None:
                    motion = estimate_motion(last, close, self.config.flow, (frame.shape[0], frame.shape[1]))
                origins = find_origins(sources, frame, self.config.flow, motion)
            yield frame, origins
            sources.append(frame)
            last = close

    def _once(
        self,
        source: Iterator[Moving],
        shots: Sequence[Shot],
        lead: Sequence[Image],
        tick: ClipTick | None,
        blend: Callable[[int], Blend | None],
        resume: Resume,
    ) -> Iterator[Iterator[FrameResult | None]]:
        """The frames of each shot after the first pass."""

        def within(index: int) -> Tick | None:
            return None if tick is None else partial(tick, index)

        first = self.config.effort.first_evaluations
        count = shots[-1].stop if shots else 0
        before: State | None = None  # the next shot begins with it: the first with that after the lead
        # Needed by the clip's first frame and its last ones.
        if lead and any(resume.wanted(index) for index in (0, *range(count - len(lead), count))):
            before = resume.state(0, 0) if resume.wanted(0) else resume.ends()
            if before is None:
                before = self._lead(lead, count, 0, within(0), blend)
                resume.keep(before)
        ends = [] if before is None else ends_of(before)
        for shot, follower in itertools.zip_longest(shots, shots[1:]):

            def painted(shot: Shot = shot, follower: Shot | None = follower) -> Iterator[FrameResult | None]:
                nonlocal before
                chain: Chain | None = None
                start, before = before, None
                taken: deque[Moving] = deque()
                goals = ends if follower is None else []
                for index in range(shot.start, shot.stop):
                    if follower is not None and follower.joined and index == follower.needed:
                        taken.extend(itertools.islice(source, OVERLAP))
                        if any(map(resume.wanted, range(index, follower.start + 1))):
                            before = resume.state(follower.start, 0)
                            if before is None:
                                frames = [frame for frame, _ in taken]
                                before = self._lead(frames, follower.start, follower.start, within(index), blend)
                                resume.keep(before)
                            goals = ends_of(before)
                    frame, origins = taken.popleft() if taken else next(source)
                    step = index - shot.start
                    if not resume.wanted(index):
                        chain = None
                        yield None
                        continue
                    if chain is None:
                        chain = Chain(self, first, start if step == 0 else resume.state(shot.start, step))
                        start = None  # it holds the paint and what the optimiser knew of another frame
                    after = index - (shot.stop - len(goals))
                    end = None if after < 0 else (goals[after], led(after, len(goals)))
                    result = chain.add(frame, index, within(index), end, blend(index), origins)
                    yield result
                    resume.keep(chain.state(shot.start, step + 1, ends))

            yield painted()

    def _lead(
        self, frames: Sequence[Image], stop: int, shot: int, tick: Tick | None, blend: Callable[[int], Blend | None]
    ) -> State:
        """The state in which the shot that begins at `shot` begins, after a lead of the frames that end at `stop`."""
        # It begins with half of the evaluations: its frames come again at the end, and have been worked on since.
        chain = Chain(self, max(1, self.config.effort.first_evaluations // 2))
        ends: list[Painted] = []
        results: list[FrameResult] = []
        for index, frame in enumerate(frames, stop - len(frames)):
            results.append(chain.add(frame, 0, tick, blend=blend(index)))
            assert chain.painted is not None
            ends.append(chain.painted)
        # What it took is the first frame's cost.
        return chain.state(shot, 0, ends, sum(r.evaluations for r in results), sum(r.seconds for r in results))

    def first(
        self,
        frame: Image,
        budget: int,
        tick: Tick | None,
        blend: Blend | None = None,
        start: Image | Picture | None = None,
        exact: bool = False,
    ) -> Painted:
        """Within `budget` evaluations, coarse to fine, which gives larger, cleaner strokes for less time.

        start: what is there before, whatever config.init says. exact: in float32.
        """
        spent = 0

        def heard(evaluations: int, loss: float) -> None:
            if tick is not None:
                tick(spent + evaluations, loss)

        whole = (frame.shape[0], frame.shape[1])
        steps = stages(whole, budget, self.config.init)
        start, detail = (self.blank(frame, blend), frame) if start is None else (start, start)
        picture = resize(start, steps[0][0])
        for (size, evaluations), (finer, _) in itertools.pairwise(steps):
            image, _, made, _ = self.engine(size, exact).paint(
                resize(frame, size), picture, evaluations, tick=heard, blend=blend
            )
            picture = COARSE_MIX * resize(image, finer) + (1 - COARSE_MIX) * resize(detail, finer)
            spent += made
            if is_large(whole):  # then the memory of a graph is dearer than the seconds it takes to trace it anew
                del self._engines[size, exact]
                give_back_memory()
        content = frame.astype(np.float32)
        painted = self.engine(whole, exact).paint(content, picture, max(1, budget - spent), tick=heard, blend=blend)
        return painted._replace(evaluations=painted.evaluations + spent)

    def blank(self, frame: Image, blend: Blend | None = None) -> Picture:
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
            picture = match_colours(frame, self.styles, portions[:, 0, 0].tolist())
        else:
            picture = ((1 - portions.sum(0))[..., None] * frame).astype(np.float32)
            for style, portion in zip(self.styles, portions, strict=True):
                picture += portion[..., None] * match_colours(frame, [style], [1.0])
        own, usual = self.config.term_weights, DEFAULT_WEIGHTS[self.config.normalization]
        # Where the content counts for more than usual, or a style is even, as much noise would be left as speckle.
        share = min(1.0, own.style * usual.content / max(own.content * usual.style, 1e-12))
        return roughened(picture, frame, share * np.tensordot(self.noise_shares, portions, 1), self.config.seed)

    def seconds_per_pixel(self, size: tuple[int, int], guided: bool = False) -> float:
        """What an evaluation takes now on this machine for a picture of (height, width), over its pixels.

        guided: with the styles in places.
        """
        if is_large(size):  # its engine's memory would stand beside that of the coarse sizes, which come first
            size = (size[0] // 2, size[1] // 2)
        engine = self.engine(size)
        picture = self.blank(np.full((*size, 3), 128, np.uint8))
        probe = 1 if is_large(size) else PROBE
        places = np.ones((len(self.styles), *size), np.float32) if guided else None
        blend = Blend(shares_at(self.config), places)
        engine.paint(picture, picture, probe, blend=blend)  # traces
        begin = time.perf_counter()
        evaluations = engine.paint(picture, picture, probe, blend=blend).evaluations
        return (time.perf_counter() - begin) / (evaluations * size[0] * size[1])

    def share(self, size: tuple[int, int], box: Box | None) -> float:
        """What an evaluation costs where all that changes lies in the box, over one of all of (height, width)."""
        if box is None:
            return 0.0
        changing = np.zeros(size, np.bool_)
        top, left, bottom, right = (round(edge * side) for edge, side in zip(box, (*size, *size), strict=True))
        beside = 1 + REACH
        changing[max(0, top - beside) : bottom + beside, max(0, left - beside) : right + beside] = True
        return self.engine(size).share(changing)

    def engine(self, size: tuple[int, int], exact: bool = False) -> Engine:
        """The engine for pictures of (height, width), made once. exact: in float32, whatever config.precision says."""
        if (size, exact) not in self._engines:
            vgg = Vgg(self.weights, self.config.pooling, tf.float32) if exact else self.vgg
            self._engines[size, exact] = Engine(self.config, vgg, self.styles, size)
        return self._engines[size, exact]


def led(step: int, steps: int) -> float:
    """How far in [0, 1] from what it is to what it shall become paint is led in one of the steps; wholly in the last.

    Each of these frames is worked on: paint that is only mixed had a third more loss, and was pale.
    """
    return max(min((step + 1) / steps, LED), 1 / (steps - step))
