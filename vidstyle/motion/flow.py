"""Optical flow between two frames, by method name."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from .reliability import Motion, reliable

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Flow = NDArray[np.float32]  # (H, W, 2), (x, y) in pixels


def estimate_motion(previous: Image, current: Image, method: str = "dis") -> Motion:
    """The motion from `previous` to `current`, uint8 (H, W, 3) of one size, with its reliability."""
    flow = FLOWS[method]
    before, now = _grey(previous), _grey(current)
    backward = flow(now, before)
    return Motion(backward, reliable(backward, flow(before, now)))


def _grey(image: Image) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _dis(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(method.calc(a, b, np.zeros((*a.shape, 2), np.float32)), np.float32)


# Flow methods. To add one: a function from two grey uint8 (H, W) pictures to the flow of the first towards the second.
FLOWS: dict[str, Callable[[NDArray[np.uint8], NDArray[np.uint8]], Flow]] = {
    "dis": _dis,  # Kroeger et al. 2016, dense inverse search
}
