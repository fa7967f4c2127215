"""The terms of the objective, as pure functions of tensors.

x is the picture that is optimised, float32 (1, H, W, 3), RGB 0..255. F and P are features (1, H_l, W_l, C_l); G and A
are Gram matrices, float32 (C_l, C_l). Every term is a float32 scalar. References: Gatys et al. 2016 (CVPR), Ruder et
al. 2016 (arXiv 1604.08610). `relative` divides each term by its own scale, so that one set of weights fits every
painting; `gatys` is as published.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..config import Config, TermWeights
from .runtime import tf

# What the picture outside of a window adds to a sum over all of it, and the factor of the sum over the window; by term.
# `content LAYER`, `tv`, `temporal`: scalars. `gram LAYER N`: of the Gram matrix for the Nth style there, (C_l, C_l).
Rest = dict[str, tuple[tf.Tensor, tf.Tensor]]


class Targets(NamedTuple):
    """What a frame is pulled towards; all of it goes into the traced function as arguments.

    content: layer -> features of the content frame. emphasis: layer -> float32 (1, H_l, W_l, 1), how much more than
    usual each of its cells counts. grams: for each style, layer -> Gram matrix.
    style_shares: layer -> float32 (styles that count there,), how much of each. guides: empty, or layer -> float32
    (styles that count there, H_l, W_l, 1), see guide(). warped: float32 (1, H, W, 3), the previous result moved along
    the flow. reliable: float32 (1, H, W, 1) in [0, 1], where that can be trusted; all 0 switches the temporal term off.
    rest: where all this is that of a window in the picture, what the rest of the picture adds.
    """

    content: dict[str, tf.Tensor]
    emphasis: dict[str, tf.Tensor]
    grams: tuple[dict[str, tf.Tensor], ...]
    style_shares: dict[str, tf.Tensor]
    guides: dict[str, tf.Tensor]
    warped: tf.Tensor
    reliable: tf.Tensor
    rest: Rest | None = None


class Seen(NamedTuple):
    """What the network sees in a picture.

    content: layer -> its features. grams: layer -> its Gram matrices, one for each of the layer's guides, or one.
    """

    content: dict[str, tf.Tensor]
    grams: dict[str, list[tf.Tensor]]


class Losses(NamedTuple):
    """The terms without their weights, and their weighted sum. float32 scalars."""

    content: tf.Tensor
    style: tf.Tensor
    tv: tf.Tensor
    temporal: tf.Tensor
    total: tf.Tensor


@tf.custom_gradient
def gram_matrix(features: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """G = F^T F / (N C), Gatys et al. 2016, eq. 3, made independent of the picture's size. -> float32 (C, C)."""
    shape = features.shape
    channels = shape[-1]
    flat = tf.reshape(features, (-1, channels))  # (N, C)
    scale = 1.0 / (flat.shape[0] * channels)
    gram = scale * tf.cast(tf.matmul(flat, flat, transpose_a=True), tf.float32)

    def gradient(dg: tf.Tensor) -> tf.Tensor:
        # F (dG + dG^T), but dG is symmetric as G is; one product, since both factors are the same F.
        return tf.reshape(tf.matmul(flat, tf.cast(2.0 * scale * dg, flat.dtype)), shape)

    return gram, gradient


def guide(place: NDArray[np.float32]) -> NDArray[np.float32]:
    """What to multiply the features of a layer with for the Gram matrix of a place in the picture; both (H_l, W_l).

    place: in [0, 1], how much each position belongs to it. Gatys et al. 2017 (Controlling perceptual factors), spatial
    control: T with sum T^2 = 1, here times the root of N, which gram_matrix() takes away. Nothing where nothing is.
    """
    energy = float(np.square(place).sum())
    return place * np.float32(np.sqrt(place.size / energy)) if energy > 0 else place


def content_loss(
    features: tf.Tensor, target: tf.Tensor, normalization: str, weight: tf.Tensor | float = 1.0
) -> tf.Tensor:
    """gatys: 1/2 sum w (F - P)^2 (eq. 1 where w = 1). relative: sum w (F - P)^2 / sum P^2. w: (1, H_l, W_l, 1)."""
    error = content_error(features, target, weight)
    return 0.5 * error if normalization == "gatys" else error / tf.maximum(energy(target), 1e-12)


def content_error(features: tf.Tensor, target: tf.Tensor, weight: tf.Tensor | float = 1.0) -> tf.Tensor:
    """Sum w (F - P)^2."""
    return tf.reduce_sum(weight * tf.square(tf.cast(features - target, tf.float32)))


def energy(features: tf.Tensor) -> tf.Tensor:
    """Sum F^2."""
    return tf.reduce_sum(tf.square(tf.cast(features, tf.float32)))


def style_loss(gram: tf.Tensor, target: tf.Tensor, normalization: str) -> tf.Tensor:
    """E_l of one layer. gatys: eq. 4, whose 1 / N^2 C^2 is in the Gram matrices. relative: sum (G - A)^2 / sum A^2."""
    error = tf.reduce_sum(tf.square(gram - target))
    if normalization == "gatys":
        return 0.25 * error
    return error / tf.maximum(tf.reduce_sum(tf.square(target)), 1e-12)


