"""The controls over a clip: in what colours, how much, where and when it is painted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .blending import Blend, shares_at
from .colour import Colouring
from .config import Config
from .masks import MaskFile, Masks
from .media import ClipInfo, Frame, ReadOptions, over_white
from .motion.shots import Shot

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Array = NDArray[np.float32]
EVERYWHERE: Array = np.ones((1, 1), np.float32)


class Controls:
    """Those of one run; all that can be checked beforehand is. Raises VidstyleError.

    First every frame is watched, then begin() is called, then the frames are taken one by one and finished in that
    order. info: of the clip.
    """

    def __init__(self, config: Config, info: ClipInfo, read: ReadOptions) -> None:
        self.config = config
        self.colouring = Colouring(config.color)
        self.places = [MaskFile("--mask", path, info, read) for path in config.masks]
        self.keep = [] if config.keep_mask is None else [MaskFile("--keep-mask", config.keep_mask, info, read)]
        self.size = info.width, info.height
        self.blends: dict[int, Blend] = {}  # of the frames that were taken and are not finished
        self.amounts: dict[int, Array] = {}  # of paint, (H, W), for these
        self.masks: Masks | None = None
        self.begins: set[int] = set()

    @property
    def masked(self) -> bool:
        """Whether frames have masks, which follow from all frames before in the shot."""
        return bool(self.places or self.keep)

    def notices(self, size: tuple[int, int]) -> list[str]:
        """Lines that the user should see. size: (width, height) painted."""
        lines = (file.notice([self.size, size]) for file in (*self.places, *self.keep))
        return [line for line in lines if line is not None]

    def begin(self, shots: list[Shot], size: tuple[int, int], first: int) -> None:
        """From here on frames are taken, from the clip's frame `first` on; size: (width, height)."""
        self.begins = {shot.start for shot in shots if not shot.joined}
        if self.masked:
            self.masks = Masks([*self.places, *self.keep], size, first, shots[-1].stop, self.config.flow)

    @property
    def follows(self) -> bool:
        """Whether some of the masks are pictures, which follow the motion."""
        return any(file.frames == 1 for file in (*self.places, *self.keep))

    def follow(self, frame: Image, begins: bool) -> None:
        """Has mask pictures follow over a frame, uint8 (H, W, 3), before those that are taken; as Masks.follow()."""
        assert self.masks is not None
        self.masks.follow(frame, begins)

    def lead(self, shots: list[Shot], count: int, frames: Iterable[tuple[int, Fraction, Frame]]) -> list[Image]:
        """The last `count` frames as take() gives them, before it is asked for the others.

        frames: index, time and frame, of all frames where there are masks, else of these.
        """
        taken: deque[Image] = deque(maxlen=count)
        for index, at, frame in frames:
            taken.append(self.take(index, frame, at))
            if index < shots[-1].stop - count:
                self.forget(index)
        return list(taken)

    def take(self, index: int, frame: Frame, at: Fraction) -> Image:
        """What is to be painted in place of a frame of the size that is shown at `at` seconds: uint8 (H, W, 3)."""
        picture = over_white(frame)
        places: Array | None = None
        seen = EVERYWHERE if frame.alpha is None else frame.alpha.astype(np.float32) / 255
        if self.masks is not None:
            masks = self.masks.next(picture, index in self.begins)
            if self.places:
                places = masks[: len(self.places)]
            if self.keep:
                self.amounts[index] = masks[-1]
                if self.config.color == "style":  # else colours come from all of the clip, and belong to all of it
                    seen = seen * masks[-1]
        # What nobody sees is not painted: it took the painting's bright colours from a figure on transparent ground.
        if (seen < 1).any():
            all_over = np.ones((len(self.config.styles), 1, 1), np.float32)
            places = np.asarray(seen * (all_over if places is None else places), np.float32)
        self.blends[index] = Blend(shares_at(self.config, at), places)
        return self.colouring.frame(picture)

    def finish(self, index: int, painted: Array, frame: Frame) -> Array:
        """What is shown of a painted frame, float32 (H, W, 3), 0..255, with the alpha that it had."""
        source = over_white(frame)
        painted = self.colouring.result(painted, source)
        if frame.alpha is not None:
            # Else what is seen through would be on white twice. To divide by a small alpha would make specks of paint.
            apart = np.clip(frame.image + (painted - source), 0, 255)
            painted = np.where(frame.alpha[..., None] == 255, painted, apart)
        amount = np.float32(self.config.strength) * self.amounts.get(index, EVERYWHERE)[..., None]
        self.forget(index)
        if amount.size == 1 and amount == 1:
            return painted
        return np.where(amount == 1, painted, frame.image + amount * (painted - frame.image)).astype(np.float32)

    def forget(self, index: int) -> None:
        """A frame that was taken will not be finished."""
        self.blends.pop(index, None)
        self.amounts.pop(index, None)
