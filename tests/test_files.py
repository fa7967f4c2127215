"""Which files a run writes, and which it never touches."""

import errno
import json
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import vidstyle
from vidstyle.errors import OptionError, OutputError
from vidstyle.jobs.options import JobOptions
from vidstyle.media import ClipInfo, Frame, WriteOptions, create_clip

QUICK = {"first_evaluations": 12, "evaluations": 3, "precision": "float32"}


def test_inputs_are_never_overwritten(tmp_path, small):
    copy = tmp_path / "c.gif"
    copy.write_bytes((small / "clip.gif").read_bytes())
    with pytest.raises(OptionError, match="is an input of this run"):
        vidstyle.stylize_clip(copy, [small / "swirl.png"], copy, write=WriteOptions(overwrite=True))


def test_inputs_are_never_overwritten_by_frames_either(tmp_path, small):
    folder = tmp_path / "fr"
    with create_clip(folder, ClipInfo("folder", 20, 20, 2, Fraction(1, 25)), WriteOptions()) as writer:
        for value in (0, 90):
            writer.write(Frame(np.full((20, 20, 3), value, np.uint8), Fraction(1, 25)))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    links = tmp_path / "links"
    links.mkdir()
    for number in (1, 2):
        (links / f"a{number}.png").symlink_to(folder / f"frame_{number:06d}.png")
    style, pattern = small / "swirl.png", folder / "frame_%06d.png"
    for source, styles, output in (
        (pattern, [style], folder),
        (folder / "*.png", [style], folder),
        (folder, [style], pattern),
        (pattern, [style], pattern),
        (links, [style], pattern),
        (links, [style], links / "a%d.png"),
        (small / "clip.gif", [folder / "frame_000002.png"], folder),
        (small / "clip.gif", [folder / "frame_000002.png"], pattern),
    ):
        with pytest.raises(OptionError, match="an input of this run"):
            vidstyle.stylize_clip(source, styles, output, write=WriteOptions(overwrite=True), **QUICK)
    for source in (folder, pattern, links):
        with pytest.raises(OutputError, match="another file of this run"):
            report = folder / "frame_000001.png"
            overwrite = WriteOptions(overwrite=True)
            vidstyle.stylize_clip(source, [style], tmp_path / "o.gif", report=report, write=overwrite, **QUICK)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert all(path.is_symlink() for path in links.iterdir())


def test_outputs_are_checked_before_anything_is_computed(tmp_path, small):
    (tmp_path / "b.gif").touch()
    (tmp_path / "r.json").touch()
    for output, report in (("b.gif", None), ("c.gif", "r.json"), ("c.gif", "."), ("none/c.gif", None)):
        with pytest.raises(OutputError):
            vidstyle.stylize_clip(
                small / "clip.gif",
                [small / "swirl.png"],
                tmp_path / output,
                report=report and tmp_path / report,
                first_evaluations=100_000,
            )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.gif", "r.json"]


def test_no_file_of_a_run_replaces_another(tmp_path, small):
    within = r"--report .*frames is for the frames alone"
    for output, report, said in (
        ("c.gif", "c.gif", r"--report .*: is another file of this run"),
        ("frames/", "frames/frame_000001.png", within),
        ("frames/", "frames/r.json", within),
    ):
        with pytest.raises(OutputError, match=said):
            vidstyle.stylize_clip(
                small / "clip.gif", [small / "swirl.png"], f"{tmp_path}/{output}", report=tmp_path / report, **QUICK
            )
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_written_through_a_link_and_into_files_only(tmp_path, small):
    def run(report):
        vidstyle.stylize_clip(
            small / "clip.gif",
            [small / "swirl.png"],
            tmp_path / "o.gif",
            report=report,
            end=Fraction(1, 100),
            write=WriteOptions(overwrite=True),
            **QUICK,
        )

    (tmp_path / "real.json").touch()
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    run(tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink() and json.loads((tmp_path / "real.json").read_text())["frames"]
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="pipe: is no regular file"):
        run(tmp_path / "pipe")


def test_where_the_report_cannot_be_written_there_is_no_output(tmp_path, small, monkeypatch):
    def full(self, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(
            OutputError, match=r"--report .*No space left on device\); choose another place; 1 finished"
        ):
            vidstyle.stylize_clip(
                small / "clip.gif",
                [small / "swirl.png"],
                tmp_path / "o.gif",
                report=tmp_path / "new" / "r.json",
                job=JobOptions(),
                end=Fraction(1, 100),
                **QUICK,
            )
    assert [path.name for path in tmp_path.iterdir()] == [".o.gif.job"]
