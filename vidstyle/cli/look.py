"""Commands that look at clips, and at what a run would use."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from ..config import Config, Network, Style
from ..errors import OptionError, one_line
from ..media.clip import DEFAULT_FPS, MAX_PIXELS
from .options import (
    FpsOption,
    MaxPixelsOption,
    NetworkOption,
    OverwriteOption,
    QuietOption,
    WeightsOption,
    number,
    read_options,
)


def info(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="GIF, video, photo or folder of pictures.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    shots: Annotated[bool, typer.Option("--shots", help="Find its cuts too.")] = False,
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    fps: FpsOption = str(DEFAULT_FPS),
) -> None:
    """Show what a clip is: size, frames, durations, loop, transparency, sound."""
    from ..media import open_clip, over_white
    from ..report import facts

    with open_clip(source, read_options(max_pixels, fps)) as clip:
        shown = facts(clip.info)
        if clip.info.rate is None:
            shown["durations"] = [float(frame.duration) for frame in clip.frames()]
        if shots:
            from ..motion.shots import find_shots

            found = find_shots(over_white(frame) for frame in clip.frames())
            shown["shots"] = [[shot.start, shot.stop] for shot in found]
    if as_json:
        print(json.dumps({"path": str(source), **shown}))
        return
    for name, value in shown.items():
        print(f"{name:10} {_say(name, value)}")


def measure(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The clip as filmed.")],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="The same clip painted, by any program.")],
    style: Annotated[
        list[str],
        typer.Option(
            metavar="IMAGE[:WEIGHT]",
            help="Picture in whose style it was painted. Repeat it where several were blended.",
        ),
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
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure how well a clip is painted and how calm it is.

    [dim]vidstyle measure cat.gif painted.gif --style picasso.jpg --plot figures.png[/dim]
    """
    from ..naming import files_of
    from ..progress import Counter
    from ..result_file import ResultFile, as_json
    from ..views.measure import measure_clip

    styles = [Style.parse(text) for text in style]
    inputs = files_of([source, output, *(picture.path for picture in styles)])
    if plot is not None and plot.suffix.lower() != ".png":
        raise OptionError(f"--plot {plot}: is written as PNG; end the name in .png")
    with (
        ResultFile("--json", json_path, overwrite, inputs) as json_file,
        ResultFile("--plot", plot, overwrite, [*inputs, *filter(None, [json_path])]) as plot_file,
        Counter(None if quiet else sys.stderr) as progress,
    ):
        found = measure_clip(
            source,
            output,
            styles,
            start=number("--start", start),
            end=None if end is None else number("--end", end),
            shots=shots,
            weights=weights,
            read=read_options(max_pixels, fps),
            progress=progress,
        )
        json_file.write(as_json(found.as_dict()))
        if plot is not None:
            from ..views.plot import draw

            plot_file.write(draw(found))
    if not quiet:
        print(found)


def show_weights(
    network: NetworkOption = None,
    weights: WeightsOption = None,
) -> None:
    """Show which network weights a run would use, where they are, and their sha256."""
    from ..neural.weights import load_weights

    config = Config(styles=(Style(Path()),), network=cast(Network, network or Config.network))
    used = load_weights(config.network, weights)
    origin = "--weights" if weights else "comes with vidstyle" if config.network == "vgg16" else "Keras's cache"
    print(f"network    {used.network}, {len(used.layers)} convolutions ({origin})")
    print(f"path       {one_line(used.path)}")
    print(f"sha256     {used.sha256}")


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
