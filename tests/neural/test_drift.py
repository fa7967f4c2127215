"""Paint whose colours drift is brought back to those that it had."""

import numpy as np

from vidstyle.motion.carry import Past
from vidstyle.motion.reliability import Motion, residual
from vidstyle.neural.drift import Drift
from vidstyle.neural.firmness import SAME_STYLE

SIZE = (24, 32)
STILL = Motion(np.zeros((*SIZE, 2), np.float32), np.ones(SIZE, np.float32))


def past(source, paint):
    return Past(np.full((*SIZE, 3), source, np.uint8), np.full((*SIZE, 3), paint, np.float32))


def heed(drift, before, now, restyled=SAME_STYLE):
    paint, source = residual(before.image, now.image, STILL), residual(before.source, now.source, STILL)
    drift.heed(paint, source, STILL, restyled)
    return drift.mean


def test_colours_that_change_while_the_things_do_not_are_taken_back():
    drift = Drift()
    for frame in range(5):
        mean = heed(drift, past(60, 100 + frame), past(60, 101 + frame))
    np.testing.assert_allclose(mean, 5, rtol=1e-5)
    changed = drift.returned(np.full((*SIZE, 3), 105, np.float32))
    assert 100 < changed.mean() < 105


def test_colours_that_change_with_the_things_are_left_alone():
    for change in (5, 20):
        mean = heed(Drift(), past(60, 100), past(60 + change, 100 + change))
        np.testing.assert_allclose(mean, 0, atol=1e-4)


def test_paint_that_stays_through_a_black_frame_has_not_drifted():
    drift = Drift()
    black = past(0, 95)
    black.source[:2] = 60  # a little of it is as it was
    black.image[:2] = 101
    np.testing.assert_allclose(heed(drift, past(60, 100), black), 1 * 2 / SIZE[0], rtol=1e-4)
    np.testing.assert_allclose(heed(drift, black, past(60, 100)), 0, atol=1e-4)


def test_paint_of_another_style_has_not_drifted():
    """What followed a change from one style to another was drawn back to the colours of the first."""
    drift = Drift()
    heed(drift, past(60, 100), past(60, 104))
    left = np.zeros(SIZE, np.bool_)
    left[:, : SIZE[1] // 4] = True
    now = past(60, 104)
    now.image[left] = 200
    mean = heed(drift, past(60, 104), now, restyled=left)
    np.testing.assert_allclose(mean, 4 * 3 / 4, rtol=1e-5)
    assert not heed(drift, now, past(60, 220), restyled=np.array(True)).any()
