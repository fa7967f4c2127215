"""Paint whose colours drift is brought back to those that it had."""

import numpy as np

from vidstyle.motion.carry import Past
from vidstyle.motion.reliability import Motion, residual
from vidstyle.neural.drift import Drift
from vidstyle.neural.firmness import SAME_STYLE

SIZE = (24, 32)
STILL = Motion(np.zeros((*SIZE, 2), np.float32), np.ones(SIZE, np.float32))
LOST = Motion(STILL.backward, np.zeros(SIZE, np.float32))


def past(source, paint):
    return Past(np.full((*SIZE, 3), source, np.uint8), np.full((*SIZE, 3), paint, np.float32))


def heed(drift, before, now, motion=STILL, restyled=SAME_STYLE):
    paint, source = residual(before.image, now.image, motion), residual(before.source, now.source, motion)
    drift.heed(before, now, paint, source, motion, restyled)
    return drift.known["mean"]


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


def test_what_comes_to_be_seen_anew_counts_by_the_first_frame():
    """Along the flow, of which nothing is reliable, nothing has changed."""
    drift = Drift()
    for frame in range(20):
        mean = heed(drift, past(60, 100 + 8 * (frame > 0)), past(60, 108), LOST)
    np.testing.assert_allclose(mean, 8 * (1 - 0.9**20), rtol=1e-4)


def test_a_picture_of_which_little_is_as_it_was_tells_nothing():
    drift = Drift()
    pan = past(90, 120)
    pan.source[:, :4] = 60
    heed(drift, past(60, 100), pan, LOST)
    assert not heed(drift, pan, pan).any()


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
    assert heed(drift, past(60, 220), past(60, 220)).sum() == 0  # what it is compared with is of the new style
