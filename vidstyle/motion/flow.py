"""Optical flow between two frames, by method name."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from .reliability import Motion, reliable

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Grey = NDArray[np.uint8]  # (H, W)
Flow = NDArray[np.float32]  # (H, W, 2), (x, y) in pixels
Method = Callable[[Grey, Grey], Flow]


def estimate_motion(previous: Image, current: Image, method: str) -> Motion:
    """The motion from `previous` to `current`, uint8 (H, W, 3) of one size, with its reliability; method: of FLOWS."""
    flow = FLOWS[method]
    before, now = _grey(previous), _grey(current)
    backward = flow(now, before)
    return Motion(backward, reliable(backward, flow(before, now)))


def _grey(image: Image) -> Grey:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _dis(preset: int) -> Method:
    def flow(a: Grey, b: Grey) -> Flow:
        method = cv2.DISOpticalFlow.create(preset)
        return np.asarray(method.calc(a, b, None), np.float32)  # type: ignore[call-overload]

    return flow


def _farneback(a: Grey, b: Grey) -> Flow:
    flow = np.zeros((*a.shape, 2), np.float32)
    return np.asarray(cv2.calcOpticalFlowFarneback(a, b, flow, 0.5, 5, 15, 3, 7, 1.5, 0), np.float32)


# Flow methods. To add one: a function from two grey uint8 (H, W) pictures to the flow of the first towards the second.
FLOWS: dict[str, Method] = {
    # Kroeger et al. 2016, dense inverse search, at OpenCV's three trades of speed for detail.
    "dis": _dis(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM),
    "dis-fast": _dis(cv2.DISOPTICAL_FLOW_PRESET_FAST),
    "dis-ultrafast": _dis(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST),
    "farneback": _farneback,  # Farneback 2003, polynomial expansion
}
