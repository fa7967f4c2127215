"""The frames of a clip in the colours of a palette, so that what was calm stays calm."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..motion.flow import backward_flow
from ..motion.reliability import differs, largest, warp
from .clip import Dither
from .gif_palette import Palette

# Part of a colour's error that moves on to the next frame. By measurement on painted clips: half takes away 18 to 29 %
# of the flicker for 13 to 27 % more squared error, 0.7 another 5 to 9 % for 16 to 44 %.
_CARRIED = 0.5
_OTHER = 40  # of 255; what differs by more from where it should come from is another thing
# Half the range of the ordered dither, as a part of the distance between neighbouring palette colours. By measurement:
# it takes most of the banding out of gradients (blurred error 0.78 -> 0.13 on a ramp).
_AMPLITUDE = 0.35
_SHIFTS = ((0, 0), (3, 5), (5, 2))  # of the pattern for R, G, B: apart, they reach more colours than in step
# Standard deviation within 5x5 pixels from which nothing is dithered: texture hides bands, and a pattern that stays on
# the screen while paint moves through it flickers.
_TEXTURE = 8.0


class _Mapped(NamedTuple):
    image: NDArray[np.uint8]
    palette: Palette
    indices: NDArray[np.uint8]
    error: NDArray[np.float32]


class ClipMapper:
    """Maps frames, one after another.

    Of 255 colours the nearest one changes whenever paint changes by a little or moves by a part of a pixel: painted
    clips flickered 1.5 to 4 times as much as their frames. So what a pixel's colour was off is carried on along the
    optical flow, as error diffusion does from pixel to pixel, and the same paint takes the same colour again.
    """

    def __init__(self, dither: Dither) -> None:
        self._dither = dither
        self._last: _Mapped | None = None

    def map(self, image: NDArray[np.uint8], palette: Palette) -> NDArray[np.uint8]:
        """The index of each pixel's colour, uint8 (H, W), for an image uint8 (H, W, 3).

        Pixels that are as in the frame before keep their colour if the palette is the same.
        """
        if palette.exact:
            return palette.nearest(image)
        last = self._last
        still = np.zeros(image.shape[:2], bool)
        if last and last.palette is palette:
            still = ~differs(image, last.image)
            if still.all():
                return last.indices
        wanted = image.astype(np.float32)
        if last:
            wanted += _CARRIED * _moved_error(last, image)
        if self._dither == "ordered":
            wanted += _pattern(image, palette)
        target = np.rint(wanted).clip(0, 255).astype(np.uint8)
        indices = palette.diffused(target) if self._dither == "floyd" else palette.nearest(target)
        if last and still.any():
            indices[still] = last.indices[still]
        self._last = _Mapped(image, palette, indices, np.subtract(palette.colours[indices], image, dtype=np.float32))
        return indices


def _moved_error(last: _Mapped, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 (H, W, 3); 0 where the image is not what was there."""
    flow = backward_flow(last.image, image, "dis")
    same = largest(image - warp(last.image.astype(np.float32), flow))[..., None] < _OTHER
    return np.asarray(warp(last.error, flow) * same, np.float32)


def _pattern(image: NDArray[np.uint8], palette: Palette) -> NDArray[np.float32]:
    """What the ordered dither adds, float32 (H, W, 3): Bayer's thresholds where the image is smooth."""
    height, width = image.shape[:2]
    tiled = np.tile(_thresholds(), (-(-height // 8), -(-width // 8), 1))[:height, :width]
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    deviation = np.sqrt(np.maximum(cv2.blur(grey * grey, (5, 5)) - cv2.blur(grey, (5, 5)) ** 2, 0))
    strength = _AMPLITUDE * palette.spacing * np.maximum(1 - deviation / _TEXTURE, 0)
    return np.asarray(tiled * strength[..., None], np.float32)


@cache
def _thresholds() -> NDArray[np.float32]:
    """Bayer's 8x8 for R, G and B, float32 (8, 8, 3), -1..1."""
    pattern = np.zeros((1, 1), np.float32)
    for _ in range(3):
        pattern = np.block([[4 * pattern, 4 * pattern + 2], [4 * pattern + 3, 4 * pattern + 1]])
    return np.stack([np.roll((pattern + 0.5) / 32 - 1, shift, (0, 1)) for shift in _SHIFTS], -1)
