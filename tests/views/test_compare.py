"""Comparisons: which pixels are whose, durations, and formats."""

from fractions import Fraction

import numpy as np
import PIL.Image
import pytest

from vidstyle.errors import InputError, OptionError
from vidstyle.media import ClipInfo, Frame, create_clip, open_clip
from vidstyle.views.compare import GAP, compare


@pytest.fixture
def clips(tmp_path):
    """Four black frames of 100 ms, 32x16, and four red ones of other durations, 64x32."""
    durations = [Fraction(n, 100) for n in (5, 10, 20, 10)]
    for name, size, color, times in (
        ("black", (32, 16), (0, 0, 0), [Fraction(1, 10)] * 4),
        ("red", (64, 32), (255, 0, 0), durations),
    ):
        info = ClipInfo("gif", *size, frame_count=4, tick=Fraction(5, 100), loop=2)
        with create_clip(tmp_path / f"{name}.gif", info) as writer:
            for time in times:
                writer.write(Frame(np.full((size[1], size[0], 3), color, np.uint8), time))
    return tmp_path / "black.gif", tmp_path / "red.gif", durations


def test_side_by_side(clips, tmp_path):
    place = compare(*clips[:2])
    assert place == tmp_path / "red_compared.gif"
    with open_clip(place) as both:
        assert (both.info.width, both.info.height, both.info.loop) == (2 * 64 + GAP, 32, 2)
        frames = list(both.frames())
    assert [frame.duration for frame in frames] == clips[2]
    assert (frames[0].image[:, :64] == 0).all() and (frames[0].image[:, -64:] == (255, 0, 0)).all()


def test_the_divider_moves(clips, tmp_path):
    with open_clip(compare(*clips[:2], tmp_path / "both.apng", how="divider")) as both:
        black = [np.equal(frame.image, 0).all(-1)[0] for frame in both.frames()]
    assert [int(row.sum()) for row in black] == [31, 63, 31, 0]
    assert all((np.diff(row.astype(int)) <= 0).all() for row in black)  # left of the divider


def test_pictures_stand_still_or_are_swept_over(tmp_path):
    for name, value in (("a", 0), ("b", 200)):
        PIL.Image.fromarray(np.full((16, 32, 3), value, np.uint8)).save(tmp_path / f"{name}.png")
    pictures = tmp_path / "a.png", tmp_path / "b.png"
    with open_clip(compare(*pictures, tmp_path / "still.png", how="divider")) as still:
        (frame,) = still.frames()
    assert frame.image.shape == (16, 32, 3) and (frame.image[:, :15] == 0).all() and (frame.image[:, 17:] == 200).all()
    with open_clip(compare(*pictures, tmp_path / "moving.gif", how="divider")) as moving:
        assert (moving.info.frame_count, moving.info.duration, moving.info.loop) == (100, 4, 0)


def test_parts_and_what_cannot_be(clips, tmp_path):
    black, red, _ = clips
    with pytest.raises(InputError, match=r"red.gif: has 4 frames, but .*black.gif has 2"):
        compare(black, red, end=Fraction(2, 10))
    with pytest.raises(OptionError, match="--end"):
        compare(black, red, start=Fraction(1), end=Fraction(1))
    with pytest.raises(OptionError, match="is an input"):
        compare(black, red, black)
    with pytest.raises(OptionError, match="--how: unknown way 'sides': did you mean 'side'"):
        compare(black, red, how="sides")
    part = compare(red, black, tmp_path / "part.gif", start=Fraction(0))
    assert part.exists()
