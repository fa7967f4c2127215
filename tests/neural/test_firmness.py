"""How firmly paint is held, steered by how it flickers."""

import numpy as np
import pytest

from vidstyle.blending import SAME_STYLE
from vidstyle.motion.reliability import Motion
from vidstyle.neural.firmness import LIMITS, Firmness

SIZE = (24, 32)
STILL = Motion(np.zeros((*SIZE, 2), np.float32), np.ones(SIZE, np.float32))


def heed(firmness, paint, source, restyled=SAME_STYLE):
    """The paint and the source have changed by so much, of 255, everywhere."""
    firmness.heed(*(np.full((*SIZE, 3), change / 255, np.float32) for change in (paint, source)), STILL, restyled)


@pytest.mark.parametrize(("paint", "expected"), [(40, LIMITS[1]), (1, LIMITS[0])])
def test_paint_that_flickers_more_than_the_source_is_held_more_firmly(paint, expected):
    """Both flicker by turns, the source by 10 of 255."""
    firmness = Firmness()
    for frame in range(20):
        heed(firmness, paint * (-1) ** frame, 10 * (-1) ** frame)
    assert firmness.factors[0] == pytest.approx(expected)
    np.testing.assert_allclose(firmness.of(STILL, STILL.reliable), expected, rtol=1e-6)


def test_paint_of_another_style_has_not_flickered():
    firmness = Firmness()
    heed(firmness, 4, 0)
    before = firmness.factors.copy()
    heed(firmness, 116, 0, np.array(True))
    np.testing.assert_array_equal(firmness.factors, before)
