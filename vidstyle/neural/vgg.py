"""The convolutional part of a VGG network as a function of a picture, made for optimising that picture.

Only the picture is ever differentiated, so each convolution carries its own gradient: a forward convolution with the
flipped, transposed kernel. Kernels enter the graph as constants, because oneDNN keeps its reordered copies of constants
only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from ..config import NETWORKS
from .runtime import tf
from .weights import Layer, Weights

MEAN_RGB = (123.68, 116.779, 103.939)  # of ImageNet, subtracted as in Keras's "caffe" preprocessing


class Vgg:
    """Features of pictures, computed in `dtype` (float32 or bfloat16), pooled by averages or maxima."""

    def __init__(self, weights: Weights, pooling: str, dtype: tf.DType) -> None:
        self.dtype = dtype
        self.pooling = POOLINGS[pooling]
        self.blocks = NETWORKS[weights.network]
        self.layers = {
            name: _Convolution(_rgb(layer) if name == "conv1_1" else layer, dtype)
            for name, layer in weights.layers.items()
        }

    def features(self, x: tf.Tensor, wanted: Iterable[str]) -> dict[str, tf.Tensor]:
        """ReLU outputs of the wanted layers. x: float32 (1, H, W, 3), RGB 0..255. -> dtype (1, H_l, W_l, C_l)."""
        missing = set(wanted)
        found: dict[str, tf.Tensor] = {}
        y = tf.cast(x - tf.constant(MEAN_RGB), self.dtype)
        for block, count in enumerate(self.blocks, 1):
            if block > 1:
                y = self.pooling(y, 2, 2, "VALID")
            for index in range(1, count + 1):
                name = f"conv{block}_{index}"
                y = self.layers[name](y)
                if name in missing:
                    found[name] = y
                    missing.discard(name)
                    if not missing:
                        return found
        return found


# How blocks are joined. To add a pooling: its name and an operation with the signature of tf.nn.avg_pool2d.
POOLINGS: dict[str, Callable[..., tf.Tensor]] = {"avg": tf.nn.avg_pool2d, "max": tf.nn.max_pool2d}


class _Convolution:
    """A 3x3 convolution with bias and ReLU, and its gradient with respect to the input."""

    def __init__(self, layer: Layer, dtype: tf.DType) -> None:
        numpy_dtype = dtype.as_numpy_dtype
        self.kernel: NDArray[np.generic] = layer.kernel.astype(numpy_dtype)
        self.bias: NDArray[np.generic] = layer.bias.astype(numpy_dtype)
        self.transposed: NDArray[np.generic] = np.ascontiguousarray(
            layer.kernel[::-1, ::-1].transpose(0, 1, 3, 2)
        ).astype(numpy_dtype)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        @tf.custom_gradient
        def convolve(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
            y = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, tf.constant(self.kernel), 1, "SAME"), tf.constant(self.bias)))

            def gradient(dy: tf.Tensor) -> tf.Tensor:
                through = tf.raw_ops.ReluGrad(gradients=dy, features=y)
                return tf.nn.conv2d(through, tf.constant(self.transposed), 1, "SAME")

            return y, gradient

        return convolve(x)


def _rgb(layer: Layer) -> Layer:
    """The first layer with its input channels turned from BGR to RGB, which saves turning every picture."""
    return Layer(np.ascontiguousarray(layer.kernel[:, :, ::-1]), layer.bias)
