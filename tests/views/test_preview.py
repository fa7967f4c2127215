"""Previews: the grid of settings, the frame, the expected time."""

from fractions import Fraction

import cv2
import numpy as np
import PIL.Image
import pytest

from vidstyle.cli.views import _grid
from vidstyle.config import Style
from vidstyle.errors import OptionError, VidstyleError
from vidstyle.media import ClipInfo, Frame, ReadOptions, create_clip, load_picture, open_clip
from vidstyle.views.moment import find_moment
from vidstyle.views.preview import Cell, make_preview

QUICK = {"first_evaluations": 4, "evaluations": 2, "precision": "float32"}


def test_options_become_settings_as_on_the_command_line():
    grid = _grid("content-weight=0.1,2", "style-layer=conv1_1:0.5")
    assert [[cell.options for cell in row] for row in grid] == [
        ["--content-weight 0.1 --style-layer conv1_1:0.5", "--content-weight 2 --style-layer conv1_1:0.5"]
    ]
    assert grid[0][1].settings["content_weight"] == 2.0 and grid[0][1].settings["style_layers"][0].weight == 0.5
    assert [len(row) for row in _grid(None, "pooling=avg,max")] == [1, 1]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            "content-wait=1",
            None,
            r"--x content-wait=1: unknown setting .*did you mean 'content-weight'\? \(known: size,",
        ),
        ("shots=1", None, "unknown setting"),  # has no value
        ("size", None, "--x size: has no values"),
        ("size=32", "size=64", "--x, --y: size is on both"),
    ],
)
def test_grids_that_cannot_be(x, y, message):
    with pytest.raises(OptionError, match=message):
        _grid(x, y)


def test_a_frame_by_its_time(small):
    clip, read = small / "clip.gif", ReadOptions()
    with open_clip(clip) as opened:
        frames = [frame.image for frame in opened.frames()]
    for at, index in (
        (Fraction(0), 0),
        (Fraction(79, 1000), 0),
        (Fraction(8, 100), 1),
        (None, 2),
        (Fraction(32, 100), 3),
    ):
        moment = find_moment(clip, at, read)
        assert (moment.index, moment.begin) == (index, index * Fraction(8, 100))
        assert np.array_equal(moment.frame.image, frames[index])
    with pytest.raises(OptionError, match=r"--at 2: .*clip.gif ends at 0.32 s"):
        find_moment(clip, Fraction(2), read)
    with pytest.raises(OptionError, match="--at -1"):
        find_moment(clip, Fraction(-1), read)


def test_a_mask_is_drawn_for_the_first_frame_whichever_is_shown(small, tmp_path):
    ground = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (40, 96, 3)).astype(np.float32), (0, 0), 2)
    frames = []
    for left in range(8, 56, 4):
        image = np.uint8(0.5 * ground)
        image[12:28, left : left + 16] = 128 + 0.5 * ground[12:28, 8:24]
        frames.append(Frame(image, Fraction(1, 10)))
    with create_clip(tmp_path / "c.apng", ClipInfo("apng", 96, 40, len(frames), Fraction(1, 10))) as writer:
        for frame in frames:
            writer.write(frame)
    mask = np.zeros((40, 96), np.uint8)
    mask[12:28, 8:24] = 255
    PIL.Image.fromarray(mask).save(tmp_path / "m.png")
    settings = {**QUICK, "keep_mask": tmp_path / "m.png"}
    styles, at = [Style(small / "swirl.png")], Fraction(11, 10)
    make_preview(tmp_path / "c.apng", styles, [[Cell("")]], tmp_path / "p.png", at=at, **settings)
    sheet = load_picture(tmp_path / "p.png").image.astype(int)
    source = frames[-1].image.astype(int)
    # Where on the sheet the picture lies: where most of it is as it was filmed.
    apart, y, x = min(
        (np.median(np.abs(sheet[y : y + 40, x : x + 96] - source)), y, x) for y in range(30) for x in range(30)
    )
    painted = np.abs(sheet[y : y + 40, x : x + 96] - source).max(-1) > 8
    assert apart == 0
    assert painted[14:26, 54:66].mean() > 0.5 and painted[:, :40].mean() < 0.02


def test_cells_of_two_sizes_on_one_sheet(small, tmp_path):
    styles = [Style(small / "swirl.png")]
    grid = [[Cell("--size 32", {"size": 32}), Cell("--size 48", {"size": 48})]]
    done = make_preview(small / "clip.gif", styles, grid, tmp_path / "sheet.png", **QUICK)
    assert (done.index, done.frames, [cell.options for cell in done.cells]) == (2, 4, ["--size 32", "--size 48"])
    assert all(cell.seconds > 0 and np.isfinite(cell.loss) for cell in done.cells)
    assert load_picture(done.output).image.shape[1] > 2 * 48
    with pytest.raises(VidstyleError, match="--content-weight"):  # before the good cell is painted
        bad = [[Cell("a"), Cell("b", {"content_weight": -1.0})]]
        make_preview(small / "clip.gif", styles, bad, tmp_path / "b.png", progress=pytest.fail, **QUICK)
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]
