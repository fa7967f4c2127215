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


class Map(NamedTuple):
    """A symmetric positive map M of (n,) onto the same. apply: M v. energy: v.M v, which costs half as much."""

    apply: Callable[[tf.Tensor], tf.Tensor]
    energy: Callable[[tf.Tensor], tf.Tensor]


class Preconditioner(NamedTuple):
    """A guess of the inverse curvature, from what is known of it.

    measure: from steps and the changes of the gradient along them, float32 (k, n) with n = H W 3, unused rows 0, to
    what is kept of each, (k, m). map: from such measures to the guess.
    """

    measure: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    map: Callable[[tf.Tensor], Map]


# No guess at all.
_same = Map(lambda vector: vector, lambda vector: tf.reduce_sum(tf.square(vector)))
identity = Preconditioner(lambda steps, changes: steps[:, :0], lambda measures: _same)


def spectral(size: tuple[int, int]) -> Preconditioner:
    """The guess for pictures of (height, width), from frequencies, colours and places."""
    height, width = size
    opponent = _orthonormal(np.array(OPPONENT))
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    gains = np.stack([np.maximum(np.interp(radius, FREQUENCIES, c), FLOOR) ** -POWER for c in CURVATURES])
    gains = np.float32(gains / gains.mean())
    twice = np.full(width // 2 + 1, 2.0)  # waves of the half that rfft2d leaves out
    twice[width // 2 :] = 1 + width % 2
    twice[0] = 1
    energies = np.float32(gains * twice / (height * width))

    def waves(vector: tf.Tensor) -> tf.Tensor:
        """Of the three colours, complex64 (3, H, W / 2 + 1)."""
        # Constants are made here: a graph takes them in only while it is traced.
        colours = tf.matmul(tf.constant(opponent), tf.reshape(vector, (-1, 3)), transpose_b=True)
        return tf.signal.rfft2d(tf.reshape(colours, (3, height, width)))

    def by_place(measures: tf.Tensor) -> Map:
        place = tf.sqrt(_by_place(measures, size))

        def local(vector: tf.Tensor) -> tf.Tensor:
            return tf.reshape(place * tf.reshape(vector, (*size, 3)), (-1,))

        def apply(vector: tf.Tensor) -> tf.Tensor:
            # TensorFlow makes complex constants number by number, which took 40 s for 1920x1080.
            gain = tf.cast(tf.constant(gains), tf.complex64)
            shaped = tf.reshape(tf.signal.irfft2d(waves(local(vector)) * gain, [height, width]), (3, -1))
            return local(tf.matmul(shaped, tf.constant(opponent), transpose_a=True))

        def energy(vector: tf.Tensor) -> tf.Tensor:
            # Parseval's theorem.
            found = waves(local(vector))
            powers = tf.square(tf.math.real(found)) + tf.square(tf.math.imag(found))
            return tf.reduce_sum(powers * tf.constant(energies))

        return Map(apply, energy)

    return Preconditioner(lambda steps, changes: _measure(steps, changes, size), by_place)


def _measure(steps: tf.Tensor, changes: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The sums of s.y and of y.y in each block of pixels; (k, 2 blocks)."""
    height, width = (-(-side // BLOCK) for side in size)
    missing = (height * BLOCK - size[0], width * BLOCK - size[1])
    beyond = [(0, 0), *((cells // 2, cells - cells // 2) for cells in missing), (0, 0)]

    def blocks(products: tf.Tensor) -> tf.Tensor:
        # Along the rows first, over neighbours in memory: less than half the time of a pooling with Eigen.
        whole = tf.pad(tf.reshape(products, (-1, *size, 3)), beyond) if any(missing) else products
        rows = tf.reduce_sum(tf.reshape(whole, (-1, height, BLOCK, width, BLOCK * 3)), 4)
        return tf.reshape(tf.reduce_sum(rows, 2), (products.shape[0], -1))

    return tf.concat([blocks(steps * changes), blocks(tf.square(changes))], 1)


def _by_place(measures: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The inverse curvature of each place along the steps, s.y / y.y, over that of the picture; (H, W, 1)."""
    blocks = tf.reshape(tf.reduce_sum(measures, 0), (2, *(-(-side // BLOCK) for side in size), 1))
    sy, yy = tf.split(tf.nn.avg_pool2d(blocks, 3, 1, "SAME"), 2)
    overall = tf.reduce_sum(sy) / tf.maximum(tf.reduce_sum(yy), 1e-30)
    local = sy / tf.maximum(yy * overall, 1e-30)
    return tf.image.resize(tf.clip_by_value(local, 1 / CONTRAST, CONTRAST), size)[0]


def _orthonormal(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    q, _ = np.linalg.qr(rows.T)
    return np.ascontiguousarray(q.T, np.float32)
