"""Painted by Ray's workers: the bytes of one process, whatever happens on the way."""

import contextlib
import os
import shutil
import signal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import vidstyle
from vidstyle.errors import InputError, OptionError, ResourceError
from vidstyle.jobs.executors import executor_for
from vidstyle.jobs.options import JobOptions
from vidstyle.media import ClipInfo, Frame, create_clip

FRAMES = 10
QUICK = {"first_evaluations": 6, "evaluations": 2, "precision": "float32", "loop": "on"}


def make_clip(path, lengths):
    """A loop of shots of so many frames."""
    ground = np.random.default_rng(1).integers(0, 255, (2, 8, 12, 3)).repeat(4, 1).repeat(4, 2).astype(np.uint8)
    info = ClipInfo("apng", 48, 32, frame_count=sum(lengths), tick=Fraction(1, 10), loop=0)
    with create_clip(path, info) as writer:
        for picture, length in zip(ground, lengths, strict=False):
            for step in range(length):
                writer.write(Frame(np.roll(picture, step, 1), Fraction(1, 10)))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.apng", [5, 5])


def paint(clip, small, output, **more):
    return vidstyle.stylize_clip(clip, [small / "cubist.png"], output, **{**QUICK, **more})


@pytest.fixture(scope="module")
def whole(clip, small, tmp_path_factory):
    """The report and the bytes of a run in this process."""
    path = tmp_path_factory.mktemp("whole") / "out.apng"
    return paint(clip, small, path), path.read_bytes()


@pytest.fixture(scope="module")
def ray():
    """The executor, with a worker for each core of this machine."""
    with executor_for("ray") as executor:
        yield executor


def figures(report):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in report.frames]


def test_the_bytes_and_figures_are_those_of_one_process(clip, small, ray, whole, tmp_path):
    heard = []
    report = paint(clip, small, tmp_path / "out.apng", executor=ray, progress=heard.append)
    assert (tmp_path / "out.apng").read_bytes() == whole[1]
    assert figures(report) == figures(whole[0])
    assert heard[0].plan is not None and [step.finished for step in heard[1:]] == list(range(1, FRAMES + 1))


def busy():
    """The processes on this machine that paint for Ray."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if entry.read_bytes().startswith(b"ray::_paint"):
                yield int(entry.parent.name)


def test_a_lost_worker_changes_nothing(clip, small, ray, whole, tmp_path):
    killed = []

    def heard(step):
        if step.result is not None and not killed:
            killed.extend(busy())
            os.kill(killed[0], signal.SIGKILL)

    paint(clip, small, tmp_path / "out.apng", executor=ray, progress=heard)
    assert killed and (tmp_path / "out.apng").read_bytes() == whole[1]


def stop_after(count):
    def heard(step):
        if step.finished == count:
            raise KeyboardInterrupt

    return heard


def test_it_goes_on_with_and_without_ray(clip, small, ray, whole, tmp_path):
    output = tmp_path / "out.apng"
    job = {"job": JobOptions()}
    with pytest.raises(KeyboardInterrupt, match="3 finished frames are kept"):
        paint(clip, small, output, executor=ray, progress=stop_after(3), **job)
    with pytest.raises(KeyboardInterrupt):
        paint(clip, small, output, executor=ray, progress=stop_after(6), **job)
    shutil.copytree(tmp_path / ".out.apng.job", tmp_path / ".here.apng.job")
    heard = []
    paint(clip, small, output, executor=ray, progress=heard.append, **job)
    paint(clip, small, tmp_path / "here.apng", **job)
    assert output.read_bytes() == (tmp_path / "here.apng").read_bytes() == whole[1]
    assert heard[0].plan.kept >= 3


def test_what_fails_in_a_worker_fails_here(ray):
    def paint(name):
        raise InputError(f"{name}: is gone")

    assert [str(error) for error in ray.map(paint, ["a.gif", "b.gif"])] == ["a.gif: is gone", "b.gif: is gone"]


def test_an_item_that_ends_its_worker_is_the_only_one_that_fails(ray):
    def attempt(number):
        return os._exit(1) if number == 1 else number

    first, lost, last = ray.map(attempt, range(3))
    assert (first, last) == (0, 2)
    assert isinstance(lost, ResourceError)


def test_parts_of_a_shot_are_the_same_everywhere(small, ray, tmp_path):
    clip = make_clip(tmp_path / "clip.apng", [48])
    split = {"split_seconds": 2.4}
    whole = paint(clip, small, tmp_path / "whole.apng", **split)
    assert whole.as_dict()["shots"] == [[0, 24], [24, 48]]
    paint(clip, small, tmp_path / "ray.apng", executor=ray, **split)
    assert (tmp_path / "ray.apng").read_bytes() == (tmp_path / "whole.apng").read_bytes()

    def stop(step):
        if step.index == 15 and step.result is not None:  # while the first part goes over into the second
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint(clip, small, tmp_path / "stopped.apng", progress=stop, job=JobOptions(), **split)
    paint(clip, small, tmp_path / "stopped.apng", job=JobOptions(), **split)
    assert (tmp_path / "stopped.apng").read_bytes() == (tmp_path / "whole.apng").read_bytes()
    # Nowhere does the paint jump, as it would if the second part began anew.
    errors = [row["warp_error"] for row in whole.frames[1:]]
    assert errors[23] < 2 * sum(errors) / len(errors)


def test_a_batch_is_painted_by_workers(clip, small, ray, whole, tmp_path):
    names = ["one.apng", "two.apng"]

    def attempt(name):
        return paint(clip, small, tmp_path / name).totals["frames"]

    assert list(ray.map(attempt, names)) == [FRAMES, FRAMES]
    assert {(tmp_path / name).read_bytes() for name in names} == {whole[1]}


def test_without_ray_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"^--executor ray: .* install it with: pip install 'vidstyle\[ray\]'$"):
        executor_for("ray")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--executor", "rya"], "unknown executor 'rya': did you mean 'ray'?"),
        (["--ray-address", "here:1"], "--ray-address here:1: is for --executor ray; give that too"),
    ],
)
def test_the_options_are_checked(vidstyle, small, options, words):
    code, _, said = vidstyle("run", small / "clip.gif", "--style", small / "cubist.png", *options)
    assert code == 2 and words in said


def test_an_address_where_nothing_answers_is_an_error_at_once():
    with (
        executor_for("ray", "127.0.0.1:1") as executor,
        pytest.raises(OptionError, match=r"^--ray-address 127\.0\.0\.1:1: no "),
    ):
        _ = executor.workers
