"""What `make bench` runs: what an evaluation, a frame and a job cost, beside what others need, in one table.

Times depend on the machine and on what else it does; the ratios are what to compare. The table is printed, and written
to the file that is named as an argument.
"""

from __future__ import annotations

import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from peers import plain_adam, torch_evaluation

from vidstyle.blending import Blend, shares_at
from vidstyle.config import Config, Precision, Quality, Style
from vidstyle.media import load_picture, open_clip
from vidstyle.motion.shots import Shot
from vidstyle.neural.engine import Engine, Picture, resize
from vidstyle.neural.frame_result import FrameResult
from vidstyle.neural.runtime import native_bfloat16
from vidstyle.neural.stylize import Stylizer
from vidstyle.neural.weights import Weights, load_weights

Image = NDArray[np.uint8]  # (H, W, 3), RGB

SAMPLES = Path(__file__).parent.parent / "samples"
CLIP, STYLE = SAMPLES / "bunny.gif", SAMPLES / "styles" / "cubist.png"
EVALUATIONS, REPEATS, FRAMES = 10, 5, 6
SIDES = (128, 256, 512)


def seconds(work: Callable[[], object]) -> float:
    """The median time of REPEATS calls, after one that is not counted."""
    work()
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def share_in_onednn(side: int, precision: str) -> float:
    """Of an evaluation's time, from oneDNN's own log of another process."""
    command = [sys.executable, __file__, "--evaluate", str(side), precision]
    log = subprocess.run(command, env={**os.environ, "ONEDNN_VERBOSE": "1"}, capture_output=True, text=True, check=True)
    _, after = log.stdout.split("BEGIN\n")
    inside = sum(float(line.rsplit(",", 1)[1]) for line in after.splitlines() if ",exec," in line)
    took = re.search(r"TOOK (\S+)", after)
    assert took
    return inside / float(took[1])


def evaluate(side: int, precision: Precision) -> None:
    """What share_in_onednn() watches."""
    engine, content = engine_for(side, precision)
    engine.paint(content, content, EVALUATIONS)
    print("BEGIN", flush=True)
    begin = time.perf_counter()
    engine.paint(content, content, EVALUATIONS)
    print(f"TOOK {1000 * (time.perf_counter() - begin)}", flush=True)


