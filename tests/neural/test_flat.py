"""Flat parts begin with noise, so that they are painted as well."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from vidstyle.config import Config, Style
from vidstyle.neural import flat
from vidstyle.neural.stylize import Stylizer
from vidstyle.neural.weights import load_weights

SAMPLES = Path(__file__).parent.parent.parent / "samples"
SKY = (slice(15, 60), slice(15, 120))  # of drawing()


def drawing():
    """A sun in an even sky over a field that grows darker to the right: uint8 (108, 192, 3)."""
    picture = np.full((108, 192, 3), (120, 190, 240), np.uint8)
    cv2.circle(picture, (159, 27), 13, (255, 230, 80), -1)
    picture[75:] = np.linspace((90, 170, 80), (40, 90, 50), 192)
    return picture


def test_even_and_evenly_shaded_parts_are_flat_and_edges_and_film_are_not():
    found = flat.flat(drawing())
    assert found[SKY].all() and found[84:100, 15:177].all()
    assert not found[73:77].any() and not found[27, 145:148].any()
    with PIL.Image.open(SAMPLES / "bunny.gif") as filmed:
        assert not flat.flat(np.asarray(filmed.convert("RGB"))).any()
    assert not flat.flat(np.random.default_rng(0).integers(0, 5, (108, 192, 3), np.uint8)).any()


def test_a_small_even_spot_is_not_flat():
    picture = np.random.default_rng(0).integers(0, 255, (72, 128, 3), np.uint8)
    picture[30:36, 60:66] = 90
    assert not flat.flat(picture).any()
    picture[20:50, 40:90] = 90
    assert flat.flat(picture)[24:46, 44:86].all()


def test_noise_is_where_it_is_flat_and_painted():
    frame = drawing()
    grey, painted = np.full(frame.shape, 128, np.float32), np.ones(frame.shape[:2], np.float32)
    painted[:, :60] = 0
    noise = flat.roughened(grey, frame, painted, 0) - grey
    where = flat.flat(frame) & (painted > 0)
    assert noise.dtype == np.float32 and not noise[~where].any()
    assert noise[where].std() == pytest.approx(flat.AMPLITUDE, rel=0.1)
    assert abs(noise[where].mean()) < flat.AMPLITUDE / 10
    np.testing.assert_array_equal(noise + grey, flat.roughened(grey, frame, painted, 0))
    assert np.abs(noise + grey - flat.roughened(grey, frame, painted, 1))[where].mean() > flat.AMPLITUDE / 2
    light = flat.roughened(grey + 120, frame, np.ones((1, 1), np.float32), 0)
    assert light.max() == 255
    rough = np.random.default_rng(0).integers(0, 255, frame.shape, np.uint8)
    assert flat.roughened(grey, rough, painted, 0) is grey


@pytest.fixture(scope="module")
def stylizer():
    path = SAMPLES / "styles" / "swirl.png"
    config = Config(styles=(Style(path),), content_weight=0.25, precision="float32")
    with PIL.Image.open(path) as style:
        return Stylizer(config, load_weights("vgg16"), [np.asarray(style.convert("RGB"))])


@pytest.mark.parametrize("content, style, share", [(0.25, 1.0, 1), (4.0, 1.0, 0.1), (0.0, 1.0, 1), (1.0, 0.0, 0)])
def test_a_heavy_content_gets_less_noise(content, style, share, stylizer, monkeypatch):
    """It would leave it behind as speckle."""
    config = replace(stylizer.config, content_weight=content, style_weight=style)
    monkeypatch.setattr(stylizer, "config", config)
    noise = stylizer.blank(drawing())[SKY].std((0, 1)).mean()
    assert noise == pytest.approx(share * flat.AMPLITUDE, rel=0.2, abs=0.1)


@pytest.mark.parametrize("contrast", [0, 3, 100])
def test_an_even_style_gets_less_noise(contrast, stylizer):
    """It would keep it as specks of colours that it does not have."""
    style = np.full((80, 120, 3), 100, np.uint8)
    style[::2] += np.uint8(contrast)
    noise = Stylizer(stylizer.config, stylizer.weights, [style]).blank(drawing())[SKY].std((0, 1)).mean()
    assert noise == pytest.approx(min(contrast / 2, flat.AMPLITUDE), rel=0.2)


def test_an_even_sky_is_painted(stylizer, monkeypatch):
    """Without the noise it is left with a fine pattern: its larger strokes had a sixth of the contrast."""

    def strokes():
        image = stylizer.first(drawing(), 40, None).image
        return (cv2.GaussianBlur(image, (0, 0), 1.4) - cv2.GaussianBlur(image, (0, 0), 5.6))[SKY].std()

    painted = strokes()
    monkeypatch.setattr(flat, "AMPLITUDE", 0.0)
    left = strokes()
    assert painted > 3 * left
