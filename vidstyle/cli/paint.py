"""Commands that paint."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from ..config import Style
from ..media.clip import DEFAULT_FPS, MAX_PIXELS, Dither, Palette, WriteOptions
from .options import (
    EFFORT,
    OUTPUT,
    FpsOption,
    MaxPixelsOption,
    OverwriteOption,
    QuietOption,
    StyleOption,
    choice,
    default,
    number,
    read_options,
    seconds,
    takes_settings,
)


@takes_settings
def run(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="GIF, video, photo or folder of pictures to paint.")],
    style: StyleOption,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help=f"File or folder to write; its ending says how. {default('INPUT_STYLE beside it')}"
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="How long it may take, such as 90s, 5m or 1h: quality and size are chosen to fit, "
            "unless --quality and --size say.",
            rich_help_panel=EFFORT,
        ),
    ] = None,
    start: Annotated[str, typer.Option(metavar="SECONDS", help="Begin here.", rich_help_panel=OUTPUT)] = "0",
    end: Annotated[
        str | None, typer.Option(metavar="SECONDS", help="Stop before here.", rich_help_panel=OUTPUT)
    ] = None,
    palette: Annotated[
        str, choice(Palette, "GIF: one set of colours for the clip, or one a frame.", None, OUTPUT)
    ] = WriteOptions.palette,
    dither: Annotated[
        str, choice(Dither, "GIF: how colours between those are shown.", None, OUTPUT)
    ] = WriteOptions.dither,
    crf: Annotated[int | None, typer.Option(help="Video: lower is better and larger.", rich_help_panel=OUTPUT)] = None,
    codec: Annotated[
        str | None, typer.Option(help="Video: ffmpeg's name of the encoder, such as libx265.", rich_help_panel=OUTPUT)
    ] = None,
    fps: FpsOption = str(DEFAULT_FPS),
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    report: Annotated[
        Path | None,
        typer.Option(help="Write settings and figures of all frames to this JSON file.", rich_help_panel=OUTPUT),
    ] = None,
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Paint INPUT in the style of one or more pictures.

    [dim]vidstyle run cat.gif --style picasso.jpg[/dim]
    """
    from ..pipeline import stylize_clip
    from ..progress import Silent, progress_for

    settings["start"] = number("--start", start)
    settings["end"] = None if end is None else number("--end", end)
    write = WriteOptions(
        overwrite=overwrite, palette=cast(Palette, palette), dither=cast(Dither, dither), crf=crf, codec=codec
    )
    with Silent() if quiet else progress_for(sys.stderr) as progress:
        done = stylize_clip(
            source,
            [Style.parse(text) for text in style],
            output,
            report=report,
            budget=None if budget is None else seconds("--budget", budget),
            progress=progress,
            read=read_options(max_pixels, fps),
            write=write,
            **settings,
        )
    if not quiet:
        for notice in done.notices:
            print(f"vidstyle: {notice}", file=sys.stderr)
        total = done.totals
        print(f"{done.output}: {total['frames']} frames in {total['seconds']:.1f} s")
