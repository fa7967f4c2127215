"""The objective of a picture of which only a window may change: the same value and gradient for less work.

A value of a layer depends on the picture near it only. So each layer is computed where the window reaches. What the
rest of the picture adds there, and to every term, is found once and holds as long as nothing changes outside.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..motion.reliability import spanned
from .losses import Losses, Objective, Rest, Seen, Targets, content_error, energy, layer_grams, total_variation
from .runtime import after, tf
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
        part = spanned(changing) or (slice(0, 1), slice(0, 1))
        for span, length in zip(part, changing.shape, strict=True):
            first = span.start
            start = first // STEP * STEP
            size = -(-(span.stop - start) // SIDES) * SIDES
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

    regions: of Window.regions(). picture: float32 (1, h, w, 3), the window and its neighbours, 0 in the window. edges,
    content_edges: of each step for the picture and the content. rest: as in Targets. content: layer -> the error and
    the energy of the target, outside.
    """

    regions: tf.Tensor
    picture: tf.Tensor
    edges: list[Added]
    content_edges: list[Added]
    rest: Rest
    content: dict[str, tuple[tf.Tensor, tf.Tensor]]


class Window:
    """Windows of one size, (height, width), in pictures of another, for one network and objective."""

    def __init__(self, vgg: Vgg, objective: Objective, picture: Pair, size: Pair) -> None:
        self.vgg, self.objective, self.size, self.whole = vgg, objective, size, picture
        self.near = (min(size[0] + 2, picture[0]), min(size[1] + 2, picture[1]))
        self.steps: list[Step] = []
        step = self._begin()
        for name in vgg.way(objective.layers):
            step = _halved(step) if name == POOL else _widened(step, name)
            self.steps.append(step)
        self.at = {step.name: index for index, step in enumerate(self.steps)}  # of layers
        self.content_steps = self.steps[: len(vgg.way(objective.content_layers))]

    def share(self) -> float:
        """Of the work for the whole picture."""
        work = [
            (np.prod(step.given), np.prod(step.whole), self.vgg.layers[step.name].multiplications)
            for step in self.steps
            if step.name != POOL
        ]
        return float(sum(part * cost for part, _, cost in work) / sum(whole * cost for _, whole, cost in work))

    def regions(self, start: Pair) -> NDArray[np.int32]:
        """Where everything is of a window that begins at `start`; (2 + 2 steps, 4, 4).

        Each is the begin and the size of a slice of a tensor (N, H, W, C), and the zeros before and after it: the
        window in the picture, its neighbours with the window in them, and of each step what it gives and what of its
        input that depends on, beyond the picture 0.
        """
        at, size, near, whole = (np.array(pair) for pair in (start, self.size, self.near, self.whole))
        beside = np.clip(at - 1, 0, whole - near)
        rows = [(at, size, at, whole - size - at), (beside, near, at - beside, beside + near - size - at)]
        taken = self._begin()
        for step in self.steps:
            for part in (step, _needed(step, taken)):
                first = at // part.scale + part.offset
                last = first + part.given
                low, high = np.maximum(first, 0), np.minimum(last, part.whole)
                rows.append((low, high - low, low - first, last - high))
            taken = step
        return np.array([[(0, *b, 0), (-1, *n, -1), (0, *z, 0), (0, *e, 0)] for b, n, z, e in rows], np.int32)

    def survey(
        self, x: tf.Tensor, content: tf.Tensor, guides: dict[str, tf.Tensor], regions: tf.Tensor
    ) -> Surroundings:
        """What stays the same while only the window changes, whatever is in it.

        x, content: float32 (1, H, W, 3). guides: as in Targets. regions: of regions(). Outside of the window the
        content is not emphasised, and nothing is reliable.
        """
        normalization, every = self.objective.normalization, tf.unstack(regions)
        inside = tf.ensure_shape(tf.pad(tf.ones((1, *self.size, 1), tf.bool), _zeros(every[0])), (1, *self.whole, 1))
        # One colour in the window, so that nothing depends on what is there, not even by rounding.
        x, content = (tf.where(inside, tf.constant(MEAN_RGB), picture) for picture in (x, content))
        edges, features, rest = self._edges(x, self.steps, every, self.objective.style_layers, guides)
        # One after the other: the features of a large picture are gigabytes.
        content_edges, wanted, _ = self._edges(after([edges, rest], content), self.content_steps, every, (), {})
        outside: dict[str, tuple[tf.Tensor, tf.Tensor]] = {}
        for name, aim in wanted.items():
            seen = features[name]
            own, own_aim = (self._given(found, name, every) for found in (seen, aim))
            error = content_error(seen, aim) - content_error(own, own_aim)
            outside[name] = error, energy(aim) - energy(own_aim)
        share = np.float32(np.prod(self.near) / np.prod(self.whole))
        near = self._near(x, every)
        tv = np.float32(1) if normalization == "gatys" else share
        rest["tv"] = _rest(total_variation(x, normalization), total_variation(near, normalization), tv)
        rest["temporal"] = (tf.constant(0.0), tf.constant(share))
        hole = 1 - self._laid(tf.ones((1, *self.size, 1)), every)
        return Surroundings(regions, near * hole, edges, content_edges, rest, outside)

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
        every = tf.unstack(around.regions)
        wanted = self._features(content, self.content_steps, around.content_edges)
        rest = dict(around.rest)
        counted = {}
        for name, (error, beyond) in around.content.items():
            whole = self.steps[self.at[name]].whole
            shrunk = tf.image.resize(emphasis, whole, tf.image.ResizeMethod.AREA)
            counted[name] = self._given(shrunk, name, every)
            own = energy(wanted[name])
            if self.objective.normalization == "gatys":
                rest[f"content {name}"] = (0.5 * error, tf.constant(1.0))
            else:
                both = tf.maximum(beyond + own, 1e-12)
                rest[f"content {name}"] = (error / both, own / both)
        return Targets(
            content={name: wanted[name] for name in counted},
            emphasis=counted,
            grams=(),
            style_shares={},
            guides={name: self._given(guide, name, every) for name, guide in guides.items()},
            warped=self._near(warped, every),
            reliable=self._near(reliable, every),
            rest=rest,
        )

    def losses(self, x: tf.Tensor, around: Surroundings, targets: Targets) -> Losses:
        """The terms of the whole picture where x, float32 (1, h, w, 3), is in the window."""
        features = self._features(x, self.steps, around.edges)
        picture = self._laid(x, tf.unstack(around.regions)) + around.picture
        grams = {n: layer_grams(features[n], targets.guides.get(n)) for n in self.objective.style_layers}
        return self.objective.losses(picture, Seen(features, grams), targets)

    def _begin(self) -> Step:
        """What is before the first step."""
        return Step("", 1, (0, 0), self.size, self.whole, NONE)

    def _features(self, x: tf.Tensor, steps: Sequence[Step], added: Sequence[Added]) -> Features:
        edges = [Edge(step.padding, *add) for step, add in zip(steps, added, strict=True)]
        names = [step.name for step in steps]
        return self.vgg.through(names, self.vgg.enter(x), self.objective.layers, edges)[1]

    def _edges(
        self,
        picture: tf.Tensor,
        steps: Sequence[Step],
        regions: Sequence[tf.Tensor],
        style_layers: Container[str],
        guides: dict[str, tf.Tensor],
    ) -> tuple[list[Added], Features, Rest]:
        """Surroundings.edges, the content layers of the whole picture, and what is outside of the style layers."""
        edges: list[Added] = []
        features: Features = {}
        rest: Rest = {}
        y, taken = self.vgg.enter(picture), self._begin()
        for index, step in enumerate(steps):
            needed = _needed(step, taken)
            there = _part(tf.ones((1, *step.whole, 1), y.dtype), step, regions[2 + 2 * index])
            around = _part(y, needed, regions[3 + 2 * index]) * tf.constant(_hole(taken, needed), y.dtype)
            if step.name == POOL:
                # What a pooling leaves out counts nowhere, nor may it count here.
                odd = any(side % 2 for side in taken.whole)
                edges.append((None if step.padding == NONE else around, there if odd else None))
            else:
                added = self.vgg.layers[step.name].inside(around)
                edges.append((tf.where(there > 0, added, tf.constant(NOTHING, y.dtype)), None))
            y = self.vgg.step(step.name, y)
            if step.name in self.objective.content_layers:
                features[step.name] = y
            if step.name in style_layers:
                guide, share = guides.get(step.name), np.float32(np.prod(step.given) / np.prod(step.whole))
                own_guide = None if guide is None else self._given(guide, step.name, regions)
                own = layer_grams(self._given(y, step.name, regions), own_guide)
                for number, pair in enumerate(zip(layer_grams(y, guide), own, strict=True)):
                    rest[f"gram {step.name} {number}"] = _rest(*pair, share)
            y, taken = after([edges[-1:], rest], y), step
        return edges, features, rest

    def _given(self, y: tf.Tensor, layer: str, regions: Sequence[tf.Tensor]) -> tf.Tensor:
        """What the window gives of a layer of the whole picture, (N, H, W, C)."""
        index = self.at[layer]
        return _part(y, self.steps[index], regions[2 + 2 * index])

    def _near(self, picture: tf.Tensor, regions: Sequence[tf.Tensor]) -> tf.Tensor:
        """The window and its neighbours in a picture (1, H, W, C)."""
        begin, count, *_ = tf.unstack(regions[1])
        return tf.ensure_shape(tf.slice(picture, begin, count), (1, *self.near, picture.shape[3]))

    def _laid(self, x: tf.Tensor, regions: Sequence[tf.Tensor]) -> tf.Tensor:
        """The window and its neighbours, which are 0; x: (1, h, w, C)."""
        return tf.ensure_shape(tf.pad(x, _zeros(regions[1])), (1, *self.near, x.shape[3]))


