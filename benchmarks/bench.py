"""What `make bench` runs: the cost of an evaluation and of a frame, in one table of one run.

Times depend on the machine and on what else it does; the ratios to the first row are what to compare.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from vidstyle.config import Config, Style
from vidstyle.media import load_picture, open_clip
from vidstyle.motion.shots import Shot
from vidstyle.neural.runtime import native_bfloat16
from vidstyle.neural.stylize import Stylizer, resize
from vidstyle.neural.weights import load_weights

SAMPLES = Path(__file__).parent.parent / "samples"
STYLE = SAMPLES / "styles" / "cubist.png"
EVALUATIONS, REPEATS, FRAMES = 10, 5, 6


def seconds(work: Callable[[], object]) -> float:
    """The median time of REPEATS calls, after one that is not counted."""
    work()
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main() -> None:
    """Measure, and print the table."""
    weights = load_weights("vgg16")
    style = load_picture(STYLE).image
    with open_clip(SAMPLES / "bunny.gif") as clip:
        frames = [frame.image for frame in islice(clip.frames(), FRAMES)]
    machine = f"{platform.machine()}, {'bfloat16 in hardware' if native_bfloat16() else 'no bfloat16 in hardware'}"
    table = Table("what", "ms", "ratio", title=f"vidstyle on {machine}, Python {platform.python_version()}")
    first: float | None = None
    for precision in ("float32", "bfloat16"):
        config = Config(styles=(Style(STYLE),), precision=precision)
        stylizer = Stylizer(config, weights, [style])
        for side in (128, 256, 512):
            size = (side * 9 // 16, side)
            content = resize(frames[0], size)
            engine = stylizer.engine(size)

            def evaluate(engine=engine, content=content) -> object:  # type: ignore[no-untyped-def]
                return engine.paint(content, content, EVALUATIONS)

            took = 1000 * seconds(evaluate) / EVALUATIONS
            first = first or took
            table.add_row(f"an evaluation, {side}x{size[0]}, {precision}", f"{took:.1f}", f"{took / first:.2f}")
        results = list(stylizer.clip(frames, [Shot(0, len(frames))]))
        took = 1000 * statistics.median(result.seconds for result in results[1:])
        what = f"a frame after the first, 256x144, {config.effort.evaluations} evaluations, {precision}"
        table.add_row(what, f"{took:.1f}", f"{took / first:.2f}")
        assert all(np.isfinite(result.losses["total"]) for result in results)
    Console(width=max(100, Console().width), file=sys.stdout).print(table)


if __name__ == "__main__":
    main()
