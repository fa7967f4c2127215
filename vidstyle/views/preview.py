"""One frame painted with many settings, to choose among them before hours of work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..clip_job import Progress
from ..config import Config, Style
from ..framing import target_size
from ..media import Frame, ReadOptions, WriteOptions, over_white
from ..pipeline import stylize_frames
from ..plan import Plan, Work
from .moment import find_moment
from .sheet import Image, Sheet, create_sheet, still_name


@dataclass(frozen=True)
class Cell:
    """A cell of the grid: the options as they are written on the command line, and the fields of Config they are."""

    options: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tried:
    """What became of a cell. seconds: the whole clip would take about so long; None where its frames are unknown."""

    options: str
    loss: float
    seconds: float | None


@dataclass(frozen=True)
class Preview:
    """What was made. index: of the frame; frames: of the clip, None where unknown."""

    output: Path
    index: int
    frames: int | None
    cells: list[Tried]


def make_preview(
    source: str | Path,
    styles: Sequence[Style],
    grid: Sequence[Sequence[Cell]],
    output: str | Path | None = None,
    *,
    at: Fraction | None = None,
    progress: Callable[[Cell, Progress], None] | None = None,
    read: ReadOptions = ReadOptions(),
    write: WriteOptions = WriteOptions(),
    **settings: Any,
) -> Preview:
    """Paint the frame that `source` shows `at` seconds (default: the middle) once for each cell, and write a sheet.

    grid: rows of cells, whose settings replace those of `settings`, fields of Config. output: by default beside the
    source. Raises VidstyleError, for a wrong setting before anything is painted; the output then does not exist.
    """
    source = Path(source)
    cells = [cell for row in grid for cell in row]
    configs = [Config(styles=tuple(styles), **{**settings, **cell.settings}) for cell in cells]
    moment = find_moment(source, at, read)
    sizes = [target_size(moment.info, config.size) for config in configs]
    sheet = Sheet(
        [[cell.options for cell in row] for row in grid], (max(w for w, _ in sizes), max(h for _, h in sizes))
    )
    place = still_name(source, "preview") if output is None else output
    # A frame without a duration of its own is alone from its first instant on.
    end = moment.begin + (moment.frame.duration or Fraction(1, 1000))
    images: list[Image] = []
    tried: list[Tried] = []
    with create_sheet(
        place, sheet.size, [source, *(path for config in configs for path in config.pictures)], write
    ) as writer:
        for cell, config in zip(cells, configs, strict=True):
            plans: list[Plan] = []

            def heard(step: Progress, cell: Cell = cell, plans: list[Plan] = plans) -> None:
                if step.plan is not None:
                    plans.append(step.plan)
                elif progress is not None:
                    progress(cell, step)

            chosen = {**settings, **cell.settings, "start": moment.begin, "end": end}
            drawn = min(config.start, moment.begin)  # for the first frame, of which this may be far from
            step = next(stylize_frames(source, styles, read=read, progress=heard, drawn=drawn, **chosen))
            assert step.frame is not None and step.result is not None
            images.append(over_white(step.frame))
            frames = moment.info.frame_count
            (plan,) = plans
            clip = None if frames is None else Work(frames, 1, 0).seconds(config, plan.size, plan.per_pixel)
            tried.append(Tried(cell.options, step.loss, clip))
        writer.write(Frame(sheet.draw(images), Fraction(0)))
    return Preview(Path(place), moment.index, moment.info.frame_count, tried)
