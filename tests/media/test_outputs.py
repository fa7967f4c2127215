"""Where outputs go: names, refusals before the first frame, and what is never touched."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vidstyle.errors import ExistsError, OutputError
from vidstyle.media import Frame, WriteOptions, create_clip, default_extension
from vidstyle.media.registry import is_folder_output, replaces


@pytest.mark.parametrize(
    ("name", "format", "extension"),
    [
        ("a.gif", "gif", ".gif"),
        ("a.png", "apng", ".apng"),
        ("a.png", "png", ".png"),
        ("a.JPEG", "jpeg", ".JPEG"),
        ("a.m4v", "mp4", ".m4v"),
        ("a.gif", "mkv", ".mkv"),
        ("a.gif", "png", ".png"),
        ("a", "animated webp", ".webp"),
    ],
)
def test_the_extension_of_an_output_of_the_same_kind(name, format, extension):
    assert default_extension(Path(name), format) == extension


def test_names_of_folders(tmp_path):
    assert is_folder_output("out/")
    assert is_folder_output("out")
    assert is_folder_output(tmp_path)
    assert not is_folder_output("out.gif")
    assert not is_folder_output("out/a_%d.png")


@pytest.mark.parametrize("name", ["50%done.png", "50%d.gif"])
def test_a_percent_sign_in_a_name(kit, tmp_path, name):
    kit.write(tmp_path / name, kit.frames(1), frame_count=1, format="png")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_comes_to_be_there_meanwhile_stays(kit, tmp_path):
    path = tmp_path / "o.gif"
    with pytest.raises(ExistsError, match="exists already"), create_clip(path, kit.info_of(kit.frames(1))) as writer:
        writer.write(kit.frames(1)[0])
        path.write_text("somebody's")
    assert path.read_text() == "somebody's"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["out/", "f_%06d.png"])
def test_frames_that_come_to_be_there_meanwhile_stay(kit, tmp_path, name):
    frames = kit.frames(2)
    first = tmp_path / name / "frame_000001.png" if name.endswith("/") else tmp_path / "f_000001.png"
    with (
        pytest.raises(ExistsError, match="holds frames already"),
        create_clip(f"{tmp_path}/{name}", kit.info_of(frames)) as writer,
    ):
        for each in frames:
            writer.write(each)
        first.write_text("somebody's")
    assert first.read_text() == "somebody's"
    assert list(first.parent.iterdir()) == [first]


def test_only_names_that_a_pattern_gives_are_replaced_by_its_frames(tmp_path):
    assert replaces(tmp_path / "f_%04d.png", tmp_path / "f_0001.png")
    assert not replaces(tmp_path / "f_%04d.png", tmp_path / "f_1.png")
    assert not replaces(tmp_path / "f_%04d.gif", tmp_path / "f_0001.gif")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("o.gfi", r"did you mean '\.gif'"),
        ("o_%d.gf", "unknown extension"),
        ("none/o.gif", "does not exist"),
        ("none/o_%d.png", "does not exist"),
        ("file/o.gif", "is a file, not a folder"),
        ("file/", "is a file|cannot be written"),
        ("x" * 300 + ".gif", "too long"),
        ("x" * 252 + ".gif", "too long"),
        ("o.png", "one picture.*3 frames"),
        ("pipe.gif", "no regular file"),
    ],
)
def test_outputs_that_cannot_be_are_refused_before_the_first_frame(kit, tmp_path, name, message):
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe.gif")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OutputError, match=message) as caught:
        create_clip(f"{tmp_path}/{name}", kit.info_of(kit.frames(3)), WriteOptions(overwrite=name == "pipe.gif"))
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


def test_a_second_frame_into_a_still_is_refused_when_it_comes(kit, tmp_path):
    clip = kit.frames(2)
    with pytest.raises(OutputError, match="one picture"):
        kit.write(tmp_path / "o.png", clip, frame_count=None)
    assert list(tmp_path.iterdir()) == []


def test_a_long_name_that_fits_is_written(kit, tmp_path):
    path = kit.write(tmp_path / ("x" * 251 + ".png"), kit.frames(1))
    assert kit.read(path)


def test_a_users_folder_is_never_emptied(kit, tmp_path):
    out = tmp_path / "pictures"
    out.mkdir()
    kit.write(out / "holiday.png", kit.frames(1))
    for options in (WriteOptions(), WriteOptions(overwrite=True)):
        with pytest.raises(OutputError, match=r"holiday\.png"):
            create_clip(out, kit.info_of(kit.frames(2)), options)
    assert [entry.name for entry in out.iterdir()] == ["holiday.png"]


def test_a_pattern_leaves_other_files_alone(kit, tmp_path):
    for name in ("f_1.png", "f_2.png", "f_3.png", "f_03.png", "other.png"):
        kit.write(tmp_path / name, kit.frames(1))
    with pytest.raises(OutputError, match="--overwrite"):
        create_clip(tmp_path / "f_%d.png", kit.info_of(kit.frames(2)))
    kit.write(tmp_path / "f_%d.png", kit.frames(2), WriteOptions(overwrite=True))
    assert sorted(os.listdir(tmp_path)) == ["f_03.png", "f_1.png", "f_2.png", "other.png"]


def test_names_of_the_frames(kit, tmp_path):
    kit.write(f"{tmp_path}/new/frames/", kit.frames(2))
    assert sorted(os.listdir(tmp_path / "new" / "frames")) == ["frame_000001.png", "frame_000002.png"]


def test_an_empty_folder_is_filled(kit, tmp_path):
    (tmp_path / "out").mkdir()
    kit.write(tmp_path / "out", kit.frames(2))
    assert len(kit.read(tmp_path / "out")) == 2


def test_a_link_is_followed(kit, tmp_path):
    (tmp_path / "real").mkdir()
    target = kit.write(tmp_path / "real" / "a.png", kit.frames(1))
    (tmp_path / "link.png").symlink_to(target)
    kit.write(tmp_path / "link.png", [Frame(kit.painting(), Fraction(1))], WriteOptions(overwrite=True))
    assert (tmp_path / "link.png").is_symlink()
    assert np.array_equal(kit.read(target)[0].image, kit.painting())


def test_a_full_disk_is_an_output_error(kit, tmp_path, monkeypatch):
    from vidstyle.media import still_writer

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(still_writer, "save_still", full)
    with pytest.raises(OutputError, match=r"o\.png: cannot be written: No space left on device"):
        kit.write(tmp_path / "o.png", kit.frames(1))
    assert list(tmp_path.iterdir()) == []


def test_what_comes_into_the_folder_meanwhile_stays(kit, tmp_path):
    frames = kit.frames(2)
    with create_clip(tmp_path / "out", kit.info_of(frames)) as writer:
        for each in frames:
            writer.write(each)
        (tmp_path / "out" / ".DS_Store").touch()
    assert len(list((tmp_path / "out").glob("frame_*.png"))) == 2 and (tmp_path / "out" / ".DS_Store").exists()


def test_a_folder_in_which_a_run_was_killed_is_filled(kit, tmp_path):
    out = tmp_path / "out"
    (out / ".frames.4711-0.part").mkdir(parents=True)
    kit.write(out, kit.frames(2))
    assert sorted(path.name for path in out.glob("*.png")) == ["frame_000001.png", "frame_000002.png"]
    (out / ".frames.notes").touch()
    with pytest.raises(OutputError, match=r"holds other files \(\.frames\.notes\)"):
        kit.write(out, kit.frames(2), WriteOptions(overwrite=True))
