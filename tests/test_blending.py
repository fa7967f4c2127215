"""How much each style counts: by weight, layer, time and place."""

from fractions import Fraction

import numpy as np
import pytest

from vidstyle.blending import Blend, changes_style, shares_at
from vidstyle.config import Config, Style, StyleLayer


def config(*styles):
    layers = (StyleLayer("conv1_1"), StyleLayer("conv2_1"))
    return Config(styles=tuple(Style.parse(style) for style in styles), style_layers=layers)


def test_shares_are_of_the_styles_that_count_at_a_layer():
    shares = shares_at(config("a:3", "b:1", "c:4:conv2_1"))
    np.testing.assert_allclose(shares["conv1_1"], [0.75, 0.25, 0])
    np.testing.assert_allclose(shares["conv2_1"], [0.375, 0.125, 0.5])
    np.testing.assert_allclose(shares_at(config("a:3e-50", "b:1e-50"))["conv1_1"], [0.75, 0.25])


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("0", [0.75, 0.25, 0]),
        ("1", [0.75, 0.25, 0]),
        ("1.5", [0.5625, 0.1875, 0.25]),
        ("3", [0, 0, 1]),
        ("9", [0, 0, 1]),
    ],
)
def test_keyframes_fade_into_each_other(at, expected):
    shares = shares_at(config("a:3@1", "b@1s", "c:7@3s"), Fraction(at))
    np.testing.assert_allclose(shares["conv2_1"], expected)


def test_every_pixel_is_shared_by_the_styles_that_are_there():
    half = np.zeros((2, 4, 6), np.float32)
    half[0, :, :3] = half[1, :, 3:] = 1
    halves = Blend(shares_at(config("a:1", "b:1")), half)
    np.testing.assert_allclose(halves.portions(), half)
    np.testing.assert_allclose(halves.weights("conv1_1"), [0.5, 0.5])
    both = Blend(shares_at(config("a:3", "b:1")), np.ones((2, 4, 6), np.float32))
    np.testing.assert_allclose(both.weights("conv1_1"), [0.75, 0.25])
    # Alone in a tenth of the picture, a style has a tenth of the weight: as much as anywhere for a pixel.
    tenth = np.zeros((1, 1, 10), np.float32)
    tenth[..., 3] = 1
    np.testing.assert_allclose(Blend(shares_at(config("a")), tenth).weights("conv1_1"), [0.1])


def test_where_a_blend_differs():
    shares = shares_at(config("a", "b"))
    places = np.zeros((2, 3, 4), np.float32)
    moved = places.copy()
    moved[1, 2, 3] = 0.5
    assert not Blend(shares).unlike(Blend(shares)).any()
    assert not Blend(shares, np.ones_like(places)).unlike(Blend(shares)).any()  # None is everywhere
    assert Blend(shares).unlike(Blend(shares_at(config("a:2", "b")))).all()
    assert np.argwhere(Blend(shares, moved).unlike(Blend(shares, places))).tolist() == [[2, 3]]


def test_more_of_the_same_style_is_no_other_style():
    shares = shares_at(config("a", "b"))
    places = np.ones((2, 3, 4), np.float32)
    places[0, 0, 0] = 0.5
    before = Blend(shares, places)
    assert not changes_style(None, before).any() and not changes_style(before, Blend(shares, places.copy())).any()
    assert not changes_style(before, Blend(shares, places * np.float32(0.3))).any()
    other = places.copy()
    other[:, 2, 1] = 0  # not painted any more
    other[1, 1, 2] = 0.5  # less of the one
    assert np.argwhere(changes_style(before, Blend(shares, other))).tolist() == [[1, 2], [2, 1]]
    assert np.argwhere(changes_style(Blend(shares), before)).tolist() == [[0, 0]]
    assert changes_style(before, Blend(shares_at(config("a:2", "b")), places)).all()
    assert (Blend(shares).painted, Blend(shares, other).painted) == (1, pytest.approx(11 / 12))
