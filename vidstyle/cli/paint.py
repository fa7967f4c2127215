"""Commands that paint."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..result_file import ResultFile
from ..settings_file import arguments, as_toml
from .options import EFFORT, OUTPUT, OverwriteOption, QuietOption, default, seconds
from .run_options import takes_run_settings


@takes_run_settings
def run(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="GIF, video, photo or folder of pictures to paint.")],
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
    report: Annotated[
        Path | None,
        typer.Option(help="Write settings and figures of all frames to this JSON file.", rich_help_panel=OUTPUT),
    ] = None,
    save_config: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="Write all settings to a file for --config.", rich_help_panel=OUTPUT),
    ] = None,
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
    *,
    settings: dict[str, Any],
    usual: dict[str, Any],
) -> None:
    """Paint INPUT in the style of one or more pictures.

    [dim]vidstyle run cat.gif --style picasso.jpg[/dim]
    """
    from ..pipeline import stylize_clip
    from ..progress import Silent, progress_for

    given = {**usual, **settings}
    inputs = [source, *(style.path for style in given.get("styles", ()))]
    with (
        ResultFile("--save-config", save_config, overwrite, inputs) as settings_file,
        Silent() if quiet else progress_for(sys.stderr) as progress,
    ):
        done = stylize_clip(
            source,
            output=output,
            report=report,
            budget=None if budget is None else seconds("--budget", budget),
            progress=progress,
            **arguments(given, overwrite=overwrite),
        )
        if save_config is not None:
            settings_file.content = as_toml(done.as_dict()["settings"], save_config)
    if not quiet:
        for notice in done.notices:
            print(f"vidstyle: {notice}", file=sys.stderr)
        total = done.totals
        print(f"{done.output}: {total['frames']} frames in {total['seconds']:.1f} s")
