"""Commands that make sheets to look at: styles, layers, settings, before and after."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ..config import RECONSTRUCTED_LAYERS, RECONSTRUCTED_SIDE, Config, Style
from ..errors import OptionError, VidstyleError, one_line, unknown
from ..media.clip import DEFAULT_FPS, MAX_PIXELS, WriteOptions
from ..plan import duration
from .options import (
    OUTPUT,
    FpsOption,
    MaxPixelsOption,
    OverwriteOption,
    QuietOption,
    StyleOption,
    default,
    number,
    parse_settings,
    read_options,
    setting_names,
    takes_only,
    takes_settings,
)

if TYPE_CHECKING:
    from ..views.compare import How
    from ..views.preview import Cell


def _output(usual: str) -> Any:
    shown = f"File to write; its ending says how. {default(f'{usual} beside it')}"
    return typer.Option("--output", "-o", help=shown, rich_help_panel=OUTPUT)


StartOption = Annotated[str, typer.Option(metavar="SECONDS", help="Begin here.", rich_help_panel=OUTPUT)]
EndOption = Annotated[str | None, typer.Option(metavar="SECONDS", help="Stop before here.", rich_help_panel=OUTPUT)]
AtOption = Annotated[
    str | None, typer.Option(metavar="SECONDS", help=f"Which frame of a clip. {default('the middle')}")
]


@takes_settings
def gallery(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="GIF, video, photo or folder of pictures to paint.")],
    style: Annotated[
        list[str], typer.Option(metavar="IMAGE|FOLDER", help="Picture to paint like, or a folder of them; repeatable.")
    ],
    output: Annotated[Path | None, _output("INPUT_gallery")] = None,
    start: StartOption = "0",
    end: EndOption = None,
    fps: FpsOption = str(DEFAULT_FPS),
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Paint INPUT in several styles, one by one, and show all on one sheet, which moves if INPUT does.

    A style that fails has its reason on the sheet in place of its painting; the exit code is 2 then.

    [dim]vidstyle gallery cat.gif --style picasso.jpg --style monet.jpg[/dim]
    """
    from ..progress import Silent, progress_for
    from ..views.gallery import make_gallery

    settings["start"] = number("--start", start)
    settings["end"] = _seconds("--end", end)
    with Silent() if quiet else progress_for(sys.stderr) as progress:
        done = make_gallery(
            source,
            style,
            output,
            progress=lambda style, step: progress(step, f"{one_line(style.path.name)}: "),
            read=read_options(max_pixels, fps),
            write=WriteOptions(overwrite=overwrite),
            **settings,
        )
    if not quiet:
        print(f"{one_line(done.output)}: {len(done.styles) - len(done.failed)} styles")
    if done.failed:
        raise VidstyleError(
            f"{done.output}: {len(done.failed)} of {len(done.styles)} styles failed: {'; '.join(done.failed.values())}"
        )