def engine_for(side: int, precision: Precision) -> tuple[Engine, Picture]:
    """The engine for frames of the sample clip of this longer side, and the first of them."""
    config = Config(styles=(Style(STYLE),), precision=precision)
    size = (side * 9 // 16, side)
    with open_clip(CLIP) as clip:
        content = resize(next(clip.frames()).image, size)
    return Stylizer(config, load_weights("vgg16"), [load_picture(STYLE).image]).engine(size), content


def frames_after(
    frames: list[Image], weights: Weights, style: Image, quality: Quality
) -> tuple[list[FrameResult], float]:
    """The results of the frames in a quality, and the median time of those that had a time to settle."""
    config = Config(styles=(Style(STYLE),), quality=quality)
    stylizer, shots = Stylizer(config, weights, [style]), [Shot(0, len(frames))]
    painted = stylizer.clip(frames, shots, blend=lambda index: Blend(shares_at(config)))  # as in a run
    results = [result for result in painted if result is not None]
    return results, statistics.median(result.seconds for result in results[2:])


def median_evaluations(results: list[FrameResult]) -> int:
    """Of the frames after the first."""
    return int(statistics.median(result.evaluations for result in results[1:]))


def still_background(frames: list[Image]) -> list[Image]:
    """The first frame all the time, on which a small piece of the last one wanders."""
    clip = []
    for step in range(2 * FRAMES):
        frame = frames[0].copy()
        top, left = 60 + step % 5, 100 + 2 * step % 7
        frame[top : top + 32, left : left + 40] = frames[-1][40:72, 90:130]
        clip.append(frame)
    return clip


def main() -> None:
    """Measure, and print the table."""
    weights, style = load_weights("vgg16"), load_picture(STYLE).image
    with open_clip(CLIP) as clip:
        everything = [frame.image for frame in clip.frames()]
    frames = list(islice(everything, FRAMES))
    content = frames[0].astype(np.float32)
    rows: list[tuple[str, float, str]] = []

    def row(what: str, took: float, note: str = "") -> None:
        rows.append((what, took, note))
        print(f"{what}: {took:.4g} s {note}", flush=True)

    each: dict[tuple[int, str], float] = {}
    for precision in ("float32", "bfloat16"):
        for side in SIDES:
            engine, picture = engine_for(side, precision)
            each[side, precision] = seconds(lambda: engine.paint(picture, picture, EVALUATIONS)) / EVALUATIONS  # noqa: B023
            note = f"{share_in_onednn(side, precision):.0%} inside oneDNN"
            row(f"evaluation, {side}x{side * 9 // 16}, {precision}", each[side, precision], note)
    row(
        "four times the pixels, bfloat16",
        each[512, "bfloat16"],
        f"{each[512, 'bfloat16'] / each[256, 'bfloat16']:.2f} x",
    )
    torch_loop = torch_evaluation(weights, style, content)
    if torch_loop is not None:
        took = seconds(torch_loop)
        row("evaluation in PyTorch, float32", took, f"{took / each[256, 'bfloat16']:.1f} x vidstyle's")

    results, after = frames_after(frames, weights, style, "normal")
    row("a frame after the first, 256x144", after, f"{median_evaluations(results)} evaluations")
    drafts, after_draft = frames_after(frames, weights, style, "draft")
    row("the same in draft quality", after_draft, f"{median_evaluations(drafts)} evaluations")
    drafts, still = frames_after(still_background(frames), weights, style, "draft")
    note = f"{median_evaluations(drafts)} evaluations; {after_draft / still:.1f} x faster"
    row("the same where only 32x40 pixels change", still, note)

    goal = 0.4 * results[-1].losses["content"] + results[-1].losses["style"]
    begin = time.perf_counter()
    steps, loss = plain_adam(weights, style, Style(STYLE), frames[-1].astype(np.float32), goal)
    plain = time.perf_counter() - begin
    reached = "the same loss" if loss <= goal else f"only {loss / goal:.3f} times its loss"
    row("the same frame by plain Adam, float32", plain, f"{steps} evaluations, {reached}; {plain / after:.0f} x")

    for quality in ("normal", "draft"):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "vidstyle", "run", str(CLIP), "--style", str(STYLE), "--quality", quality]
            begin = time.perf_counter()
            subprocess.run([*command, "-q", "-o", f"{folder}/out.gif"], check=True)
            job = time.perf_counter() - begin
        note = f"plain Adam, extrapolated: {plain * len(everything) / job:.0f} x as long"
        row(f"the sample job, {len(everything)} frames, {quality} quality, from cold start", job, note)

    with tempfile.TemporaryDirectory() as folder:
        options = ["--size", "1920", "--end", "0.01", "--first-evaluations", str(EVALUATIONS)]
        command = [sys.executable, "-m", "vidstyle", "run", str(CLIP), "--style", str(STYLE), *options]
        begin = time.perf_counter()
        subprocess.run([*command, "-q", "-o", f"{folder}/out.png"], check=True)
        took = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20  # of the largest child, which this was
    row(f"a still of 1920x1080, {EVALUATIONS} evaluations, from cold start", took, f"{peak:.1f} GB of memory at most")

    table = ["| what | seconds | |", "| --- | --- | --- |", *(f"| {w} | {t:.4g} | {n} |" for w, t, n in rows)]
    machine = f"{os.cpu_count()} cores, {'bfloat16' if native_bfloat16() else 'no bfloat16'} in hardware"
    text = "\n".join([f"{platform.machine()}, {machine}, Python {platform.python_version()}", "", *table, ""])
    print(f"\n{text}")
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--evaluate"]:
        evaluate(int(sys.argv[2]), cast("Precision", sys.argv[3]))
    else:
        main()
