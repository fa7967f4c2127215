"""The network against published values and against TensorFlow's own convolutions and gradients."""

import numpy as np
import pytest

from vidstyle.config import layer_names
from vidstyle.neural.processor import rounds_by_threads
from vidstyle.neural.runtime import ONEDNN, Traced, tf
from vidstyle.neural.vgg import MEAN_RGB, Vgg
from vidstyle.neural.weights import load_weights

# The first bias of each layer, as published for imagenet-vgg-verydeep-16.
FIRST_BIASES = [
    *(0.73429835, -0.30912212, -0.04577766, -0.06418542, -0.07435887, 0.01967502, 0.03541524, 0.01348567),
    *(0.02368046, 0.03757768, 0.09722325, 0.21327873, 0.18837857),
]


@pytest.fixture(scope="module")
def weights():
    return load_weights("vgg16")


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(0).uniform(0, 255, (1, 35, 50, 3)).astype(np.float32)


def reference(weights, x, pooling):
    """All layers by plain TensorFlow in BGR, as Keras computes them."""
    y = tf.reverse(x, [-1]) - tf.constant(MEAN_RGB[::-1])
    found = {}
    for name in layer_names("vgg16"):
        if name.endswith("_1") and name != "conv1_1":
            y = tf.nn.pool(y, (2, 2), pooling, strides=(2, 2))
        layer = weights.layers[name]
        y = found[name] = tf.nn.relu(tf.nn.conv2d(y, layer.kernel, 1, "SAME") + layer.bias)
    return found


def features(vgg, x, wanted):
    """Of the wanted layers, as the objective gets them."""
    return vgg.through(vgg.way(wanted), vgg.enter(x), set(wanted))[1]


def test_embedded_weights_are_those_of_simonyan_and_zisserman(weights):
    # float16 rounds by at most 4.4e-4 of each tensor's largest value.
    for layer, published in zip(weights.layers.values(), FIRST_BIASES, strict=True):
        assert layer.bias[0] == pytest.approx(published, abs=4.4e-4 * float(np.abs(layer.bias).max()))
    np.testing.assert_allclose(
        weights.layers["conv1_1"].kernel[0, 0, :, 0], [0.42947057, 0.55037946, 0.4800154], atol=5e-4
    )


@pytest.mark.parametrize(("pooling", "kind"), [("avg", "AVG"), ("max", "MAX")])
def test_features_are_those_of_the_plain_network(weights, picture, pooling, kind):
    expected = reference(weights, tf.constant(picture), kind)
    vgg = Vgg(weights, pooling, tf.float32)
    found = Traced(lambda x: features(vgg, x, expected))(tf.constant(picture))
    assert set(found) == set(expected)
    for name, own in found.items():
        np.testing.assert_allclose(own, expected[name], rtol=1e-3, atol=1e-3 * np.max(expected[name]))


@pytest.mark.parametrize(("pooling", "kind"), [("avg", "AVG"), ("max", "MAX")])
def test_gradient_is_that_of_automatic_differentiation(weights, picture, pooling, kind):
    def gradient(layers_of):
        def of(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                found = layers_of(x)
                loss = tf.add_n([tf.reduce_mean(tf.square(found[name])) for name in ("conv1_1", "conv3_1", "conv5_1")])
            return tape.gradient(loss, x)

        return np.asarray(Traced(of)(tf.constant(picture)))

    vgg = Vgg(weights, pooling, tf.float32)
    expected = gradient(lambda x: reference(weights, x, kind))
    found = gradient(lambda x: features(vgg, x, ["conv1_1", "conv3_1", "conv5_1"]))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_bfloat16_features_and_gradients_stay_close_to_float32(weights, picture):
    def both(dtype):
        vgg = Vgg(weights, "avg", dtype)

        def of(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                found = tf.cast(features(vgg, x, ["conv4_2"])["conv4_2"], tf.float32)
                loss = tf.reduce_mean(tf.square(found))
            return found, tape.gradient(loss, x)

        return map(np.asarray, Traced(of)(tf.constant(picture)))

    for exact, rounded in zip(both(tf.float32), both(tf.bfloat16), strict=True):
        assert np.linalg.norm(exact - rounded) < 0.05 * np.linalg.norm(exact)


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="it convolves on the GPU")
def test_without_tensorflow_it_is_known_whether_it_has_onednn():
    assert rounds_by_threads() is not ONEDNN
