"""Losses of pictures that exist already, whoever painted them: always relative, always in float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..config import CONTENT_LAYERS, STYLE_LAYERS
from .engine import style_grams
from .losses import content_loss, style_loss
from .runtime import Traced, tf
from .strips import Strips
from .vgg import Vgg
from .weights import Weights

Image = NDArray[np.uint8]  # (H, W, 3), RGB


@dataclass(frozen=True, eq=False)
class Judged:
    """content, style: the relative losses of a picture, without weights.

    error, energy: float32 (H_l, W_l), per cell of the content layer the squared difference to the source's features
    and their own square; sum(error) / sum(energy) over some cells is the relative content loss there.
    """

    content: float
    style: float
    error: NDArray[np.float32]
    energy: NDArray[np.float32]


class Judge:
    """Relative losses (the default layers, average pooling) of pictures of `size` = (height, width).

    styles: uint8 (H, W, 3) of any sizes; shares: their weights, which sum to 1.
    """

    def __init__(
        self, weights: Weights, styles: Sequence[Image], shares: Sequence[float], size: tuple[int, int]
    ) -> None:
        self.size, self.vgg = size, Vgg(weights, "avg", tf.float32)
        self.strips = Strips(self.vgg, size, CONTENT_LAYERS, STYLE_LAYERS)
        self.shares = shares
        self.grams = [style_grams(self.vgg, style, size, STYLE_LAYERS) for style in styles]
        self._losses = Traced(self._trace)

    def __call__(self, source: Image, output: Image) -> Judged:
        """Of `output` as a painting of `source`, both uint8 (H, W, 3) of the size."""
        content, style, error, energy = self._losses(
            tf.constant(source[None], tf.float32), tf.constant(output[None], tf.float32)
        )
        return Judged(float(content), float(style), error.numpy(), energy.numpy())

    def _trace(self, source: tf.Tensor, output: tf.Tensor) -> tuple[tf.Tensor, ...]:
        (layer,) = CONTENT_LAYERS
        target = Strips(self.vgg, self.size, [layer], ()).see(source).content[layer]
        seen = self.strips.see(output)
        style = tf.add_n(
            [
                share / len(STYLE_LAYERS) * style_loss(gram, wanted[name], "relative")
                for share, wanted in zip(self.shares, self.grams, strict=True)
                for name, (gram,) in seen.grams.items()
            ]
        )
        error = tf.reduce_sum(tf.square(seen.content[layer] - target), -1)[0]
        energy = tf.reduce_sum(tf.square(target), -1)[0]
        return content_loss(seen.content[layer], target, "relative"), style, error, energy
