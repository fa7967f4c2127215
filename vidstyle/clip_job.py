"""One clip and all that is decided about it before and while its frames are painted, wherever that is."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .config import Config
from .controls import Controls
from .errors import InputError, OptionError
from .framing import count_frames, first_instant, least_size, scale, target_size
from .jobs.checkpoint import Checkpoint
from .media import (
    ANIMATED,
    ClipInfo,
    Frame,
    ReadOptions,
    is_video_output,
    load_picture,
    open_clip,
    over_white,
)
from .motion.flow import closer_size
from .motion.shots import REMEMBERED, Shot, find_shots
from .motion.still import Box
from .neural import memory
from .neural.processor import resolved
from .neural.state import Resume
from .plan import Plan, Work, fit
from .report import file_sha256
from .survey import Survey, survey

if TYPE_CHECKING:
    from .jobs.executors import Executor
    from .neural.frame_result import ClipTick, FrameResult
    from .neural.stylize import Stylizer


Image = NDArray[np.uint8]

NO_FRAME = Frame(np.zeros((1, 1, 3), np.uint8), Fraction(1))  # in place of one that is not needed

PROBED_SIDE = 256  # pixels of the longer side at which the time of an evaluation is measured for a budget


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a run stands: inside frame `index`, or at its end.

    frames: in all. evaluations, loss: in this frame so far; seconds: since the run began.
    frame, result: the painted frame and its figures once it is finished, else None. plan: what is about to be done,
    once before the first frame, when there is no loss yet; else None. finished, workers: where several workers paint at
    once, and frames are finished in any order, how many are, and how many workers there are.
    """

    index: int
    frames: int
    evaluations: int
    loss: float
    seconds: float
    frame: Frame | None = None
    result: FrameResult | None = None
    plan: Plan | None = None
    finished: int | None = None
    workers: int = 1


