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

POOL = "pool"  # in Vgg.way()
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
        found: dict[str, tf.Tensor] = {}
        y = self.enter(x)
        for name in self.way(wanted):
            y = found[name] = self.step(name, y)
        return {name: found[name] for name in wanted}

    def way(self, wanted: Iterable[str]) -> list[str]:
        """The layers up to the last wanted one, POOL between blocks."""
        missing = set(wanted)
        names = []
        for block, count in enumerate(self.blocks, 1):
            if block > 1:
                names.append(POOL)
            for index in range(1, count + 1):
                names.append(f"conv{block}_{index}")
                missing.discard(names[-1])
                if not missing:
                    return names
        return names

    def step(self, name: str, y: tf.Tensor) -> tf.Tensor:
        """One of way()."""
        return self.pool(y) if name == POOL else self.layers[name](y)

    def enter(self, x: tf.Tensor) -> tf.Tensor:
        """What the first layer gets."""
        return tf.cast(x - tf.constant(MEAN_RGB), self.dtype)

    def pool(self, y: tf.Tensor) -> tf.Tensor:
        """What lies between two blocks; an odd last row or column is left out."""
        return self.pooling(y, 2, 2, "VALID")


# How blocks are joined. To add a pooling: its name and an operation with the signature of tf.nn.avg_pool2d.
POOLINGS: dict[str, Callable[..., tf.Tensor]] = {"avg": tf.nn.avg_pool2d, "max": tf.nn.max_pool2d}


class _Convolution:
    """A 3x3 convolution with bias and ReLU, and its gradient with respect to the input."""

    def __init__(self, layer: Layer, dtype: tf.DType) -> None:
        self.kernel: NDArray[np.generic] = layer.kernel.astype(dtype.as_numpy_dtype, copy=False)
        self.bias: NDArray[np.generic] = layer.bias.astype(dtype.as_numpy_dtype, copy=False)

    def __call__(self, x: tf.Tensor, padding: str = "SAME") -> tf.Tensor:
        """With the padding VALID the border of x, which the result lacks, has no gradient."""

        @tf.custom_gradient
        def convolve(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
            kernel, bias, transposed = self._in_graph()
            y = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, padding), bias))

            def gradient(dy: tf.Tensor) -> tf.Tensor:
                through = tf.raw_ops.ReluGrad(gradients=dy, features=y)
                dx = tf.nn.conv2d(through, transposed, 1, "SAME")
                return dx if padding == "SAME" else tf.pad(dx, [[0, 0], [1, 1], [1, 1], [0, 0]])

            return y, gradient

        return convolve(x)

    def _in_graph(self) -> list[tf.Tensor]:
        """Kernel, bias and transposed kernel; constants of the graph that is being traced, once for all its strips."""
        graph = tf.compat.v1.get_default_graph()
        # A collection of the graph goes with it; a weak dictionary would keep it, by what it has as values, for ever.
        known: list[tf.Tensor] = [] if tf.executing_eagerly() else graph.get_collection_ref(self)
        if not known or known[0].graph is not graph:  # a loop's body begins with the collections around it
            with tf.control_dependencies(None):  # they would wait for what happens to be computed before
                transposed = np.ascontiguousarray(self.kernel[::-1, ::-1].transpose(0, 1, 3, 2))
                known[:] = map(tf.constant, (self.kernel, self.bias, transposed))
        return known


def _rgb(layer: Layer) -> Layer:
    """The first layer with its input channels turned from BGR to RGB, which saves turning every picture."""
    return Layer(np.ascontiguousarray(layer.kernel[:, :, ::-1]), layer.bias)