def _rest(whole: tf.Tensor, part: tf.Tensor, factor: np.float32) -> tuple[tf.Tensor, tf.Tensor]:
    return whole - factor * part, tf.constant(factor)


def _zeros(region: tf.Tensor) -> tf.Tensor:
    """Those of a region, as tf.pad() takes them."""
    return tf.stack(tf.unstack(region)[2:], 1)


def _part(y: tf.Tensor, step: Step, region: tf.Tensor) -> tf.Tensor:
    """What the step gives of y, all that it would give of the whole picture, (N, H, W, C); 0 beyond the picture."""
    begin, count, *zeros = tf.unstack(region)
    part = tf.pad(tf.slice(y, begin, count), tf.stack(zeros, 1))
    return tf.ensure_shape(part, (y.shape[0], *step.given, y.shape[3]))


def _needed(step: Step, taken: Step) -> Step:
    """The cells, as of the step before it, `taken`, on which what a step gives depends."""
    if step.name != POOL:
        return step.around(1, 1, 1, 1)
    (top, bottom), (left, right) = step.padding
    return taken.around(top, bottom, left, right)


def _hole(inner: Step, outer: Step) -> NDArray[np.float32]:
    """0 where the inner step gives something, 1 elsewhere in what the outer one gives; (1, h, w, 1)."""
    hole = np.ones((1, *outer.given, 1), np.float32)
    top, left = np.subtract(inner.offset, outer.offset)
    hole[:, top : top + inner.given[0], left : left + inner.given[1]] = 0
    return hole


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
