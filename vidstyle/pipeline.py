"""One clip from file to file: decode, paint, encode; and the same as an iterator of frames."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .clip_job import ClipJob, Progress
from .config import Config, Style
from .errors import OptionError, ResourceError
from .framing import first_instant
from .jobs.checkpoint import Checkpoint
from .jobs.manifest import manifest, read_manifest
from .jobs.options import JobOptions
from .media import (
    DEFAULT_FPS,
    AudioSource,
    ReadOptions,
    WriteOptions,
    create_clip,
    is_folder_output,
    is_video_output,
    remove_parts,
)
from .naming import default_output, files_of, refuse_inputs
from .report import Report
from .result_file import ResultFile, as_json

if TYPE_CHECKING:
    from .jobs.executors import Executor


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
    clip = ClipJob(Path(source), config, read)
    target = default_output(clip.source, clip.info.format, config.styles) if output is None else Path(output)
    inputs = files_of([clip.source, *config.pictures])
    refuse_inputs(target, inputs)
    audio = None
    if clip.info.has_audio:  # it begins with the first frame, which may begin later than --start
        lead = clip.info.audio_lead
        end = None if config.end is None else lead + config.end
        audio = AudioSource(clip.source, lead + first_instant(clip.info, config.start), end)
    begin = time.perf_counter()
    fitted: dict[str, Any] = {}
    if budget is not None:
        known = None if job is None or job.restart else read_manifest(job.place(target))
        before = {} if known is None else known["fitted"]
        open_or_same = all(settings.get(name) in (None, before.get(name)) for name in ("quality", "size"))
        if before.get("budget") == budget and open_or_same:
            fitted = before
            clip.choose(replace(clip.config, quality=fitted["quality"], size=fitted["size"]))
        else:
            clip.fit(budget, "quality" not in settings, executor)
            fitted = {"budget": budget, "quality": clip.config.quality, "size": clip.config.size}
    output_info = clip.output_info(target)
    notices = [*clip.controls.notices(clip.size), *_idle(clip, target, write)]
    done = Report(clip.config, clip.info, clip.sha256(), target, read, write, notices)
    # A name that ends in / means a folder, which Path forgets.
    place = target if output is None else output
    # Takes a while for a large clip, in which another run could complete this output: what is there is looked at later.
    same = {} if job is None else manifest(clip.source, clip.config, read, clip.size, clip.weights.sha256)
    writing = create_clip(place, output_info, write, audio)
    with ExitStack() as stack:
        checkpoint = None
        if job is not None:
            if Path(os.path.realpath(job.place(target))) in Path(os.path.realpath(target)).parents:
                raise OptionError(f"--job {job.folder}: is where the output goes; give a folder of its own")
            checkpoint = stack.enter_context(Checkpoint(job.place(target), same, fitted, job.restart, job.keep))
            if checkpoint.before is not None:
                remove_parts(target, checkpoint.before)
        frames = target if is_folder_output(place) else None
        report_file = stack.enter_context(ResultFile("--report", report, write.overwrite, [*inputs, target], frames))
        writer = stack.enter_context(writing)
        stack.enter_context(_enough_memory(clip))
        for step in clip.run(progress, checkpoint, executor):
            assert step.frame is not None and step.result is not None
            writer.write(step.frame)
            done.add(step.result)
        done.finish(time.perf_counter() - begin, clip.shots, clip.expected, clip.kept)
        report_file.write(as_json(done.as_dict()))
    return done


def stylize_frames(
    source: str | Path,
    styles: Sequence[str | Path | Style],
    *,
    progress: Callable[[Progress], None] | None = None,
    read: ReadOptions = ReadOptions(),
    drawn: Fraction | None = None,
    **settings: Any,
) -> Iterator[Progress]:
    """The painted frames one by one, each a Progress whose `frame` (uint8) and `result` (float32) are filled in.

    settings: fields of Config. progress: also hears of the evaluations within a frame. drawn: when the frame is shown
    that mask pictures are drawn for, where it is not the first one painted. Raises VidstyleError.
    """
    clip = ClipJob(Path(source), Config(styles=_styles(styles), **settings), read, drawn)

    def steps() -> Iterator[Progress]:
        with _enough_memory(clip):
            yield from clip.run(progress)

    return steps()


def _idle(clip: ClipJob, target: Path, write: WriteOptions) -> Iterator[str]:
    """Notices of options that are given and do nothing here."""
    if clip.read.fps != DEFAULT_FPS and clip.info.format not in ("folder", "pattern"):
        yield f"--fps does nothing: {clip.source} has times of its own, only folders of pictures have none"
    kinds = {"GIF": target.suffix.lower() == ".gif", "video": is_video_output(target)}
    for name, kind in (("palette", "GIF"), ("dither", "GIF"), ("crf", "video"), ("codec", "video")):
        if getattr(write, name) != getattr(WriteOptions, name) and not kinds[kind]:
            yield f"--{name} does nothing: it is for {kind}, and {target} is none"
    if clip.config.passes > 1 and clip.config.independent:
        yield f"--passes does nothing: with --init {clip.config.init} no frame is painted from another"
    if clip.config.loop == "on" and clip.config.independent:
        yield f"--loop does nothing: with --init {clip.config.init} no frame is painted from another"


@contextmanager
def _enough_memory(clip: ClipJob) -> Iterator[None]:
    """Within it too little memory is a ResourceError."""
    try:
        yield
    except MemoryError as error:
        width, height = clip.size
        raise ResourceError(
            f"{clip.source}: too little memory to paint {width}x{height}; give a smaller --size"
        ) from error


def _styles(styles: Sequence[str | Path | Style]) -> tuple[Style, ...]:
    if isinstance(styles, str | Path | Style):
        styles = [styles]
    return tuple(style if isinstance(style, Style) else Style.parse(str(style)) for style in styles)
