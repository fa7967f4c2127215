"""Commands that paint."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ..config import pictures
from ..errors import OptionError, one_line
from ..jobs.executors import EXECUTORS, executor_for
from ..jobs.options import JobOptions
from ..plan import counted
from ..result_file import ResultFile, same_file
from ..settings_file import arguments, as_toml, merge, open_quality
from .options import EFFORT, OUTPUT, OverwriteOption, QuietOption, default, seconds
from .run_options import check, takes_run_settings
from .summary import summary

ExecutorOption = Annotated[
    str,
    typer.Option(
        metavar="|".join(EXECUTORS),
        help="Where it is painted: here, or by several workers at once, for which Ray must be installed.",
        rich_help_panel=EFFORT,
    ),
]
RayAddressOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help=f"Ray cluster that paints, such as 10.0.0.1:6379. {default('the cores of this machine')}",
        rich_help_panel=EFFORT,
    ),
]
RestartOption = Annotated[
    bool,
    typer.Option("--restart", help="Forget what an earlier run has painted and begin anew.", rich_help_panel=OUTPUT),
]


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
    job: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where finished frames are kept until the output is complete, so that the same command goes on if it "
            f"was stopped. {default('.OUTPUT.job beside the output')}",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    restart: RestartOption = False,
    keep_job: Annotated[
        bool,
        typer.Option("--keep-job", help="Do not remove that folder when all is done.", rich_help_panel=OUTPUT),
    ] = False,
    executor: ExecutorOption = "here",
    ray_address: RayAddressOption = None,
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
    *,
    settings: dict[str, Any],
    usual: dict[str, Any],
) -> None:
    """Paint INPUT in the style of one or more pictures.

    [dim]vidstyle run cat.gif --style picasso.jpg[/dim]
    """
    from ..media import is_folder_output
    from ..naming import files_of
    from ..pipeline import stylize_clip
    from ..progress import Silent, progress_for

    if budget is not None and "quality" not in settings:
        usual = open_quality(usual)
    given = merge(usual, settings)
    others = [*files_of([source, *pictures(given)]), *filter(None, [output, report])]
    frames = output if output is not None and is_folder_output(output) else None
    with (
        executor_for(executor, ray_address) as workers,
        ResultFile("--save-config", save_config, overwrite, others, frames) as settings_file,
        Silent() if quiet else progress_for(sys.stderr) as progress,
    ):
        done = stylize_clip(
            source,
            output=output,
            report=report,
            budget=None if budget is None else seconds("--budget", budget),
            progress=progress,
            job=JobOptions(job, restart, keep_job),
            executor=workers,
            **arguments(given, overwrite=overwrite),
        )
        if save_config is not None:
            settings_file.write(as_toml(done.as_dict()["settings"], save_config))
    if not quiet:
        for notice in done.notices:
            print(f"vidstyle: {notice}", file=sys.stderr)
        total = done.totals
        kept = f", {total['kept']} of them kept from before" if total["kept"] else ""
        print(f"{one_line(done.output)}: {counted(total['frames'])} in {total['seconds']:.1f} s{kept}")


@takes_run_settings
def batch(
    source: Annotated[Path, typer.Argument(metavar="JOBS", help="A folder of clips, or a TOML file of jobs.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help=f"Where the results go. {default('FOLDER_STYLE beside it, or the folder of the file')}",
        ),
    ] = None,
    restart: RestartOption = False,
    executor: ExecutorOption = "here",
    ray_address: RayAddressOption = None,
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
    *,
    settings: dict[str, Any],
    usual: dict[str, Any],
) -> None:
    """Paint many clips; what fails does not stop the others, and results that are there already are kept.

    [dim]vidstyle batch clips/ --style picasso.jpg[/dim]
    """
    from ..jobs.batch import Item, Outcome, Painted, check_results, folder_items, read_jobs, run_batch
    from ..pipeline import stylize_clip
    from ..progress import Silent, progress_for

    if os.path.isdir(source):
        if output is not None and same_file(output, source):
            raise OptionError(f"-o {output}: holds the clips; results in it would be painted next time; name another")
        given = merge(usual, settings)
        styles = given.get("styles", ())
        suffix = "_".join([source.resolve().name, *(style.path.stem for style in styles)])
        items = folder_items(source, output or source.resolve().with_name(suffix), pictures(given))
    else:
        items = read_jobs(source, output)
    items = [replace(item, settings=merge(usual, item.settings, settings)) for item in items]
    for item in items:
        check(item.settings, f"for {item.source}")
    check_results(items, overwrite)

    def paint(item: Item) -> Painted:
        options = arguments(item.settings, overwrite=overwrite)
        if not quiet:
            print(f"{items.index(item) + 1} of {len(items)}: {one_line(item.source)}", file=sys.stderr, flush=True)
        with Silent() if quiet else progress_for(sys.stderr) as progress:
            done = stylize_clip(
                item.source,
                output=item.result(),
                progress=progress,
                job=JobOptions(restart=restart),
                **options,
            )
        return Painted(done.output, done.totals["frames"], done.totals["seconds"], tuple(done.notices))

    outcomes: list[Outcome] = []
    try:
        with executor_for(executor, ray_address) as workers:
            for outcome in run_batch(items, paint, map if workers is None else workers.map):
                outcomes.append(outcome)
                if outcome.painted is not None and not quiet:
                    for notice in outcome.painted.notices:
                        print(f"{one_line(outcome.item.source)}: {notice}", file=sys.stderr)
                if workers is not None and not quiet:
                    print(f"{len(outcomes)} of {len(items)}: {one_line(outcome.item.source)}", file=sys.stderr)
    finally:  # Ctrl-C too
        summary(outcomes, quiet)
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(1)
