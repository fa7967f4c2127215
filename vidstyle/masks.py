"""Masks: grey pictures or clips that are white where something is to be done; a picture follows the clip's motion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .errors import OptionError
from .media import ClipInfo, Frame, ReadOptions, open_clip
from .motion.flow import estimate_motion
from .motion.reliability import Array, differs, warp

Image = NDArray[np.uint8]  # (H, W, 3), RGB

LEVELS = 255  # to which a mask is rounded, so that it stays the same where nothing moves
DOUBTFUL = 12.0  # of 0..255, by which a pixel must differ from what it came from for that to be doubted
NEAR = 10  # pixels up to which it may then take after another
NEAR_STEP = 2  # between those that are looked at
FAR = 1.0  # of 0..255, by which another must be more alike for each pixel of distance


class MaskFile:
    """A mask that was found to be one; raises VidstyleError where it cannot be read or is black everywhere.

    option: what it was named with. info: of the clip that is painted.
    """

    def __init__(self, option: str, path: Path, info: ClipInfo, read: ReadOptions) -> None:
        self.name = f"{option} {path}"
        self.path, self.read = path, read
        self.frames = 0
        highest = 0.0
        with open_clip(path, read) as clip:
            self.width, self.height = clip.info.width, clip.info.height
            for frame in clip.frames():
                self.frames += 1
                highest = max(highest, float(_grey(frame).max()))
        if highest < 1 / LEVELS:
            raise OptionError(f"{self.name}: is black everywhere; make white what it is to mark")
        self.total = info.frame_count

    def notice(self, sizes: Sequence[tuple[int, int]]) -> str | None:
        """A line for the user where it has none of the sizes (width, height), the last of which is painted."""
        if (self.width, self.height) in sizes:
            return None
        return f"{self.name}: is {self.width}x{self.height} and was resized to {sizes[-1][0]}x{sizes[-1][1]}"

    def clip(self, size: tuple[int, int], first: int, frames: int) -> Iterator[Array]:
        """float32 (H, W) in [0, 1] for each of the `frames` painted, of which the clip's frame `first` is the first.

        A picture comes but once. Raises OptionError where it has neither one frame nor as many as are painted.
        """
        whole = self.frames == self.total
        if self.frames not in (1, frames) and not whole:
            raise OptionError(
                f"{self.name}: has {self.frames} frames, but {frames} are painted; give one picture, or as many frames"
            )
        return self._read(size, first if whole and self.frames != frames else 0, frames)

    def _read(self, size: tuple[int, int], first: int, frames: int) -> Iterator[Array]:
        with open_clip(self.path, self.read) as clip:
            for frame in islice(clip.frames(), first, first + frames):
                grey = _grey(frame)
                larger = grey.shape[1] > size[0]
                resized = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if larger else cv2.INTER_LINEAR)
                yield np.asarray(resized, np.float32)


class Masks:
    """The masks of a clip, frame after frame. size: (width, height) painted; first, frames: see MaskFile.clip()."""

    def __init__(self, files: Sequence[MaskFile], size: tuple[int, int], first: int, frames: int, flow: str) -> None:
        clips = [file.clip(size, first, frames) for file in files]
        # For each file the picture that follows the motion, or the clip that goes on by itself.
        self.sources = [next(clip) if file.frames == 1 else clip for file, clip in zip(files, clips, strict=True)]
        self.flow = flow
        self.origin: Array | None = None  # (H, W, 2), where each pixel was when the pictures were as given
        self.first: Array | None = None  # the frame then
        self.last: Image | None = None

    def next(self, frame: Image, begins: bool) -> Array:
        """Those of the next frame, uint8 (H, W, 3): float32 (files, H, W) in [0, 1]. begins: whether a shot does."""
        if any(isinstance(source, np.ndarray) for source in self.sources):
            self.follow(frame, begins)
        return np.stack([self._at(source) for source in self.sources])

    def _at(self, source: Array | Iterator[Array]) -> Array:
        if not isinstance(source, np.ndarray):
            return next(source)
        assert self.origin is not None
        mask = cv2.remap(source, self.origin, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
        # Single pixels that were mistaken for others are taken out.
        levels = cv2.medianBlur(np.rint(mask * LEVELS).astype(np.uint8), 3)
        return np.asarray(levels / np.float32(LEVELS), np.float32)

    def follow(self, frame: Image, begins: bool) -> None:
        """Go on to the next frame, uint8 (H, W, 3). begins: whether a shot does.

        Where everything was is what is carried on: a mask that is itself moved again and again blurs."""
        height, width = frame.shape[:2]
        if self.origin is None or self.last is None or self.first is None or begins:
            x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
            self.origin, self.first = np.stack([x, y], -1), frame.astype(np.float32)
        elif (changed := differs(frame, self.last)).any():
            motion = estimate_motion(self.last, frame, self.flow)
            moved = np.where(changed[..., None], warp(self.origin, motion.backward), self.origin)
            self.origin = _like_neighbours(moved, frame.astype(np.float32), self.first)
        self.last = frame


def _like_neighbours(origin: Array, frame: Array, first: Array) -> Array:
    """Where a pixel looks unlike its origin in the first frame, that of a pixel nearby which is more like it.

    So what was covered does not take after what has covered it. origin: (H, W, 2); frames: (H, W, 3), 0..255.
    """
    height, width = frame.shape[:2]
    came = cv2.remap(first, origin, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    unlike = np.abs(frame - came).mean(-1)
    doubtful = unlike > DOUBTFUL
    y, x = np.nonzero(doubtful)
    least, best_y, best_x = unlike[y, x], y, x
    steps = range(-NEAR, NEAR + 1, NEAR_STEP)
    for dy, dx in ((dy, dx) for dy in steps for dx in steps):
        there_y, there_x = np.clip(y + dy, 0, height - 1), np.clip(x + dx, 0, width - 1)
        cost = np.abs(frame[there_y, there_x] - frame[y, x]).mean(-1) + FAR * np.float32(np.hypot(dy, dx))
        better = (cost < least) & ~doubtful[there_y, there_x]
        least = np.where(better, cost, least)
        best_y, best_x = np.where(better, there_y, best_y), np.where(better, there_x, best_x)
    found: Array = origin.copy()
    found[y, x] = origin[best_y, best_x]
    return found


def _grey(frame: Frame) -> Array:
    """float32 (H, W) in [0, 1]; what is transparent is black."""
    grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    return np.asarray(grey if frame.alpha is None else grey * (frame.alpha.astype(np.float32) / 255), np.float32)
