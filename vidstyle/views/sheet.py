"""Sheets: captioned pictures in rows on white paper, and the files they are written to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
from numpy.typing import NDArray

from ..media import ANIMATED, ClipInfo, ClipWriter, WriteOptions, create_clip
from ..naming import beside, files_of, refuse_inputs

Image = NDArray[np.uint8]  # (H, W, 3), RGB

GAP = 12  # pixels between cells, and around them
LEAST_WIDTH = 112  # pixels of a cell, so that words have room in its caption
TEXT = 1 / 18  # height of the letters over the width of a cell, within LETTERS pixels
LETTERS = (12, 26)
LEADING = 2  # pixels between lines
LEAST_LETTERS = 6  # pixels, of a note that is too long for its cell
INK, PAPER, BLANK = (40, 40, 40), (255, 255, 255), (225, 225, 225)
PICTURE = ClipInfo("png", 0, 0, frame_count=1, tick=Fraction(0))


class Sheet:
    """Rows of captioned pictures, each in a cell of the same size.

    captions: of the cells, row by row; broken where too long. cell: (width, height) that a picture has at most.
    size: (width, height) of the whole in pixels; even, as players of video want it.
    """

    def __init__(self, captions: Sequence[Sequence[str]], cell: tuple[int, int]) -> None:
        self.cell = max(cell[0], LEAST_WIDTH), cell[1]
        width, height = self.cell
        self._corners: list[tuple[int, int]] = []
        words: list[tuple[tuple[int, int], str]] = []
        font = _font(_letters(width))
        y = GAP
        for row in captions:
            texts = [_wrapped(caption, width, font) for caption in row]
            for column, text in enumerate(texts):
                corner = GAP + column * (width + GAP), y
                self._corners.append(corner)
                words.append(((corner[0], y + height + GAP // 3), text))
            y += height + GAP // 3 + max(_height(text, font) for text in texts) + GAP
        across = GAP + max(map(len, captions)) * (width + GAP)
        self.size = across + across % 2, y + y % 2
        paper = PIL.Image.new("RGB", self.size, PAPER)
        draw = PIL.ImageDraw.Draw(paper)
        for place, text in words:
            draw.multiline_text(place, text, INK, font, spacing=LEADING)
        self._paper: Image = np.array(paper)

    def draw(self, pictures: Iterable[Image]) -> Image:
        """The sheet with one picture for every caption, in their order, each in the middle of its cell."""
        drawn: Image = self._paper.copy()
        for (x, y), picture in zip(self._corners, pictures, strict=True):
            height, width = picture.shape[:2]
            top, left = y + (self.cell[1] - height) // 2, x + (self.cell[0] - width) // 2
            drawn[top : top + height, left : left + width] = picture
        return drawn


def fitted(image: Image, size: tuple[int, int]) -> Image:
    """The picture in its own shape, as large as it can be within (width, height), in the middle of a white one."""
    height, width = image.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    small = PIL.Image.fromarray(image).resize(
        (max(1, round(width * scale)), max(1, round(height * scale))), PIL.Image.Resampling.LANCZOS
    )
    paper = PIL.Image.new("RGB", size, PAPER)
    paper.paste(small, ((size[0] - small.width) // 2, (size[1] - small.height) // 2))
    return np.array(paper)


def note(text: str, size: tuple[int, int]) -> Image:
    """A grey picture of (width, height) with words on it, where there is no other."""
    paper = PIL.Image.new("RGB", size, BLANK)
    gap = min(GAP, size[1] // 8)
    for letters in range(_letters(size[0]), LEAST_LETTERS - 1, -1):
        font = _font(letters)
        words = _wrapped(text, size[0] - 2 * gap, font)
        if _height(words, font) <= size[1] - 2 * gap:
            break
    PIL.ImageDraw.Draw(paper).multiline_text((gap, gap), words, INK, font, spacing=LEADING)
    return np.array(paper)


def create_sheet(
    output: str | Path, size: tuple[int, int], inputs: Iterable[Path], write: WriteOptions, info: ClipInfo | None = None
) -> ClipWriter:
    """A writer for a sheet of (width, height) that must not replace one of the inputs.

    info: of the clip that it moves with; None for a single picture. Raises OutputError or OptionError.
    """
    refuse_inputs(Path(output), files_of(inputs))
    info = info or PICTURE
    # A GIF made from a video is expected to go on; an animated picture says itself how often it plays.
    loop = info.loop if info.format in ANIMATED else 0
    return create_clip(output, replace(info, width=size[0], height=size[1], loop=loop, has_alpha=False), write)


def still_name(source: Path, suffix: str) -> Path:
    """The name of a sheet that does not move: `<input>_<suffix>` beside the input, a clip or a folder."""
    base = source if os.path.isfile(source) else (source if os.path.isdir(source) else source.parent).resolve()
    return beside(base, PICTURE.format, suffix)


def _letters(width: int) -> int:
    """The height of letters for a cell of so many pixels."""
    return min(max(round(width * TEXT), LETTERS[0]), LETTERS[1])


@cache
def _font(height: int) -> PIL.ImageFont.FreeTypeFont:
    """Letters of so many pixels. Those that come with Pillow know no umlauts."""
    from matplotlib import get_data_path

    return PIL.ImageFont.truetype(os.path.join(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), height)


def _height(text: str, font: PIL.ImageFont.FreeTypeFont) -> int:
    draw = PIL.ImageDraw.Draw(PIL.Image.new("L", (1, 1)))
    return round(draw.multiline_textbbox((0, 0), text or " ", font, spacing=LEADING)[3])


def _wrapped(text: str, width: int, font: PIL.ImageFont.FreeTypeFont) -> str:
    """The text in lines of at most `width` pixels, broken between words, and within those that are too long."""
    lines = []
    for line in text.split("\n"):
        now = ""
        for word in line.split():
            longer = f"{now} {word}" if now else word
            if now and font.getlength(longer) > width:
                lines.append(now)
                longer = word
            while font.getlength(longer) > width and len(longer) > 1:
                fits = next(n for n in range(len(longer) - 1, 0, -1) if n == 1 or font.getlength(longer[:n]) <= width)
                lines.append(longer[:fits])
                longer = longer[fits:]
            now = longer
        lines.append(now)
    return "\n".join(lines)
