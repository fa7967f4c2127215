"""The command line: options become settings, progress becomes lines, errors become exit codes."""

from __future__ import annotations

import json
import signal
import sys
from fractions import Fraction
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn, cast, get_args

import typer

from .config import (
    DEFAULT_WEIGHTS,
    MAX_SIDE,
    QUALITIES,
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
    Style,
    StyleLayer,
)
from .errors import OptionError, VidstyleError
from .media.clip import DEFAULT_FPS, MAX_PIXELS, Dither, Palette, ReadOptions, WriteOptions

app = typer.Typer(
    help="Paint moving pictures: a GIF, video or photo in, the same painted in the style of a picture out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

LOOK, EFFORT, OUTPUT = "What it looks like", "How it is computed", "What is read and written"


def _weight_help(name: str, text: str) -> str:
    defaults = ", ".join(f"{getattr(weights, name):g} with {kind}" for kind, weights in DEFAULT_WEIGHTS.items())
    return f"{text} {_default(defaults)}"


def _default(*values: str) -> str:
    return f"[dim]\\[default: {', '.join(values)}][/dim]"


def _effort_help(name: str, text: str) -> str:
    values = ", ".join(f"{getattr(effort, name)} for {quality}" for quality, effort in QUALITIES.items())
    return f"{text} {_default(values)}"


NetworkOption = Annotated[
    str, typer.Option(metavar="|".join(get_args(Network)), help="Network that looks.", rich_help_panel=EFFORT)
]
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


@app.command()
def run(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="GIF, video, photo or folder of pictures to paint.")],
    style: Annotated[
        list[str],
        typer.Option(metavar="IMAGE[:WEIGHT]", help="Picture whose style to paint in. Repeat it to blend several."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File or folder to write; its ending says how. " + _default("INPUT_STYLE beside it"),
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            help="Longer side of the result in pixels. " + _default(f"the source's, up to {MAX_SIDE}"),
            rich_help_panel=LOOK,
        ),
    ] = None,
    start: Annotated[str, typer.Option(metavar="SECONDS", help="Begin here.", rich_help_panel=OUTPUT)] = "0",
    end: Annotated[
        str | None, typer.Option(metavar="SECONDS", help="Stop before here.", rich_help_panel=OUTPUT)
    ] = None,
    content_weight: Annotated[
        float | None,
        typer.Option(help=_weight_help("content", "How clearly the subject is kept."), rich_help_panel=LOOK),
    ] = None,
    style_weight: Annotated[
        float | None, typer.Option(help=_weight_help("style", "How strongly it is painted."), rich_help_panel=LOOK)
    ] = None,
    tv_weight: Annotated[
        float | None,
        typer.Option(help=_weight_help("tv", "How much fine speckle is smoothed away."), rich_help_panel=LOOK),
    ] = None,
    temporal_weight: Annotated[
        float | None,
        typer.Option(
            help=_weight_help("temporal", "How firmly paint stays on what it was painted on."), rich_help_panel=LOOK
        ),
    ] = None,
    content_layer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER",
            help="Network layer that keeps the subject; repeat it for more. " + _default(*Config.content_layers),
            rich_help_panel=LOOK,
        ),
    ] = None,
    style_layer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER[:WEIGHT]",
            help="Network layer that carries the style; repeat it for more. "
            + _default(*(layer.name for layer in Config.style_layers)),
            rich_help_panel=LOOK,
        ),
    ] = None,
    pooling: Annotated[
        str,
        typer.Option(
            metavar="|".join(get_args(Pooling)), help="avg paints more smoothly than max.", rich_help_panel=LOOK
        ),
    ] = Config.pooling,
    normalization: Annotated[
        str,
        typer.Option(
            metavar="|".join(get_args(Normalization)),
            help="Scale of the weights: relative fits every painting, gatys is as published.",
            rich_help_panel=LOOK,
        ),
    ] = Config.normalization,
    init: Annotated[
        str,
        typer.Option(
            metavar="|".join(get_args(Init)),
            help="What a frame starts from: the last result moved along or as it is, the frame itself, or noise.",
            rich_help_panel=EFFORT,
        ),
    ] = Config.init,
    shots: Annotated[
        bool,
        typer.Option("--shots/--no-shots", help="Begin anew after every cut.", rich_help_panel=EFFORT),
    ] = Config.shots,
    loop: Annotated[
        str,
        typer.Option(
            metavar="|".join(get_args(Loop)),
            help="Let the last frame lead into the first. auto: where a GIF repeats and its ends meet.",
            rich_help_panel=EFFORT,
        ),
    ] = Config.loop,
    flow: Annotated[
        str,
        typer.Option(metavar="|".join(get_args(Flow)), help="How motion is found.", rich_help_panel=EFFORT),
    ] = Config.flow,
    optimizer: Annotated[
        str, typer.Option(metavar="|".join(get_args(Optimizer)), help="How to search.", rich_help_panel=EFFORT)
    ] = Config.optimizer,
    quality: Annotated[
        str,
        typer.Option(
            metavar="|".join(get_args(Quality)), help="How long is searched for each picture.", rich_help_panel=EFFORT
        ),
    ] = Config.quality,
    first_evaluations: Annotated[
        int | None,
        typer.Option(
            metavar="N", help=_effort_help("first_evaluations", "Steps for the first frame."), rich_help_panel=EFFORT
        ),
    ] = None,
    evaluations: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=_effort_help("evaluations", "Steps at most for each frame after it."),
            rich_help_panel=EFFORT,
        ),
    ] = None,
    network: NetworkOption = Config.network,
    weights: WeightsOption = None,
    precision: Annotated[
        str,
        typer.Option(
            metavar="|".join(get_args(Precision)),
            help="auto takes bfloat16 where the processor is fast at it.",
            rich_help_panel=EFFORT,
        ),
    ] = Config.precision,
    seed: Annotated[
        int, typer.Option(help="Of the noise that --init noise starts from.", rich_help_panel=EFFORT)
    ] = Config.seed,
    palette: Annotated[
        str,
        typer.Option(
            metavar="|".join(get_args(Palette)),
            help="GIF: one set of colours for the clip, or one a frame.",
            rich_help_panel=OUTPUT,
        ),
    ] = WriteOptions.palette,
    dither: Annotated[
        str,
        typer.Option(
            metavar="|".join(get_args(Dither)), help="GIF: how colours between those are shown.", rich_help_panel=OUTPUT
        ),
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
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output that exists.", rich_help_panel=OUTPUT)
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Paint INPUT in the style of one or more pictures.

    [dim]vidstyle run cat.gif --style picasso.jpg[/dim]
    """
    from .pipeline import stylize_clip
    from .progress import Silent, progress_for

    settings: dict[str, Any] = {
        "size": size,
        "start": _number("--start", start),
        "end": None if end is None else _number("--end", end),
        "content_weight": content_weight,
        "style_weight": style_weight,
        "tv_weight": tv_weight,
        "temporal_weight": temporal_weight,
        "pooling": pooling,
        "normalization": normalization,
        "init": init,
        "shots": shots,
        "loop": loop,
        "flow": flow,
        "optimizer": optimizer,
        "quality": quality,
        "first_evaluations": first_evaluations,
        "evaluations": evaluations,
        "network": network,
        "weights": weights,
        "precision": precision,
        "seed": seed,
    }
    if content_layer:
        settings["content_layers"] = tuple(content_layer)
    if style_layer:
        settings["style_layers"] = tuple(StyleLayer.parse(layer) for layer in style_layer)
    read = ReadOptions(max_pixels=max_pixels, fps=_number("--fps", fps))
    write = WriteOptions(
        overwrite=overwrite, palette=cast(Palette, palette), dither=cast(Dither, dither), crf=crf, codec=codec
    )
    with Silent() if quiet else progress_for(sys.stderr) as progress:
        done = stylize_clip(
            source,
            [Style.parse(text) for text in style],
            output,
            report=report,
            progress=progress,
            read=read,
            write=write,
            **settings,
        )
    if not quiet:
        total = done.totals
        print(f"{done.output}: {total['frames']} frames in {total['seconds']:.1f} s")


@app.command()
def info(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="GIF, video, photo or folder of pictures.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    shots: Annotated[bool, typer.Option("--shots", help="Find its cuts too.")] = False,
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    fps: FpsOption = str(DEFAULT_FPS),
) -> None:
    """Show what a clip is: size, frames, durations, loop, transparency, sound."""
    from .media import open_clip
    from .report import facts

    with open_clip(source, ReadOptions(max_pixels=max_pixels, fps=_number("--fps", fps))) as clip:
        shown = facts(clip.info)
        if clip.info.rate is None:
            shown["durations"] = [float(frame.duration) for frame in clip.frames()]
        if shots:
            from .motion.shots import find_shots
            from .pipeline import over_white

            found = find_shots(over_white(frame) for frame in clip.frames())
            shown["shots"] = [[shot.start, shot.stop] for shot in found]
    if as_json:
        print(json.dumps({"path": str(source), **shown}))
        return
    for name, value in shown.items():
        print(f"{name:10} {_say(name, value)}")


@app.command()
def measure(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The clip as filmed.")],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="The same clip painted, by any program.")],
    style: Annotated[
        list[str],
        typer.Option(metavar="IMAGE[:WEIGHT]", help="Picture in whose style it is painted. Repeat it for a blend."),
    ],
    start: Annotated[str, typer.Option(metavar="SECONDS", help="Where OUTPUT begins in SOURCE.")] = "0",
    end: Annotated[str | None, typer.Option(metavar="SECONDS", help="Where OUTPUT ends in SOURCE.")] = None,
    shots: Annotated[
        bool, typer.Option("--shots/--no-shots", help="Leave out what changes from one shot to the next.")
    ] = True,
    json_path: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures of all frames to this file.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the figures over time into this picture.")
    ] = None,
    weights: WeightsOption = None,
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    fps: FpsOption = str(DEFAULT_FPS),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Measure how well a clip is painted and how calm it is.

    [dim]vidstyle measure cat.gif painted.gif --style picasso.jpg --plot figures.png[/dim]
    """
    from .progress import Counter
    from .result_file import ResultFile, as_json
    from .views.measure import measure_clip

    styles = [Style.parse(text) for text in style]
    inputs = [source, output, *(picture.path for picture in styles)]
    if plot is not None and plot.suffix.lower() != ".png":
        raise OptionError(f"--plot {plot}: is written as PNG; end the name in .png")
    with (
        ResultFile("--json", json_path, overwrite, inputs) as json_file,
        ResultFile("--plot", plot, overwrite, inputs) as plot_file,
        Counter(None if quiet else sys.stderr) as progress,
    ):
        found = measure_clip(
            source,
            output,
            styles,
            start=_number("--start", start),
            end=None if end is None else _number("--end", end),
            shots=shots,
            weights=weights,
            read=ReadOptions(max_pixels=max_pixels, fps=_number("--fps", fps)),
            progress=progress,
        )
        json_file.content = as_json(found.as_dict())
        if plot is not None:
            from .views.plot import draw

            plot_file.content = draw(found)
    if not quiet:
        print(found)


@app.command(name="weights")
def show_weights(
    network: NetworkOption = Config.network,
    weights: WeightsOption = None,
) -> None:
    """Show which network weights a run would use, where they are, and their sha256."""
    from .neural.weights import load_weights

    Config(styles=(Style(Path()),), network=network)  # type: ignore[arg-type]
    used = load_weights(network, weights)
    origin = "--weights" if weights else "comes with vidstyle" if network == "vgg16" else "Keras's cache"
    print(f"network    {used.network}, {len(used.layers)} convolutions ({origin})")
    print(f"path       {used.path}")
    print(f"sha256     {used.sha256}")


def main() -> NoReturn:
    """The console script: 0 is done, 2 is a mistake in the input or an option, 130 is Ctrl-C, 143 is SIGTERM."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = app(prog_name="vidstyle", standalone_mode=False)
    except VidstyleError as error:
        code = _fail(str(error))
    except typer.TyperException as error:
        code = _fail(f"{error.format_message().rstrip('.')}; see vidstyle --help")
    except KeyboardInterrupt:
        code = 130
    except SystemExit as end:  # from _terminate
        code = end.code
    if code in (130, 128 + signal.SIGTERM):
        print("vidstyle: interrupted; nothing was written", file=sys.stderr)
    sys.exit(code or 0)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _fail(message: str) -> int:
    print(f"vidstyle: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _number(option: str, text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise OptionError(f"{option} '{text}': is not a number; write one like 1.5") from error


def _say(name: str, value: Any) -> str:
    if value is None:
        return {"loop": "no, it plays once", "rate": "none, each frame has its own duration"}.get(name, "unknown")
    if name == "loop":
        return "for ever" if value == 0 else f"{value} more times after the first"
    if name == "duration":
        return f"{value:g} s"
    if name == "rate":
        return f"{value} frames a second ({float(Fraction(value)):g})"
    if name == "shots":
        return ", ".join(f"{start}-{stop - 1}" for start, stop in value)
    if name == "durations":
        shown = [f"{duration * 1000:g}" for duration in value[:12]]
        return f"{' '.join(shown)}{' ...' if len(value) > 12 else ''} ms"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
