"""How firmly paint is held, steered by how it flickers and by how its colours drift."""

import numpy as np
import pytest

from vidstyle.motion.carry import Past
from vidstyle.motion.reliability import Motion
from vidstyle.neural.firmness import LIMITS, Firmness

SIZE = (24, 32)
STILL = Motion(np.zeros((*SIZE, 2), np.float32), np.ones(SIZE, np.float32))


def past(source, paint):
    return Past(np.full((*SIZE, 3), source, np.uint8), np.full((*SIZE, 3), paint, np.float32))


def test_colours_that_change_while_the_things_do_not_are_taken_back():
    firmness = Firmness()
    for frame in range(5):
        firmness.heed(past(60, 100 + frame), past(60, 101 + frame), STILL)
    np.testing.assert_allclose(firmness.drift, 5, rtol=1e-5)
    changed = firmness.returned(np.full((*SIZE, 3), 105, np.float32))
    assert 100 < changed.mean() < 105


def test_colours_that_change_with_the_things_are_left_alone():
    firmness = Firmness()
    firmness.heed(past(60, 100), past(80, 120), STILL)
    np.testing.assert_allclose(firmness.drift, 0, atol=1e-4)


def test_paint_that_stays_through_a_black_frame_has_not_drifted():
    firmness = Firmness()
    black = past(0, 95)
    black.source[:2] = 60  # a little of it is as it was
    black.image[:2] = 101
    firmness.heed(past(60, 100), black, STILL)
    np.testing.assert_allclose(firmness.drift, 1 * 2 / SIZE[0], rtol=1e-4)
    firmness.heed(black, past(60, 100), STILL)
    np.testing.assert_allclose(firmness.drift, 0, atol=1e-4)


@pytest.mark.parametrize(("paint", "expected"), [(40, LIMITS[1]), (1, LIMITS[0])])
def test_paint_that_flickers_more_than_the_source_is_held_more_firmly(paint, expected):
    """Both flicker by turns, the source by 10 of 255."""
    firmness = Firmness()
    for frame in range(20):
        now, then = (frame % 2, 1 - frame % 2)
        firmness.heed(past(60 + 10 * then, 100 + paint * then), past(60 + 10 * now, 100 + paint * now), STILL)
    assert firmness.factors[0] == pytest.approx(expected)
    np.testing.assert_allclose(firmness.of(STILL, STILL.reliable), expected, rtol=1e-6)


def test_paint_of_another_style_has_neither_drifted_nor_flickered():
    """What followed a change from one style to another was drawn back to the colours of the first."""
    firmness = Firmness()
    firmness.heed(past(60, 100), past(60, 104), STILL)
    left = np.zeros(SIZE, np.bool_)
    left[:, : SIZE[1] // 4] = True
    now = past(60, 104)
    now.image[left] = 200
    firmness.heed(past(60, 104), now, STILL, left)
    np.testing.assert_allclose(firmness.drift, 4 * 3 / 4, rtol=1e-5)
    before = firmness.factors.copy()
    assert firmness.heed(now, past(60, 220), STILL, np.array(True))[0] > 0.1
    np.testing.assert_array_equal(firmness.drift, 0)
    np.testing.assert_array_equal(firmness.factors, before)