@takes_only("pooling", "optimizer", "quality", "first_evaluations", "network", "weights", "precision", "seed")
def reconstruct(
    source: Annotated[Path, typer.Argument(metavar="IMAGE", help="Picture, or a clip of which one frame is taken.")],
    content_layers: Annotated[
        str,
        typer.Option(metavar="LAYER,LAYER...", help="Layers whose content to show, each alone; none shows no content."),
    ] = ",".join(RECONSTRUCTED_LAYERS),
    style_sets: Annotated[
        str | None,
        typer.Option(
            metavar="SET,SET...",
            help="Sets of layers whose style to show, such as conv1_1,conv1_1+conv2_1; none shows no style. "
            + default(*("+".join(RECONSTRUCTED_LAYERS[: n + 1]) for n in range(2)), "..."),
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help=f"Longer side of each picture. {default(f'the source, up to {RECONSTRUCTED_SIDE}')}"),
    ] = None,
    at: AtOption = None,
    output: Annotated[Path | None, _output("IMAGE_layers.png")] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the single pictures here, as PNG.", rich_help_panel=OUTPUT),
    ] = None,
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Show what the network's layers see: the content and the style of IMAGE made again, from noise, of them alone.

    [dim]vidstyle reconstruct cat.jpg --content-layers conv2_2,conv4_2 --style-sets none[/dim]
    """
    from ..progress import Counter
    from ..views.reconstruct import STYLE_SETS, make_figure

    sets = STYLE_SETS if style_sets is None else [entry.split("+") for entry in _listed(style_sets)]
    with Counter(None if quiet else sys.stderr, "reconstructing") as progress:
        place, made = make_figure(
            source,
            _listed(content_layers),
            sets,
            output,
            pictures=pictures,
            size=size,
            at=_seconds("--at", at),
            progress=progress,
            read=read_options(max_pixels),
            write=WriteOptions(overwrite=overwrite),
            **settings,
        )
    if not quiet:
        print(f"{one_line(place)}: {len(made)} reconstructions")


@takes_settings
def preview(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="The clip or picture that is to be painted.")],
    style: StyleOption,
    x: Annotated[
        str | None,
        typer.Option(
            "--x", metavar="OPTION=V,V...", help="Setting that differs from column to column, and its values."
        ),
    ] = None,
    y: Annotated[
        str | None, typer.Option("--y", metavar="OPTION=V,V...", help="Setting that differs from row to row.")
    ] = None,
    at: AtOption = None,
    output: Annotated[Path | None, _output("INPUT_preview.png")] = None,
    fps: FpsOption = str(DEFAULT_FPS),
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Paint one frame with several settings, side by side, and tell how long the whole clip would take with each.

    Any setting of the painting that has a value may be varied. Without --x and --y: content weight and total variation,
    each lower and higher than usual.

    [dim]vidstyle preview cat.gif --style picasso.jpg --x content-weight=0.1,0.4,1 --y size=128,256[/dim]
    """
    from ..progress import Silent, progress_for
    from ..views.preview import make_preview

    styles = [Style.parse(text) for text in style]
    if x is None and y is None:
        usual = Config(styles=tuple(styles), **settings).term_weights
        x = f"content-weight={usual.content / 4:g},{usual.content:g},{usual.content * 4:g}"
        y = f"tv-weight=0,{usual.tv:g},{usual.tv * 4:g}"
    grid = _grid(x, y)
    with Silent() if quiet else progress_for(sys.stderr) as progress:
        done = make_preview(
            source,
            styles,
            grid,
            output,
            at=_seconds("--at", at),
            progress=lambda cell, step: progress(step, f"{cell.options}: "),
            read=read_options(max_pixels, fps),
            write=WriteOptions(overwrite=overwrite),
            **settings,
        )
    if quiet:
        return
    of = "" if done.frames is None else f" of {done.frames}"
    print(f"{one_line(done.output)}: frame {done.index + 1}{of}; the whole clip would take")
    for cell in done.cells:
        about = "unknown" if cell.seconds is None else f"about {duration(cell.seconds)}"
        print(f"  {about:14} with {cell.options}")


def compare(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The clip or picture as it was.")],
    painted: Annotated[Path, typer.Argument(metavar="OUTPUT", help="The same painted, by any program.")],
    output: Annotated[Path | None, _output("OUTPUT_compared")] = None,
    how: Annotated[
        str, typer.Option(metavar="side|divider", help="Side by side, or in one with a divider that moves.")
    ] = "side",
    start: Annotated[str, typer.Option(metavar="SECONDS", help="Where OUTPUT begins in SOURCE.")] = "0",
    end: Annotated[str | None, typer.Option(metavar="SECONDS", help="Where OUTPUT ends in SOURCE.")] = None,
    fps: FpsOption = str(DEFAULT_FPS),
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show a clip or picture before and after.

    [dim]vidstyle compare cat.gif cat_picasso.gif --how divider -o both.gif[/dim]
    """
    from ..views.compare import compare as write_comparison

    place = write_comparison(
        source,
        painted,
        output,
        how=cast("How", how),
        start=number("--start", start),
        end=_seconds("--end", end),
        read=read_options(max_pixels, fps),
        write=WriteOptions(overwrite=overwrite),
    )
    if not quiet:
        print(one_line(place))


def _grid(x: str | None, y: str | None) -> list[list[Cell]]:
    """The cells of all pairs of values, row by row; raises OptionError."""
    from ..views.preview import Cell

    columns, rows = _axis("--x", x), _axis("--y", y)
    if columns[0][:1] == rows[0][:1] != []:
        raise OptionError(f"--x, --y: {columns[0][0].removeprefix('--')} is on both; vary another one")
    grid = [[[*column, *row] for column in columns] for row in rows]
    return [[Cell(" ".join(cell), parse_settings(cell)) for cell in row] for row in grid]


def _axis(option: str, text: str | None) -> list[list[str]]:
    """The arguments that `NAME=VALUE,VALUE...` stands for, one list for each value; an empty one without a text."""
    if text is None:
        return [[]]
    name, _, values = text.partition("=")
    if name not in setting_names():
        raise OptionError(f"{option} {text}: {unknown('setting', name, setting_names())}")
    found = list(dict.fromkeys(value for value in values.split(",") if value))
    if not found:
        raise OptionError(f"{option} {text}: has no values; write one like {name}=1,2")
    return [[f"--{name}", value] for value in found]


def _listed(text: str) -> list[str]:
    """The parts between commas; of `none` none."""
    return [] if text == "none" else text.split(",")


def _seconds(option: str, text: str | None) -> Fraction | None:
    return None if text is None else number(option, text)
