"""The objective of a picture of which only a window may change: the same value and gradient for less work.

A value of a layer depends on the picture near it only. So each layer is computed where the window reaches, with what
surrounds that taken from one evaluation of the whole picture; so are the sums over the rest of it in every term.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .losses import Losses, Objective, Rest, Seen, Targets, content_loss, layer_grams, temporal_loss, total_variation
from .runtime import tf
from .vgg import POOL, Vgg

Pair = tuple[int, int]  # down and across

# Windows begin at multiples of STEP pixels, and their sides are multiples of SIDES, so that few sizes are traced.
STEP, SIDES = 16, 32
WORTHWHILE = 0.7  # share of the whole work above which a window saves too little


class Place(NamedTuple):
    """A window of `size`, (height, width), that begins at `start`, (down, across), in a picture of the size `whole`."""

    start: Pair
    size: Pair
    whole: Pair

    @classmethod
    def around(cls, changing: NDArray[np.bool_]) -> Place:
        """Around all that changes, (H, W); as small as can be where nothing does."""
        spans = []
        for axis, length in enumerate(changing.shape):
            found = np.flatnonzero(changing.any(1 - axis))
            first, last = (int(found[0]), int(found[-1])) if found.size else (0, 0)
            start = first // STEP * STEP
            size = min(length, -(-(last + 1 - start) // SIDES) * SIDES)
            spans.append((min(start, length - size), size))
        (top, height), (left, width) = spans
        return cls((top, left), (height, width), changing.shape)

    def cut(self, picture: NDArray[Any]) -> NDArray[Any]:
        """This part of an array (H, W, ...), as a view of it."""
        (top, left), (height, width) = self.start, self.size
        return picture[top : top + height, left : left + width]

    def cut_values(self, values: tf.Tensor) -> tf.Tensor:
        """This part of values of all pixels, (..., H W 3) -> (..., h w 3)."""
        if self.size == self.whole:
            return values
        (top, left), (height, width) = self.start, self.size
        part = tf.reshape(values, (-1, *self.whole, 3))[:, top : top + height, left : left + width]
        return tf.reshape(part, (*values.shape[:-1], height * width * 3))

    def lay_values(self, values: tf.Tensor) -> tf.Tensor:
        """The reverse of cut_values(), with 0 outside."""
        if self.size == self.whole:
            return values
        before = np.array([0, *self.start, 0])
        after = np.array([0, *np.subtract(self.whole, self.size), 0]) - before
        laid = tf.pad(tf.reshape(values, (-1, *self.size, 3)), np.stack([before, after], 1))
        return tf.reshape(laid, (*values.shape[:-1], self.whole[0] * self.whole[1] * 3))


class Step(NamedTuple):
    """What a layer takes and gives: sizes (height, width) in its own cells; `whole`: of all it would give."""

    name: str
    taken: Pair
    given: Pair
    whole: Pair


class Surroundings(NamedTuple):
    """Of one picture and one place of the window; tensors.

    starts: int32 (steps + 1, 2, 2), where each step's input and output begin, in its cells; first those of the window
    with its neighbours and of itself. picture: float32 (1, h, w, 3), the window and its neighbours, 0 in the window.
    rings: for each step its input, 0 where that is computed. targets: of the window.
    """

    starts: tf.Tensor
    picture: tf.Tensor
    rings: list[tf.Tensor]
    targets: Targets


class Window:
    """Windows of one size, (height, width), in pictures of another, for one network and objective."""

    def __init__(self, vgg: Vgg, objective: Objective, picture: Pair, size: Pair) -> None:
        self.vgg, self.objective, self.size = vgg, objective, size
        self.near = _pairs(_widened, size, picture)
        self.steps: list[Step] = []
        given, whole = size, picture
        for name in vgg.way(objective.layers):
            if name == POOL:
                taken = _pairs(_paired, given, whole)
                given, whole = _halved(taken), _halved(whole)
            else:
                given = _pairs(_widened, given, whole)
                taken = (given[0] + 2, given[1] + 2)
            self.steps.append(Step(name, taken, given, whole))

    def share(self) -> float:
        """Of the work for the whole picture."""
        work = [
            (np.prod(step.given), np.prod(step.whole), self.vgg.layers[step.name].kernel.size)
            for step in self.steps
            if step.name != POOL
        ]
        return float(sum(part * cost for part, _, cost in work) / sum(whole * cost for _, whole, cost in work))

    def starts(self, start: Pair, picture: Pair) -> NDArray[np.int32]:
        """Surroundings.starts of the window that begins at `start`."""
        at = np.array(start)
        rows = [(np.clip(at - 1, 0, np.subtract(picture, self.near)), at)]
        whole = picture
        for step in self.steps:
            if step.name == POOL:
                taken = np.minimum(at // 2 * 2, np.subtract(whole, step.taken))
                at = taken // 2
            else:
                at = np.clip(at - 1, 0, np.subtract(whole, step.given))
                taken = at - 1
            rows.append((taken, at))
            whole = step.whole
        return np.array(rows, np.int32)

    def survey(self, x: tf.Tensor, targets: Targets, starts: tf.Tensor) -> Surroundings:
        """What stays the same while only the window changes; x: float32 (1, H, W, 3) with any window."""
        normalization = self.objective.normalization
        near = starts[0, 0]
        rings: list[tf.Tensor] = []
        features: dict[str, tf.Tensor] = {}
        inside: dict[str, tf.Tensor] = {}
        size, y = self.size, self.vgg.enter(x)
        for index, step in enumerate(self.steps, 1):
            border = 0 if step.name == POOL else 1
            padded = tf.pad(y, [[0, 0], [border, border], [border, border], [0, 0]])
            hole = 1 - _laid(tf.ones((1, *size, 1), y.dtype), starts[index - 1, 1] - starts[index, 0], step.taken)
            rings.append(_cut(padded, starts[index, 0] + border, step.taken) * hole)
            y = self.vgg.step(step.name, y)
            size = step.given
            features[step.name] = y
            inside[step.name] = _cut(y, starts[index, 1], size)
        at = {step.name: (starts[index, 1], step.given) for index, step in enumerate(self.steps, 1)}
        part = Targets(
            content={n: _cut(value, *at[n]) for n, value in targets.content.items()},
            emphasis={n: _cut(value, *at[n]) for n, value in targets.emphasis.items()},
            grams=targets.grams,
            style_shares=targets.style_shares,
            guides={n: _cut(value, *at[n]) for n, value in targets.guides.items()},
            warped=_cut(targets.warped, near, self.near),
            reliable=_cut(targets.reliable, near, self.near),
        )
        picture = _cut(x, near, self.near)
        rest: Rest = {}
        shares = {step.name: tf.constant(np.prod(step.given) / np.prod(step.whole), tf.float32) for step in self.steps}
        one = tf.constant(1.0)
        for n in self.objective.content_layers:
            loss, own = (
                content_loss(values[n], aims.content[n], normalization, aims.emphasis[n])
                for values, aims in ((features, targets), (inside, part))
            )
            energies = [tf.reduce_sum(tf.square(tf.cast(a.content[n], tf.float32))) for a in (targets, part)]
            factor = one if normalization == "gatys" else energies[1] / tf.maximum(energies[0], 1e-12)
            rest[f"content {n}"] = _rest(loss, own, factor)
        for n in self.objective.style_layers:
            grams = (
                layer_grams(values[n], aims.guides.get(n)) for values, aims in ((features, targets), (inside, part))
            )
            for number, (gram, own) in enumerate(zip(*grams, strict=True)):
                rest[f"gram {n} {number}"] = _rest(gram, own, shares[n])
        share = tf.constant(np.prod(self.near) / np.prod(x.shape[1:3]), tf.float32)
        variation, own = (total_variation(values, normalization) for values in (x, picture))
        rest["tv"] = _rest(variation, own, one if normalization == "gatys" else share)
        temporal, own = (
            temporal_loss(values, aims.warped, aims.reliable, normalization)
            for values, aims in ((x, targets), (picture, part))
        )
        rest["temporal"] = _rest(temporal, own, share)
        hole = 1 - _laid(tf.ones((1, *self.size, 1)), starts[0, 1] - near, self.near)
        return Surroundings(starts, picture * hole, rings, part._replace(rest=rest))

    def losses(self, x: tf.Tensor, around: Surroundings) -> Losses:
        """The terms of the whole picture where x, float32 (1, h, w, 3), is in the window."""
        y, features = self.vgg.enter(x), {}
        for index, (step, ring) in enumerate(zip(self.steps, around.rings, strict=True), 1):
            y = _laid(y, around.starts[index - 1, 1] - around.starts[index, 0], step.taken) + ring
            y = self.vgg.pool(y) if step.name == POOL else self.vgg.layers[step.name](y, "VALID")[0]
            features[step.name] = y
        picture = _laid(x, around.starts[0, 1] - around.starts[0, 0], self.near) + around.picture
        guides = around.targets.guides
        seen = Seen(features, {n: layer_grams(features[n], guides.get(n)) for n in self.objective.style_layers})
        return self.objective.losses(picture, seen, around.targets)


def _rest(whole: tf.Tensor, part: tf.Tensor, factor: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return whole - factor * part, factor


def _cut(x: tf.Tensor, start: tf.Tensor, size: Pair) -> tf.Tensor:
    """A part of x, (N, H, W, C): `size` cells from `start`, int32 (2,)."""
    return tf.slice(x, tf.concat([[0], start, [0]], 0), [x.shape[0], *size, x.shape[3]])


def _laid(x: tf.Tensor, start: tf.Tensor, size: Pair) -> tf.Tensor:
    """Zeros of `size` with x, (1, H, W, C), in them at `start`, int32 (2,)."""
    after = tf.constant(size) - tf.constant(x.shape[1:3].as_list()) - start
    none = tf.zeros(2, tf.int32)
    laid = tf.pad(x, tf.stack([none, tf.stack([start[0], after[0]]), tf.stack([start[1], after[1]]), none]))
    return tf.ensure_shape(laid, (1, *size, x.shape[3]))


def _widened(size: int, whole: int) -> int:
    """By a cell on both sides, as far as there are any."""
    return min(size + 2, whole)


def _paired(size: int, whole: int) -> int:
    """Enough to hold whole pairs, wherever it begins; as odd as the whole, so that it can reach its end."""
    enough = size + 1 + whole % 2
    return min(enough + (enough + whole) % 2, whole)


def _halved(size: Pair) -> Pair:
    return size[0] // 2, size[1] // 2


def _pairs(function: Callable[[int, int], int], size: Pair, whole: Pair) -> Pair:
    return function(size[0], whole[0]), function(size[1], whole[1])
