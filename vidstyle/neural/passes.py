"""Going over a painted shot again, backward and forward, so that every frame also knows what comes after it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..blending import Blend
from ..config import Config
from ..errors import OptimizationError
from ..motion.carry import Past, find_origins
from ..motion.flow import estimate_motion
from ..motion.ground import Ground
from ..motion.reliability import differs, residual, warp_paint, warping_error
from .engine import Engine
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
    tick: ClipTick | None = None,
    blend: Callable[[int], Blend | None] = lambda index: None,
) -> Iterator[FrameResult]:
    """The frames of a shot after config.passes passes in all, `results` being those of the first.

    Every second pass goes backward (Ruder et al. 2016, section 4.4). Each frame goes on from its own result, and is
    held to the result beside it in the order of the pass, moved here. engine_for: of (height, width). sources: uint8
    (H, W, 3), complete once `results` is exhausted. cyclic: whether the last frame leads into the first; else the one
    with which a pass begins stays as it is.
    """
    found: list[FrameResult] = []
    with tempfile.TemporaryFile() as file:
        for result in results:
            file.write(np.ascontiguousarray(result.image).tobytes())
            found.append(replace(result, image=NOTHING))
        file.flush()
        images = np.memmap(file, np.float32, "r+", shape=(len(found), *sources[0].shape))
        count = len(found)
        engine = engine_for(images.shape[1:3])
        for number in range(1, config.passes):
            step = -1 if number % 2 else 1
            firmness, ground, memory = Firmness(), Ground(), None
            order = range(count)[::step]
            # What was the same in two frames stays so: it is copied, and not painted twice.
            before = np.array(images[order[-1]])
            for place, index in enumerate(order):
                own = np.array(images[index])
                beside = order[place - 1]
                if place == 0 and not (cyclic and count > 1):
                    before = own
                    continue
                begin = time.perf_counter()
                past = Past(sources[beside], np.array(images[beside]))
                origins = ground.uncover(past, sources[index], find_origins([past.source], sources[index], config.flow))
                motion = origins.motion
                held = ~(differs(own, before) | differs(sources[index], past.source))
                moved = warp_paint(past.image, motion.backward)
                if origins.bared is not None:
                    # Ground that comes to be seen was painted in the pass before.
                    held &= ~origins.bared.take
                    moved = np.where(origins.bared.take[..., None], own, moved)
                try:
                    painted = engine.paint(
                        sources[index].astype(np.float32),
                        np.where(held[..., None], past.image, own),
                        config.effort.evaluations,
                        memory,
                        np.where(held[..., None], past.image, moved),
                        firmness.of(motion, origins.reliable),
                        held,
                        emphasis(motion),
                        config.effort.tolerance,
                        None if tick is None else partial(tick, found[index].index),
                        blend(found[index].index),
                        motion.backward,
                    )
                except OptimizationError as error:
                    raise OptimizationError(f"frame {found[index].index + 1}: {error}") from error
                memory, before = painted.memory, own
                now = Past(sources[index], painted.image)
                paint = residual(past.image, now.image, motion)
                firmness.heed(paint, residual(past.source, now.source, motion), motion)
                ground.keep(now, origins.still)
                images[index] = painted.image
                found[index] = replace(
                    found[index],
                    losses=painted.losses,
                    evaluations=found[index].evaluations + painted.evaluations,
                    seconds=found[index].seconds + time.perf_counter() - begin,
                )
        last: Past | None = None
        for source, image, result in zip(sources, images, found, strict=True):
            now = Past(source, np.array(image))
            result = replace(result, image=now.image)
            if last is not None:
                motion = estimate_motion(last.source, source, config.flow)
                result = replace(result, warp_error=warping_error(last.image, now.image, motion))
            yield result
            last = now
