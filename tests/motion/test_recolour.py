"""What is new, in the colours of the paint around it."""

import numpy as np

from vidstyle.motion.recolour import recoloured


def scene():
    """A white sky over green grass, its paint grey and brown, and something that has just left the middle."""
    frame = np.full((60, 80, 3), 250, np.uint8)
    frame[30:] = 60, 140, 30
    paint = np.where(frame[..., :1] > 200, np.float32([190, 190, 200]), np.float32([150, 110, 60]))
    new = np.zeros((60, 80), np.float32)
    new[15:45, 36:44] = 1
    return frame, paint, new


def test_what_is_new_takes_the_colours_of_the_paint_of_what_looks_alike():
    frame, paint, new = scene()
    carried = paint.copy()
    carried[new > 0] = 0, 0, 255  # of what has gone
    found = recoloured(frame, carried, new, frame, paint)
    new[30 - 9 : 30 + 9] = 0  # where both meet, detail keeps its contrast
    np.testing.assert_allclose(found[new > 0], paint[new > 0], atol=6)
    np.testing.assert_array_equal(found[:15], frame[:15])


def test_where_nothing_else_is_near_and_where_nothing_is_new_the_frame_stays_as_it_is():
    frame, paint, new = scene()
    other = np.full_like(frame, (0, 0, 255))
    np.testing.assert_allclose(recoloured(frame, paint, np.ones_like(new), other, other), frame, atol=1)
    np.testing.assert_array_equal(recoloured(frame, paint, np.zeros_like(new), frame, paint), frame)


def test_what_jumps_to_where_nothing_looks_like_it_keeps_the_colours_of_its_paint():
    before, paint = np.full((60, 120, 3), 120, np.uint8), np.full((60, 120, 3), 100, np.float32)
    frame, new = before.copy(), np.zeros((60, 120), np.float32)
    before[20:40, 90:110] = frame[20:40, 10:30] = 220, 40, 30
    paint[20:40, 90:110] = 90, 10, 60
    new[18:42, 8:32] = 1
    found = recoloured(frame, paint, new, before, paint)
    np.testing.assert_allclose(found[24:36, 14:26], paint[24:36, 94:106], atol=8)
    np.testing.assert_allclose(found[new > 0][0], 100, atol=8)  # the ground beside it
