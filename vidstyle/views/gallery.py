"""One clip or picture in several styles, as a sheet that moves with it."""

from __future__ import annotations

import itertools
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clip_job import Progress
from ..config import Config, Style, pictures
from ..errors import OptionError, VidstyleError
from ..framing import count_frames, scale, target_size
from ..media import ReadOptions, WriteOptions, load_picture, open_clip, over_white
from ..media.sequence import folder_files
from ..naming import beside
from ..pipeline import stylize_clip
from .sheet import GAP, PAPER, Sheet, create_sheet, fitted, note

Image = NDArray[np.uint8]  # (H, W, 3), RGB

SHAPE = 4 / 3  # width over height of a sheet, about
THUMBNAIL = 1 / 3  # width of a style's picture over that of what is painted in it


@dataclass(frozen=True)
class Gallery:
    """What was made. failed: for each style without a painting, why."""

    output: Path
    styles: list[Style]
    failed: dict[Path, str]


def make_gallery(
    source: str | Path,
    styles: Sequence[str | Path | Style],
    output: str | Path | None = None,
    *,
    progress: Callable[[Style, Progress], None] | None = None,
    read: ReadOptions = ReadOptions(),
    write: WriteOptions = WriteOptions(),
    **settings: Any,
) -> Gallery:
    """Paint `source` in each of the styles by itself, and write a sheet of the source and all of them.

    styles: pictures, or folders of them. output: by default beside the source. settings: fields of Config, of which
    masks may be one for all styles, or one for each. A style that fails leaves its reason in its place. Raises
    VidstyleError, also where all styles fail; the output then does not exist. The paintings wait as lossless pictures
    in a temporary folder, so that no clip is ever held in memory.
    """
    source = Path(source)
    wanted = list(_each(styles))
    masks = tuple(settings.pop("masks", ()))
    if len(masks) not in (0, 1, len(wanted)):
        raise OptionError(f"--mask: {len(masks)} given for {len(wanted)} styles; give one, or one for each --style")
    config = Config(styles=tuple(wanted[:1]), masks=masks[:1], **settings)
    with open_clip(source, read) as clip:
        info = clip.info
    size = target_size(info, config.size)
    info = replace(info, frame_count=count_frames(info, config.start, config.end), duration=None)
    whole = round(size[0] * THUMBNAIL) + GAP + size[0], size[1]
    sheet = Sheet(_rows([source.name, *(style.path.name for style in wanted)], whole), whole)
    place = beside(source, info.format, "gallery") if output is None else output
    failed: dict[Path, str] = {}
    read_too = [source, *pictures({**settings, "styles": wanted, "masks": masks})]
    with (
        create_sheet(place, sheet.size, read_too, write, info) as writer,
        tempfile.TemporaryDirectory(prefix="vidstyle-") as temporary,
    ):
        cells: list[Iterator[Image]] = []
        painted = 0
        for number, style in enumerate(wanted):
            folder = Path(temporary) / str(number)
            heard = None if progress is None else partial(progress, style)
            try:
                own = masks[number : number + 1] or masks  # a single one is for all
                stylize_clip(source, [style], folder, progress=heard, read=read, masks=own, **settings)
                cells.append(_painted(style, folder, whole, read))
                painted += 1
            except VidstyleError as error:
                failed[style.path] = str(error)
                if number == len(wanted) - 1 and not painted:
                    raise
                cells.append(itertools.repeat(note(str(error), whole)))
        with open_clip(source, read) as clip:
            for frame in clip.frames(config.start, config.end):
                shown = [over_white(scale(frame, size)), *map(next, cells)]
                writer.write(replace(frame, image=sheet.draw(shown), alpha=None))
    return Gallery(Path(place), wanted, failed)


def _each(styles: Sequence[str | Path | Style]) -> Iterator[Style]:
    """The styles, a folder as all pictures in it."""
    for style in styles:
        parsed = style if isinstance(style, Style) else Style.parse(str(style))
        if os.path.isdir(parsed.path):
            yield from (replace(parsed, path=path) for path in folder_files(parsed.path))
        else:
            yield parsed


def _rows(captions: list[str], cell: tuple[int, int]) -> list[list[str]]:
    """The captions in rows, of which a sheet of cells of (width, height) becomes about SHAPE."""
    columns = max(1, round(math.sqrt(len(captions) * SHAPE * cell[1] / cell[0])))
    return [captions[begin : begin + columns] for begin in range(0, len(captions), columns)]


def _painted(style: Style, frames: Path, size: tuple[int, int], read: ReadOptions) -> Iterator[Image]:
    """What fills a cell of (width, height) from frame to frame: the style's picture beside the painting."""
    picture = over_white(load_picture(style.path, read.max_pixels))
    with open_clip(frames, read) as clip:
        thumbnail = fitted(picture, (size[0] - GAP - clip.info.width, size[1]))
        gap = np.full((size[1], GAP, 3), PAPER, np.uint8)
        for frame in clip.frames():
            yield np.hstack([thumbnail, gap, over_white(frame)])
