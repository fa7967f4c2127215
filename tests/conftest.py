"""A small real clip and paintings for all tests: samples/ scaled down once."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from vidstyle.media import ClipInfo, Frame, create_clip, open_clip

SAMPLES = Path(__file__).parent.parent / "samples"


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A folder with clip.gif (4 frames, 48x27, 80 ms, for ever), cubist.png and swirl.png (64x64)."""
    folder = tmp_path_factory.mktemp("small")
    size = (48, 27)
    info = ClipInfo("gif", *size, frame_count=4, tick=Fraction(8, 100), loop=0)
    with open_clip(SAMPLES / "bunny.gif") as clip, create_clip(folder / "clip.gif", info) as writer:
        for frame in clip.frames(Fraction(0), Fraction(32, 100)):
            picture = PIL.Image.fromarray(frame.image).resize(size, PIL.Image.Resampling.LANCZOS)
            writer.write(Frame(np.asarray(picture), frame.duration))
    for name in ("cubist", "swirl"):
        picture = PIL.Image.open(SAMPLES / "styles" / f"{name}.png").convert("RGB")
        picture.resize((64, 64), PIL.Image.Resampling.LANCZOS).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def vidstyle():
    """The command as a real process: its arguments -> exit code, standard output, standard error."""

    def run(*arguments, cwd=None):
        command = [sys.executable, "-m", "vidstyle", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)
        return done.returncode, done.stdout, done.stderr

    return run