class ClipJob:
    """An opened clip with everything that can be checked before the first frame is painted.

    drawn: when the frame is shown that mask pictures are drawn for, where it is not the first one painted.
    """

    def __init__(self, source: Path, config: Config, read: ReadOptions, drawn: Fraction | None = None) -> None:
        from .neural.weights import load_weights

        self.source, self.config, self.read, self.drawn = source, config, read, drawn
        with open_clip(source, read) as clip:
            self.info = clip.info
        self.styles = [load_picture(style.path, read.max_pixels) for style in config.styles]
        self.weights = load_weights(config.network, config.weights)
        self.size = target_size(self.info, config.size)
        memory.expect(self.size)
        self.controls = Controls(config, self.info, read)
        self.surveyed: Survey | None = None
        self.lead: list[Image] = []  # frames that lead into the first, as they are to be painted
        self.expected: float | None = None  # seconds, where anyone listens
        self.kept = 0  # frames that an earlier run has painted
        self._stylizer: Stylizer | None = None
        self.frames = count_frames(self.info, config.start, config.end)
        length = self.info.duration
        if self.frames == 0 and length is not None and config.start >= length:
            raise OptionError(f"--start {float(config.start):g}: {source} ends at {float(length):g} s; begin earlier")
        if self.frames == 0:
            raise self._nothing()

    @property
    def shots(self) -> list[Shot]:
        """Known once it was surveyed."""
        return [] if self.surveyed is None else self.surveyed.shots

    def _nothing(self) -> InputError:
        return InputError(f"{self.source}: no frame between --start and --end; choose a wider part")

    def output_info(self, target: Path) -> ClipInfo:
        """What the writer is told: the source's facts with this run's size and number of frames."""
        if is_video_output(target):
            # Without half as many colours as pixels each way, phones and QuickTime play no H.264.
            self.size = (self.size[0] + 1 & ~1, self.size[1] + 1 & ~1)
        # A GIF made from a video is expected to go on; an animated picture says itself how often it plays.
        loop = self.info.loop if self.info.format in ANIMATED else 0
        width, height = self.size
        return replace(self.info, width=width, height=height, frame_count=self.frames, duration=None, loop=loop)

    def sha256(self) -> dict[str, str]:
        """Of the files that decide the result besides the source."""
        return {
            "weights": self.weights.sha256,
            **{str(path): file_sha256(path) for path in self.config.pictures if os.path.isfile(path)},
        }

    def run(
        self,
        progress: Callable[[Progress], None] | None = None,
        checkpoint: Checkpoint | None = None,
        executor: Executor | None = None,
    ) -> Iterator[Progress]:
        """Paint the frames that `checkpoint` does not have; `progress` also hears of the evaluations within a frame."""
        begin = time.perf_counter()
        found = self._survey()
        self.lead = self._take_lead(found)
        total = found.shots[-1].stop
        todo: Collection[int] = range(total)
        if checkpoint is not None:
            checkpoint.plan(found.shots, whole=self.config.goes_over)
            todo = checkpoint.todo
        kept = self.kept = total - len(todo)
        workers = 1 if executor is None else executor.workers

        def told(index: int, evaluations: int, loss: float, **more: Any) -> Progress:
            return Progress(index, total, evaluations, loss, time.perf_counter() - begin, workers=workers, **more)

        def tick(index: int, evaluations: int, loss: float) -> None:
            if progress is not None:
                progress(told(index, evaluations, loss))

        def arrived(count: int, result: FrameResult) -> None:
            if progress is not None:
                loss = result.losses["total"]
                progress(told(result.index, result.evaluations, loss, result=result, finished=kept + count))

        if progress is not None:
            work = self._work(todo, executor)
            per_pixel = self._measured(self.size, executor) if todo else 0.0
            self.expected = work.seconds(self.config, self.size, per_pixel)
            plan = Plan(work, self.size, self.config.quality, self.expected, per_pixel, kept)
            progress(told(0, 0, math.inf, plan=plan))
        if executor is None:
            painted = self.paint(checkpoint or Resume(), tick)
        else:
            painted = executor.paint(self, checkpoint, arrived)
        for index, (frame, result) in enumerate(painted):
            known = result is None
            if result is None:
                assert checkpoint is not None
                image, result = checkpoint.frame(index)
            else:
                image = np.rint(result.image).astype(np.uint8)
                if checkpoint is not None:
                    checkpoint.add(image, result)
            loss = result.losses["total"]
            done = told(index, result.evaluations, loss, frame=replace(frame, image=image), result=result)
            if progress is not None and not known and executor is None:
                progress(done)
            yield done

    def paint(
        self, resume: Resume, tick: ClipTick | None = None, first: int = 0
    ) -> Iterator[tuple[Frame, FrameResult | None]]:
        """The frames of the source, scaled, each with what is to be shown of it, float32; None if `resume` has it.

        first: the first frame that is needed; those before it need not be decoded, and come as pictures of one pixel.
        """
        self._begin()
        pending: deque[Frame] = deque()  # decoded, not yet painted: one, or those of a shot with several passes
        skipped = 0 if self.controls.masked else first  # masks follow from all frames before
        close_size = closer_size(self.size, (self.info.width, self.info.height), self.config.flow)
        close: dict[int, Image] = {}

        def sources() -> Iterator[Image]:
            for _ in range(skipped):
                pending.append(NO_FRAME)
                yield NO_FRAME.image
            for index, (at, frame) in enumerate(self._frames(skipped), skipped):
                if close_size != self.size:
                    close[index] = over_white(scale(frame, close_size))
                pending.append(scale(frame, self.size))
                yield self.controls.take(index, pending[-1], at)

        blend = self.controls.blends.get
        painted = self._painter().clip(
            sources(), self.shots, self.lead, tick, blend, resume, lambda index: close.pop(index, None)
        )
        for index, result in enumerate(painted):
            frame = pending.popleft()
            if result is None:
                self.controls.forget(index)
            else:
                result = replace(result, image=self.controls.finish(index, result.image, frame))
            yield frame, result

    def _begin(self) -> None:
        """Begins the controls; mask pictures follow from the frame that they are drawn for."""
        self.controls.begin(self.shots, self.size, self._frames_before())
        if self.drawn is None or not self.controls.follows:
            return
        earlier = copy(self)
        earlier.config = replace(self.config, start=self.drawn, end=None)

        def seen(more: int) -> Iterator[Frame]:
            """The frames before those that are painted, and so many more."""
            for at, frame in earlier._frames():
                more -= at >= self.config.start
                if more < 0:
                    return
                yield frame

        begins = {0}
        if self.config.shots:
            begins |= {shot.start for shot in find_shots(map(over_white, seen(REMEMBERED)))}
        before = 0
        for before, frame in enumerate(seen(0), 1):
            self.controls.follow(over_white(scale(frame, self.size)), before - 1 in begins)
        if before not in begins:
            self.controls.begins.discard(0)

    def decoded(self) -> Iterator[Frame]:
        """The frames of the source, scaled."""
        return (scale(frame, self.size) for _, frame in self._frames())

    def for_worker(self) -> ClipJob:
        """The same after the survey, without what a process cannot hand to another."""
        copied = copy(self)
        copied.config = replace(self.config, precision=resolved(self.config.precision))
        copied._stylizer, copied.controls = None, copy(self.controls)
        copied.surveyed = Survey(self.config, self.shots)
        copied.controls.masks = None
        return copied

    def fit(self, budget: float, free_quality: bool, executor: Executor | None = None) -> None:
        """Choose quality and size so that the run takes `budget` seconds at most. Raises OptionError if none does."""
        begin = time.perf_counter()
        self._survey()
        # Time grows with the pixels, so a small picture tells that of a large one, which might take all there is.
        small = target_size(self.info, min(max(self.size), max(PROBED_SIDE, least_size(self.info))))
        per_pixel = self._measured(small, executor)
        spent = time.perf_counter() - begin
        work = self._work(range(self.shots[-1].stop), executor)

        def size_of(longer: int | None) -> tuple[int, int]:
            return target_size(self.info, longer)

        self.choose(fit(self.config, work, budget, spent, free_quality, size_of, per_pixel))

    def choose(self, config: Config) -> None:
        """Paint with these settings, which differ in quality and size only."""
        self.config = config
        self.size = target_size(self.info, config.size)
        self._stylizer = None

    def _painter(self) -> Stylizer:
        from .neural.stylize import Stylizer

        if self._stylizer is None:
            styles = [self.controls.colouring.style(over_white(style)) for style in self.styles]
            self._stylizer = Stylizer(self.config, self.weights, styles)
        return self._stylizer

    def seconds_per_pixel(self, size: tuple[int, int] | None = None) -> float:
        """What an evaluation takes now on this machine at `size` = (width, height), over its pixels."""
        width, height = size or self.size
        return self._painter().seconds_per_pixel((height, width), self.controls.masked or self.info.has_alpha)

    def _work(self, todo: Collection[int], executor: Executor | None) -> Work:
        """What it takes to paint these frames."""
        if executor is None:
            return self._survey().work(todo, self._share)
        return replace(self._survey().work(todo), workers=executor.workers)

    def _measured(self, size: tuple[int, int], executor: Executor | None) -> float:
        """What an evaluation takes who paints; workers alone run TensorFlow where there are any."""
        if executor is None:
            return self.seconds_per_pixel(size)
        sized = copy(self)
        sized.size = size
        return executor.seconds_per_pixel(sized)

    def _share(self, box: Box | None) -> float:
        """What an evaluation costs over one of all pixels, where all that changes lies in the box."""
        return self._painter().share(self.size[::-1], box)

    def _survey(self) -> Survey:
        if self.surveyed is None:
            repeats = self.info.format in ANIMATED and self.info.loop is not None
            found = survey(self._frames(), self.config, repeats, self.controls.colouring.watch)
            if not found.shots:
                raise self._nothing()
            self.surveyed, self.frames = found, found.shots[-1].stop
        return self.surveyed

    def _take_lead(self, found: Survey) -> list[Image]:
        """The last frames as they are to be painted. Masks follow from all frames before, so these are gone over."""
        ends = found.ends
        if not ends:
            return []
        if self.controls.masked:
            self._begin()
            taken = enumerate(self._frames())
        else:
            taken = enumerate(ends, self.shots[-1].stop - len(ends))
        scaled = ((index, at, scale(frame, self.size)) for index, (at, frame) in taken)
        return self.controls.lead(self.shots, len(ends), scaled)

    def _frames(self, first: int = 0) -> Iterator[tuple[Fraction, Frame]]:
        """What is to be painted from the frame `first` on: when it is shown, in seconds of the clip, and the frame."""
        start, rate = self.config.start, self.info.rate
        # What has durations of its own is decoded from its beginning anyway, and only that tells when a frame is shown.
        at = Fraction(0) if rate is None else first_instant(self.info, start) + first / rate
        index = 0 if rate is None else first
        with open_clip(self.source, self.read) as clip:
            for frame in clip.frames(at, self.config.end):
                if at >= start:
                    if index >= first:
                        yield at, frame
                    index += 1
                at += frame.duration

    def _frames_before(self) -> int:
        """Frames of the clip before those that are painted, if masks ask for it."""
        if self.config.start == 0 or not self.controls.masked:
            return 0
        if (known := count_frames(self.info, Fraction(0), self.config.start)) is not None:
            return known
        with open_clip(self.source, self.read) as clip:
            return sum(1 for _ in clip.frames(Fraction(0), self.config.start))
