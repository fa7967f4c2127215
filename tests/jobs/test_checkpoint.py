"""A run that was stopped goes on, and ends with the bytes of one never stopped."""

import errno
import json
import os
import shutil
import subprocess
import sys
import weakref
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import vidstyle
from vidstyle.errors import OptionError, OutputError
from vidstyle.jobs import checkpoint, store
from vidstyle.jobs.lock import Lock
from vidstyle.jobs.options import JobOptions
from vidstyle.media import ClipInfo, Frame, WriteOptions, create_clip
from vidstyle.neural.engine import Engine
from vidstyle.report import versions

QUICK = {"first_evaluations": 6, "evaluations": 2, "precision": "float32"}
FRAMES = 10


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A loop of two shots."""
    path = tmp_path_factory.mktemp("clip") / "clip.apng"
    ground = np.random.default_rng(1).integers(0, 255, (2, 8, 12, 3)).repeat(4, 1).repeat(4, 2).astype(np.uint8)
    info = ClipInfo("apng", 48, 32, frame_count=FRAMES, tick=Fraction(1, 10), loop=0)
    with create_clip(path, info) as writer:
        for index in range(FRAMES):
            writer.write(Frame(np.roll(ground[index // 5], index % 5, 1), Fraction(1, 10)))
    return path


def paint(clip, small, output, progress=None, job=JobOptions(), **settings):
    return vidstyle.stylize_clip(
        clip, [small / "cubist.png"], output, progress=progress, job=job, loop="on", **{**QUICK, **settings}
    )


@pytest.fixture(scope="module")
def whole(clip, small, tmp_path_factory):
    """The report and the bytes of a run that was not stopped, and kept nothing."""
    path = tmp_path_factory.mktemp("whole") / "out.apng"
    report = paint(clip, small, path, job=None)
    assert report.as_dict()["shots"] == [[0, 5], [5, 10]]
    return report, path.read_bytes()


def stop_in(index, error=KeyboardInterrupt):
    """Progress that stops a run in the midst of a frame, once those before it are finished."""
    finished = set()

    def heard(step):
        if step.result is not None:
            finished.add(step.index)
        elif step.evaluations and step.index == index and index - 1 in {-1, *finished}:
            raise error

    return heard


def stopped(clip, small, output, index, **settings):
    with pytest.raises(KeyboardInterrupt) as stop:
        paint(clip, small, output, stop_in(index), **settings)
    assert not output.exists()
    return str(stop.value), output.with_name(f".{output.name}.job")


def goes_on(clip, small, output, whole, **settings):
    """The frames that the same call still paints; its output must be that of `whole`."""
    painted = []
    report = paint(clip, small, output, lambda step: step.result is not None and painted.append(step.index), **settings)
    assert output.read_bytes() == whole[1]
    assert [row["loss"] for row in report.frames] == [row["loss"] for row in whole[0].frames]
    assert [row["evaluations"] for row in report.frames] == [row["evaluations"] for row in whole[0].frames]
    assert [path.name for path in output.parent.iterdir()] == [output.name]
    return painted


def test_it_goes_on_wherever_it_was_stopped(clip, small, whole, tmp_path):
    output = tmp_path / "out.apng"
    for index in (2, 5, 8):  # in the first shot, between the shots, while the end leads into the beginning
        said, folder = stopped(clip, small, output, index)
        assert said == f"{index} finished frames are kept, the same command goes on from there"
        assert len(list(folder.glob("*.frame"))) == index
        assert len(list(folder.glob("*.state"))) <= 2
    assert goes_on(clip, small, output, whole) == [8, 9]


def test_nothing_is_kept_where_nothing_is_finished(clip, small, tmp_path):
    said, _ = stopped(clip, small, tmp_path / "new" / "out", 0)
    assert said == "" and list(tmp_path.iterdir()) == []


def test_what_was_painted_before_the_first_frame_is_kept(clip, small, whole, tmp_path):
    output = tmp_path / "out.apng"
    folder = output.with_name(f".{output.name}.job")

    def heard(step):
        if list(folder.glob("*.state")):  # that after the lead
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^what was begun is kept, the same command goes on from there$"):
        paint(clip, small, output, heard)
    assert not list(folder.glob("*.frame"))
    assert goes_on(clip, small, output, whole) == [*range(FRAMES)]


def test_damaged_entries_are_computed_again(clip, small, whole, tmp_path):
    _, folder = stopped(clip, small, tmp_path / "out.apng", 8)
    *_, newest = sorted(folder.glob("*.state"))
    for entry in (folder / "00000006.frame", newest):
        content = bytearray(entry.read_bytes())
        content[-100] ^= 1
        entry.write_bytes(content)
    (folder / "00000001.frame").write_bytes(b"")
    painted = goes_on(clip, small, tmp_path / "out.apng", whole)
    assert {1, 6, 8, 9} <= set(painted) and not {2, 3, 4} & set(painted)


def test_several_passes_go_on_shot_by_shot(clip, small, tmp_path):
    paint(clip, small, tmp_path / "whole.apng", job=None, passes=2)
    stopped(clip, small, tmp_path / "out.apng", 5, passes=2)
    paint(clip, small, tmp_path / "out.apng", passes=2)
    assert (tmp_path / "out.apng").read_bytes() == (tmp_path / "whole.apng").read_bytes()


@pytest.fixture(scope="module")
def begun(clip, small, tmp_path_factory):
    """An output whose job was stopped in its third frame."""
    output = tmp_path_factory.mktemp("begun") / "out.apng"
    stopped(clip, small, output, 2)
    return output


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"content_weight": 0.7}, "begun with --content-weight 0.4, now it is 0.7; give"),
        ({"evaluations": 5}, "begun with --evaluations 2, now it is 5; give"),
        ({"size": 24}, "begun with --size nothing, now it is 24; give"),
    ],
)
def test_another_setting_is_refused(clip, small, begun, settings, words):
    with pytest.raises(OptionError, match=words):
        paint(clip, small, begun, **settings)


def test_another_input_is_refused(clip, small, begun, tmp_path):
    other = tmp_path / clip.name
    other.write_bytes(clip.read_bytes() + b" ")
    with pytest.raises(OptionError, match=r"begun with INPUT clip.apng \(sha256 \w+\), now it is clip.apng \(sha256"):
        paint(other, small, begun)


def test_another_version_is_refused(clip, small, begun, monkeypatch):
    monkeypatch.setattr("vidstyle.jobs.manifest.versions", lambda: {**versions(), "tensorflow": "1.0"})
    with pytest.raises(OptionError, match=r"begun with tensorflow version 2\.\d+\.\d+, now it is 1\.0; give"):
        paint(clip, small, begun)


def test_a_second_run_is_refused_and_a_dead_one_makes_way(clip, small, begun):
    folder = begun.with_name(".out.apng.job")
    with Lock(folder), pytest.raises(OutputError, match=f"another run works on this job .process {os.getpid()}"):
        paint(clip, small, begun)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (folder / "lock").write_text(str(dead.pid))
    (folder / "00000002.frame.part").write_bytes(b"half")
    begun.with_name(f".out.{dead.pid}-0.part.apng").write_bytes(b"half")
    other = begun.with_name(f".out.{os.getppid()}-0.part.apng")
    other.touch()
    stopped(clip, small, begun, 3)
    assert [path.name for path in begun.parent.iterdir() if "part" in path.name] == [other.name]
    assert not list(folder.glob("*.part"))


def test_restart_begins_anew(clip, small, whole, begun, tmp_path):
    shutil.copytree(begun.with_name(".out.apng.job"), tmp_path / ".out.apng.job")
    manifest = tmp_path / ".out.apng.job" / "job.json"
    manifest.write_text(manifest.read_text().replace("0.4", "0.7"))
    with pytest.raises(OptionError, match=r"begun with --content-weight 0.7, now it is 0.4"):
        paint(clip, small, tmp_path / "out.apng")
    job = JobOptions(restart=True)
    assert goes_on(clip, small, tmp_path / "out.apng", whole, job=job) == list(range(FRAMES))


def test_a_kept_job_paints_nothing_twice(clip, small, whole, tmp_path):
    options = JobOptions(tmp_path / "kept", keep=True)
    paint(clip, small, tmp_path / "one.apng", job=options)
    assert len(list((tmp_path / "kept").glob("*.frame"))) == FRAMES
    heard = []
    paint(clip, small, tmp_path / "two.apng", heard.append, job=replace(options, keep=False))
    assert heard[0].plan.kept == FRAMES and len(heard) == 1
    assert (tmp_path / "one.apng").read_bytes() == (tmp_path / "two.apng").read_bytes() == whole[1]
    assert not (tmp_path / "kept").exists()


def test_a_folder_of_others_is_left_alone(clip, small, tmp_path):
    for name in ("mine.txt", "film.mp4.part", "my.frame", "my.state"):
        (tmp_path / name).touch()
        with pytest.raises(OutputError, match=rf"holds other files \({name}\); give --job a new folder"):
            paint(clip, small, tmp_path.with_name("out.apng"), job=JobOptions(tmp_path))
        assert [path.name for path in tmp_path.iterdir()] == [name]
        (tmp_path / name).unlink()


def test_a_full_disk_keeps_what_is_finished(clip, small, tmp_path, monkeypatch):
    save = store.save

    def full(path, facts, arrays):
        if path.name > "00000003.frame":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(path, facts, arrays)

    with monkeypatch.context() as patch:
        patch.setattr(store, "save", full)
        with pytest.raises(
            OutputError, match=r"cannot be written: No space left on device; \d finished frames are kept"
        ):
            paint(clip, small, tmp_path / "out.apng")
    assert not (tmp_path / "out.apng").exists()


def test_what_was_known_is_not_kept_beside_what_is(clip, small, tmp_path, monkeypatch):
    """Once it is saved: of 1920x1080 it is a third of a GB."""
    original, save = Engine.paint, store.save
    refs, kept = [], []

    def paint_one(self, content, start, evaluations, memory=None, *more, **named):
        if memory is not None:
            refs.append(weakref.ref(memory.known.steps))
        return original(self, content, start, evaluations, memory, *more, **named)

    def save_one(path, facts, arrays):
        refs.extend(weakref.ref(array) for name, array in arrays.items() if name.startswith("memory"))
        save(path, facts, arrays)

    def heard(step):
        if step.evaluations and step.result is None:
            kept.append(sum(ref() is not None for ref in refs))

    monkeypatch.setattr(Engine, "paint", paint_one)
    monkeypatch.setattr(store, "save", save_one)
    monkeypatch.setattr(checkpoint, "PATIENCE", 0)
    paint(clip, small, tmp_path / "out.apng", heard)
    assert len(refs) > 10 and len(kept) > 10 and not any(kept)


def test_a_run_that_is_refused_leaves_the_lock_as_it_was(clip, small, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        paint(clip, small, tmp_path / "out.apng", stop_in(1))
    lock = tmp_path / ".out.apng.job" / "lock"
    lock.write_text("4711")  # a run that was killed, whose parts are still to be removed
    (tmp_path / ".out.4711-1.part.apng").touch()
    with pytest.raises(OptionError, match="this job was begun with"):
        paint(clip, small, tmp_path / "out.apng", seed=7)
    paint(clip, small, tmp_path / "out.apng")
    assert [path.name for path in tmp_path.iterdir()] == ["out.apng"]


def test_another_style_is_named_as_it_was_given(clip, small, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        paint(clip, small, tmp_path / "out.apng", stop_in(1))
    swirl = [f"{small}/swirl.png:2@1s"]
    with pytest.raises(OptionError, match=r"with --style cubist\.png \(sha256 \w+\), now it is swirl\.png .*weight 2"):
        vidstyle.stylize_clip(clip, swirl, tmp_path / "out.apng", job=JobOptions(), **QUICK)


def test_outputs_of_long_names_have_jobs_of_their_own(tmp_path):
    names = [f"{'ü' * 120}{end}.gif" for end in "ab"]
    one, other = (JobOptions().place(tmp_path / name) for name in names)
    assert one != other and one == JobOptions().place(tmp_path / names[0])
    one.mkdir()


def test_a_budget_chooses_once(clip, small, tmp_path):
    output = tmp_path / "out.apng"
    with pytest.raises(KeyboardInterrupt):
        vidstyle.stylize_clip(
            clip, [small / "cubist.png"], output, progress=stop_in(1), job=JobOptions(), budget=1000, **QUICK
        )
    manifest = tmp_path / ".out.apng.job" / "job.json"
    stored = json.loads(manifest.read_text())
    assert stored["fitted"] == {"budget": 1000, "quality": "fine", "size": None}
    # On a machine that has become slower another choice would be made, and refused.
    stored["fitted"]["quality"] = stored["manifest"]["--quality"] = "draft"
    manifest.write_text(json.dumps(stored))
    report = vidstyle.stylize_clip(
        clip, [small / "cubist.png"], output, write=WriteOptions(), job=JobOptions(), budget=1000, **QUICK
    )
    assert report.as_dict()["settings"]["quality"] == "draft"
    output.unlink()
    with pytest.raises(KeyboardInterrupt):
        vidstyle.stylize_clip(
            clip, [small / "cubist.png"], output, progress=stop_in(1), job=JobOptions(), budget=1000, **QUICK
        )
    with pytest.raises(OptionError, match="this job was begun with --quality fine, now it is draft"):
        vidstyle.stylize_clip(
            clip, [small / "cubist.png"], output, job=JobOptions(), budget=1000, quality="draft", **QUICK
        )
