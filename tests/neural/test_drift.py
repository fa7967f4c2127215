"""Paint whose colours drift is brought back to those that it had."""

import numpy as np

from vidstyle.motion.reliability import Motion
from vidstyle.neural.drift import Drift
from vidstyle.neural.firmness import SAME_STYLE

ROWS, COLUMNS = 24, 32
STILL = Motion(np.zeros((ROWS, COLUMNS, 2), np.float32), np.ones((ROWS, COLUMNS), np.float32))


def changed(value):
    """By so much, of 255, everywhere."""
    return np.full((ROWS, COLUMNS, 3), value / 255, np.float32)


def test_colours_that_change_while_the_things_do_not_are_taken_back():
    drift = Drift()
    for _ in range(5):
        drift.heed(changed(1), changed(0), STILL, SAME_STYLE)
    np.testing.assert_allclose(drift.mean, 5, rtol=1e-5)
    returned = drift.returned(np.full((ROWS, COLUMNS, 3), 105, np.float32))
    assert 100 < returned.mean() < 105


def test_colours_that_change_with_the_things_are_left_alone():
    drift = Drift()
    drift.heed(changed(20), changed(20), STILL, SAME_STYLE)
    np.testing.assert_allclose(drift.mean, 0, atol=1e-4)


def test_paint_that_stays_through_a_black_frame_has_not_drifted():
    drift = Drift()
    paint, source = changed(-5), changed(-60)
    source[:2], paint[:2] = 0, 1 / 255  # a little of it is as it was
    drift.heed(paint, source, STILL, SAME_STYLE)
    np.testing.assert_allclose(drift.mean, 1 * 2 / ROWS, rtol=1e-4)
    drift.heed(-paint, -source, STILL, SAME_STYLE)
    np.testing.assert_allclose(drift.mean, 0, atol=1e-4)


def test_paint_of_another_style_has_not_drifted():
    """What followed a change from one style to another was drawn back to the colours of the first."""
    drift, left = Drift(), np.zeros((ROWS, COLUMNS), np.bool_)
    left[:, : COLUMNS // 4] = True
    drift.heed(changed(4), changed(0), STILL, SAME_STYLE)
    drift.heed(changed(96) * left[..., None], changed(0), STILL, left)
    np.testing.assert_allclose(drift.mean, 4 * 3 / 4, rtol=1e-5)
    drift.heed(changed(116), changed(0), STILL, np.array(True))
    assert not drift.mean.any()
