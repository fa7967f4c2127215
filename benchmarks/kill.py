"""What `make kill` runs: runs killed by kill -9 at random moments and resumed must end with the bytes of a whole one.

Each round begins anew, is killed at one moment, and is then given the same command again. `--rounds N` and `--seed N`
choose how many and which moments.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLES = Path(__file__).parent.parent / "samples"
RUN = [
    *(sys.executable, "-m", "vidstyle", "run", str(SAMPLES / "bunny.gif")),
    *("--style", str(SAMPLES / "styles" / "cubist.png"), "--size", "96", "--end", "0.8"),
    *("--first-evaluations", "20", "--evaluations", "10", "-o"),
]


def run(output: Path, kill_after: float | None = None) -> float | None:
    """Run the command to its end, or kill it so many seconds after it has said what it is about to paint.

    The seconds from there to its end, None if it was killed before.
    """
    process = subprocess.Popen([*RUN, str(output)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    process.stderr.readline()
    begin = time.perf_counter()
    try:
        error = process.communicate(timeout=kill_after)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    if process.returncode:
        sys.exit(f"the command failed: {error.splitlines()[-1]}")
    return time.perf_counter() - begin


def main() -> None:
    """Kill, resume and compare, round by round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "whole.gif")
        seconds = run(whole)
        assert seconds is not None
        wanted = whole.read_bytes()
        killed = resumed = equal = clean = 0
        for number in range(options.rounds):
            place = Path(folder, str(number))
            place.mkdir()
            output = place / "out.gif"
            killed += run(output, moments.uniform(0, seconds)) is None
            frames = len(list(place.glob(".out.gif.job/*.frame")))
            resumed += frames > 0
            if not output.exists():
                run(output)
            equal += output.read_bytes() == wanted
            clean += [path.name for path in place.iterdir()] == ["out.gif"]
            print(f"round {number + 1}: {frames} frames were kept, {equal} of {number + 1} equal", flush=True)
    print(
        f"{options.rounds} rounds: {killed} killed, {resumed} of them with finished frames, "
        f"{equal} ended with the same bytes, {clean} left nothing else"
    )
    sys.exit(equal < options.rounds)


if __name__ == "__main__":
    main()
