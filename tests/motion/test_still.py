"""Where a clip stays as it is."""

import numpy as np

from vidstyle.motion.reliability import Motion
from vidstyle.motion.still import NEVER, OUTLINE, REACH, SETTLED, WHOLE, WHOLLY, Changes, outlined, settled


def test_a_box_around_all_that_changed_lately():
    frames = np.zeros((8, 10, 20, 3), np.uint8)
    frames[1:, 2, 4] = 9
    frames[2:, 5, 15, 1] = 1
    changes = Changes()
    for frame in frames:
        changes.watch(frame)
    first, second = (0.2, 0.2, 0.3, 0.25), (0.5, 0.75, 0.6, 0.8)
    assert changes.boxes == [WHOLE, first, second] + [None] * 5
    assert changes.unsettled(2, 0) == (0.2, 0.2, 0.6, 0.8)  # not the whole, which has not changed in this shot yet
    assert [changes.unsettled(index, 0) for index in (3, 7)] == [None, None]
    again = frames[7].copy()
    again[2, 4] = 0
    changes.watch(again)
    assert changes.unsettled(8, 0) == first
    assert SETTLED == 3


def test_what_was_uncovered_settles_with_what_is_around_it():
    unchanged = np.full((40, 60), NEVER, np.int32)
    unchanged[10:30, 10:40] = SETTLED  # a thing passed here
    unchanged[10:30, 38:40] = 0  # and has just left these
    held = settled(unchanged)
    assert held[unchanged == NEVER].all()
    assert held[10:30, 10 : 38 - REACH].all()
    assert not held[10:30, 38 - REACH : 40].any()
    assert settled(np.full((4, 5), SETTLED, np.int32)).all() and not settled(np.zeros((4, 5), np.int32)).any()


def test_what_happens_not_to_change_in_a_dither_is_not_held():
    unchanged = np.where(np.random.default_rng(0).random((60, 80)) < 2 / 3, NEVER, 0).astype(np.int32)
    unchanged[20:50, 30:70] = NEVER  # but this is still
    held = settled(unchanged)
    assert held[20:50, 30:70].all()
    held[20:50, 30:70] = False
    assert held.mean() < 0.02  # of the rest, half has not changed
    thin = np.zeros((20, 20), np.int32)
    thin[:, 8 : 8 + WHOLLY] = NEVER
    assert np.array_equal(settled(thin), thin == NEVER)
    thin[:, 8] = 0
    assert not settled(thin).any()


def test_what_may_hold_the_outline_of_what_moved_with_an_even_ground():
    source, frame = np.full((2, 60, 80, 3), 200, np.uint8)
    source[20:40, 50:70], frame[20:40, 38:58] = 30, 30
    pan = np.full((60, 80, 2), (12, 0), np.float32)
    trusted = np.ones((60, 80), np.float32)
    found = outlined(Motion(pan, trusted), source, frame)
    assert found[16:44, 70 : 70 + OUTLINE].all()  # beside where it was
    assert not found[:, 70 + OUTLINE + 1 :].any() and not found[:10].any()
    assert not outlined(Motion(0 * pan, trusted), source, frame).any()  # before a ground that rests
    assert not outlined(Motion(pan, trusted), source, source).any()
    for picture in (source, frame):  # a ground by which one would see it move
        picture[:, 70:] = np.arange(60, dtype=np.uint8)[:, None, None]
    assert not outlined(Motion(pan, trusted), source, frame)[:, 70:].any()