@tf.custom_gradient
def _variation(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Sum of absolute differences of neighbours. Automatic differentiation takes several times as long."""
    below, right = x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1]

    def gradient(dy: tf.Tensor) -> tf.Tensor:
        down, across = dy * tf.sign(below), dy * tf.sign(right)
        first, last = [1, 0], [0, 1]
        return (
            tf.pad(down, [[0, 0], first, [0, 0], [0, 0]])
            - tf.pad(down, [[0, 0], last, [0, 0], [0, 0]])
            + tf.pad(across, [[0, 0], [0, 0], first, [0, 0]])
            - tf.pad(across, [[0, 0], [0, 0], last, [0, 0]])
        )

    return tf.reduce_sum(tf.abs(below)) + tf.reduce_sum(tf.abs(right)), gradient


def total_variation(x: tf.Tensor, normalization: str) -> tf.Tensor:
    """gatys: sum of absolute differences of neighbours. relative: the same over 255 times the number of values."""
    variation = _variation(x)
    return variation if normalization == "gatys" else variation / (255.0 * x.shape.num_elements())


def temporal_loss(x: tf.Tensor, warped: tf.Tensor, reliable: tf.Tensor, normalization: str) -> tf.Tensor:
    """Ruder et al. 2016, eq. 7: mean of c (x - w)^2 over all values; relative: of values in 0..1."""
    scale = 1.0 if normalization == "gatys" else 1 / 255**2
    return scale * tf.reduce_mean(reliable * tf.square(x - warped))


class Objective:
    """The weighted sum of all terms for one configuration: which layers it needs, its value, its gradient."""

    def __init__(self, config: Config) -> None:
        self.normalization = config.normalization
        self.weights: TermWeights = config.term_weights
        self.content_layers = config.content_layers
        self.style_layers = config.style_layer_weights
        # Layer -> the indices of the styles that count there.
        self.counting = {
            name: [index for index, style in enumerate(config.styles) if style.counts_at(name)]
            for name in self.style_layers
        }
        self.layers = {*self.content_layers, *self.style_layers}

    def losses(self, x: tf.Tensor, seen: Seen, targets: Targets) -> Losses:
        """The terms at x, in which that is seen."""
        terms = {name: term(self, x, seen, targets) for name, term in TERMS.items()}
        total = tf.add_n([getattr(self.weights, name) * value for name, value in terms.items()])
        return Losses(**terms, total=total)


def _content(objective: Objective, x: tf.Tensor, seen: Seen, targets: Targets) -> tf.Tensor:
    layers = objective.content_layers
    losses = [
        content_loss(seen.content[n], targets.content[n], objective.normalization, targets.emphasis[n]) for n in layers
    ]
    return tf.add_n([_whole(targets, f"content {n}", loss) for n, loss in zip(layers, losses, strict=True)]) / len(
        layers
    )


def _style(objective: Objective, x: tf.Tensor, seen: Seen, targets: Targets) -> tf.Tensor:
    parts = []
    for name, weight in objective.style_layers.items():
        wanted = [targets.grams[index][name] for index in objective.counting[name]]
        grams = [_whole(targets, f"gram {name} {i}", gram) for i, gram in enumerate(seen.grams[name])]
        grams = grams if targets.guides else grams * len(wanted)
        per_style = [style_loss(*pair, objective.normalization) for pair in zip(grams, wanted, strict=True)]
        parts.append(weight * tf.reduce_sum(targets.style_shares[name] * tf.stack(per_style)))
    return tf.add_n(parts)


def layer_grams(features: tf.Tensor, guides: tf.Tensor | None) -> list[tf.Tensor]:
    """The Gram matrices of a layer, (1, H_l, W_l, C_l): one for each guide, (guides, H_l, W_l, 1); else one for all."""
    if guides is None:
        return [gram_matrix(features)]
    return [gram_matrix(features * guide) for guide in tf.unstack(tf.cast(guides, features.dtype))]


def _tv(objective: Objective, x: tf.Tensor, seen: Seen, targets: Targets) -> tf.Tensor:
    return _whole(targets, "tv", total_variation(x, objective.normalization))


def _temporal(objective: Objective, x: tf.Tensor, seen: Seen, targets: Targets) -> tf.Tensor:
    return _whole(targets, "temporal", temporal_loss(x, targets.warped, targets.reliable, objective.normalization))


def _whole(targets: Targets, term: str, part: tf.Tensor) -> tf.Tensor:
    """A sum over the whole picture, from that over the window."""
    if targets.rest is None:
        return part
    outside, factor = targets.rest[term]
    return outside + factor * part


# The terms of the objective. To add one: a function like these, its field in Losses and its weight in TermWeights.
TERMS: dict[str, Callable[[Objective, tf.Tensor, Seen, Targets], tf.Tensor]] = {
    "content": _content,
    "style": _style,
    "tv": _tv,
    "temporal": _temporal,
}
