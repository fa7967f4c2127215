"""Colours given from picture to picture: closed forms."""

import itertools

import cv2
import numpy as np
import pytest

from vidstyle.colour import WAYS, Colouring, Moments, grey, match_colours, with_chroma

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


@pytest.mark.parametrize("way", sorted(WAYS))
def test_every_way_gives_mean_and_covariance(way):
    matched = match_colours(PALE, [Moments(WARM)], [1.0], way).reshape(-1, 3)
    np.testing.assert_allclose(matched.mean(0), WARM.mean((0, 1)), atol=0.5)
    np.testing.assert_allclose(np.cov(matched.T), np.cov(WARM.reshape(-1, 3).T), rtol=0.03, atol=3)


def test_the_ways_differ_and_cholesky_keeps_the_order_of_red():
    found = {way: match_colours(PALE, [WARM], [1.0], way) for way in WAYS}
    assert all(np.abs(found[a] - found[b]).max() > 1 for a, b in itertools.combinations(found, 2))
    red = found["match-cholesky"][..., 0].ravel()[np.argsort(PALE[..., 0].ravel())]
    assert (np.diff(red) > -0.01).all()


def test_moments_of_several_pictures_are_those_of_all_their_pixels():
    together = Moments(PALE, WARM)
    pixels = np.concatenate([PALE.reshape(-1, 3), WARM.reshape(-1, 3)])
    np.testing.assert_allclose(together.mean, pixels.mean(0))
    np.testing.assert_allclose(together.covariance, np.cov(pixels.T, bias=True), rtol=1e-9)


def lab(image):
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)


def test_chroma_comes_from_the_source_and_luminance_from_the_paint():
    source = rng.integers(0, 256, (30, 40, 3)).astype(np.uint8)  # as saturated as can be
    painted = rng.uniform(0, 255, (30, 40, 3)).astype(np.float32)
    shown = lab(with_chroma(painted, source))
    assert np.abs(shown - lab(source))[..., 1:].max() < 1
    # Between the two luminances, and nearer to that of the paint wherever the colour can be shown so.
    low, high = np.sort([lab(source)[..., 0], lab(painted)[..., 0]], 0)
    assert (shown[..., 0] > low - 1).all() and (shown[..., 0] < high + 1).all()
    pale = np.full_like(source, 128)
    np.testing.assert_allclose(lab(with_chroma(painted, pale))[..., 0], lab(painted)[..., 0], atol=0.2)


def test_original_colours_are_painted_in_luminance():
    colouring = Colouring("original")
    colouring.watch(PALE)
    frame, style = colouring.frame(PALE), colouring.style(WARM)
    for picture in (frame, style):
        assert np.ptp(picture.astype(int), -1).max() <= 1
    np.testing.assert_allclose(lab(frame)[..., 0], lab(PALE)[..., 0], atol=0.5)
    assert (abs(style.mean() - frame.mean()), abs(style.std() - frame.std())) < (1, 1)


def test_what_is_transparent_has_no_say_in_the_colours_of_a_clip():
    seen, sticker = Colouring("match"), Colouring("match")
    seen.watch(PALE)
    hidden = np.full_like(PALE, 255)
    sticker.watch(np.hstack([PALE, hidden]), np.hstack([hidden[..., 0], 0 * hidden[..., 0]]))
    np.testing.assert_array_equal(sticker.style(WARM), seen.style(WARM))
    nothing = Colouring("match")
    nothing.watch(PALE, np.zeros(PALE.shape[:2], np.uint8))
    np.testing.assert_array_equal(nothing.style(WARM), WARM)
    np.testing.assert_array_equal(Colouring("original").style(WARM), grey(WARM))
