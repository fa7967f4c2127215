"""How firmly paint is held, steered by how it flickers."""

import numpy as np
import pytest

from vidstyle.motion.carry import Past
from vidstyle.motion.reliability import Motion, residual
from vidstyle.neural.firmness import LIMITS, SAME_STYLE, Firmness

SIZE = (24, 32)
STILL = Motion(np.zeros((*SIZE, 2), np.float32), np.ones(SIZE, np.float32))


def past(source, paint):
    return Past(np.full((*SIZE, 3), source, np.uint8), np.full((*SIZE, 3), paint, np.float32))


def heed(firmness, before, now, restyled=SAME_STYLE):
    paint, source = residual(before.image, now.image, STILL), residual(before.source, now.source, STILL)
    return firmness.heed(paint, source, STILL, restyled)


@pytest.mark.parametrize(("paint", "expected"), [(40, LIMITS[1]), (1, LIMITS[0])])
def test_paint_that_flickers_more_than_the_source_is_held_more_firmly(paint, expected):
    """Both flicker by turns, the source by 10 of 255."""
    firmness = Firmness()
    for frame in range(20):
        now, then = (frame % 2, 1 - frame % 2)
        heed(firmness, past(60 + 10 * then, 100 + paint * then), past(60 + 10 * now, 100 + paint * now))
    assert firmness.factors[0] == pytest.approx(expected)
    np.testing.assert_allclose(firmness.of(STILL, STILL.reliable), expected, rtol=1e-6)


def test_paint_of_another_style_has_not_flickered():
    firmness = Firmness()
    heed(firmness, past(60, 100), past(60, 104))
    before = firmness.factors.copy()
    assert heed(firmness, past(60, 104), past(60, 220), np.array(True))[0] > 0.1
    np.testing.assert_array_equal(firmness.factors, before)
