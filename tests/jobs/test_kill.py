"""kill -9 to a real process, again and again."""

import subprocess
import sys

import vidstyle
from vidstyle.jobs.options import JobOptions

SETTINGS = {"first_evaluations": 20, "evaluations": 10, "precision": "float32", "loop": "on"}


def test_killed_runs_end_with_the_bytes_of_a_whole_one(small, tmp_path):
    clip, styles = small / "clip.gif", [small / "cubist.png"]
    vidstyle.stylize_clip(clip, styles, tmp_path / "whole.gif", **SETTINGS)
    output = tmp_path / "out.gif"
    options = [part for name, value in SETTINGS.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    command = [sys.executable, "-m", "vidstyle", "run", clip, "--style", *styles]
    for frame in (1, 3):
        process = subprocess.Popen([*command, "-o", output, *options], stderr=subprocess.PIPE, text=True)
        while not process.stderr.readline().startswith(f"frame {frame} of 4"):
            assert process.poll() is None
        process.kill()
        process.communicate()
        assert not output.exists() and len(list(tmp_path.glob(".out.gif.job/*.frame"))) >= frame
    vidstyle.stylize_clip(clip, styles, output, job=JobOptions(), **SETTINGS)
    assert output.read_bytes() == (tmp_path / "whole.gif").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.gif", "whole.gif"]
