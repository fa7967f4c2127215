"""Colours given from picture to picture: closed forms."""

import numpy as np
import pytest

from vidstyle.colour import match_colours

rng = np.random.default_rng(0)


def picture(mean, mix, size=(40, 60)):
    return np.clip(rng.normal(size=(*size, 3)) @ np.array(mix) + mean, 0, 255).astype(np.uint8)


PALE = picture([120, 130, 110], [[25, 20, 15], [0, 15, 5], [0, 0, 14]])
WARM = picture([150, 110, 90], [[30, 10, 5], [0, 20, 10], [0, 0, 15]])
COLD = picture([90, 110, 150], [[15, 5, 10], [0, 20, 15], [0, 0, 25]])


def test_mean_and_covariance_become_those_of_the_palette():
    matched = match_colours(PALE, [WARM], [1.0]).reshape(-1, 3)
    palette = WARM.reshape(-1, 3)
    np.testing.assert_allclose(matched.mean(0), palette.mean(0), atol=0.5)
    np.testing.assert_allclose(np.cov(matched.T), np.cov(palette.T), rtol=0.03, atol=3)


def test_its_own_colours_stay():
    np.testing.assert_allclose(match_colours(PALE, [PALE], [1.0]), PALE, atol=1e-3)


def test_shares_blend():
    means = [match_colours(PALE, [WARM, COLD], [share, 1 - share]).mean((0, 1)) for share in (1.0, 0.25, 0.0)]
    np.testing.assert_allclose(means[1], 0.25 * means[0] + 0.75 * means[2], atol=0.5)


@pytest.mark.parametrize("noise", [0, 1])
def test_grey_pictures_do_not_burst_into_colour(noise):
    grey = np.repeat(rng.integers(40, 220, (40, 60, 1)), 3, -1) + rng.integers(-noise, noise + 1, (40, 60, 3))
    matched = match_colours(grey.astype(np.uint8), [WARM], [1.0])
    assert np.isfinite(matched).all() and matched.min() >= 0 and matched.max() <= 255
    chroma = (matched - matched.mean(-1, keepdims=True)).reshape(-1, 3)
    brightness = (grey - grey.mean()).mean(-1).reshape(-1)
    # What is left of the chroma beside what follows the brightness is the noise, little enlarged.
    rest = chroma - chroma.mean(0) - np.outer(brightness, brightness @ chroma / (brightness @ brightness))
    assert rest.std() < 3 * noise + 0.5
