"""The options of commands that paint clips into files: settings by option and by file, put together."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ..config import Config, Style
from ..errors import OptionError
from ..media.clip import DEFAULT_FPS, MAX_PIXELS, Dither, Palette, WriteOptions
from ..settings_file import arguments, load_settings, merge
from .options import LOOK, OUTPUT, StyleOrFileOption, choice, default, number, takes_settings


def _run_options(
    style: StyleOrFileOption = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Settings from a TOML file, or from the report of a run; options given here count more.",
            rich_help_panel=LOOK,
        ),
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="SECONDS", help="Begin here.", rich_help_panel=OUTPUT)] = None,
    end: Annotated[
        str | None, typer.Option(metavar="SECONDS", help="Stop before here.", rich_help_panel=OUTPUT)
    ] = None,
    palette: Annotated[
        str | None,
        choice(Palette, "GIF: one set of colours for the clip, or one a frame.", WriteOptions.palette, OUTPUT),
    ] = None,
    dither: Annotated[
        str | None, choice(Dither, "GIF: how colours between those are shown.", WriteOptions.dither, OUTPUT)
    ] = None,
    crf: Annotated[int | None, typer.Option(help="Video: lower is better and larger.", rich_help_panel=OUTPUT)] = None,
    codec: Annotated[
        str | None, typer.Option(help="Video: ffmpeg's name of the encoder, such as libx265.", rich_help_panel=OUTPUT)
    ] = None,
    fps: Annotated[
        str | None,
        typer.Option(
            help=f"Frames a second of a folder of pictures: 25, 30000/1001. {default(DEFAULT_FPS)}",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    max_pixels: Annotated[
        int | None,
        typer.Option(help=f"Refuse pictures with more pixels than this. {default(MAX_PIXELS)}", rich_help_panel=OUTPUT),
    ] = None,
) -> None:
    """The options of painting a clip into a file that are no settings of the painting; those not given are None."""


def takes_run_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command all options that decide a result. It gets them by the names of settings_file.SETTINGS: as
    `settings` those of the command line, as `usual` those of --config, which count less.
    """
    own, more = (inspect.signature(function, eval_str=True) for function in (command, _run_options))

    @functools.wraps(command)
    def with_run_settings(*, settings: dict[str, Any], **given: Any) -> None:
        values = {name: value for name in more.parameters if (value := given.pop(name)) not in (None, [])}
        config = values.pop("config", None)
        usual = load_settings(config) if config else {}
        if styles := values.pop("style", None):
            values["styles"] = tuple(Style.parse(text) for text in styles)
        for name in values.keys() & {"start", "end", "fps"}:
            values[name] = number(f"--{name}", values[name])
        settings |= values
        if config:
            check(merge({"styles": (Style(Path()),)}, usual, settings), f"with the settings in {config}")
        command(**given, settings=settings, usual=usual)

    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in (*more.parameters.values(), *own.parameters.values())
        if parameter.name != "usual"
    ]
    with_run_settings.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_run_settings.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return takes_settings(with_run_settings)


def check(values: dict[str, Any], where: str) -> None:
    """Raises OptionError, saying where they come from, if settings are out of range or do not go together."""
    try:
        checked = arguments(values)
        del checked["read"], checked["write"]
        Config(**checked)
    except OptionError as error:
        raise OptionError(f"{error} ({where})") from error
