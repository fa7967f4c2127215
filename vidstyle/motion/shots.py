"""Shots: where a clip is cut, so that no paint is carried across."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import scenedetect
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3), RGB

THUMBNAIL = (128, 72)  # width and height in which cuts are looked for
SHORTEST = 3  # frames of a shot
FLASH = 4  # frames on either side of a cut of which none may look like one on the other side
REMEMBERED = 32  # thumbnails kept; more than the detector looks back and FLASH looks ahead

SAME_SCENE = 0.7  # correlation of two pictures, above which one may have become the other: 0.96 and more in one shot
FLAT = 3.0  # standard deviation, 0..255, below which a picture shows nothing

# Frames before a part of a shot that are also painted with it; the paint of the part before is led into theirs. With
# none, the warping error where the parts meet was sixty times the usual.
OVERLAP = 12


@dataclass(frozen=True)
class Shot:
    """The frames start, start + 1, ... stop - 1 of a clip, filmed without a cut.

    joined: it is a part of a longer shot, and goes on from the one before.
    """

    start: int
    stop: int
    joined: bool = False

    @property
    def needed(self) -> int:
        """The first frame that must be seen to paint it."""
        return self.start - OVERLAP if self.joined else self.start


def split(shots: Iterable[Shot], length: float) -> list[Shot]:
    """The shots in equal parts of about `length` frames, but of no less than twice the overlap."""
    parts = []
    for shot in shots:
        frames = shot.stop - shot.start
        count = max(1, min(round(frames / length), frames // (2 * OVERLAP)))
        cuts = [shot.start + frames * number // count for number in range(count + 1)]
        parts += [Shot(a, b, joined=a > shot.start) for a, b in itertools.pairwise(cuts)]
    return parts


def find_shots(frames: Iterable[Image]) -> list[Shot]:
    """The shots of a clip whose frames, uint8 (H, W, 3), come one after another; [] of a clip without frames.

    Candidates come from scenedetect's adaptive detector. Fades and flashes, after which the picture before is still
    there or comes back, are not cuts.
    """
    detector = scenedetect.AdaptiveDetector(min_scene_len=SHORTEST)
    thumbnails: deque[tuple[int, Image]] = deque(maxlen=REMEMBERED)
    candidates: list[int] = []
    cuts = [0]
    index = -1

    def decide(last: int) -> None:
        while candidates and candidates[0] + FLASH <= last:
            at = candidates.pop(0)
            if at - cuts[-1] >= SHORTEST and _is_cut(dict(thumbnails), at):
                cuts.append(at)

    for index, frame in enumerate(frames):
        thumbnail = cv2.resize(frame[..., ::-1], THUMBNAIL, interpolation=cv2.INTER_AREA)
        thumbnails.append((index, np.asarray(thumbnail, np.uint8)))
        found = detector.process_frame(scenedetect.FrameTimecode(index, 25.0), thumbnail)
        candidates += [cut.frame_num for cut in found]
        decide(index)
    decide(index + FLASH)
    if index < 0:
        return []
    return [Shot(start, stop) for start, stop in zip(cuts, [*cuts[1:], index + 1], strict=True)]


def _is_cut(thumbnails: dict[int, Image], at: int) -> bool:
    """Whether nothing seen shortly before the frame `at` is seen from it on, at whatever brightness."""
    before, after = (
        [_pattern(thumbnails[index]) for index in indices if index in thumbnails]
        for indices in (range(at - FLASH, at), range(at, at + FLASH + 1))
    )
    seen, coming = ([pattern for pattern in side if np.linalg.norm(pattern) > FLAT] for side in (before, after))
    if not seen:  # out of the dark: at once, or faded in
        return bool(np.linalg.norm(after[0]) > 0.5 * max(np.linalg.norm(pattern) for pattern in after) > FLAT)
    return bool(coming) and all(_correlation(a, b) < SAME_SCENE for a in seen for b in coming)


def _pattern(thumbnail: Image) -> NDArray[np.float32]:
    """What is left of a picture without its brightness; its norm is the standard deviation, 0..128."""
    blurred = cv2.GaussianBlur(thumbnail.astype(np.float32), (0, 0), 2)
    return np.asarray((blurred - blurred.mean()) / np.sqrt(np.float32(blurred.size)))


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b)))
