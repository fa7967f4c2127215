"""The options that several commands share, and how they become settings."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Collection, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
import typer.core
import typer.main

from ..config import (
    DEFAULT_WEIGHTS,
    MAX_SIDE,
    QUALITIES,
    Color,
    Config,
    Flow,
    Init,
    Loop,
    Network,
    Normalization,
    Optimizer,
    Pooling,
    Precision,
    Quality,
    StyleLayer,
    exact_number,
)
from ..errors import OptionError
from ..media.clip import DEFAULT_FPS, MAX_PIXELS, ReadOptions

LOOK, EFFORT, OUTPUT = "What it looks like", "How it is computed", "What is read and written"


def default(*values: object) -> str:
    """How a default is shown in a help text of an option whose None stands for it."""
    return f"[dim]\\[default: {', '.join(map(str, values))}][/dim]"


def number(option: str, text: str) -> Fraction:
    """An exact number; raises OptionError."""
    try:
        return exact_number(text)
    except ValueError as error:
        raise OptionError(f"{option} '{text}': is not a number; write one like 1.5") from error


def seconds(option: str, text: str) -> float:
    """A time such as 90, 90s, 1.5m or 2h in seconds; raises OptionError."""
    found = re.fullmatch(r"(\d+\.?\d*)\s*(s|m|min|h)?", text)
    if not found or not float(found[1]):
        raise OptionError(f"{option} '{text}': is not a time; write one like 90s, 5m or 1h")
    return float(found[1]) * {"h": 3600, "m": 60, "min": 60}.get(found[2], 1)


def choice(kind: Any, text: str, usual: object, panel: str) -> Any:
    """An option that takes one of the names of a Literal. usual: what stands for None, if that is its default."""
    shown = text if usual is None else f"{text} {default(usual)}"
    return typer.Option(metavar="|".join(get_args(kind)), help=shown, rich_help_panel=panel)


def _weight(name: str, text: str) -> Any:
    values = (f"{getattr(weights, name):g} with {kind}" for kind, weights in DEFAULT_WEIGHTS.items())
    return typer.Option(help=f"{text} {default(*values)}", rich_help_panel=LOOK)


def _effort(name: str, text: str) -> Any:
    values = (f"{getattr(effort, name)} for {quality}" for quality, effort in QUALITIES.items())
    return typer.Option(metavar="N", help=f"{text} {default(*values)}", rich_help_panel=EFFORT)


_STYLE = typer.Option(
    metavar="IMAGE[:WEIGHT[:LAYERS]][@TIME]",
    help="Picture whose style to paint in. Repeat it to blend several: by weight, by layer (conv1_1,conv2_1), "
    "and fading from one to the next at times in seconds.",
)
StyleOption = Annotated[list[str], _STYLE]
StyleOrFileOption = Annotated[list[str] | None, _STYLE]  # where a file of settings may say
NetworkOption = Annotated[str | None, choice(Network, "Network that looks.", Config.network, EFFORT)]
WeightsOption = Annotated[
    Path | None,
    typer.Option(help="Weights of that network: a .safetensors or Keras *_notop.h5 file.", rich_help_panel=EFFORT),
]
FpsOption = Annotated[
    str, typer.Option(help="Frames a second of a folder of pictures: 25, 30000/1001.", rich_help_panel=OUTPUT)
]
MaxPixelsOption = Annotated[
    int, typer.Option(help="Refuse pictures with more pixels than this.", rich_help_panel=OUTPUT)
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace an output that exists.", rich_help_panel=OUTPUT)
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def read_options(max_pixels: int = MAX_PIXELS, fps: str = str(DEFAULT_FPS)) -> ReadOptions:
    """What the options of reading say; raises OptionError."""
    return ReadOptions(max_pixels=max_pixels, fps=number("--fps", fps))


def _settings(
    size: Annotated[
        int | None,
        typer.Option(
            help=f"Longer side of the result in pixels. {default(f'the source, up to {MAX_SIDE}')}",
            rich_help_panel=LOOK,
        ),
    ] = None,
    color: Annotated[
        str | None,
        choice(
            Color,
            "Whose colours: the style's; the original's; or the style's, fitted to the original's in one of two ways.",
            Config.color,
            LOOK,
        ),
    ] = None,
    style_size: Annotated[
        float | None,
        typer.Option(
            help=f"Size of the strokes: the style picture's longer side over the frame's. {default(Config.style_size)}",
            rich_help_panel=LOOK,
        ),
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option(help=f"Amount of paint, from 0 to 1. {default(Config.strength)}", rich_help_panel=LOOK),
    ] = None,
    mask: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="IMAGE",
            help="Grey picture or clip, white where the style is painted; one for each --style, in the same order.",
            rich_help_panel=LOOK,
        ),
    ] = None,
    keep_mask: Annotated[
        Path | None,
        typer.Option(
            metavar="IMAGE",
            help="Grey picture or clip, white where there is paint; where it is black all stays as filmed.",
            rich_help_panel=LOOK,
        ),
    ] = None,
    content_weight: Annotated[float | None, _weight("content", "How clearly the subject is kept.")] = None,
    style_weight: Annotated[float | None, _weight("style", "How strongly it is painted.")] = None,
    tv_weight: Annotated[float | None, _weight("tv", "How much fine speckle is smoothed away.")] = None,
    temporal_weight: Annotated[
        float | None, _weight("temporal", "How firmly paint stays on what it was painted on.")
    ] = None,
    content_layer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER",
            help=f"Network layer that keeps the subject; repeat it for more. {default(*Config.content_layers)}",
            rich_help_panel=LOOK,
        ),
    ] = None,
    style_layer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER[:WEIGHT]",
            help="Network layer that carries the style; repeat it for more. "
            + default(*(layer.name for layer in Config.style_layers)),
            rich_help_panel=LOOK,
        ),
    ] = None,
    pooling: Annotated[str | None, choice(Pooling, "avg paints more smoothly than max.", Config.pooling, LOOK)] = None,
    normalization: Annotated[
        str | None,
        choice(
            Normalization,
            "Scale of the weights: relative fits every painting, gatys is as published.",
            Config.normalization,
            LOOK,
        ),
    ] = None,
    init: Annotated[
        str | None,
        choice(
            Init,
            "What a frame starts from: the last result moved along or as it is, the frame itself, or noise.",
            Config.init,
            EFFORT,
        ),
    ] = None,
    shots: Annotated[
        bool | None,
        typer.Option(
            "--shots/--no-shots",
            help="Begin anew after every cut, and spread the paint over what came in little by little. "
            f"{default('--shots')}",
            rich_help_panel=EFFORT,
        ),
    ] = None,
    loop: Annotated[
        str | None,
        choice(
            Loop,
            "Let the last frame lead into the first. auto: where a GIF repeats and its ends meet.",
            Config.loop,
            EFFORT,
        ),
    ] = None,
    passes: Annotated[
        int | None,
        typer.Option(
            help="How often to go over every shot, back and forth: calmer, for as much time again. "
            + default(Config.passes),
            rich_help_panel=EFFORT,
        ),
    ] = None,
    split_seconds: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Paint long shots in parts of about this length, which several workers can do at once; the paint "
            f"of each goes over into that of the next. {default('whole shots')}",
            rich_help_panel=EFFORT,
        ),
    ] = None,
    flow: Annotated[str | None, choice(Flow, "How motion is found.", Config.flow, EFFORT)] = None,
    optimizer: Annotated[str | None, choice(Optimizer, "How to search.", Config.optimizer, EFFORT)] = None,
    quality: Annotated[
        str | None, choice(Quality, "How long is searched for each picture.", Config.quality, EFFORT)
    ] = None,
    first_evaluations: Annotated[int | None, _effort("first_evaluations", "Steps for the first frame.")] = None,
    evaluations: Annotated[
        int | None, _effort("evaluations", "Most steps for each frame after it; unless changed, more for what is new.")
    ] = None,
    network: NetworkOption = None,
    weights: WeightsOption = None,
    precision: Annotated[
        str | None,
        choice(Precision, "auto takes bfloat16 where the processor is fast at it.", Config.precision, EFFORT),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help=f"Of the noise that flat parts, or all with --init noise, begin with. {default(Config.seed)}",
            rich_help_panel=EFFORT,
        ),
    ] = None,
) -> None:
    """The options that are settings of a painting; those not given are None."""


def takes_settings(command: Callable[..., Any], only: Collection[str] | None = None) -> Callable[..., Any]:
    """Give a command the options of `_settings`; it gets those that were given as `settings`, fields of Config.

    only: the names of those that it takes, if not all.
    """
    own, all_ = (inspect.signature(function, eval_str=True) for function in (command, _settings))
    more = {name: parameter for name, parameter in all_.parameters.items() if only is None or name in only}

    @functools.wraps(command)
    def with_settings(**given: Any) -> Any:
        settings = {name: value for name in more if (value := given.pop(name)) not in (None, [])}
        if layers := settings.pop("content_layer", None):
            settings["content_layers"] = tuple(layers)
        if layers := settings.pop("style_layer", None):
            settings["style_layers"] = tuple(StyleLayer.parse(layer) for layer in layers)
        if masks := settings.pop("mask", None):
            settings["masks"] = tuple(masks)
        return command(**given, settings=settings)

    # Keyword only, so that they may stand in any order; Typer shows them in this one.
    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in (*more.values(), *own.parameters.values())
        if parameter.name != "settings"
    ]
    with_settings.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_settings.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_settings


def takes_only(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """takes_settings() with the settings of these names alone."""
    return functools.partial(takes_settings, only=names)


@functools.cache
def _parser() -> typer.core.TyperCommand:
    """A command that takes nothing but settings, and returns them."""

    def parsed(*, settings: dict[str, Any]) -> dict[str, Any]:
        return settings

    app = typer.Typer(add_completion=False)
    app.command()(takes_settings(parsed))
    command = typer.main.get_command(app)
    assert isinstance(command, typer.core.TyperCommand)
    return command


def setting_names() -> list[str]:
    """The options that are settings with a value, without their dashes."""
    return [parameter.opts[0].removeprefix("--") for parameter in _parser().params if not parameter.is_flag]  # type: ignore[attr-defined]


def parse_settings(arguments: Sequence[str]) -> dict[str, Any]:
    """The fields of Config that these arguments of a command line are; raises TyperException as a command does."""
    settings = _parser()(list(arguments), prog_name="vidstyle", standalone_mode=False)
    assert isinstance(settings, dict)
    return settings
