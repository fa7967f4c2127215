"""The traced optimisation of windows of one size, and what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..blending import Blend
from .losses import Losses, Targets
from .optimize import State, box
from .preconditioner import spectral
from .runtime import Traced, tf
from .window import Place, Surroundings, Window

if TYPE_CHECKING:
    from .engine import Engine, Picture


class _Known(NamedTuple):
    """The surroundings of a place, and the pictures and styles for which they were found."""

    place: Place
    x: Picture
    content: Picture
    blend: Blend
    around: Surroundings

    def holds(self, place: Place, x: Picture, content: Picture, blend: Blend) -> bool:
        """Whether they are the same for these, which may differ in the place."""
        if place != self.place or blend.unlike(self.blend).any():
            return False
        differs = (x != self.x) | (content != self.content)
        place.cut(differs)[...] = False
        return not differs.any()


class Graph:
    """The optimisation of windows of one size, (height, width), or of the whole picture."""

    def __init__(self, engine: Engine, size: tuple[int, int]) -> None:
        self.engine, self.size = engine, size
        self.window = None if size == engine.size else Window(engine.vgg, engine.objective, engine.size, size)
        self.precondition = spectral(size)
        self.begin, self.advance = Traced(self._trace_begin), Traced(self._trace_advance)
        if self.window is not None:
            self._survey, self._targets = Traced(self.window.survey), Traced(self.window.targets)
        self._known: _Known | None = None

    def given(
        self,
        place: Place,
        x: Picture,
        content: Picture,
        emphasis: NDArray[np.float32],
        warped: Picture,
        reliable: NDArray[np.float32],
        blend: Blend,
    ) -> tuple[Surroundings | None, Targets]:
        """What advance() needs where only this place of x will change; the others as in Engine.paint()."""
        shares, guides = self.engine.blended(blend)
        fields = (
            tf.constant(emphasis[None, ..., None]),
            tf.constant(warped[None]),
            tf.constant(reliable[None, ..., None]),
        )
        if self.window is None:
            wanted, counted = self.engine.content(tf.constant(content[None]), fields[0])
            return None, Targets(wanted, counted, self.engine.grams, shares, guides, *fields[1:])
        if self._known is None or not self._known.holds(place, x, content, blend):
            regions = tf.constant(self.window.regions(place.start))
            around = self._survey(tf.constant(x[None]), tf.constant(content[None]), guides, regions)
            self._known = _Known(place, x.copy(), content.copy(), blend, around)
        targets = self._targets(self._known.around, tf.constant(place.cut(content)[None]), *fields, guides)
        return self._known.around, targets._replace(grams=self.engine.grams, style_shares=shares)

    def _trace_begin(self, x: tf.Tensor, held: tf.Tensor, memory: Any) -> State:
        return self.engine.optimizer.begin(x, box(x, held), memory, self.precondition)

    def _trace_advance(self, state: State, around: Surroundings | None, targets: Targets, until: tf.Tensor) -> State:
        def evaluate(x: tf.Tensor) -> tuple[Losses, tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(x)
                picture = tf.reshape(x, (1, *self.size, 3))
                if self.window is not None and around is not None:
                    losses = self.window.losses(picture, around, targets)
                else:
                    seen = self.engine.strips.see(picture, targets.guides)
                    losses = self.engine.objective.losses(picture, seen, targets)
            return losses, tape.gradient(losses.total, x)

        return self.engine.optimizer.advance(evaluate, state, until, self.precondition)
