"""The figures of a measurement over time, as a drawing."""

from __future__ import annotations

import io

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .measure import Measurement

# Each panel: its title, and its curves as (field of Measures, label, colour).
OUTPUT, SOURCE, THIRD = "#c0392b", "#7f8c8d", "#2c6fa6"
PANELS = (
    ("warping error", (("warp_error", "painted", OUTPUT), ("source_warp_error", "source", SOURCE))),
    (
        "warping error where it moves",
        (("moving_warp_error", "painted", OUTPUT), ("source_moving_warp_error", "source", SOURCE)),
    ),
    ("relative loss", (("loss", "0.25 content + style", OUTPUT), ("style", "style", THIRD))),
    ("content", (("content", "everywhere", SOURCE), ("moving_content", "where it moves", OUTPUT))),
    ("sharpness, relative to the source", (("sharpness", "painted", OUTPUT),)),
)


def draw(measurement: Measurement) -> bytes:
    """A PNG: a panel for each measure over the frames; dotted lines are cuts."""
    figure = Figure(figsize=(9, 2.1 * len(PANELS)), dpi=100, layout="constrained")
    for axes, (title, curves) in zip(figure.subplots(len(PANELS), sharex=True), PANELS, strict=True):
        for name, label, color in curves:
            values = [getattr(row, name) for row in measurement.frames]
            curve = [float("nan") if value is None else value for value in values]
            # Dots, so that a value between frames without one is seen.
            axes.plot(curve, label=label, color=color, lw=1.2, marker=".", ms=3)
        for shot in measurement.shots[1:]:
            axes.axvline(shot.start, color="black", linestyle=":", lw=0.8)
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.25)
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8, frameon=False)
    axes.set_xlabel("frame")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    png = io.BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()
