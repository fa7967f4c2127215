"""The paint of a still ground, kept for when what passes in front of it has gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .carry import SAME, Bared, Origins, Past
from .reliability import Motion, differs, largest, squared
from .still import OUTLINE, RESTING, beside

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Mask = NDArray[np.bool_]  # (H, W)
Places = NDArray[np.intp]  # (N,), rows or columns of pixels

# Ground has come out from beside a thing where that still takes paint along so many pixels away. Where the thing only
# stops, what is beside it stays as it is.
REACH = 32

# What was never seen takes the paint of other ground of its colour, all of it from the same distance away, for as long
# as so much of what finds its colour anywhere finds it there: to choose anew in every frame gave stripes. The distance
# is at least NEAREST of the longer side, better USUAL, and looked for in STEPS of that side, by SOME of the pixels.
# What finds nothing there looks at another, of DIFFERENT in all: the sky just above the grass found only grass below.
ENOUGH, FEW, DIFFERENT = 0.5, 8, 3
NEAREST, USUAL = 1 / 8, 1 / 3
STEPS, SOME = 16, 64


class Ground:
    """What the still ground of a shot was painted like where it was last seen.

    known: nothing until there is such a ground in front of which something moves; then source, uint8, and paint,
    float32 (H, W, 3), 0..255; seen, bool (H, W), where these were; passed, bool (H, W), where something has moved
    since, or paint has gone along with it; changed, bool (H, W) or (), what has changed or was beside what did first,
    the rest has kept its paint; and, once they were chosen, `offset 0` and so on, int (2,), rows and columns.
    """

    def __init__(self, known: Mapping[str, NDArray[Any]] | None = None) -> None:
        self.known = dict(known or {})

    def uncover(self, past: Past, frame: Image, origins: Origins) -> Origins:
        """The origins of the frame after `past`, with the paint of ground that comes to be seen in it."""
        if not origins.still.any():
            self.known["changed"] = np.array(True)  # what of it has, is not looked at here
            return origins
        changing = differs(past.source, frame)
        near = beside(changing)
        passing = changing | near & (squared(origins.motion.backward) > RESTING**2)
        changed = self.known.get("changed", False) | changing
        if "seen" not in self.known:
            self.known = {"source": past.source, "paint": past.image, "passed": passing, "changed": changed | near}
            self.known["seen"] = ~beside(changing, OUTLINE)
            return origins
        seen = self.known["seen"]
        same = seen & ~differs(self.known["source"], frame)
        self.known["changed"] = changed
        passed = self.known["passed"] | passing
        out = passed & origins.still & beside(near, REACH)
        self.known["passed"] = passed & ~out
        take = same & (out & changed | changing)
        # Beside a thing that comes in, paint that goes along would come from outside the picture.
        rows, columns = np.nonzero(~same & out & changed | ~seen & (changing | near & (origins.reliable == 0)))
        paint = self.known["paint"].copy() if rows.size else self.known["paint"]
        for number in range(DIFFERENT):
            offset = self._offset(number, frame, rows, columns) if rows.size else None
            if offset is None:
                break
            fits = self._fits(frame, rows, columns, offset)
            there, beyond = rows[fits], columns[fits]
            take[there, beyond] = True
            paint[there, beyond] = self.known["paint"][there + offset[0], beyond + offset[1]]
            rows, columns = rows[~fits], columns[~fits]
        if not take.any():
            return origins
        # What was there before was of another thing, or went along with it: not the same paint, a frame later.
        motion = Motion(origins.motion.backward, np.where(take, np.float32(0), origins.motion.reliable))
        return replace(
            origins,
            motion=motion,
            reliable=np.where(take, np.float32(1), origins.reliable),
            changed=np.where(take, np.float32(0), origins.changed),
            bared=Bared(take, paint),
        )

    def forget(self) -> None:
        """What is hidden now: it was painted in another style than what is seen, where nothing is as it was."""
        if "seen" in self.known:
            self.known["seen"] = self.known["seen"] & ~self.known["passed"]
        self.known["changed"] = np.array(True)

    def keep(self, now: Past, still: Mask | None) -> None:
        """The frame and its result, to be shown again where it is still; None: all that was seen, in a repeated one."""
        if "seen" not in self.known:
            return
        kept = (self.known["seen"] if still is None else still) & ~self.known["passed"]
        self.known["source"] = np.where(kept[..., None], now.source, self.known["source"])
        self.known["paint"] = np.where(kept[..., None], now.image, self.known["paint"])
        self.known["seen"] = self.known["seen"] | kept

    def _offset(self, number: int, frame: Image, rows: Places, columns: Places) -> NDArray[Any] | None:
        """From where those of these pixels that are ground never seen before take their paint: rows, columns away.

        number: how many such distances come before it, at which these pixels found nothing.
        """
        name = f"offset {number}"
        held = self.known.get(name)
        some = np.linspace(0, rows.size - 1, min(rows.size, SOME)).astype(int)
        rows, columns = rows[some], columns[some]
        offsets = _offsets(frame.shape[0], frame.shape[1])
        fits = self._fits(frame, rows, columns, offsets)
        ground = fits.any(0).sum()  # the rest is of things in front of it
        if ground < FEW or (held is not None and self._fits(frame, rows, columns, held).sum() >= ENOUGH * ground):
            return held
        # Rounded, since a few pixels more are not worth an odd distance.
        shares = np.round(fits.sum(1) / ground, 1)
        best = shares.argmax()
        if shares[best] >= ENOUGH:
            self.known[name] = offsets[best]
        else:
            self.known.pop(name, None)
        return self.known.get(name)

    def _fits(self, frame: Image, rows: Places, columns: Places, offset: NDArray[Any]) -> NDArray[np.bool_]:
        """Which pixels have their colour in ground that was seen, at the offset from them: (N,), of (K, 2) (K, N)."""
        height, width = frame.shape[:2]
        there, beyond = rows + offset[..., :1], columns + offset[..., 1:]
        fits = (there >= 0) & (there < height) & (beyond >= 0) & (beyond < width)
        there, beyond = np.clip(there, 0, height - 1), np.clip(beyond, 0, width - 1)
        fits &= self.known["seen"][there, beyond]
        fits &= largest(self.known["source"][there, beyond].astype(np.float32) - frame[rows, columns]) < SAME
        return np.asarray(fits)


@cache
def _offsets(height: int, width: int) -> NDArray[np.int64]:
    """Int (K, 2), the best distance first."""
    longer = max(height, width)
    step = -(-longer // STEPS)
    down = np.arange(-height // step * step, height, step)
    right = np.arange(-width // step * step, width, step)
    offsets = np.stack(np.meshgrid(down, right, indexing="ij"), -1).reshape(-1, 2)
    distances = np.hypot(*offsets.T) / longer
    order = np.argsort(np.abs(distances - USUAL), kind="stable")
    return np.asarray(offsets[order[distances[order] >= NEAREST]])
