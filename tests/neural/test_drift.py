"""Paint whose colours drift is brought back to those that it had, each part by itself."""

import numpy as np
import pytest

from vidstyle.blending import SAME_STYLE
from vidstyle.motion.reliability import Motion
from vidstyle.neural.drift import LONG, Drift

ROWS, COLUMNS = 24, 32
STILL = Motion(np.zeros((ROWS, COLUMNS, 2), np.float32), np.ones((ROWS, COLUMNS), np.float32))


def changed(value):
    """By so much, of 255, everywhere."""
    return np.full((ROWS, COLUMNS, 3), value / 255, np.float32)


def halves(left, right):
    """Bool or float, (ROWS, COLUMNS, 1)."""
    return np.where(np.arange(COLUMNS) < COLUMNS // 2, left, right)[None, :, None].repeat(ROWS, 0)


def test_colours_that_change_while_the_things_do_not_are_taken_back():
    drift = Drift()
    for _ in range(5):
        drift.heed(changed(1), changed(0), STILL, SAME_STYLE)
    np.testing.assert_allclose(drift.change[..., :3], 5, rtol=1e-5)
    returned = drift.returned(np.full((ROWS, COLUMNS, 3), 105, np.float32), STILL)
    np.testing.assert_allclose(returned, 103, rtol=1e-5)


def test_parts_that_make_up_for_each_other_are_each_taken_back():
    drift = Drift()
    drift.heed(changed(10) * halves(1, -1).astype(np.float32), changed(0), STILL, SAME_STYLE)
    taken = 100 - drift.returned(np.full((ROWS, COLUMNS, 3), 100, np.float32), STILL)
    np.testing.assert_allclose(taken[:, :8], 1, rtol=0.01)
    np.testing.assert_allclose(taken[:, -8:], -1, rtol=0.01)


def test_what_has_drifted_is_taken_back_where_it_moves_to():
    drift, image = Drift(), np.full((ROWS, COLUMNS, 3), 100, np.float32)
    drift.heed(changed(10) * halves(1, 0).astype(np.float32), changed(0), STILL, SAME_STYLE)
    along = Motion(STILL.backward - np.float32([8, 0]), STILL.reliable)
    before, after = (100 - drift.returned(image, motion) for motion in (STILL, along))
    before, after = before - before[:, -1:], after - after[:, -1:]  # beyond what is taken back of all
    np.testing.assert_allclose(before[:, 8], 1, rtol=0.01)
    np.testing.assert_allclose(after[:, 12:-4], before[:, 4:-12], atol=0.01)
    drift.heed(changed(0), changed(0), along, SAME_STYLE)
    again = 100 - drift.returned(image, STILL)
    np.testing.assert_allclose(again - again[:, -1:], after, atol=0.01)


def test_what_comes_into_view_has_drifted_like_what_is_around():
    drift = Drift()
    hidden = STILL.reliable.copy()
    hidden[10:13, 10:13] = 0
    drift.heed(changed(6), changed(0), Motion(STILL.backward, hidden), SAME_STYLE)
    np.testing.assert_allclose(drift.change[..., :3], 6, rtol=0.01)


@pytest.mark.parametrize("beginning", [0, 6])
def test_where_nothing_can_be_followed_nothing_is_taken_back(beginning):
    drift = Drift()
    drift.heed(changed(beginning), changed(0), STILL, SAME_STYLE)
    lost = Motion(STILL.backward, np.zeros_like(STILL.reliable))
    drift.heed(changed(9), changed(0), lost, SAME_STYLE)
    assert not drift.change.any()


def test_colours_that_change_with_the_things_are_left_alone():
    drift = Drift()
    drift.heed(changed(20), changed(20), STILL, SAME_STYLE)
    np.testing.assert_allclose(drift.change[..., :3], 0, atol=1e-4)


@pytest.mark.parametrize("frames", [1, 12])
def test_paint_that_does_not_turn_black_with_the_things_has_not_drifted(frames):
    """Else what follows a fade to black and back comes out lighter."""
    drift, image = Drift(), np.full((ROWS, COLUMNS, 3), 100, np.float32)
    for sign in (-1, 1):
        for _ in range(frames):
            drift.heed(changed(sign * 12 / frames), changed(sign * 120 / frames), STILL, SAME_STYLE)
            if drift.change[0, 0, 3] < -32:
                np.testing.assert_array_equal(drift.returned(image, STILL), image)
    np.testing.assert_allclose(drift.returned(image, STILL), image, atol=1e-3)


def test_things_that_look_otherwise_for_good_are_known_anew():
    """As after a film has faded in: what their paint changes from then on is taken back again, and nothing before."""
    drift, image = Drift(), np.full((ROWS, COLUMNS, 3), 100, np.float32)
    drift.heed(changed(20), changed(180), STILL, SAME_STYLE)
    for _ in range(LONG):
        np.testing.assert_array_equal(drift.returned(image, STILL), image)
        drift.heed(changed(0), changed(0), STILL, SAME_STYLE)
    drift.heed(changed(10), changed(0), STILL, SAME_STYLE)
    np.testing.assert_allclose(drift.returned(image, STILL), 96, rtol=1e-5)


def test_paint_of_another_style_has_not_drifted():
    """What followed a change from one style to another was drawn back to the colours of the first."""
    drift, left = Drift(), halves(True, False)[..., 0]
    drift.heed(changed(4), changed(0), STILL, SAME_STYLE)
    drift.heed(changed(96) * left[..., None], changed(0), STILL, left)
    assert not drift.change[left].any()
    np.testing.assert_allclose(drift.change[~left][:, :3], 4, rtol=1e-5)
    drift.heed(changed(116), changed(0), STILL, np.array(True))
    assert not drift.change.any()
