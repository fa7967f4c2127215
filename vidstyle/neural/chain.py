"""A chain of frames, each painted from those before it: a shot, and the lead of a loop."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..blending import SETTLING, Blend, changes_style
from ..errors import OptimizationError
from ..motion.carry import DISTANCES, Origins, Past, carry, find_origins, follow
from ..motion.ground import Ground
from ..motion.recolour import recoloured
from ..motion.reliability import differs, mean_square, residual
from ..motion.still import NEVER, outlined, settled
from .drift import Drift
from .engine import Painted, Tick
from .firmness import Firmness, emphasis
from .frame_result import FrameResult
from .renewal import Renewal
from .state import State

if TYPE_CHECKING:
    from .stylize import Stylizer

Image = NDArray[np.uint8]  # (H, W, 3), RGB

# A loss of so many times the median of at least FEW frames before it is tried again: the frame may have failed.
FAR_ABOVE, FEW = 2.0, 3
OTHER_SHARE = 0.1  # by which the painted share of the picture must change for its losses to be no longer comparable


class Chain:
    """The frames of one shot, each painted from those before it."""

    def __init__(self, stylizer: Stylizer, first_evaluations: int, state: State | None = None) -> None:
        self.stylizer = stylizer
        self.first_evaluations = first_evaluations
        self.config = stylizer.config
        self.history: deque[Past] = deque(maxlen=max(DISTANCES))
        self.painted: Painted | None = None
        self.shown: NDArray[np.float32] | None = None  # as follow() says
        self.still: NDArray[np.int32] | None = None  # frames since a pixel changed; below 0 until it has a new style
        self.blend: Blend | None = None
        self.firmness, self.drift = Firmness(), Drift()
        self.renewal = Renewal()
        self.ground = Ground()
        self.levels: deque[float] = deque(maxlen=max(DISTANCES))
        # Of a lead, which are counted with the frame after it.
        self.evaluations, self.seconds = 0, 0.0
        if state is not None:
            self._restore(state)

    def add(
        self,
        frame: Image,
        index: int,
        tick: Tick | None,
        end: tuple[Painted, float] | None = None,
        blend: Blend | None = None,
        origins: Origins | None = None,
    ) -> FrameResult:
        """Paint the next frame. end: what this frame should become, and how much it should, in (0, 1].

        origins: in the frames before, where they are known already.
        """
        begin = time.perf_counter()
        repeated = bool(self.history) and np.array_equal(frame, self.history[-1].source)
        if origins is None and self.history:
            origins = find_origins([past.source for past in self.history], frame, self.config.flow)
        if origins is None or self.shown is None:
            self.shown = frame.astype(np.float32)
        elif not repeated:
            origins = self.ground.uncover(self.history[-1], frame, origins)
            origins, self.shown = follow(self.shown, frame, origins)
            may = self.config.shots and self.config.init == "prev-warped"
            if may and self.renewal.heed(origins) and end is None:
                self.evaluations += self._renew(frame, origins, tick, blend)
        restyled = changes_style(self.blend, blend)
        share, before = (1.0 if each is None else each.painted for each in (blend, self.blend))
        if restyled.mean() > 0.5 or abs(share - before) > OTHER_SHARE * max(share, before):
            self.levels.clear()  # the losses of another style, or of more of the picture, are others
        retries = 0
        if end is not None and end[1] == 1:
            painted = end[0]._replace(evaluations=0)
        else:
            painted, retries = self._tried(frame, index, origins, tick, end, blend, restyled)
        coherence: dict[str, float] = {}
        if origins is not None:
            past = self.history[-1]
            now = Past(frame, painted.image)
            changing = restyled if self.still is None else self.still < 0
            paint = residual(past.image, now.image, origins.motion)
            source = residual(past.source, frame, origins.motion)
            if self.renewal.goal is None:  # else it is spread anew, and should change
                self.drift.heed(paint, source, origins.motion, changing)
                self.firmness.heed(paint, source, origins.motion, changing)
            coherence = {
                "reliable": float(origins.reliable.mean()),
                "warp_error": mean_square(paint, origins.motion.reliable),
                "source_warp_error": mean_square(source, origins.motion.reliable),
            }
            self.ground.keep(now, None if repeated else origins.still)
            if restyled.any():
                self.ground.forget()
        excess = self._excess(painted)
        self.levels.append(self._level(painted))
        self.painted, self.blend = painted, blend
        self.history.append(Past(frame, painted.image))
        seconds = self.seconds + time.perf_counter() - begin
        evaluations = self.evaluations + painted.evaluations
        self.evaluations, self.seconds = 0, 0.0
        return FrameResult(
            index,
            painted.image,
            painted.losses,
            evaluations,
            seconds,
            **coherence,
            retries=retries,
            excess=excess if excess > FAR_ABOVE else None,
        )

    def _renew(self, frame: Image, origins: Origins, tick: Tick | None, blend: Blend | None) -> int:
        """Has the paint spread over what came in late; the evaluations that took."""
        carried = carry([past.image for past in self.history], origins)
        start = self.renewal.start(self.stylizer.blank(frame, blend), carried)
        try:
            # Half of them: it is worked on afterwards, as a lead is.
            goal = self.stylizer.first(frame, max(1, self.first_evaluations // 2), tick, blend, start)
        except OptimizationError:
            self.renewal = Renewal()  # the chain can go on without
            return 0
        self.renewal.begin(goal.image)
        self.drift = Drift()
        return goal.evaluations

    def _tried(
        self,
        frame: Image,
        index: int,
        origins: Origins | None,
        tick: Tick | None,
        end: tuple[Painted, float] | None,
        blend: Blend | None,
        restyled: NDArray[np.bool_],
    ) -> tuple[Painted, int]:
        """The frame as usual. Where that is not finite, or far above those before it, once more from its content; where
        that is not finite either, in float32. The best of these, and how often it was tried again.
        """
        before = self.still
        tries: list[Painted] = []
        failed = 0
        for anew, exact in ((False, False), (True, False), (True, True)):
            self.still = before
            try:
                if self.painted is None or origins is None or self.config.independent:
                    start = frame if anew else None
                    painted = self.stylizer.first(frame, self.first_evaluations, tick, blend, start, exact)
                else:
                    painted = self._next(frame, self.painted, origins, tick, end, blend, restyled, anew, exact)
            except OptimizationError as error:
                failed += 1
                if exact and not tries:
                    raise OptimizationError(f"frame {index + 1}: {error}") from error
                continue
            tries.append(painted)
            if anew or self._excess(painted) <= FAR_ABOVE:
                break
        best = min(tries, key=self._level)
        return best._replace(evaluations=sum(each.evaluations for each in tries)), failed + len(tries) - 1

    def _level(self, painted: Painted) -> float:
        """The loss without what the temporal term adds, which is steered and so differs from frame to frame."""
        return painted.losses["total"] - self.config.term_weights.temporal * painted.losses["temporal"]

    def _excess(self, painted: Painted) -> float:
        """Its level over the median of those before it, 0 where these are too few to tell."""
        usual = statistics.median(self.levels) if len(self.levels) >= FEW else 0
        return self._level(painted) / usual if usual > 0 else 0.0

    def state(self, shot: int, step: int, ends: Sequence[Painted], evaluations: int = 0, seconds: float = 0.0) -> State:
        """What another chain needs to go on from here; nothing is copied.

        ends: the frames of a loop's lead. evaluations, seconds: what that took.
        """
        assert self.painted is not None
        memory = None if self.config.independent else self.painted.memory
        blend = self.blend or Blend({})
        arrays: dict[str, NDArray[Any]] = {
            **{f"source {n}": past.source for n, past in enumerate(self.history)},
            **{f"image {n}": past.image for n, past in enumerate(self.history)},
            **{f"memory {n}": np.asarray(tensor) for n, tensor in enumerate(memory.known if memory else ())},
            **{f"end {n}": end.image for n, end in enumerate(ends)},
            **{f"share {layer}": share for layer, share in blend.shares.items()},
            "factors": self.firmness.factors,
            "errors": self.firmness.errors,
        }
        some = {"shown": self.shown, "still": self.still, "places": blend.places}
        some |= {f"ground {name}": array for name, array in self.ground.known.items()}
        some |= {"late": self.renewal.late, "goal": self.renewal.goal, "goal share": self.renewal.share}
        some["colour drift"] = self.drift.change
        arrays |= {name: array for name, array in some.items() if array is not None}
        facts = {
            "losses": self.painted.losses,
            "levels": list(self.levels),
            "otherwise": self.drift.otherwise,
            "renewal": [self.renewal.frames, *self.renewal.recent],
            "place": memory.place if memory else (),
            "ends": [end.losses for end in ends],
            "evaluations": evaluations,
            "seconds": seconds,
        }
        return State(shot, step, facts, arrays)

    def _restore(self, state: State) -> None:
        facts, arrays = state.facts, state.arrays
        self.history.extend(map(Past, state.all("source"), state.all("image")))
        last = self.history[-1].image
        memory = self.stylizer.engine((last.shape[0], last.shape[1])).remember(facts["place"], state.all("memory"))
        self.painted = Painted(last, facts["losses"], 0, memory)
        self.shown, self.still = arrays.get("shown"), arrays.get("still")
        shares = state.under("share")
        self.blend = Blend(shares, arrays.get("places")) if shares else None
        self.ground = Ground(state.under("ground"))
        self.firmness.factors, self.firmness.errors = arrays["factors"], arrays["errors"]
        self.drift.change, self.drift.otherwise = arrays.get("colour drift"), facts["otherwise"]
        self.renewal.frames, *recent = facts["renewal"]
        self.renewal.recent.extend(recent)
        self.renewal.late, self.renewal.goal = arrays.get("late"), arrays.get("goal")
        self.renewal.share = arrays.get("goal share")
        self.levels.extend(facts["levels"])
        self.evaluations, self.seconds = facts["evaluations"], facts["seconds"]

    def _next(
        self,
        frame: Image,
        last: Painted,
        origins: Origins,
        tick: Tick | None,
        end: tuple[Painted, float] | None,
        blend: Blend | None,
        restyled: NDArray[np.bool_],
        anew: bool,
        exact: bool,
    ) -> Painted:
        engine = self.stylizer.engine((frame.shape[0], frame.shape[1]), exact)
        same = ~(differs(frame, self.history[-1].source) | restyled)
        if origins.bared is not None:
            same &= ~origins.bared.take
        if self.still is None:
            same &= ~outlined(origins.motion, self.history[-1].source, frame)
        age = np.int32(NEVER) if self.still is None else self.still + 1
        self.still = np.where(restyled, np.int32(-SETTLING), np.where(same, age, np.minimum(age, 0)))
        if same.all() and self.still.min() >= 0 and end is None:
            return last._replace(evaluations=0)
        content = frame.astype(np.float32)
        effort = self.config.effort
        memory = None if anew else last.memory
        if self.config.init == "prev":
            start = content if anew else last.image
            if end is not None:
                start = start + np.float32(end[1]) * (end[0].image - start)
            evaluations = effort.first_evaluations if anew else effort.evaluations
            return engine.paint(content, start, evaluations, memory, tolerance=effort.tolerance, tick=tick, blend=blend)
        held = settled(self.still)
        image = self.drift.returned(carry([past.image for past in self.history], origins), origins.motion)
        new, firm = origins.new, self.firmness.of(origins.motion, origins.reliable, self.still < 0)
        goal, share = self.renewal.goal, self.renewal.share
        if end is not None:
            goal, share = end[0].image, np.full(firm.shape, end[1], np.float32)
            new = np.minimum(new, (1 - end[1]) * np.square(origins.changed))
        if goal is not None and share is not None:
            image = image + share[..., None] * (goal - image)
            firm = np.maximum(firm, share)
            # A pixel that is still in both is the same in both, unless it was painted twice.
            held &= ~differs(goal, last.image)
        image = np.where(held[..., None], last.image, image)
        # What is surely new starts from the frame itself, in the colours that its paint would have.
        new = ~held * (np.ones_like(new) if anew else new)
        begun = content if anew else recoloured(frame, image, new, *self.history[-1])
        start = image + new[..., None] * (begun - image)
        part = float(new.sum()) / max(1.0, float((~held).sum()))
        return engine.paint(
            content,
            start,
            effort.first_evaluations if anew else effort.most(part),
            memory,
            image,
            firm,
            held,
            emphasis(origins.motion),
            effort.tolerance,
            tick,
            blend,
            origins.motion.backward,
        )


def ends_of(state: State) -> list[Painted]:
    """The frames of a loop's lead that a state holds; they are not worked on, so they have no memory."""
    return [
        Painted(image, losses, 0, None) for image, losses in zip(state.all("end"), state.facts["ends"], strict=True)
    ]
