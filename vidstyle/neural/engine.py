"""Painting of pictures of one size: the objective, its optimisation, and what one frame leaves for the next."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..blending import Blend, shares_at
from ..config import CHUNK, MIN_SIDE, Config
from ..errors import OptimizationError
from ..motion.reliability import nearest
from . import adam, lbfgs
from .graph import Graph
from .losses import Losses, Objective, guide
from .memory import give_back_memory, is_large
from .optimize import HIGHEST, LOWEST, Optimizer
from .runtime import Traced, out_of_memory, tf
from .strips import Strips
from .vgg import Vgg
from .window import WORTHWHILE, Place, Window

Picture = NDArray[np.float32]  # (H, W, 3), RGB 0..255

# Optimisers. To add one: a module as optimize.Optimizer says.
OPTIMIZERS: dict[str, Optimizer] = {"lbfgs": lbfgs, "adam": adam}

# Graphs that are kept, of the whole picture and of windows. Each holds the network's weights in the order in which the
# convolutions want them, a third of a GB in float32 whatever its size, and takes seconds to trace again.
GRAPHS, LARGE_GRAPHS = 6, 2

# Called with the evaluations so far in a frame and its loss.
Tick = Callable[[int, float], None]


@dataclass
class Memory:
    """What the optimiser knows of the values of a place, for the next frame, which takes it."""

    place: Place
    known: Any

    def taken(self) -> Memory:
        """It, once: else it would be kept beside what takes its place, and of 1920x1080 it is a third of a GB."""
        taken, self.known = Memory(self.place, self.known), None
        return taken


class Painted(NamedTuple):
    """image: float32 (H, W, 3), 0..255. losses: each term without its weight, and their weighted `total`."""

    image: Picture
    losses: dict[str, float]
    evaluations: int
    memory: Memory | None


class Engine:
    """Optimises pictures of `size` = (height, width) towards the styles, uint8 (H, W, 3) of any sizes."""

    @out_of_memory()
    def __init__(self, config: Config, vgg: Vgg, styles: Sequence[NDArray[np.uint8]], size: tuple[int, int]) -> None:
        self.size = size
        self.vgg = vgg
        self.objective = Objective(config)
        self.optimizer = OPTIMIZERS[config.optimizer]
        self.grams = tuple(
            style_grams(vgg, style, size, self.objective.style_layers, config.style_size) for style in styles
        )
        self.strips = Strips(vgg, size, self.objective.content_layers, self.objective.style_layers)
        self.usual = Blend(shares_at(config))
        self.chunk = CHUNK
        if is_large(size):
            self.chunk = 1
            give_back_memory()
        self.content = Traced(self._trace_content)
        self._graphs: dict[tuple[int, int], Graph] = {}  # used last come last
        self._shares: dict[tuple[int, int], float] = {}

    @out_of_memory()
    def paint(
        self,
        content: Picture,
        start: Picture,
        evaluations: int,
        memory: Memory | None = None,
        warped: Picture | None = None,
        reliable: NDArray[np.float32] | None = None,
        held: NDArray[np.bool_] | None = None,
        emphasis: NDArray[np.float32] | None = None,
        tolerance: float = 0.0,
        tick: Tick | None = None,
        blend: Blend | None = None,
        flow: NDArray[np.float32] | None = None,
    ) -> Painted:
        """The picture reached within `evaluations` from `start`, which has no higher loss.

        content, start, warped: float32 (H, W, 3), 0..255. memory: of the optimiser, from the frame before, which is
        taken; it moves along `flow` (H, W, 2), as Motion.backward is, where that is given. warped, reliable (H, W): the
        previous result moved here and how firmly to keep to it; without them there is no temporal term. tolerance:
        share of the loss by which CHUNK evaluations must lower it for more to be made. held: bool (H, W), pixels that
        stay bit for bit as they are in `start`. emphasis: float32 (H, W), how much the content counts there; 1
        everywhere without it. blend: of the styles; places of any size.
        Raises OptimizationError where a term or the gradient is not finite at the start.
        """
        if warped is None or reliable is None:
            warped, reliable = start, np.zeros(self.size, np.float32)
        if emphasis is None:
            emphasis = np.ones(self.size, np.float32)
        if held is None:
            held = np.zeros(self.size, np.bool_)
        image = np.clip(start, LOWEST, HIGHEST)
        # Nothing pulls at what is held, which is all that is outside of a window.
        emphasis, reliable = np.where(held, np.float32(1), emphasis), np.where(held, np.float32(0), reliable)
        place, _ = self._work(~held)
        graph = self._graph(place.size)
        blend = self.usual if blend is None else blend
        around, targets = graph.given(place, image, content, emphasis, warped, reliable, blend)
        x = tf.constant(place.cut(image).ravel())
        if memory is None:
            known = self.optimizer.fresh(x.shape[0], 3 * math.prod(self.size))
        else:
            known = self._moved(memory.taken(), place, flow)
        state = graph.begin(x, tf.constant(np.repeat(place.cut(held).ravel(), 3)), known)
        del known  # it was copied
        reached = math.inf
        for until in (*range(self.chunk, evaluations, self.chunk), evaluations):
            state = graph.advance(state, around, targets, tf.constant(until))
            losses = _plain(state.losses)
            if not math.isfinite(losses["total"]):
                bad = [name for name, value in state.start._asdict().items() if not math.isfinite(value)]
                raise OptimizationError(
                    f"the {bad[0] if bad else 'gradient'} term is not finite; "
                    "use --precision float32 or smaller weights"
                )
            if tick is not None:
                tick(int(state.evaluations), losses["total"])
            if until == self.chunk:  # the start's loss is known by now
                reached = float(state.start.total)
            if until % CHUNK == 0:
                if reached - losses["total"] < tolerance * losses["total"]:
                    break
                reached = losses["total"]
            if state.done:
                break
        learned = Memory(place, state.memory)
        if losses["total"] > float(state.start.total):  # by less than bfloat16 rounds; but worse is worse
            return Painted(image, _plain(state.start), int(state.evaluations), learned)
        place.cut(image)[...] = state.x.numpy().reshape(*place.size, 3)
        return Painted(image, losses, int(state.evaluations), learned)

    def _moved(self, memory: Memory, place: Place, flow: NDArray[np.float32] | None) -> Any:
        """What the optimiser knows, for the values of another place and of what has moved since along the flow."""
        count = math.prod(memory.place.size)
        numbers = np.full(self.size, count, np.int32)  # of the pixels of its place; `count` is none of them
        memory.place.cut(numbers)[...] = np.arange(count).reshape(memory.place.size)
        taken = place.cut(numbers if flow is None else numbers.ravel()[nearest(flow)]).ravel()
        if np.array_equal(taken, np.arange(count)):
            return memory.known
        index = tf.constant(taken)

        def change(values: tf.Tensor) -> tf.Tensor:
            pixels = tf.reshape(values, (-1, count, 3))
            if taken.max() == count:
                pixels = tf.pad(pixels, ((0, 0), (0, 1), (0, 0)))
            return tf.reshape(tf.gather(pixels, index, axis=1), (*values.shape[:-1], 3 * taken.size))

        return self.optimizer.map(memory.known, change)

    def share(self, changing: NDArray[np.bool_]) -> float:
        """What an evaluation costs where only these pixels (H, W) change, over one of the whole picture."""
        return self._work(changing)[1]

    def _work(self, changing: NDArray[np.bool_]) -> tuple[Place, float]:
        """Where is worked, and what an evaluation costs there, over one of the whole picture."""
        place = Place.around(changing)
        if place.size not in self._shares:
            self._shares[place.size] = Window(self.vgg, self.objective, self.size, place.size).share()
        share = self._shares[place.size]
        return (place, share) if share <= WORTHWHILE else (Place((0, 0), self.size, self.size), 1.0)

    def _graph(self, size: tuple[int, int]) -> Graph:
        """The graph for places of a size; others are let go of where there are too many."""
        graph = self._graphs.pop(size, None) or Graph(self, size)
        self._graphs[size] = graph
        if len(self._graphs) > (LARGE_GRAPHS if is_large(self.size) else GRAPHS):
            del self._graphs[next(iter(self._graphs))]
            gc.collect()  # graphs refer to themselves
        return graph

    def remember(self, place: Sequence[Sequence[int]], arrays: Sequence[NDArray[Any]]) -> Memory | None:
        """The memory of a place from its parts as arrays; None from none."""
        if not arrays:
            return None
        known = type(self.optimizer.fresh(1, 1))(*map(tf.constant, arrays))
        return Memory(Place(*((down, across) for down, across in place)), known)

    def blended(self, blend: Blend) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """Targets.style_shares and Targets.guides."""
        shares, guides = {}, {}
        for name, counting in self.objective.counting.items():
            shares[name] = tf.constant(blend.weights(name)[counting])
            if blend.places is not None:
                width, height = (side >> int(name[4]) - 1 for side in self.size[::-1])  # poolings before conv<block>
                small = [cv2.resize(place, (width, height), interpolation=cv2.INTER_AREA) for place in blend.places]
                guides[name] = tf.constant(np.stack([guide(small[index]) for index in counting])[..., None])
        return shares, guides

    def _trace_content(
        self, content: tf.Tensor, emphasis: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        features = Strips(self.vgg, self.size, self.objective.content_layers, ()).see(content).content
        return features, {
            name: tf.image.resize(emphasis, feature.shape[1:3], tf.image.ResizeMethod.AREA)
            for name, feature in features.items()
        }


def style_grams(
    vgg: Vgg, style: NDArray[np.uint8], size: tuple[int, int], layers: Iterable[str], factor: float = 1.0
) -> dict[str, tf.Tensor]:
    """Layer -> Gram matrix of a style, uint8 (H, W, 3), its longer side `factor` of that of `size`, (height, width)."""
    height, width = style.shape[:2]
    scale = factor * max(size) / max(height, width)
    small = resize(style, (max(MIN_SIDE, round(height * scale)), max(MIN_SIDE, round(width * scale))))
    grams = Strips(vgg, small.shape[:2], (), layers).see(tf.constant(small[None])).grams
    return {name: gram for name, (gram,) in grams.items()}


def _plain(losses: Losses) -> dict[str, float]:
    return {name: float(value) for name, value in losses._asdict().items()}


def resize(image: NDArray[np.uint8] | Picture, size: tuple[int, int]) -> Picture:
    """Image (H, W, 3), 0..255, at another (height, width) by Lanczos; float32, clipped to 0..255."""
    if image.shape[:2] == size:
        return image.astype(np.float32)
    resized = [
        np.asarray(PIL.Image.fromarray(channel).resize(size[::-1], PIL.Image.Resampling.LANCZOS))
        for channel in np.moveaxis(image.astype(np.float32), -1, 0)
    ]
    return np.clip(np.stack(resized, -1), 0, 255)
