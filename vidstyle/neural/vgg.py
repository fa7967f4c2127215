"""The convolutional part of a VGG network as a function of a picture, made for optimising that picture.

Only the picture is ever differentiated, so each convolution carries its own gradient: a forward convolution with the
flipped, transposed kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from ..config import NETWORKS
from .runtime import ONEDNN, tf
from .weights import Layer, Weights

Features = dict[str, tf.Tensor]  # by layer

POOL = "pool"  # in Vgg.way()
Padding = tuple[tuple[int, int], tuple[int, int]]  # cells (before, after) down, and across
NONE: Padding = ((0, 0), (0, 0))
MEAN_RGB = (123.68, 116.779, 103.939)  # of ImageNet, subtracted as in Keras's "caffe" preprocessing


class Edge(NamedTuple):
    """What a layer of a part of a picture gets from around it.

    padding: zeros around the input; of a convolution two everywhere, so that it gives all that depends on its input; of
    a pooling so many that it gets whole pairs. added: (1, h, w, C), what the rest adds, before ReLU and before pooling;
    None is nothing. kept: (1, h, w, 1), a factor after pooling; None is 1.
    """

    padding: Padding
    added: tf.Tensor | None
    kept: tf.Tensor | None = None


class Vgg:
    """Features of pictures, (1, H_l, W_l, C_l) of `dtype` (float32 or bfloat16), pooled by averages or maxima."""

    def __init__(self, weights: Weights, pooling: str, dtype: tf.DType) -> None:
        self.dtype = dtype
        self.pooling = POOLINGS[pooling]
        self.blocks = NETWORKS[weights.network]
        self.layers = {
            name: _Convolution(_rgb(layer) if name == "conv1_1" else layer, dtype)
            for name, layer in weights.layers.items()
        }

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
        return self.pool(y) if name == POOL else self.layers[name](y)[0]

    def through(
        self, names: Sequence[str], y: tf.Tensor, wanted: Container[str], edges: Sequence[Edge] = ()
    ) -> tuple[tf.Tensor, Features]:
        """A run of way() at once: what comes out of it, and the wanted layers on the way; costs less than step().

        edges: none, or for each name, where y is a part of a picture.
        """
        found: Features = {}
        pooled = False
        around: list[Edge | None] = [*edges] if edges else [None] * len(names)
        for index, (name, edge) in enumerate(zip(names, around, strict=True)):
            if name == POOL:
                y = y if pooled else self.pool(y, edge)
                y = y if edge is None or edge.kept is None else y * edge.kept
                continue
            last = index + 1 == len(names)
            pooled = ONEDNN and not last and names[index + 1] == POOL and self.pooling is tf.nn.avg_pool2d
            users = 1 if last else 1 + (name in wanted)
            following = around[index + 1] if pooled else None
            pool = partial(self.pool, edge=following) if pooled else None
            y, *own = self.layers[name](y, edge, users, pool, following.padding if following else NONE)
            if name in wanted:
                found[name] = own[0] if own else y
        return y, found

    def enter(self, x: tf.Tensor) -> tf.Tensor:
        """What the first layer gets."""
        return tf.cast(x - tf.constant(MEAN_RGB), self.dtype)

    def pool(self, y: tf.Tensor, edge: Edge | None = None) -> tf.Tensor:
        """What lies between two blocks; an odd last row or column is left out."""
        if edge is not None and edge.added is not None:
            y = tf.pad(y, [(0, 0), *edge.padding, (0, 0)]) + edge.added
        return self.pooling(y, 2, 2, "VALID")


# How blocks are joined. To add a pooling: its name and an operation with the signature of tf.nn.avg_pool2d.
POOLINGS: dict[str, Callable[..., tf.Tensor]] = {"avg": tf.nn.avg_pool2d, "max": tf.nn.max_pool2d}


class _Convolution:
    """A 3x3 convolution with bias and ReLU, and its gradient with respect to the input."""

    def __init__(self, layer: Layer, dtype: tf.DType) -> None:
        kernel, bias = (part.astype(dtype.as_numpy_dtype, copy=False) for part in (layer.kernel, layer.bias))
        transposed = np.ascontiguousarray(kernel[::-1, ::-1].transpose(0, 1, 3, 2))
        self.kernel, self.bias, self.transposed = map(tf.constant, (kernel, bias, transposed))
        self.multiplications = kernel.size  # for each cell

    def __call__(
        self,
        x: tf.Tensor,
        edge: Edge | None = None,
        users: int = 1,
        pool: Callable[[tf.Tensor], tf.Tensor] | None = None,
        padding: Padding = NONE,
    ) -> list[tf.Tensor]:
        """The result, once for each of its users, whose gradients are added in the same pass as ReLU's.

        edge: where x is a part of a picture. pool: pooling by averages, for the first of the users, and its padding.
        """

        @tf.custom_gradient
        def convolve(x: tf.Tensor) -> tuple[list[tf.Tensor], Callable[..., tf.Tensor]]:
            added = [self.bias] if edge is None or edge.added is None else [self.bias, edge.added]
            y = _convolution(x, self.kernel, "SAME" if edge is None else edge.padding, added)

            def gradient(*dy: tf.Tensor) -> tf.Tensor:
                if ONEDNN:
                    through = _into_relu_at_once(dy, y, padding)
                else:
                    through = tf.raw_ops.ReluGrad(gradients=tf.add_n(dy), features=y)
                return _convolution(through, self.transposed, "SAME" if edge is None else "VALID")

            return [tf.identity(y) if pool is None else pool(y), *(tf.identity(y) for _ in range(users - 1))], gradient

        results: list[tf.Tensor] = convolve(x)
        return results

    def inside(self, x: tf.Tensor) -> tf.Tensor:
        """Only the convolution, without bias and ReLU, and without a cell on each side."""
        return _convolution(x, self.kernel, "VALID")


def _convolution(x: tf.Tensor, kernel: tf.Tensor, padding: Padding | str, added: Sequence[tf.Tensor] = ()) -> tf.Tensor:
    """x * kernel, or ReLU(x * kernel + added) where something is `added`: a bias, then tensors like the result.

    Where oneDNN computes it, that is one operation, which takes an eighth off an evaluation; Grappler would find it, in
    a second a graph. The kernel counts as a constant, of which alone oneDNN keeps a copy in its own order. It is none
    of the graph, in which it would stand three times.
    """
    name, paddings = (padding, []) if isinstance(padding, str) else ("EXPLICIT", [(0, 0), *padding, (0, 0)])
    if tf.executing_eagerly() or not ONEDNN:
        y = tf.nn.conv2d(x, kernel, 1, paddings or padding)
        if added:
            bias, *others = added
            y = tf.nn.relu(tf.add_n([tf.nn.bias_add(y, bias), *others]))
        return y
    value, values = tf.compat.v1.AttrValue, tf.compat.v1.AttrValue.ListValue
    attributes = {
        "T": value(type=x.dtype.as_datatype_enum),
        "is_filter_const": value(b=True),
        "strides": value(list=values(i=[1, 1, 1, 1])),
        "padding": value(s=name.encode()),
        "explicit_paddings": value(list=values(i=[cells for pair in paddings for cells in pair])),
        "_kernel": value(s=b"MklNameChangeOp"),
    }
    if added:
        attributes |= {
            "TArgs": value(list=values(type=[x.dtype.as_datatype_enum] * len(added))),
            "num_args": value(i=len(added)),
            "num_host_args": value(i=0),
            "fused_ops": value(list=values(s=[b"BiasAdd", *[b"Add"] * (len(added) - 1), b"Relu"])),
        }
    kind = "_MklNativeFusedConv2D" if added else "_MklNativeConv2D"
    create = tf.compat.v1.get_default_graph().create_op
    return create(kind, [x, kernel, *added], [x.dtype], name="convolution", attrs=attributes).outputs[0]


@tf.function(jit_compile=True, autograph=False)
def _into_relu_at_once(gradients: tuple[tf.Tensor, ...], y: tf.Tensor, padding: Padding) -> tf.Tensor:
    """The gradient before a ReLU with the result y, from those of all who use y, whose sum it is where y is above 0.

    In one pass over the largest tensors there are, by XLA: a tenth of an evaluation less. The first gradient may be
    that of averages of 2x2 values of y with the padding around it.
    """
    first, *others = gradients
    if first.shape != y.shape:
        _, height, width, channels = first.shape
        quarters = tf.broadcast_to(first[:, :, None, :, None] / 4, (1, height, 2, width, 2, channels))
        whole = tf.reshape(quarters, (1, 2 * height, 2 * width, channels))
        (top, _), (left, _) = padding
        within = whole[:, top : top + y.shape[1], left : left + y.shape[2]]
        left_out = [(0, all_ - there) for all_, there in zip(y.shape[1:3], within.shape[1:3], strict=True)]
        first = tf.pad(within, [(0, 0), *left_out, (0, 0)])
    return tf.where(y > 0, tf.add_n([first, *others]), tf.zeros_like(y))


def _rgb(layer: Layer) -> Layer:
    """The first layer with its input channels turned from BGR to RGB, which saves turning every picture."""
    return Layer(np.ascontiguousarray(layer.kernel[:, :, ::-1]), layer.bias)
