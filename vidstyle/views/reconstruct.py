"""What the layers of the network see of a picture: the picture made again, from noise, of what they tell.

The figures of Gatys et al. 2015 (arXiv 1508.06576): content from single layers, style from growing sets of them. It is
the optimisation of a painting with one term.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..config import RECONSTRUCTED_LAYERS, RECONSTRUCTED_SIDE, Config, Style, StyleLayer
from ..errors import OptionError
from ..framing import scale, target_size
from ..media import Frame, ReadOptions, WriteOptions, over_white
from ..naming import files_of
from ..result_file import ResultFile
from .moment import find_moment
from .sheet import Sheet, create_sheet, still_name

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Term = Literal["content", "style"]

# The style is shown from sets of layers that grow by one.
STYLE_SETS = tuple(RECONSTRUCTED_LAYERS[: count + 1] for count in range(len(RECONSTRUCTED_LAYERS)))

# What is started from: noise around grey of this standard deviation, 0..255. Noise over all values does not go away,
# since pooling hides it from the layers: conv1_2 ended 27 of 255 off instead of 7, and 4 with a little smoothing.
FAINT = 10.0
TV_WEIGHT = 1e-3


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """A picture made of what some layers tell. image: uint8 (H, W, 3).

    difference: root of the mean squared difference to the values of the source, 0..255.
    """

    term: Term
    layers: tuple[str, ...]
    image: Image
    difference: float

    def __str__(self) -> str:
        name = f"{self.term} {' + '.join(self.layers)}"
        return f"{name}\noff by {self.difference:.0f} of 255" if self.term == "content" else name


def make_figure(
    source: str | Path,
    content_layers: Sequence[str] = RECONSTRUCTED_LAYERS,
    style_sets: Sequence[Sequence[str]] = STYLE_SETS,
    output: str | Path | None = None,
    *,
    pictures: str | Path | None = None,
    at: Fraction | None = None,
    progress: Callable[[int, int], None] | None = None,
    read: ReadOptions = ReadOptions(),
    write: WriteOptions = WriteOptions(),
    size: int | None = None,
    **settings: Any,
) -> tuple[Path, list[Reconstruction]]:
    """Reconstruct a picture, or the frame that a clip shows `at` seconds, and write a sheet of all reconstructions.

    output: by default beside the source. pictures: a folder for the single pictures, as PNG. size: of the longer side,
    by default the source's up to RECONSTRUCTED_SIDE. settings: as in reconstruct(). Raises VidstyleError; then nothing
    is written.
    """
    source = Path(source)
    moment = find_moment(source, at, read)
    longer = max(moment.info.width, moment.info.height)
    cell = target_size(moment.info, min(RECONSTRUCTED_SIDE, longer) if size is None else size)
    configs = _configs(content_layers, style_sets, {**settings, "size": size})
    image = over_white(scale(moment.frame, cell))
    place = still_name(source, "layers") if output is None else output
    taken = [*files_of([source]), Path(place)]
    names = ["source", *(f"content_{layer}" for layer in content_layers), *(f"style_{'+'.join(s)}" for s in style_sets)]
    with ExitStack() as stack:
        create_sheet(place, cell, [source], write)  # finds out now whether it can be written
        folder = None if pictures is None else Path(pictures)
        files = [
            stack.enter_context(ResultFile("--pictures", folder / f"{name}.png", write.overwrite, taken))
            for name in names
            if folder is not None
        ]
        made = list(_reconstruct(image, configs, progress))
        rows = [[one for one in made if one.term == term] for term in ("content", "style")]
        rows = [row for row in rows if row]
        sheet = Sheet([["source", *map(str, row)] for row in rows], cell)
        with create_sheet(place, sheet.size, [source], write) as writer:
            shown = [picture for row in rows for picture in (image, *(one.image for one in row))]
            writer.write(Frame(sheet.draw(shown), Fraction(0)))
        for file, one in zip(files, [image, *(one.image for one in made)], strict=False):
            file.write(_png(one))
    return Path(place), made


def reconstruct(
    image: Image,
    content_layers: Sequence[str] = RECONSTRUCTED_LAYERS,
    style_sets: Sequence[Sequence[str]] = STYLE_SETS,
    *,
    progress: Callable[[int, int], None] | None = None,
    **settings: Any,
) -> Iterator[Reconstruction]:
    """Make `image`, uint8 (H, W, 3), again: its content from each layer, then its style from each set of layers.

    settings: fields of Config that do not say what is painted; first_evaluations are made for each picture. progress:
    called with the evaluations made and their number. Raises VidstyleError; where a setting is wrong at once.
    """
    return _reconstruct(image, _configs(content_layers, style_sets, settings), progress)


def _configs(
    content_layers: Sequence[str], style_sets: Sequence[Sequence[str]], settings: dict[str, Any]
) -> list[Config]:
    """One for each picture, checked."""
    for option, names in (("--content-layers", [*content_layers]), ("--style-sets", ["+".join(s) for s in style_sets])):
        for name in names:
            if names.count(name) > 1:
                raise OptionError(f"{option}: {name} is named twice; name it once")
    configs = [
        *(_config("content", (layer,), settings) for layer in content_layers),
        *(_config("style", tuple(layers), settings) for layers in style_sets),
    ]
    if not configs:
        raise OptionError("--content-layers, --style-sets: both are none, so there is nothing to make; name a layer")
    return configs


def _config(term: Term, layers: tuple[str, ...], settings: dict[str, Any]) -> Config:
    """The settings of a painting by one term alone; the other one gets a layer that is computed anyway."""
    weights: dict[str, Any] = {"content_weight": float(term == "content"), "style_weight": float(term == "style")}
    try:
        return Config(
            **settings,
            **weights,
            tv_weight=TV_WEIGHT,
            styles=(Style(Path()),),
            content_layers=layers if term == "content" else layers[-1:],
            style_layers=tuple(StyleLayer(name) for name in layers),
            init="noise",
        )
    except OptionError as error:
        option = "--content-layers" if term == "content" else "--style-sets"
        raise OptionError(re.sub("^--(content|style)-layer:", f"{option}:", str(error))) from error


def _reconstruct(
    image: Image, configs: Sequence[Config], progress: Callable[[int, int], None] | None
) -> Iterator[Reconstruction]:
    from ..neural.engine import Engine
    from ..neural.runtime import compute_dtype
    from ..neural.vgg import Vgg
    from ..neural.weights import load_weights

    config = configs[0]
    vgg = Vgg(load_weights(config.network, config.weights), config.pooling, compute_dtype(config.precision))
    budget = config.effort.first_evaluations
    frame = image.astype(np.float32)
    # No coarse sizes here: what is started from at a finer one holds half of the picture itself.
    noise = np.random.default_rng(config.seed).normal(127.5, FAINT, frame.shape).astype(np.float32)
    for number, config in enumerate(configs):

        def tick(evaluations: int, loss: float, done: int = number * budget) -> None:
            if progress is not None:
                progress(done + evaluations, len(configs) * budget)

        engine = Engine(config, vgg, [image], (frame.shape[0], frame.shape[1]))
        made = np.rint(engine.paint(frame, noise, budget, tick=tick).image)
        del engine
        content = config.term_weights.style == 0
        yield Reconstruction(
            "content" if content else "style",
            config.content_layers if content else tuple(layer.name for layer in config.style_layers),
            made.astype(np.uint8),
            float(np.sqrt(np.mean(np.square(made - frame)))),
        )


def _png(image: Image) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(image).save(file, format="PNG")
    return file.getvalue()
