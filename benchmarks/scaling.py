"""What a two-hour film costs on N machines, from figures that were measured on one; `make scaling` prints the table.

    python benchmarks/scaling.py            the table of docs/scaling.md
    python benchmarks/scaling.py --measure  the figures of this machine, for MEASURED below

A machine is one worker with two cores. Shots are handed out in the order of the film, as Ray does; the one that gives
them out looks for the shots first, then collects the frames in order, decodes the source again and encodes.
"""

from __future__ import annotations

import argparse
import heapq
import os
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np

from vidstyle.config import QUALITIES
from vidstyle.motion.shots import OVERLAP, Shot, split

WIDTH, HEIGHT, RATE, HOURS, SHOTS = 1920, 1080, 24, 2, 1500
SPREAD = 0.9  # sigma of the log-normal lengths of shots; of feature films 0.7 to 1.1
MACHINES = (1, 3, 10, 30, 100, 300, 1000)
PARTS = (None, 10, 4)  # seconds of --split-seconds
EFFORT = QUALITIES["normal"]

CORES = 2  # of a machine, over which all of it is spread

# Processor seconds, by --measure on an AMD EPYC with AVX512-BF16.
MEASURED = {
    "evaluation": 6.28e-6,  # seconds a pixel, loss and gradient
    "carry": 4.87,  # seconds a frame of 1080p: flow to the frames before, masks of reliability
    "decode": 0.034,  # seconds a frame of 1080p H.264
    "survey": 0.0112,  # seconds a frame, besides decoding: looking for cuts and for what changes
    "merge": 0.334,  # seconds a frame: the entry of the job folder, and encoding H.264
    "startup": 16.5,  # seconds until a worker paints: Ray, TensorFlow, the graphs
}


def lengths() -> list[Shot]:
    """The shots of the film; always the same."""
    drawn = np.random.default_rng(1).lognormal(0, SPREAD, SHOTS)
    cuts = np.rint(np.cumsum(drawn) / drawn.sum() * HOURS * 3600 * RATE).astype(int)
    return [Shot(int(a), int(b)) for a, b in zip([0, *cuts], cuts, strict=False) if b > a]


def seconds(shot: Shot) -> tuple[float, float]:
    """What a machine takes for the lead of a part, and for the part."""
    pixels = WIDTH * HEIGHT
    frame = (EFFORT.usual * MEASURED["evaluation"] * pixels + MEASURED["carry"] + MEASURED["decode"]) / CORES
    first = EFFORT.first_evaluations * MEASURED["evaluation"] * pixels / CORES
    count = shot.stop - shot.start
    if shot.joined:
        return first / 2 + (OVERLAP - 1) * frame, count * frame
    return 0.0, first + (count - 1) * frame


def film(machines: int, parts: float | None) -> dict[str, float]:
    """Hours until the film is there, until its shots are painted, and the share of the time in which machines work."""
    shots = lengths()
    if parts is not None:
        shots = split(shots, parts * RATE)
    frames = shots[-1].stop
    begin = frames * (MEASURED["decode"] + MEASURED["survey"]) / CORES
    free = [begin + MEASURED["startup"] / CORES] * machines
    work, merged, painted = 0.0, begin, 0.0
    for shot in shots:
        lead, rest = seconds(shot)
        done = heapq.heappop(free) + lead + rest
        heapq.heappush(free, done)
        work, painted = work + lead + rest, max(painted, done)
        count = shot.stop - shot.start
        # Most frames of a shot wait for those before; the last of them comes when it is done.
        merged = max(merged + count * (MEASURED["decode"] + MEASURED["merge"]) / CORES, done)
    return {"film": merged / 3600, "painted": painted / 3600, "busy": work / (machines * (painted - begin))}


def table() -> str:
    """Markdown."""
    heads = ["whole shots" if parts is None else f"parts of {parts} s" for parts in PARTS]
    lines = [
        "| machines | " + " | ".join(f"{head} | busy" for head in heads) + " |",
        "|" + " ---: |" * (1 + 2 * len(heads)),
    ]
    for machines in MACHINES:
        cells = []
        for parts in PARTS:
            found = film(machines, parts)
            cells += [_hours(found["film"]), f"{found['busy']:.0%}"]
        lines.append(f"| {machines} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _hours(hours: float) -> str:
    return f"{hours / 24:.0f} days" if hours >= 72 else f"{hours:.1f} h"


def measure() -> None:
    """Prints MEASURED for this machine."""
    from vidstyle.config import Config, Style
    from vidstyle.framing import scale_image
    from vidstyle.jobs import store
    from vidstyle.media import ClipInfo, Frame, create_clip, load_picture, open_clip, over_white
    from vidstyle.motion.carry import carry, find_origins
    from vidstyle.motion.shots import find_shots
    from vidstyle.motion.still import Changes

    samples = Path(__file__).parent.parent / "samples"
    style = samples / "styles" / "cubist.png"
    begin = _spent()
    from vidstyle.neural.stylize import PROBE, Stylizer
    from vidstyle.neural.weights import load_weights

    painter = Stylizer(Config((Style(style),)), load_weights("vgg16"), [over_white(load_picture(style))])
    painter.seconds_per_pixel((270, 480))
    print(f"startup: {_spent() - begin:.3g}, and Ray's own 3")
    begin = _spent()
    painter.seconds_per_pixel((270, 480))
    print(f"evaluation: {(_spent() - begin) / (2 * PROBE * 270 * 480):.3g}")
    with open_clip(samples / "bunny.gif") as clip:
        images = [scale_image(frame.image, (WIDTH, HEIGHT)) for frame in clip.frames()][:24]
    with tempfile.TemporaryDirectory() as folder:
        info = ClipInfo("mp4", WIDTH, HEIGHT, frame_count=len(images), tick=Fraction(1, RATE), rate=Fraction(RATE))
        begin = _spent()
        with create_clip(Path(folder) / "film.mp4", info) as writer:
            for image in images:
                writer.write(Frame(image, Fraction(1, RATE)))
        encode = (_spent() - begin) / len(images)
        begin = _spent()
        with open_clip(Path(folder) / "film.mp4") as clip:
            for _ in clip.frames():
                pass
        print(f"decode: {(_spent() - begin) / len(images):.3g}")
        begin = _spent()
        for number, image in enumerate(images):
            store.save(Path(folder) / str(number), {}, {"png": np.frombuffer(_png(image), np.uint8)})
        print(f"merge: {encode + (_spent() - begin) / len(images):.3g}, encoding is {encode:.3g}")
    begin = _spent()
    changes = Changes()
    for image in images:
        changes.watch(image)
    find_shots(images)
    print(f"survey: {(_spent() - begin) / len(images):.3g}")
    begin = _spent()
    carry([image.astype(np.float32) for image in images[:8]], find_origins(images[:8], images[8], "dis"))
    print(f"carry: {_spent() - begin:.3g}")


def _spent() -> float:
    """Processor seconds of this process and of those that it has waited for: other work on the machine is no matter."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _png(image: np.ndarray) -> bytes:
    import io

    import PIL.Image

    file = io.BytesIO()
    PIL.Image.fromarray(image).save(file, "png", compress_level=1)
    return file.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--measure", action="store_true", help="measure this machine instead")
    if parser.parse_args().measure:
        measure()
    else:
        print(table())
