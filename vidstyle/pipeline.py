"""One clip from file to file: decode, paint, encode; and the same as an iterator of frames."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from .config import MAX_SIDE, MIN_SIDE, Config, Style
from .controls import Controls
from .errors import InputError, OptionError, ResourceError
from .jobs.checkpoint import Checkpoint
from .jobs.manifest import manifest, read_manifest
from .jobs.options import JobOptions
from .media import (
    ANIMATED,
    AudioSource,
    ClipInfo,
    Frame,
    ReadOptions,
    WriteOptions,
    create_clip,
    default_extension,
    is_video_output,
    load_picture,
    open_clip,
    remove_parts,
)
from .motion.shots import Shot, find_shots, split
from .motion.still import Changes
from .neural.processor import resolved
from .neural.state import Resume
from .plan import Plan, Work, fit
from .report import Report, file_sha256
from .result_file import ResultFile, as_json

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

    frames: in all, None where unknown. evaluations, loss: in this frame so far; seconds: since the run began.
    frame, result: the painted frame and its figures once it is finished, else None. plan: what is about to be done,
    once before the first frame, when there is no loss yet; else None. finished, workers: where several workers paint at
    once, and frames are finished in any order, how many are, and how many workers there are.
    """

    index: int
    frames: int | None
    evaluations: int
    loss: float
    seconds: float
    frame: Frame | None = None
    result: FrameResult | None = None
    plan: Plan | None = None
    finished: int | None = None
    workers: int = 1


def stylize_clip(
    source: str | Path,
    styles: Sequence[str | Path | Style],
    output: str | Path | None = None,
    *,
    report: str | Path | None = None,
    budget: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    read: ReadOptions = ReadOptions(),
    write: WriteOptions = WriteOptions(),
    job: JobOptions | None = None,
    executor: Executor | None = None,
    **settings: Any,
) -> Report:
    """Paint `source` in the styles into the file or folder `output` (by default beside the source).

    settings: fields of Config. report: a JSON file for what is also returned. budget: seconds that it may take; quality
    and size are then chosen to fit, as far as `settings` leave them open. progress: called often while it runs.
    job: keep every finished frame in a folder until the output is complete, so that the same call goes on where this
    one was stopped. executor: where it is painted, by default here. Raises VidstyleError; the output then does not
    exist.

    >>> vidstyle.stylize_clip("cat.gif", styles=["picasso.jpg"], output="out.gif")  # doctest: +SKIP
    """
    config = Config(styles=_styles(styles), **settings)
    clip = _Job(Path(source), config, read)
    target = default_output(clip.source, clip.info, config.styles) if output is None else Path(output)
    inputs = [clip.source, *config.pictures]
    refuse_inputs(target, inputs)
    audio = AudioSource(clip.source, config.start, config.end) if clip.info.has_audio else None
    begin = time.perf_counter()
    fitted: dict[str, Any] = {}
    if budget is not None:
        known = None if job is None or job.restart else read_manifest(job.place(target))
        if known is not None and known["fitted"].get("budget") == budget:
            fitted = known["fitted"]
            clip.choose(replace(clip.config, quality=fitted["quality"], size=fitted["size"]))
        else:
            clip.fit(budget, free_quality="quality" not in settings)
            fitted = {"budget": budget, "quality": clip.config.quality, "size": clip.config.size}
    done = Report(clip.config, clip.info, clip.sha256(), target, read, write, clip.controls.notices(clip.size))
    # A name that ends in / means a folder, which Path forgets.
    place = target if output is None else output
    output_info = clip.output_info(target)
    # Takes a while for a large clip, in which another run could complete this output: what is there is looked at later.
    same = {} if job is None else manifest(clip.source, clip.config, read, clip.size, clip.weights.sha256)
    writing = create_clip(place, output_info, write, audio)
    with ExitStack() as stack:
        checkpoint = None
        if job is not None:
            checkpoint = stack.enter_context(Checkpoint(job.place(target), same, fitted, job.restart, job.keep))
            if checkpoint.before is not None:
                remove_parts(target, checkpoint.before)
        report_file = stack.enter_context(ResultFile("--report", report, write.overwrite, inputs))
        writer = stack.enter_context(writing)
        stack.enter_context(_enough_memory(clip))
        for step in clip.run(progress, checkpoint, executor):
            assert step.frame is not None and step.result is not None
            writer.write(step.frame)
            done.add(step.result)
        done.finish(time.perf_counter() - begin, clip.shots, clip.expected)
        report_file.content = as_json(done.as_dict())
    return done


