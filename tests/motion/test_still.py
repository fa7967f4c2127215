"""Where a clip stays as it is."""

import numpy as np

from vidstyle.motion.still import SETTLED, WHOLE, Changes


def test_a_box_around_all_that_changed_lately():
    frames = np.zeros((8, 10, 20, 3), np.uint8)
    frames[1:, 2, 4] = 9
    frames[2:, 5, 15, 1] = 1
    changes = Changes()
    for frame in frames:
        changes.watch(frame)
    first, second = (0.2, 0.2, 0.3, 0.25), (0.5, 0.75, 0.6, 0.8)
    assert changes.boxes == [WHOLE, first, second] + [None] * 5
    assert changes.unsettled(2) == WHOLE
    assert [changes.unsettled(index) for index in (3, 7)] == [None, None]
    again = frames[7].copy()
    again[2, 4] = 0
    changes.watch(again)
    assert changes.unsettled(8) == first
    assert SETTLED == 3
