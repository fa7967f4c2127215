"""Files that would have no end, and names that look like something else."""

import os
import shutil
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vidstyle.config import Style
from vidstyle.errors import InputError, OutputError, VidstyleError
from vidstyle.media import ClipInfo, Frame, ReadOptions, create_clip, ffmpeg, guard, load_picture, open_clip
from vidstyle.neural.weights import load_weights
from vidstyle.pipeline import stylize_clip
from vidstyle.result_file import ResultFile
from vidstyle.settings_file import load_settings


def gif_of(side, frames):
    """A GIF of `side` x `side` whose frames are one pixel each."""
    head = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    return head + (b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00") * frames + b";"


def test_frames_and_pixels_are_bounded_before_any_is_decoded(tmp_path, monkeypatch):
    path = tmp_path / "a.gif"
    path.write_bytes(gif_of(100, 201))
    with pytest.raises(InputError, match="201 frames of 100x100 are too much to decode: raise --max-pixels"):
        open_clip(path, ReadOptions(max_pixels=10_000))
    assert open_clip(path, ReadOptions(max_pixels=10_050)).info.frame_count == 201
    monkeypatch.setattr(guard, "MAX_FRAMES", 200)
    with pytest.raises(InputError, match="more than 200 frames"):
        open_clip(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.gif")
    for path in (tmp_path / "a.gif", "/dev/zero"):
        with pytest.raises(InputError, match="no regular file"):
            open_clip(path)


def test_ffmpeg_that_is_stuck_or_has_no_end_is_ended(monkeypatch):
    endless = ["-f", "lavfi", "-i", "testsrc=size=64x64", "-f", "rawvideo", "-"]
    monkeypatch.setattr(ffmpeg, "_MOST_OUTPUT", 10**6)
    with pytest.raises(ffmpeg.RunawayError, match="too many frames"):
        ffmpeg.run(endless)
    monkeypatch.setattr(ffmpeg, "PATIENCE", 0.2)
    with pytest.raises(ffmpeg.RunawayError, match="stuck"):
        ffmpeg.run([*endless[:-1], "-t", "9", "-vf", "realtime,select=0", "-"])


def test_a_video_whose_times_lie_ages_apart(tmp_path):
    """Two frames of which the second comes 25 years later must not become 20 billion repeated ones."""
    path = tmp_path / "a.mkv"
    ffmpeg.run(
        ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=25", "-frames:v", "2", "-vf", "setpts=N*8e8/TB", str(path)]
    )
    with pytest.raises(InputError, match="more than 1000000"):
        open_clip(path)


NAMES = [
    "-i.EXT",
    "concat:a.EXT",
    "file:a.EXT",
    "http://a.EXT",
    "a\nb.EXT",
    "$(touch x);`touch y`|&.EXT",
    "%s%n.EXT",
]


@pytest.mark.parametrize("ending", ["gif", "mp4"])
@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_only_a_name(small, tmp_path, monkeypatch, name, ending):
    monkeypatch.chdir(tmp_path)
    name = name.replace("EXT", ending).replace("http://", "http:")
    with open_clip(small / "clip.gif") as clip, create_clip(name, clip.info) as writer:
        for frame in clip.frames():
            writer.write(frame)
    with open_clip(name) as clip:
        assert sum(1 for _ in clip.frames()) == 4
    shutil.copy(small / "swirl.png", f"{name}.png")
    assert load_picture(f"{name}.png").image.shape == (64, 64, 3)
    assert sorted(os.listdir()) == sorted([name, f"{name}.png"])


def test_pictures_that_are_shown_for_ages_make_no_endless_video(tmp_path):
    info = ClipInfo("apng", 32, 32, 2, Fraction(1), has_alpha=False)
    with pytest.raises(OutputError, match="would have no end"), create_clip(tmp_path / "a.mp4", info) as writer:
        writer.write(Frame(np.zeros((32, 32, 3), np.uint8), Fraction(65535 * 100)))
    assert not os.listdir(tmp_path)


def test_a_name_that_no_file_system_takes_is_refused_wherever_it_stands(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "a" * 300
    picture = small / "swirl.png"
    assert Style.parse(f"{name}:3") == Style(Path(name), 3.0)
    for call in (
        lambda: open_clip(f"{name}.gif"),
        lambda: load_picture(f"{name}.png"),
        lambda: load_weights("vgg16", Path(f"{name}.h5")),
        lambda: load_settings(Path(name)),
        lambda: ResultFile("--report", f"{name}.json", False).__enter__(),
        lambda: stylize_clip(picture, [name], "out.png"),
        lambda: stylize_clip(picture, [picture], f"{name}.png"),
        lambda: stylize_clip(picture, [picture], f"{name}/"),
        lambda: stylize_clip(picture, [picture], "out.png", keep_mask=Path(name)),
    ):
        with pytest.raises(VidstyleError, match=name):
            call()
    assert not os.listdir()
