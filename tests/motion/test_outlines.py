"""Outlines that a thing leaves behind."""

import cv2
import numpy as np

from vidstyle.motion.carry import find_origins
from vidstyle.motion.outlines import REACH, brought_in, left_behind


def frame(left, width=120):
    """A dark thing of 30 x 30 pixels before a bright ground."""
    picture = np.full((60, width, 3), 200, np.uint8)
    picture[15:45, left : left + 30] = 40
    return picture


def test_an_outline_stays_behind_on_the_ground_but_not_on_the_thing():
    backward = np.zeros((60, 120, 2), np.float32)
    backward[15:45, 60:90, 0] = -20  # the flow of the thing; the ground has none
    left = left_behind(frame(40), frame(60), backward)
    assert left[20:40, 40 - REACH + 1 : 40].min() > 0.9
    assert left[15:45, 60:90].max() == 0
    assert left[:, : 40 - 3 * REACH].max() == 0 and left[:, 90 + REACH :].max() == 0


def test_nothing_is_left_by_what_stands_still_and_by_a_thing_that_leaves_with_the_ground():
    still = np.zeros((60, 120, 2), np.float32)
    assert left_behind(frame(40), frame(40), still).max() == 0
    panned = np.full((60, 120, 2), (8, 0), np.float32)
    before = np.full((60, 120, 3), 200, np.uint8)
    before[15:45, 2:6] = 40  # a post at the edge, out of the picture in the next frame
    assert left_behind(before, np.full_like(before, 200), panned).max() == 0


def test_the_pictures_own_edge_is_not_brought_into_it():
    def columns(step):
        panned = np.full((60, 100, 2), (step, 0), np.float32)  # what is new comes in from the right
        found = brought_in(panned)[10:-10]
        assert (found == found[0]).all()
        return np.flatnonzero(found[0]).tolist()

    assert columns(4) == [94, 95]
    assert columns(-4) == [4, 5]
    assert columns(1) == columns(0) == []
    texture = np.random.default_rng(0).integers(0, 255, (60, 104, 3), np.uint8)
    texture = cv2.GaussianBlur(texture, (0, 0), 1.5)
    new = find_origins([texture[:, :100]], texture[:, 4:], "dis").new
    assert new[20:40, 94:96].min() > 0.5 and new[20:40, :80].max() < 0.1
