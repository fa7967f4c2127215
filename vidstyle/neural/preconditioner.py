"""A first guess of the inverse curvature of the objective: how far a value may move for the gradient it feels.

The style and content terms are some thirty times stiffer for middle frequencies of brightness than for the finest
detail, and stiffer for hue than for brightness where areas are large. That hardly depends on the picture or the
painting, so it need not be learned anew in every frame. How stiff one place is beside another does depend on them; the
last steps tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .runtime import tf

# Where the curvature was measured, along the last 20 steps of L-BFGS on two clips and paintings, in cycles a pixel, and
# its size there for brightness, red-blue and green-magenta. Only ratios matter.
FREQUENCIES = (0.005, 0.02, 0.045, 0.09, 0.16, 0.25, 0.35, 0.5)
CURVATURES = (
    (0.003, 0.006, 0.034, 0.062, 0.06, 0.034, 0.013, 0.005),
    (0.001, 0.02, 0.05, 0.018, 0.003, 0.003, 0.002, 0.003),
    (0.01, 0.12, 0.14, 0.04, 0.01, 0.008, 0.004, 0.003),
)
OPPONENT = ((0.299, 0.587, 0.114), (0.5, 0.0, -0.5), (-0.25, 0.5, -0.25))  # made orthonormal below
FLOOR = 0.005  # least curvature that is believed, since the temporal term adds to all
POWER = 0.5  # of its inverse that is used; more trusts the table too much

BLOCK = 8  # pixels of the side of a place
CONTRAST = 5.0  # how much softer or stiffer than the picture a place may be taken for

Map = Callable[[tf.Tensor], tf.Tensor]


class Preconditioner(NamedTuple):
    """A guess of the inverse curvature, from what is known of it.

    measure: from steps and the changes of the gradient along them, float32 (k, n) with n = H W 3, unused rows 0, to
    what is kept of each, (k, m). map: from such measures to a symmetric positive map of (n,) onto the same.
    """

    measure: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    map: Callable[[tf.Tensor], Map]


# No guess at all.
identity = Preconditioner(lambda steps, changes: steps[:, :0], lambda measures: lambda gradient: gradient)


def spectral(size: tuple[int, int]) -> Preconditioner:
    """The guess for pictures of (height, width), from frequencies, colours and places."""
    height, width = size
    opponent = _orthonormal(np.array(OPPONENT))
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    gains = np.stack([np.maximum(np.interp(radius, FREQUENCIES, c), FLOOR) ** -POWER for c in CURVATURES])
    gains = np.float32(gains / gains.mean())

    def by_frequency(gradient: tf.Tensor) -> tf.Tensor:
        # Constants are made here: a graph takes them in only while it is traced.
        colours = tf.matmul(tf.constant(opponent), tf.reshape(gradient, (-1, 3)), transpose_b=True)
        planes = tf.reshape(colours, (3, height, width))
        # TensorFlow makes complex constants number by number, which took 40 s for 1920x1080.
        gain = tf.cast(tf.constant(gains), tf.complex64)
        shaped = tf.signal.irfft2d(tf.signal.rfft2d(planes) * gain, [height, width])
        return tf.reshape(tf.matmul(tf.reshape(shaped, (3, -1)), tf.constant(opponent), transpose_a=True), (-1,))

    def by_place(measures: tf.Tensor) -> Map:
        place = tf.sqrt(_by_place(measures, size))
        return lambda gradient: place * by_frequency(place * gradient)

    return Preconditioner(lambda steps, changes: _measure(steps, changes, size), by_place)


def _measure(steps: tf.Tensor, changes: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The means of s.y and of y.y in each block of pixels; (k, 2 blocks)."""

    def blocks(products: tf.Tensor) -> tf.Tensor:
        sums = tf.reduce_sum(tf.reshape(products, (-1, *size, 3)), 3, keepdims=True)
        return tf.reshape(tf.nn.avg_pool2d(sums, BLOCK, BLOCK, "SAME"), (products.shape[0], -1))

    return tf.concat([blocks(steps * changes), blocks(tf.square(changes))], 1)


def _by_place(measures: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The inverse curvature of each place along the steps, s.y / y.y, over that of the picture; (n,)."""
    blocks = tf.reshape(tf.reduce_sum(measures, 0), (2, *(-(-side // BLOCK) for side in size), 1))
    sy, yy = tf.split(tf.nn.avg_pool2d(blocks, 3, 1, "SAME"), 2)
    overall = tf.reduce_sum(sy) / tf.maximum(tf.reduce_sum(yy), 1e-30)
    local = sy / tf.maximum(yy * overall, 1e-30)
    smooth = tf.image.resize(tf.clip_by_value(local, 1 / CONTRAST, CONTRAST), size)
    return tf.reshape(tf.repeat(smooth, 3, axis=3), (-1,))


def _orthonormal(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    q, _ = np.linalg.qr(rows.T)
    return np.ascontiguousarray(q.T, np.float32)