def stylize_frames(
    source: str | Path,
    styles: Sequence[str | Path | Style],
    *,
    progress: Callable[[Progress], None] | None = None,
    read: ReadOptions = ReadOptions(),
    **settings: Any,
) -> Iterator[Progress]:
    """The painted frames one by one, each a Progress whose `frame` (uint8) and `result` (float32) are filled in.

    settings: fields of Config. progress: also hears of the evaluations within a frame. Raises VidstyleError.
    """
    return _Job(Path(source), Config(styles=_styles(styles), **settings), read).run(progress)


class _Job:
    """An opened clip with everything that can be checked before the first frame is painted."""

    def __init__(self, source: Path, config: Config, read: ReadOptions) -> None:
        from .neural.weights import load_weights

        self.source, self.config, self.read = source, config, read
        with open_clip(source, read) as clip:
            self.info = clip.info
        self.styles = [load_picture(style.path, read.max_pixels) for style in config.styles]
        self.weights = load_weights(config.network, config.weights)
        self.size = target_size(self.info, config.size)
        self.controls = Controls(config, self.info, read)
        self.shots: list[Shot] = []  # known once it was surveyed
        self.expected: float | None = None  # seconds, where anyone listens
        self.changes = Changes()
        self.lead: list[Image] = []  # frames that lead into the first, as they are to be painted
        self._times: list[Fraction] = []  # when each frame is shown
        self._ends: list[tuple[Fraction, Image]] | None = None
        self._stylizer: Stylizer | None = None
        self.frames = count_frames(self.info, config.start, config.end)
        if self.frames == 0:
            length = f"{float(self.info.duration):g} s" if self.info.duration is not None else "earlier"
            raise OptionError(f"--start {float(config.start):g}: {source} ends at {length}; begin earlier")

    def output_info(self, target: Path) -> ClipInfo:
        """What the writer is told: the source's facts with this run's size and number of frames."""
        if is_video_output(target) and self.size != (self.info.width, self.info.height):
            # Players want even sizes; a size of our own choosing can be one.
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
        self.lead = self._take_lead(self._survey())
        frames, shots, joined = self.shots[-1].stop, len(self.shots), sum(shot.joined for shot in self.shots)
        if checkpoint is not None:
            checkpoint.plan(self.shots, whole=self.config.passes > 1)
            frames, shots = len(checkpoint.todo), sum(shot.start in checkpoint.todo for shot in self.shots)
            joined = sum(shot.joined and shot.start in checkpoint.todo for shot in self.shots)
        kept = self.shots[-1].stop - frames
        workers = 1 if executor is None else executor.workers

        def told(index: int, evaluations: int, loss: float, **more: Any) -> Progress:
            return Progress(index, self.frames, evaluations, loss, time.perf_counter() - begin, workers=workers, **more)

        def tick(index: int, evaluations: int, loss: float) -> None:
            if progress is not None:
                progress(told(index, evaluations, loss))

        def arrived(count: int, result: FrameResult) -> None:
            if progress is not None:
                total = result.losses["total"]
                progress(told(result.index, result.evaluations, total, result=result, finished=kept + count))

        if progress is not None:
            todo = range(self.shots[-1].stop) if checkpoint is None else sorted(checkpoint.todo)
            # Workers alone run TensorFlow where there are any.
            ease = self._ease(todo) if executor is None else 1.0
            work = Work(frames, shots, len(self.lead) if shots else 0, joined, ease)
            measure = self.seconds_per_pixel if executor is None else partial(executor.seconds_per_pixel, self)
            per_pixel = measure() if frames else 0.0
            self.expected = work.seconds(self.config, self.size, per_pixel) / min(workers, max(1, shots))
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
            total = result.losses["total"]
            done = told(index, result.evaluations, total, frame=replace(frame, image=image), result=result)
            if progress is not None and not known and executor is None:
                progress(done)
            yield done

    def paint(
        self, resume: Resume, tick: ClipTick | None = None, first: int = 0
    ) -> Iterator[tuple[Frame, FrameResult | None]]:
        """The frames of the source, scaled, each with what is to be shown of it, float32; None if `resume` has it.

        first: the first frame that is needed; those before it need not be decoded, and come as pictures of one pixel.
        """
        self.controls.begin(self.shots, self.size, self._frames_before())
        pending: deque[Frame] = deque()  # decoded, not yet painted: one, or those of a shot with several passes
        skipped = 0 if self.controls.masked else first  # masks follow from all frames before

        def sources() -> Iterator[Image]:
            for _ in range(skipped):
                pending.append(NO_FRAME)
                yield NO_FRAME.image
            for index, (at, frame) in enumerate(self._frames(skipped), skipped):
                pending.append(scale(frame, self.size))
                yield self.controls.take(index, over_white(pending[-1]), at)

        blend = self.controls.blends.get
        painted = self._painter().clip(sources(), self.shots, self.lead, tick, blend, resume)
        for index, result in enumerate(painted):
            frame = pending.popleft()
            if result is None:
                self.controls.forget(index)
            else:
                finished = self.controls.finish(index, result.image, frame.image, over_white(frame))
                result = replace(result, image=finished)
            yield frame, result

    def decoded(self) -> Iterator[Frame]:
        """The frames of the source, scaled."""
        return (scale(frame, self.size) for _, frame in self._frames())

    def for_worker(self) -> _Job:
        """The same after the survey, without what a process cannot hand to another."""
        copied = copy(self)
        copied.config = replace(self.config, precision=resolved(self.config.precision))
        copied._stylizer, copied.controls = None, copy(self.controls)
        copied.controls.masks = None
        return copied

    def fit(self, budget: float, free_quality: bool) -> None:
        """Choose quality and size so that the run takes `budget` seconds at most. Raises OptionError if none does."""
        begin = time.perf_counter()
        ends = self._survey()
        # Time grows with the pixels, so a small picture tells that of a large one, which might take all there is.
        small = target_size(self.info, min(max(self.size), PROBED_SIDE))
        per_pixel = self.seconds_per_pixel(small)
        spent = time.perf_counter() - begin
        frames = self.shots[-1].stop
        joined = sum(shot.joined for shot in self.shots)
        work = Work(frames, len(self.shots), len(self._take_lead(ends)), joined, self._ease(range(frames)))

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
        return self._painter().seconds_per_pixel((height, width))

    def _ease(self, frames: Sequence[int]) -> float:
        """Work.ease of frames, by index."""
        begun = {shot.start for shot in self.shots}
        following = [self.changes.unsettled(index) for index in frames if index not in begun]
        size = (self.size[1], self.size[0])
        return float(np.mean([self._painter().share(size, box) for box in following])) if following else 1.0

    def _survey(self) -> list[tuple[Fraction, Image]]:
        """Finds the shots of what is to be painted; its last frames and their times where they lead into the first."""
        if self._ends is None:
            self.shots, self._ends = self._find_shots()
            if not self.shots:
                raise InputError(f"{self.source}: no frame between --start and --end; choose a wider part")
            self.frames = self.shots[-1].stop
        return self._ends

    def _find_shots(self) -> tuple[list[Shot], list[tuple[Fraction, Image]]]:
        from .neural.stylize import LEAD

        first: list[Image] = []
        last: deque[tuple[Fraction, Image]] = deque(maxlen=LEAD)

        ended = self.config.start

        def watched() -> Iterator[Image]:
            nonlocal ended
            for at, frame in self._frames():
                ended = at + frame.duration
                image = over_white(frame)
                self._times.append(at)
                self.controls.colouring.watch(image)
                self.changes.watch(image)
                if len(first) < LEAD:
                    first.append(image)
                last.append((at, image))
                yield image

        shots = find_shots(watched())
        # Who fades from style to style wants other paint in the end than in the beginning.
        faded = any(style.at is not None for style in self.config.styles)
        repeats = self.info.format in ANIMATED and self.info.loop is not None and not faded
        frames = shots[-1].stop if shots else 0
        tail = [image for _, image in last]
        if self.config.loop == "off" or (self.config.loop == "auto" and not repeats) or frames < 4:
            lead = 0
        elif self.config.loop == "auto" and len(find_shots([*tail, *first])) > len(find_shots(tail)):
            lead = 0  # a cut at the seam
        else:
            lead = min(LEAD, frames // 2, shots[-1].stop - shots[-1].start)
        if not self.config.shots and shots:
            shots = [Shot(0, frames)]
        if self.config.split_seconds is not None and shots:
            seconds = float(ended - self.config.start)
            shots = split(shots, self.config.split_seconds * frames / seconds)
        return shots, list(last)[len(last) - lead :]

    def _take_lead(self, ends: Sequence[tuple[Fraction, Image]]) -> list[Image]:
        """The last frames as they are to be painted. Masks follow from all frames before, so these are gone over."""
        if not ends:
            return []
        frames = self.shots[-1].stop
        if self.controls.masked:
            self.controls.begin(self.shots, self.size, self._frames_before())
            taken = ((i, at, over_white(scale(frame, self.size))) for i, (at, frame) in enumerate(self._frames()))
        else:
            scaled = ((at, scale_image(image, self.size)) for at, image in ends)
            taken = ((index, at, image) for index, (at, image) in enumerate(scaled, frames - len(ends)))
        return self.controls.lead(self.shots, len(ends), taken)

    def _frames(self, first: int = 0) -> Iterator[tuple[Fraction, Frame]]:
        """What is to be painted from the frame `first` on: when it is shown, in seconds of the clip, and the frame."""
        at = self._times[first] if first else self.config.start
        with open_clip(self.source, self.read) as clip:
            for frame in clip.frames(at, self.config.end):
                yield at, frame
                at += frame.duration

    def _frames_before(self) -> int:
        """Frames of the clip before those that are painted, if masks ask for it."""
        if self.config.start == 0 or not self.controls.masked:
            return 0
        with open_clip(self.source, self.read) as clip:
            return sum(1 for _ in clip.frames(Fraction(0), self.config.start))


@contextmanager
def _enough_memory(clip: _Job) -> Iterator[None]:
    """Within it too little memory is a ResourceError."""
    try:
        yield
    except MemoryError as error:
        width, height = clip.size
        raise ResourceError(
            f"{clip.source}: too little memory to paint {width}x{height}; give a smaller --size"
        ) from error


def target_size(info: ClipInfo, size: int | None) -> tuple[int, int]:
    """(width, height) of the result: the longer side is `size`, by default the source's up to MAX_SIDE.

    Raises OptionError where the shorter side would be too short to paint.
    """
    longer, shorter = max(info.width, info.height), min(info.width, info.height)
    wanted = min(longer, MAX_SIDE) if size is None else size
    if round(shorter * wanted / longer) < MIN_SIDE:
        needed = math.ceil(longer * MIN_SIDE / shorter)
        raise OptionError(
            f"--size {wanted}: {info.width}x{info.height} would be less than {MIN_SIDE} pixels in its shorter side; "
            f"give --size {needed} or more"
        )
    return round(info.width * wanted / longer), round(info.height * wanted / longer)


def count_frames(info: ClipInfo, start: Fraction, end: Fraction | None) -> int | None:
    """How many frames begin in [start, end), None where only decoding would tell."""
    if start == 0 and end is None:
        return info.frame_count
    if info.duration is not None and start >= info.duration:
        return 0
    if info.rate is None or info.frame_count is None:
        return None
    stop = info.frame_count if end is None else min(info.frame_count, math.ceil(end * info.rate))
    return max(0, stop - math.ceil(start * info.rate))


def default_output(source: Path, info: ClipInfo, styles: Sequence[Style]) -> Path:
    """`<input>_<style>.<ext>` beside the input; a folder for a folder or a pattern."""
    return beside(source, info, "_".join(style.path.stem for style in styles))


def beside(source: Path, info: ClipInfo, suffix: str) -> Path:
    """The name of something of the same kind as the input, beside it; a folder for a folder or a pattern."""
    if info.format in ("folder", "pattern"):
        base = source if info.format == "folder" else source.parent
        return base.resolve().with_name(f"{base.resolve().name}_{suffix}")
    return source.with_name(f"{source.stem}_{suffix}{default_extension(source, info.format)}")


def refuse_inputs(target: Path, inputs: Iterable[Path]) -> None:
    """Raises OptionError where the output `target` is one of the inputs."""
    for taken in inputs:
        if os.path.exists(target) and os.path.exists(taken) and target.samefile(taken):
            raise OptionError(f"-o {target}: is an input of this run; choose another name")


def scale(frame: Frame, size: tuple[int, int]) -> Frame:
    """The frame at (width, height), by Lanczos."""
    if (frame.image.shape[1], frame.image.shape[0]) == size:
        return frame

    alpha = None if frame.alpha is None else scale_image(frame.alpha, size)
    return replace(frame, image=scale_image(frame.image, size), alpha=alpha)


def scale_image(image: Image, size: tuple[int, int]) -> Image:
    """A uint8 (H, W) or (H, W, 3) array at (width, height), by Lanczos."""
    return np.asarray(PIL.Image.fromarray(image).resize(size, PIL.Image.Resampling.LANCZOS))


def over_white(frame: Frame) -> Image:
    """uint8 (H, W, 3): what shows on white paper, since hidden pixels may hold anything."""
    if frame.alpha is None:
        return frame.image
    alpha = frame.alpha[..., None].astype(np.float32) / 255
    return np.rint(frame.image * alpha + 255 * (1 - alpha)).astype(np.uint8)


def _styles(styles: Sequence[str | Path | Style]) -> tuple[Style, ...]:
    if isinstance(styles, str | Path):
        styles = [styles]
    return tuple(style if isinstance(style, Style) else Style.parse(str(style)) for style in styles)
