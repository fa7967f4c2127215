"""The sizes, parts and names that a run chooses where nothing is said."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from vidstyle.clip_job import ClipJob
from vidstyle.config import Config, Style
from vidstyle.errors import OptionError
from vidstyle.framing import count_frames, first_instant, scale, target_size
from vidstyle.media import ClipInfo, Frame, ReadOptions, create_clip
from vidstyle.naming import default_output

INFO = ClipInfo("mp4", 1280, 720, frame_count=132, tick=Fraction(1, 25), rate=Fraction(25), duration=Fraction(132, 25))


@pytest.mark.parametrize(
    ("info", "size", "expected"),
    [(INFO, None, (512, 288)), (INFO, 256, (256, 144)), (INFO, 2560, (2560, 1440))],
)
def test_target_size(info, size, expected):
    assert target_size(info, size) == expected
    assert target_size(replace(info, width=200, height=100), None) == (200, 100)
    with pytest.raises(OptionError, match="give --size 160 or more"):
        target_size(replace(info, width=1000, height=100), 100)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [("0", None, 132), ("0.4", "1.36", 24), ("0.41", "1.36", 23), ("5", None, 7), ("5", "99", 7), ("6", None, 0)],
)
def test_count_frames(start, end, expected):
    assert count_frames(INFO, Fraction(start), None if end is None else Fraction(end)) == expected


def test_hidden_colours_have_no_say_in_those_beside_them():
    image = np.zeros((64, 64, 3), np.uint8)  # black where nothing is seen
    image[16:48, 16:48] = 250
    alpha = image[..., 0] // 250 * 255
    small = scale(Frame(image, Fraction(1), alpha), (24, 24))
    assert small.alpha is not None and (small.image[small.alpha > 20] > 240).all()


def test_sound_begins_with_the_first_frame():
    begins = [first_instant(INFO, Fraction(start)) for start in ("0", "0.4", "0.41")]
    assert begins == [0, Fraction(2, 5), Fraction(11, 25)]


def test_frames_that_last_no_time_can_be_cut():
    assert count_frames(replace(INFO, format="gif", rate=None, duration=Fraction(0)), Fraction(0), Fraction(1)) is None


@pytest.mark.parametrize(
    ("source", "format", "expected"),
    [
        ("a/cat.gif", "gif", "a/cat_picasso_monet.gif"),
        ("cat.webm", "webm", "cat_picasso_monet.webm"),
        ("cat.jpeg", "jpeg", "cat_picasso_monet.jpeg"),
        ("cat.png", "apng", "cat_picasso_monet.apng"),
    ],
)
def test_default_output(source, format, expected):
    styles = (Style(Path("x/picasso.jpg")), Style(Path("monet.png")))
    assert default_output(Path(source), format, styles) == Path(expected)


def test_a_default_output_is_one_file():
    styles = (Style(Path("s.png")),)
    assert default_output(Path("f%d.png"), "png", styles) == Path("f_d_s.png")
    assert default_output(Path("50%done.gif"), "gif", styles) == Path("50%done_s.gif")
    assert default_output(Path("50%.gif"), "gif", styles) == Path("50%_s.gif")


def test_default_output_of_folders_is_a_folder_beside_them(tmp_path):
    styles = (Style(Path("monet.png")),)
    for source, format in ((tmp_path / "shots", "folder"), (tmp_path / "shots" / "f_%04d.png", "pattern")):
        assert default_output(source, format, styles) == tmp_path / "shots_monet"


@pytest.mark.parametrize("start", [Fraction(0), Fraction(1, 20)])
@pytest.mark.parametrize("times", [(0, 0, 0, 0, 0), (100, 10, 10, 0, 20), (8, 8, 8, 8, 8)])
def test_a_worker_begins_with_the_frame_it_is_given(tmp_path, small, times, start):
    frames = [
        Frame(np.full((20, 20, 3), 40 * index, np.uint8), Fraction(time, 100)) for index, time in enumerate(times)
    ]
    info = ClipInfo("gif", 20, 20, frame_count=5, tick=Fraction(1, 100), loop=0)
    with create_clip(tmp_path / "c.gif", info) as writer:
        for frame in frames:
            writer.write(frame)
    if start and not any(times):
        return
    clip = ClipJob(tmp_path / "c.gif", Config((Style(small / "swirl.png"),), start=start), ReadOptions())
    shown = [(at, frame.image.max()) for at, frame in clip._frames()]
    begins = np.cumsum((0, *times))
    expected = [(Fraction(int(at), 100), 40 * i) for i, at in enumerate(begins[:5]) if Fraction(int(at), 100) >= start]
    assert shown == expected
    for first in range(len(shown)):
        assert [(at, frame.image.max()) for at, frame in clip._frames(first)] == shown[first:]


def test_a_video_has_a_size_that_all_players_take(tmp_path, small):
    for name, size in (("a.png", (21, 17)), ("b.png", (22, 18))):
        PIL.Image.new("RGB", size).save(tmp_path / name)
        for output, wanted in (("o.mp4", (22, 18)), ("o.gif", size)):
            clip = ClipJob(tmp_path / name, Config((Style(small / "swirl.png"),)), ReadOptions())
            info = clip.output_info(Path(output))
            assert (info.width, info.height) == clip.size == wanted
