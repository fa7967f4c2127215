"""Painting frames: the first one coarse to fine, each next one from the result before it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..config import Config
from ..errors import OptimizationError
from ..motion.flow import estimate_motion
from ..motion.reliability import Motion, warp_sharp, warping_error
from .engine import Engine, Painted, Picture, Tick, resize
from .runtime import compute_dtype
from .vgg import Vgg
from .weights import Weights

Image = NDArray[np.uint8]  # (H, W, 3), RGB

COARSEST = 64  # pixels of the shorter side; a smaller picture shows nothing of the subject, and loses it
COARSE_SHARE = 0.2  # of a first frame's evaluations, for each coarse size; they are cheap
COARSE_LEVELS = 3  # coarse sizes at most, each half of the next

# How much of the frame itself is in the start where the previous result cannot be trusted. Measured on 24 frames with a
# large moving figure: 0 smears (content loss of moving parts 0.455), 1 flickers (warping error 2.6e-4, the source has
# 2.4e-4); 0.5 gives 0.386 and 2.2e-4.
FRESH = 0.5


@dataclass(frozen=True, eq=False)
class FrameResult:
    """A painted frame.

    image: float32 (H, W, 3), 0..255. losses: each term without its weight, and their weighted `total`.
    reliable: share of the pixels that continue the previous frame; warp_error, source_warp_error: to the previous frame
    of the result and of the source (motion.reliability.warping_error); all three are None without a previous frame.
    """

    index: int
    image: Picture
    losses: dict[str, float]
    evaluations: int
    seconds: float
    reliable: float | None = None
    warp_error: float | None = None
    source_warp_error: float | None = None


class Stylizer:
    """Paints frames in the style of one or more pictures, for one configuration.

    styles: uint8 (H, W, 3) of any sizes, one for each of config.styles.
    """

    def __init__(self, config: Config, weights: Weights, styles: Sequence[Image]) -> None:
        self.config = config
        self.styles = styles
        self.vgg = Vgg(weights, config.pooling, compute_dtype(config.precision))
        self._engines: dict[tuple[int, int], Engine] = {}

    def shot(self, frames: Iterable[Image], tick: Tick | None = None) -> Iterator[FrameResult]:
        """Paint the frames, uint8 (H, W, 3) of one size, as config.init says. tick: called now and then within a frame.

        Raises OptimizationError, which names the frame, where a loss is not finite.
        """
        source: Image | None = None
        last: Painted | None = None
        for index, frame in enumerate(frames):
            begin = time.perf_counter()
            motion = None if source is None else estimate_motion(source, frame)
            try:
                if last is None or motion is None or self.config.init in ("content", "noise"):
                    painted = self._first(frame, tick)
                else:
                    painted = self._next(frame, last, motion, tick)
            except OptimizationError as error:
                raise OptimizationError(f"frame {index}: {error}") from error
            seconds = time.perf_counter() - begin
            coherence: dict[str, float] = {}
            if motion is not None and source is not None and last is not None:
                coherence = {
                    "reliable": float(motion.reliable.mean()),
                    "warp_error": warping_error(last.image, painted.image, motion),
                    "source_warp_error": warping_error(source, frame, motion),
                }
            yield FrameResult(index, painted.image, painted.losses, painted.evaluations, seconds, **coherence)
            source, last = frame, painted

    def _first(self, frame: Image, tick: Tick | None) -> Painted:
        """Coarse to fine, which gives larger, cleaner strokes for less time."""
        height, width = frame.shape[:2]
        coarse = [
            (height >> level, width >> level)
            for level in range(COARSE_LEVELS, 0, -1)
            if min(height, width) >> level >= COARSEST
        ]
        budget = self.config.first_evaluations
        share = round(budget * COARSE_SHARE)
        spent = 0

        def heard(evaluations: int, loss: float) -> None:
            if tick is not None:
                tick(spent + evaluations, loss)

        picture = self._blank(frame, coarse[0] if coarse else (height, width))
        for size in coarse if share else []:
            painted = self.engine(size).paint(resize(frame, size), resize(picture, size), share, tick=heard)
            picture = painted.image
            spent += painted.evaluations
        full = (height, width)
        painted = self.engine(full).paint(
            resize(frame, full), resize(picture, full), max(1, budget - spent), tick=heard
        )
        return painted._replace(evaluations=painted.evaluations + spent)

    def _blank(self, frame: Image, size: tuple[int, int]) -> Picture:
        if self.config.init != "noise":
            return resize(frame, size)
        # The same noise for every frame of a clip, so that only their content makes them differ.
        return np.random.default_rng(self.config.seed).uniform(0, 255, (*size, 3)).astype(np.float32)

    def _next(self, frame: Image, last: Painted, motion: Motion, tick: Tick | None) -> Painted:
        engine = self.engine((frame.shape[0], frame.shape[1]))
        content = frame.astype(np.float32)
        if self.config.init == "prev":
            return engine.paint(content, last.image, self.config.evaluations, last.memory, tick=tick)
        warped = warp_sharp(last.image, motion.backward)
        start = warped + FRESH * (1 - motion.reliable[..., None]) * (content - warped)
        return engine.paint(content, start, self.config.evaluations, last.memory, warped, motion.reliable, tick)

    def engine(self, size: tuple[int, int]) -> Engine:
        """The engine for pictures of (height, width); made once."""
        if size not in self._engines:
            self._engines[size] = Engine(self.config, self.vgg, self.styles, size)
        return self._engines[size]
