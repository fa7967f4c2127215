"""Measures of clips: closed forms, and that they tell good from bad."""

import io
import json
import math
from fractions import Fraction

import numpy as np
import PIL.Image
import pytest

from vidstyle.config import Style
from vidstyle.errors import InputError, OptionError
from vidstyle.media import open_clip
from vidstyle.views.measure import Measures, measure_clip
from vidstyle.views.plot import OUTPUT, draw

rng = np.random.default_rng(0)


def folder(path, frames):
    path.mkdir()
    for index, frame in enumerate(frames):
        PIL.Image.fromarray(np.asarray(frame, np.uint8)).save(path / f"{index:03}.png")
    return path


@pytest.fixture(scope="module")
def source(small):
    with open_clip(small / "clip.gif") as clip:
        return [frame.image for frame in clip.frames()]


@pytest.fixture(scope="module")
def style(small):
    return [Style(small / "swirl.png")]


def test_the_source_itself_has_no_content_loss_and_its_own_errors(tmp_path, small, source, style):
    found = measure_clip(small / "clip.gif", folder(tmp_path / "o", source), style)
    total = found.total
    assert total.content == 0 and not total.moving_content
    assert total.loss == pytest.approx(total.style)
    assert total.warp_error == pytest.approx(total.source_warp_error) and total.warp_error > 0
    assert total.sharpness == pytest.approx(1)
    assert len(found.frames) == 4 and found.frames[0].warp_error is None
    assert found.size == (48, 27) and [(shot.start, shot.stop) for shot in found.shots] == [(0, 4)]


def test_the_style_itself_has_no_style_loss(tmp_path, small, style):
    picture = PIL.Image.open(small / "swirl.png").convert("RGB")
    found = measure_clip(folder(tmp_path / "s", [picture] * 2), folder(tmp_path / "o", [picture] * 2), style)
    assert found.total.style == pytest.approx(0, abs=1e-6)
    assert found.total.warp_error == found.total.moving_warp_error is None or found.total.warp_error == 0


def test_warping_error_of_a_step_in_brightness_is_its_square(tmp_path, style):
    still = rng.integers(60, 180, (32, 48, 3))
    found = measure_clip(
        folder(tmp_path / "s", [still] * 3), folder(tmp_path / "o", [still, still + 51, still + 51]), style
    )
    assert [row.warp_error for row in found.frames] == [None, pytest.approx(0.2**2), pytest.approx(0)]
    assert found.total.warp_error == pytest.approx(0.2**2 / 2) and found.total.source_warp_error == 0
    assert found.total.moving_warp_error is None and found.total.moving_content is None


def test_paint_that_sticks_to_the_screen_shows_where_it_moves(tmp_path, style):
    wide = np.asarray(PIL.Image.fromarray(rng.integers(0, 255, (8, 40, 3)).astype(np.uint8)).resize((320, 64)))
    moving = [wide[:, 3 * i : 3 * i + 96] for i in range(6)]
    sticking = [(frame + wide[:, 200:296].astype(int)) / 2 for frame in moving]
    s = folder(tmp_path / "s", moving)
    calm = measure_clip(s, folder(tmp_path / "a", [255 - frame for frame in moving]), style).total
    stuck = measure_clip(s, folder(tmp_path / "b", sticking), style).total
    assert calm.moving_warp_error == pytest.approx(calm.source_moving_warp_error)
    assert stuck.moving_warp_error > 3 * calm.moving_warp_error


def test_sharpness_is_the_end_over_the_beginning(tmp_path, style):
    picture = rng.integers(0, 255, (32, 48, 3))
    soft = (picture - 127) / 2 + 127  # half the gradient, a quarter of its energy
    found = measure_clip(folder(tmp_path / "s", [picture] * 4), folder(tmp_path / "o", [picture] * 3 + [soft]), style)
    assert found.total.sharpness == pytest.approx(0.25, rel=0.02)


