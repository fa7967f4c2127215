"""Optical flow between two frames, by method name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .reliability import Motion, reliable

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Grey = NDArray[np.uint8]  # (H, W)
Flow = NDArray[np.float32]  # (H, W, 2), (x, y) in pixels
Method = Callable[[Grey, Grey], Flow]
_DIS_SIDE = 32  # pixels; with a shorter side, OpenCV's faster presets end the process by a segmentation fault


class FlowMethod(NamedTuple):
    """find: from two pictures to the flow of the first towards the second. closer: up to how many times as large as
    they are painted frames are looked at, where the source is larger.
    """

    find: Method
    closer: int = 1


def closer_size(painted: tuple[int, int], source: tuple[int, int], method: str) -> tuple[int, int]:
    """The size, (width, height), at which to look for motion in frames that are painted and filmed at other sizes."""
    factor = max(1.0, min(FLOWS[method].closer, source[0] / painted[0], source[1] / painted[1]))
    return round(painted[0] * factor), round(painted[1] * factor)


def estimate_motion(previous: Image, current: Image, method: str, size: tuple[int, int] | None = None) -> Motion:
    """The motion from `previous` to `current`, uint8 (H, W, 3) of one size, with its reliability; method: of FLOWS.

    size: (height, width) of the result, by default that of the frames.
    """
    flow = FLOWS[method].find
    before, now = _grey(previous), _grey(current)
    backward, forward = (_resized(field, size or before.shape) for field in (flow(now, before), flow(before, now)))
    return Motion(backward, reliable(backward, forward))


def backward_flow(previous: Image, current: Image, method: str) -> Flow:
    """From where in `previous` each pixel of `current` comes, both uint8 (H, W, 3); method: of FLOWS."""
    return FLOWS[method].find(_grey(current), _grey(previous))


def _resized(flow: Flow, size: Sequence[int]) -> Flow:
    """A flow of frames of another size, (height, width)."""
    if flow.shape[:2] == tuple(size):
        return flow
    scale = np.array([size[1] / flow.shape[1], size[0] / flow.shape[0]], np.float32)
    return np.asarray(cv2.resize(flow, (size[1], size[0]), interpolation=cv2.INTER_AREA) * scale, np.float32)


def _grey(image: Image) -> Grey:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _dis(preset: int) -> Method:
    def flow(a: Grey, b: Grey) -> Flow:
        height, width = a.shape
        a, b = (_at_least(_DIS_SIDE, image) for image in (a, b))
        found = cv2.DISOpticalFlow.create(preset).calc(a, b, None)  # type: ignore[call-overload]
        return np.asarray(found[:height, :width], np.float32)

    return flow


def _at_least(side: int, image: Grey) -> Grey:
    """The image, mirrored on at the right and below where it is less than `side` pixels wide or high."""
    below, right = (max(0, side - length) for length in image.shape)
    if not below and not right:
        return image
    return np.asarray(cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REFLECT), np.uint8)


def _farneback(a: Grey, b: Grey) -> Flow:
    flow = np.zeros((*a.shape, 2), np.float32)
    return np.asarray(cv2.calcOpticalFlowFarneback(a, b, flow, 0.5, 5, 15, 3, 7, 1.5, 0), np.float32)


# Flow methods. To add one: a function from two grey uint8 (H, W) pictures to the flow of the first towards the second.
FLOWS: dict[str, FlowMethod] = {
    # Kroeger et al. 2016, dense inverse search, at OpenCV's three trades of speed for detail.
    "dis": FlowMethod(_dis(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)),
    "dis-fast": FlowMethod(_dis(cv2.DISOPTICAL_FLOW_PRESET_FAST)),
    "dis-ultrafast": FlowMethod(_dis(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)),
    # Twice as large, at 256 pixels, the warped source was a fifth to two fifths closer to the next frame. Paint that
    # follows it flickers less by that flow and more by one of the painted size, by which others measure.
    "dis-fine": FlowMethod(_dis(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM), closer=2),
    "farneback": FlowMethod(_farneback),  # Farneback 2003, polynomial expansion
}
