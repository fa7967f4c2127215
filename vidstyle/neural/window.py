"""The objective of a picture of which only a window may change: the same value and gradient for less work.

A value of a layer depends on the picture near it only. So each layer is computed where the window reaches. What the
rest of the picture adds there, and to every term, is found once and holds as long as nothing changes outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .losses import Losses, Objective, Rest, Seen, Targets, content_error, energy, layer_grams, total_variation
from .runtime import tf
from .vgg import MEAN_RGB, NONE, POOL, Edge, Features, Padding, Vgg

Pair = tuple[int, int]  # down and across
Added = tuple[tf.Tensor | None, tf.Tensor | None]  # Edge.added and Edge.kept

# Windows begin at multiples of STEP pixels, to which all layers have cells, and their sides are multiples of SIDES, so
# that few sizes are traced.
STEP, SIDES = 16, 32
WORTHWHILE = 0.6  # share of the whole work above which a window saves too little
NOTHING = -1e30  # added before ReLU where no picture is


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
            size = -(-(last + 1 - start) // SIDES) * SIDES
            if start + size > length:  # it ends with the picture, and still begins at a multiple of STEP
                odd = length % STEP
                size = min(length, -(-(length - first - odd) // SIDES) * SIDES + odd)
                start = length - size
            spans.append((start, size))
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
    """A layer; sizes are (height, width) in its own cells, of `scale` pixels a side.

    offset: from where the window begins to where what it gives does. given, whole: sizes of that, and of what it would
    give of the whole picture. padding: see Edge.
    """

    name: str
    scale: int
    offset: Pair
    given: Pair
    whole: Pair
    padding: Padding

    def around(self, top: int, bottom: int, left: int, right: int) -> Step:
        """With so many cells more on its sides."""
        return self._replace(
            offset=(self.offset[0] - top, self.offset[1] - left),
            given=(self.given[0] + top + bottom, self.given[1] + left + right),
        )


class Surroundings(NamedTuple):
    """What holds for a place while nothing changes outside of it; tensors.

    start: int32 (2,), where the window begins. picture: float32 (1, h, w, 3), the window and its neighbours, 0 in the
    window. edges, content_edges: of each step for the picture and the content. rest: as in Targets. content: layer ->
    the error and the energy of the target, outside.
    """

    start: tf.Tensor
    picture: tf.Tensor
    edges: list[Added]
    content_edges: list[Added]
    rest: Rest
    content: dict[str, tuple[tf.Tensor, tf.Tensor]]


class Window:
    """Windows of one size, (height, width), in pictures of another, for one network and objective."""

    def __init__(self, vgg: Vgg, objective: Objective, picture: Pair, size: Pair) -> None:
        self.vgg, self.objective, self.size, self.whole = vgg, objective, size, picture
        self.near: Pair = tuple(min(side + 2, whole) for side, whole in zip(size, picture, strict=True))  # type: ignore
        self.steps: list[Step] = []
        step = self._begin()
        for name in vgg.way(objective.layers):
            step = _halved(step) if name == POOL else _widened(step, name)
            self.steps.append(step)
        self.content_steps = self.steps[: len(vgg.way(objective.content_layers))]

    def share(self) -> float:
        """Of the work for the whole picture."""
        work = [
            (np.prod(step.given), np.prod(step.whole), self.vgg.layers[step.name].kernel.size)
            for step in self.steps
            if step.name != POOL
        ]
        return float(sum(part * cost for part, _, cost in work) / sum(whole * cost for _, whole, cost in work))

    def survey(
        self,
        x: tf.Tensor,
        content: tf.Tensor,
        emphasis: tf.Tensor,
        guides: dict[str, tf.Tensor],
        start: tf.Tensor,
    ) -> Surroundings:
        """What stays the same while only the window changes, whatever is in it.

        x, content: float32 (1, H, W, 3). emphasis: float32 (1, H, W, 1). guides: as in Targets. start: int32 (2,).
        """
        normalization = self.objective.normalization
        x, content = (self._emptied(picture, start, MEAN_RGB) for picture in (x, content))
        emphasis = self._emptied(emphasis, start, 1.0)
        edges, features = self._edges(x, self.steps, start)
        content_edges, wanted = self._edges(content, self.content_steps, start)
        rest: Rest = {}
        outside: dict[str, tuple[tf.Tensor, tf.Tensor]] = {}
        for step in self.content_steps:
            if step.name in self.objective.content_layers:
                values = (features[step.name], wanted[step.name], _shrunk(emphasis, step.whole))
                parts = [_part(value, step, start) for value in values]
                outside[step.name] = (
                    content_error(*values) - content_error(*parts),
                    energy(values[1]) - energy(parts[1]),
                )
        for step in self.steps:
            if step.name in self.objective.style_layers:
                guide, share = guides.get(step.name), np.float32(np.prod(step.given) / np.prod(step.whole))
                grams = layer_grams(features[step.name], guide)
                inside = _part(features[step.name], step, start)
                own = layer_grams(inside, None if guide is None else _part(guide, step, start))
                for number, pair in enumerate(zip(grams, own, strict=True)):
                    rest[f"gram {step.name} {number}"] = _rest(*pair, share)
        share = np.float32(np.prod(self.near) / np.prod(self.whole))
        near = self._near(x, start)
        tv = np.float32(1) if normalization == "gatys" else share
        rest["tv"] = _rest(total_variation(x, normalization), total_variation(near, normalization), tv)
        rest["temporal"] = (tf.constant(0.0), tf.constant(share))  # outside it is the same as it was
        hole = 1 - self._laid(tf.ones((1, *self.size, 1)), start)
        return Surroundings(start, near * hole, edges, content_edges, rest, outside)

    def targets(
        self,
        around: Surroundings,
        content: tf.Tensor,
        emphasis: tf.Tensor,
        warped: tf.Tensor,
        reliable: tf.Tensor,
        guides: dict[str, tf.Tensor],
    ) -> Targets:
        """What the window is pulled towards. content: float32 (1, h, w, 3), in the window; the others of the whole.

        Gram matrices and shares of styles are for the caller to fill in.
        """
        wanted = self._features(content, self.content_steps, around.content_edges)
        rest = dict(around.rest)
        counted = {}
        for step in self.content_steps:
            if step.name in self.objective.content_layers:
                counted[step.name] = _part(_shrunk(emphasis, step.whole), step, around.start)
                error, beyond = around.content[step.name]
                own = energy(wanted[step.name])
                if self.objective.normalization == "gatys":
                    rest[f"content {step.name}"] = (0.5 * error, tf.constant(1.0))
                else:
                    whole = tf.maximum(beyond + own, 1e-12)
                    rest[f"content {step.name}"] = (error / whole, own / whole)
        at = {step.name: step for step in self.steps}
        return Targets(
            content={name: wanted[name] for name in counted},
            emphasis=counted,
            grams=(),
            style_shares={},
            guides={name: _part(guide, at[name], around.start) for name, guide in guides.items()},
            warped=self._near(warped, around.start),
            reliable=self._near(reliable, around.start),
            rest=rest,
        )

    def losses(self, x: tf.Tensor, around: Surroundings, targets: Targets) -> Losses:
        """The terms of the whole picture where x, float32 (1, h, w, 3), is in the window."""
        features = self._features(x, self.steps, around.edges)
        picture = self._laid(x, around.start) + around.picture
        grams = {n: layer_grams(features[n], targets.guides.get(n)) for n in self.objective.style_layers}
        return self.objective.losses(picture, Seen(features, grams), targets)

    def _begin(self) -> Step:
        """What is before the first step."""
        return Step("", 1, (0, 0), self.size, self.whole, NONE)

    def _features(self, x: tf.Tensor, steps: Sequence[Step], added: Sequence[Added]) -> Features:
        edges = [Edge(step.padding, *add) for step, add in zip(steps, added, strict=True)]
        names = [step.name for step in steps]
        return self.vgg.through(names, self.vgg.enter(x), self.objective.layers, edges)[1]

    def _edges(self, picture: tf.Tensor, steps: Sequence[Step], start: tf.Tensor) -> tuple[list[Added], Features]:
        """Surroundings.edges, and all layers of the whole picture."""
        edges: list[Added] = []
        features: Features = {}
        y, taken = self.vgg.enter(picture), self._begin()
        for step in steps:
            (top, bottom), (left, right) = step.padding
            if step.name == POOL:
                needed = taken.around(top, bottom, left, right)
                added = _part(y, needed, start) * _hole(taken, needed, y.dtype) if step.padding != NONE else None
                # What a pooling leaves out counts nowhere, nor may it count here.
                odd = any(side % 2 for side in taken.whole)
                edges.append((added, _part(tf.ones((1, *step.whole, 1), y.dtype), step, start) if odd else None))
            else:
                needed = step.around(1, 1, 1, 1)
                added = self.vgg.layers[step.name].inside(_part(y, needed, start) * _hole(taken, needed, y.dtype))
                there = _part(tf.ones((1, *step.whole, 1), y.dtype), step, start)
                edges.append((tf.where(there > 0, added, tf.constant(NOTHING, y.dtype)), None))
            y = features[step.name] = self.vgg.step(step.name, y)
            taken = step
        return edges, features

    def _emptied(self, picture: tf.Tensor, start: tf.Tensor, value: float | tuple[float, ...]) -> tf.Tensor:
        """With one value in the window, so that nothing depends on what is there, not even by rounding."""
        (top, left), (height, width) = tf.unstack(start), self.size
        down, across = tf.range(self.whole[0]), tf.range(self.whole[1])
        inside = ((down >= top) & (down < top + height))[:, None] & ((across >= left) & (across < left + width))
        return tf.where(inside[None, ..., None], tf.constant(value), picture)

    def _near_start(self, start: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(start - 1, 0, tf.constant(self.whole) - tf.constant(self.near))

    def _near(self, picture: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        """The window and its neighbours in a picture (1, H, W, C)."""
        return tf.slice(picture, tf.concat([[0], self._near_start(start), [0]], 0), (1, *self.near, picture.shape[3]))

    def _laid(self, x: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        """The window and its neighbours, which are 0; x: (1, h, w, C)."""
        before = start - self._near_start(start)
        after = tf.constant(self.near) - tf.constant(self.size) - before
        none = tf.zeros(2, tf.int32)
        laid = tf.pad(x, tf.stack([none, tf.stack([before[0], after[0]]), tf.stack([before[1], after[1]]), none]))
        return tf.ensure_shape(laid, (1, *self.near, x.shape[3]))


def _rest(whole: tf.Tensor, part: tf.Tensor, factor: np.float32) -> tuple[tf.Tensor, tf.Tensor]:
    return whole - factor * part, tf.constant(factor)


def _shrunk(emphasis: tf.Tensor, size: Pair) -> tf.Tensor:
    return tf.image.resize(emphasis, size, tf.image.ResizeMethod.AREA)


def _part(y: tf.Tensor, step: Step, start: tf.Tensor) -> tf.Tensor:
    """What the step gives of y, all that it would give of the whole picture, (N, H, W, C); 0 beyond the picture."""
    # A window reaches as far beyond the picture as it begins before it, and a cell more where that is odd.
    margin = [2 + max(-offset, 0) + 2 for offset in step.offset]
    padded = tf.pad(y, [(0, 0), *((cells, cells) for cells in margin), (0, 0)])
    begin = start // step.scale + tf.constant(step.offset) + tf.constant(margin)
    return tf.slice(padded, tf.concat([[0], begin, [0]], 0), (y.shape[0], *step.given, y.shape[3]))


def _hole(inner: Step, outer: Step, dtype: tf.DType) -> tf.Tensor:
    """0 where the inner step gives something, 1 elsewhere in what the outer one gives; (1, h, w, 1)."""
    before = np.subtract(inner.offset, outer.offset)
    after = np.subtract(outer.given, inner.given) - before
    return tf.pad(
        tf.zeros((1, *inner.given, 1), dtype), [(0, 0), *zip(before, after, strict=True), (0, 0)], constant_values=1
    )


def _widened(step: Step, name: str) -> Step:
    """The convolution after a step: all that depends on what that gives."""
    wider = step.around(1, 1, 1, 1)
    return wider._replace(name=name, padding=((2, 2), (2, 2)))


def _halved(step: Step) -> Step:
    """The pooling after a step, of whole pairs."""
    sides = [(offset % 2, (offset + size) % 2) for offset, size in zip(step.offset, step.given, strict=True)]
    paired = step.around(*sides[0], *sides[1])
    offset, given, whole = ((down // 2, across // 2) for down, across in (paired.offset, paired.given, paired.whole))
    return Step(POOL, 2 * step.scale, offset, given, whole, (sides[0], sides[1]))