def test_no_sharpness_is_known_where_the_source_shows_nothing(tmp_path, style):
    picture, black = rng.integers(0, 255, (32, 48, 3)), np.zeros((32, 48, 3))
    found = measure_clip(
        folder(tmp_path / "s", [picture] * 3 + [black]), folder(tmp_path / "o", [picture] * 4), style, shots=False
    )
    assert [row.sharpness for row in found.frames] == [1, 1, 1, None] and found.total.sharpness is None
    json.dumps(found.as_dict(), allow_nan=False)
    assert "sharpness" not in str(found)


def test_pictures_can_be_too_small_to_measure(tmp_path, style):
    tiny = folder(tmp_path / "tiny", [np.zeros((12, 40, 3))])
    with pytest.raises(InputError, match="tiny: is 40x12, but pictures of less than 16 pixels"):
        measure_clip(tiny, tiny, style)


def test_a_single_frame_shows_in_the_drawing(tmp_path, style):
    picture = rng.integers(0, 255, (32, 48, 3))
    found = measure_clip(folder(tmp_path / "s", [picture]), folder(tmp_path / "o", [255 - picture]), style)
    png = np.asarray(PIL.Image.open(io.BytesIO(draw(found))).convert("RGB"))
    red = (png == tuple(bytes.fromhex(OUTPUT[1:]))).all(-1)
    assert red[:, :700].any()  # the legend is at the right


def test_cuts_are_left_out(tmp_path, small, style):
    looks = [PIL.Image.open(small / f"{name}.png").convert("RGB") for name in ("cubist", "swirl")]
    frames = [looks[0]] * 6 + [looks[1]] * 6
    s, o = folder(tmp_path / "s", frames), folder(tmp_path / "o", frames)
    found = measure_clip(s, o, style)
    assert [(shot.start, shot.stop) for shot in found.shots] == [(0, 6), (6, 12)]
    assert found.frames[6].warp_error is None and found.total.warp_error == 0
    assert measure_clip(s, o, style, shots=False).frames[6].warp_error > 0


def test_blends_lie_between_their_styles(tmp_path, small, source):
    o = folder(tmp_path / "o", source)
    names = small / "cubist.png", small / "swirl.png"
    one, other = (measure_clip(small / "clip.gif", o, [Style(name)]).total.style for name in names)
    both = measure_clip(small / "clip.gif", o, [Style(names[0], 3.0), Style(names[1], 1.0)]).total.style
    assert both == pytest.approx(0.75 * one + 0.25 * other)


def test_a_part_of_the_source_at_another_size(tmp_path, small, source, style):
    half = [PIL.Image.fromarray(frame).resize((32, 18)) for frame in source[1:3]]
    o = folder(tmp_path / "o", half)
    found = measure_clip(small / "clip.gif", o, style, start=Fraction(8, 100), end=Fraction(24, 100))
    assert found.size == (32, 18) and len(found.frames) == 2
    with pytest.raises(InputError, match=r"o: has 2 frames, but .*clip.gif has 4; "):
        measure_clip(small / "clip.gif", o, style)
    with pytest.raises(OptionError, match="--end"):
        measure_clip(small / "clip.gif", o, style, start=Fraction(1), end=Fraction(1, 2))


def test_plain_values_and_a_drawing(tmp_path, small, source, style):
    found = measure_clip(small / "clip.gif", folder(tmp_path / "o", source), style)
    plain = found.as_dict()
    assert plain["size"] == [48, 27] and plain["shots"] == [[0, 4]]
    assert set(plain["total"]) == set(Measures.__annotations__) and [row["index"] for row in plain["frames"]] == [
        *range(4)
    ]
    assert all(math.isfinite(row["loss"]) for row in plain["frames"])
    png = draw(found)
    assert png == draw(found)  # no clock in it
    assert PIL.Image.open(io.BytesIO(png)).size[0] == 900
    assert "warping error" in str(found) and str(found).startswith("4 frames of 48x27\n")
