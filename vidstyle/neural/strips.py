"""The first blocks of the network strip by strip, for pictures whose features would fill the memory.

Seven tenths of all features are those of the first two blocks. Nothing of them is kept: their Gram matrices are summed
over horizontal strips, and the gradient computes the features of one strip after the other again (Chen et al. 2016,
arXiv 1604.06174), a sixth more multiplications in an evaluation. A strip overlaps its neighbours by as far as these
layers see.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from .losses import Seen, layer_grams
from .runtime import after, tf
from .vgg import POOL, Vgg

BLOCKS = 2  # of the network that are computed in strips, where no content layer is among them
NOWHERE: Mapping[str, tf.Tensor] = {}
PIXELS = 250_000  # of a strip, about; pictures of twice as many are cut
THINNEST = 16  # rows of a strip at least, however wide it is


class Rows(NamedTuple):
    """A strip: its rows of the picture, and those that its features depend on. Multiples of the poolings' steps."""

    start: int
    stop: int
    first: int
    last: int


class Strips:
    """Pictures of `size` = (height, width): the features of `content` layers, the Gram matrices of `style` layers."""

    def __init__(self, vgg: Vgg, size: tuple[int, int], content: Iterable[str], style: Iterable[str]) -> None:
        self.vgg, self.height = vgg, size[0]
        self.content, self.style = tuple(content), tuple(style)
        way = vgg.way({*self.content, *self.style})
        poolings = [index for index, name in enumerate(way) if name == POOL]
        blocks = min([BLOCKS, len(poolings), *(int(name[4]) - 1 for name in self.content)])
        count = min(size[0] * size[1] // PIXELS, size[0] // THINNEST) if blocks else 1
        above = poolings[blocks - 1] + 1 if count > 1 else 0
        self.near, self.far = way[:above], way[above:]
        self.step = 2 ** self.near.count(POOL)
        reach, scale = 0, 1
        for name in self.near:
            reach, scale = (reach, 2 * scale) if name == POOL else (reach + scale, scale)
        overlap = -(-reach // self.step) * self.step
        edges = [self.height * number // count // self.step * self.step for number in range(count)]
        self.rows = [
            Rows(start, stop, max(0, start - overlap), min(self.height, stop + overlap))
            for start, stop in itertools.pairwise([*edges, self.height])
        ]

    def see(self, x: tf.Tensor, guides: Mapping[str, tf.Tensor] = NOWHERE) -> Seen:
        """What the objective needs of x, float32 (1, H, W, 3). guides: as in Targets."""
        grams: dict[str, list[tf.Tensor]] = {}
        if self.near:
            y, *parts = self._near(x, guides)
            for name in self.near:
                if name in self.style:
                    grams[name] = [parts.pop(0) for _ in range(guides[name].shape[0] if guides else 1)]
        else:
            y = self.vgg.enter(x)
        _, found = self.vgg.through(self.far, y, {*self.content, *self.style})
        grams |= {name: layer_grams(found[name], guides.get(name)) for name in self.style if name in found}
        return Seen({name: found[name] for name in self.content}, grams)

    def _near(self, x: tf.Tensor, guides: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
        """The output of the last pooling among the first layers, then their Gram matrices."""

        @tf.custom_gradient
        def through(x: tf.Tensor) -> tuple[list[tf.Tensor], Callable[..., tf.Tensor]]:
            found: list[list[tf.Tensor]] = []
            for rows in self.rows:
                found.append(self._strip(after(found[-1:], x[:, rows.first : rows.last]), rows, guides))
            pooled, *parts = zip(*found, strict=True)

            def gradient(*upstream: tf.Tensor) -> tf.Tensor:
                total = tf.zeros_like(x)
                for rows in self.rows:
                    part = after([*upstream, total], x[:, rows.first : rows.last])
                    with tf.GradientTape() as tape:
                        tape.watch(part)
                        values = self._strip(part, rows, guides)
                    pooled = upstream[0][:, rows.start // self.step : rows.stop // self.step]
                    own = tape.gradient(values, part, [pooled, *upstream[1:]])
                    total += tf.pad(own, [[0, 0], [rows.first, self.height - rows.last], [0, 0], [0, 0]])
                return total

            return [tf.concat(pooled, 1), *map(tf.add_n, parts)], gradient

        result: list[tf.Tensor] = through(x)
        return result

    def _strip(self, y: tf.Tensor, rows: Rows, guides: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
        """_near() of the rows of one strip, where y is the picture from rows.first to rows.last."""
        y, scale = self.vgg.enter(y), 1
        grams: list[tf.Tensor] = []
        for name in self.near:
            y = self.vgg.step(name, y)
            scale *= 2 if name == POOL else 1
            start, stop = rows.start // scale, rows.stop // scale
            own = y[:, start - rows.first // scale : stop - rows.first // scale]
            if name in self.style:
                places = guides[name][:, start:stop] if guides else None
                share = (stop - start) / (self.height // scale)
                grams += [share * gram for gram in layer_grams(own, places)]
        return [own, *grams]
