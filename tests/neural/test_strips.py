"""Strips give the value and the gradient of the whole picture, and do not keep the features of all of it."""

import numpy as np
import pytest

from vidstyle.config import CONTENT_LAYERS, STYLE_LAYERS
from vidstyle.neural import strips as strips_module
from vidstyle.neural.losses import content_loss, guide, style_loss
from vidstyle.neural.runtime import tf
from vidstyle.neural.strips import Strips
from vidstyle.neural.vgg import Vgg
from vidstyle.neural.weights import load_weights


def random(*shape, high=255.0):
    return np.random.default_rng(sum(shape)).uniform(0, high, shape).astype(np.float32)


def loss_and_gradient(strips, x, guides):
    with tf.GradientTape() as tape:
        tape.watch(x)
        seen = strips.see(x, guides)
        style = [style_loss(gram, gram[::-1], "relative") for grams in seen.grams.values() for gram in grams]
        loss = tf.add_n(style + [content_loss(value, value[:, ::-1], "relative") for value in seen.content.values()])
    return seen, loss, tape.gradient(loss, x)


@pytest.mark.parametrize(
    ("size", "content", "style", "pooling", "kept"),
    [
        ((96, 40), CONTENT_LAYERS, STYLE_LAYERS, "avg", ["conv1_1", "conv1_2", "pool", "conv2_1", "conv2_2", "pool"]),
        ((107, 41), CONTENT_LAYERS, STYLE_LAYERS, "max", ["conv1_1", "conv1_2", "pool", "conv2_1", "conv2_2", "pool"]),
        ((81, 50), ("conv2_2",), STYLE_LAYERS, "avg", ["conv1_1", "conv1_2", "pool"]),
        ((64, 30), CONTENT_LAYERS, ("conv1_1",), "avg", ["conv1_1", "conv1_2", "pool", "conv2_1", "conv2_2", "pool"]),
        ((64, 30), ("conv1_2",), STYLE_LAYERS, "avg", []),
        ((64, 30), (), ("conv1_1",), "avg", []),
    ],
)
@pytest.mark.parametrize("guided", [False, True])
def test_value_and_gradient_are_those_of_the_whole_picture(monkeypatch, size, content, style, pooling, kept, guided):
    vgg = Vgg(load_weights("vgg16"), pooling, tf.float32)
    whole = Strips(vgg, size, content, style)
    assert whole.near == []
    monkeypatch.setattr(strips_module, "PIXELS", size[0] * size[1] // 3)
    parted = Strips(vgg, size, content, style)
    assert parted.near == kept and len(parted.rows) == (3 if kept else 1)
    x = tf.constant(random(1, *size, 3))
    guides = {}
    if guided:
        for name in style:
            scale = 2 ** (int(name[4]) - 1)
            guides[name] = tf.constant([guide(random(size[0] // scale, size[1] // scale, high=1.0)[..., None])] * 2)
    seen, loss, gradient = loss_and_gradient(whole, x, guides)
    for function in (loss_and_gradient, tf.function(loss_and_gradient, autograph=False)):
        found, found_loss, found_gradient = function(parted, x, guides)
        assert found.content.keys() == seen.content.keys() and found.grams.keys() == seen.grams.keys()
        for name, grams in seen.grams.items():
            for mine, gram in zip(found.grams[name], grams, strict=True):
                np.testing.assert_allclose(mine, gram, rtol=1e-5, atol=1e-5 * np.abs(gram).max())
        np.testing.assert_allclose(found_loss, loss, rtol=1e-5)
        np.testing.assert_allclose(found_gradient, gradient, rtol=1e-4, atol=1e-5 * np.abs(gradient).max())
