"""Going over a painted shot again, backward and forward, so that every frame also knows what comes after it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..blending import Blend, changes_style
from ..config import Config
from ..errors import OptimizationError, ResourceError
from ..motion.carry import Past, find_origins
from ..motion.flow import estimate_motion
from ..motion.ground import Ground
from ..motion.reliability import differs, residual, warp_paint, warping_error
from .engine import Engine, Memory, Painted
from .firmness import Firmness, emphasis
from .frame_result import ClipTick, FrameResult

Image = NDArray[np.uint8]  # (H, W, 3), RGB
NOTHING = np.empty((0, 0, 3), np.float32)  # in place of a result's image, which is in the file


def passes(
    engine_for: Callable[[tuple[int, int]], Engine],
    config: Config,
    sources: Sequence[Image],
    results: Iterable[FrameResult],
    cyclic: bool,
    kept: Collection[int] = (),
    tick: ClipTick | None = None,
    blend: Callable[[int], Blend | None] = lambda index: None,
) -> Iterator[FrameResult]:
    """The frames of a shot after config.passes passes in all, `results` being those of the first.

    Every second pass goes backward (Ruder et al. 2016, section 4.4). Each frame goes on from its own result, and is
    held to the result beside it in the order of the pass, moved here; one that fails stays as it is. engine_for: of
    (height, width). sources: uint8 (H, W, 3), complete once `results` is exhausted. cyclic: whether the last frame
    leads into the first; else the one with which a pass begins stays as it is. kept: places of others that do.
    """
    found: list[FrameResult] = []
    with tempfile.TemporaryFile() as file:
        for result in results:
            try:
                file.write(np.ascontiguousarray(result.image).tobytes())
                file.flush()
            except OSError as error:
                raise ResourceError(
                    f"{tempfile.gettempdir()}: the frames between two passes do not fit there: {error.strerror}; "
                    "name a larger folder in the environment variable TMPDIR, or leave out --passes"
                ) from error
            found.append(replace(result, image=NOTHING))
        images = np.memmap(file, np.float32, "r+", shape=(len(found), *sources[0].shape))
        engine = engine_for(images.shape[1:3])
        shot = _Shot(engine, config, sources, images, found, cyclic, kept, tick, blend)
        for number in range(1, config.passes):
            shot.go_over(-1 if number % 2 else 1)
        last = Past(sources[-1], np.array(images[-1])) if cyclic else None
        for source, image, result in zip(sources, images, found, strict=True):
            now = Past(source, np.array(image))
            result = replace(result, image=now.image)
            if last is not None:
                motion = estimate_motion(last.source, source, config.flow)
                result = replace(
                    result,
                    reliable=float(motion.reliable.mean()),
                    warp_error=warping_error(last.image, now.image, motion),
                    source_warp_error=warping_error(last.source, source, motion),
                )
            yield result
            last = now


@dataclass(frozen=True, eq=False)
class _Shot:
    """What passes() goes over; images (N, H, W, 3) and `found`, without images, are brought up to date."""

    engine: Engine
    config: Config
    sources: Sequence[Image]
    images: NDArray[np.float32]
    found: list[FrameResult]
    cyclic: bool
    kept: Collection[int]
    tick: ClipTick | None
    blend: Callable[[int], Blend | None]

    def past(self, index: int) -> Past:
        return Past(self.sources[index], np.array(self.images[index]))

    def go_over(self, step: int) -> None:
        """A pass forward, with step 1, or backward, with -1."""
        firmness, ground = Firmness(), Ground()
        memory: Memory | None = None
        order = range(len(self.found))[::step]
        # What was the same in two frames stays so: it is copied, and not painted twice.
        before = np.array(self.images[order[-1]])
        for place, index in enumerate(order):
            own = np.array(self.images[index])
            if index in self.kept or (place == 0 and not (self.cyclic and len(order) > 1)):
                before = own
                continue
            begin = time.perf_counter()
            source, style, beside = self.sources[index], self._style(index), order[place - 1]
            past = self.past(beside)
            origins = ground.uncover(past, source, find_origins([past.source], source, self.config.flow))
            motion, restyled = origins.motion, changes_style(self._style(beside), style)
            held = ~(differs(own, before) | differs(source, past.source) | restyled)
            moved = warp_paint(past.image, motion.backward)
            firm = firmness.of(motion, origins.reliable, restyled)
            if origins.bared is not None:
                # Ground that comes to be seen was painted in the pass before.
                held &= ~origins.bared.take
                moved = np.where(origins.bared.take[..., None], own, moved)
            if self.cyclic and place == len(order) - 1 > 1:
                # Held to its one neighbour only, it left the other, with which the pass began: the seam came open.
                first = self.past(order[0])
                around = find_origins([first.source], source, self.config.flow)
                other = firmness.of(around.motion, around.reliable, changes_style(self._style(order[0]), style))
                share = (other / np.maximum(firm + other, np.float32(1e-6)))[..., None]
                moved = moved + share * (warp_paint(first.image, around.motion.backward) - moved)
                firm = firm + other
            # Where that fails, the frame stays as it is: it is painted already.
            painted, failed = Painted(own, self.found[index].losses, 0, None), 0
            if held.all():
                painted = Painted(past.image, self.found[beside].losses, 0, memory)
            else:
                try:
                    painted = self.engine.paint(
                        source.astype(np.float32),
                        np.where(held[..., None], past.image, own),
                        self.config.effort.evaluations,
                        memory,
                        np.where(held[..., None], past.image, moved),
                        firm,
                        held,
                        emphasis(motion),
                        self.config.effort.tolerance,
                        None if self.tick is None else partial(self.tick, self.found[index].index),
                        style,
                        motion.backward,
                    )
                except OptimizationError:
                    failed = 1
            memory, before = painted.memory, own
            now = Past(source, painted.image)
            errors = residual(past.image, now.image, motion), residual(past.source, source, motion)
            firmness.heed(*errors, motion, restyled)
            ground.keep(now, origins.still)
            self.images[index] = now.image
            result = self.found[index]
            self.found[index] = replace(
                result,
                losses=painted.losses,
                evaluations=result.evaluations + painted.evaluations,
                seconds=result.seconds + time.perf_counter() - begin,
                retries=result.retries + failed,
            )

    def _style(self, index: int) -> Blend | None:
        return self.blend(self.found[index].index)
