"""What comes to be seen, in the colours that the paint around it, or what looked like it before, has."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .reliability import Array, smaller, squared

Image = NDArray[np.uint8]  # (H, W, 3), RGB

# Standard deviation, in pixels, of the windows in which colours and their paint are compared; differences of colour
# that tell nothing, in 0..255; and how many times smaller the pictures are for it.
AROUND, EVEN, STEP = 12.0, 10.0, 4

# Detail finer than this standard deviation keeps the frame's own contrast. With all of it recoloured, which is paler,
# the loss of a clip with fast cars was 0.5 % higher.
DETAIL = 3.0

LEAST = 1e-3  # weight of what is new, taken for its own paint: it stays as it is where nothing else is near

# What is unlike all around it, by so many squared deviations of the colours there, looks for its own in all of the
# frame before, made so many pixels wide, with what differs by less than SAME taken for one. A ball that jumps back
# where its clip begins again was three quarters brighter there.
UNLIKE, SAMPLES, SAME = 6.0, 64, 8.0


def recoloured(frame: Image, paint: Array, new: Array, before: Image, painted: Array) -> Array:
    """The frame, where it is new in the colours that its paint would have; float32 (H, W, 3), 0..255.

    frame: uint8 (H, W, 3). paint: float32 (H, W, 3), 0..255. new: float32 (H, W) in [0, 1], where the paint shows
    something else. before, painted: the frame before, as `frame`, and its paint. Around each pixel, how paint differs
    from the frame is taken for a linear function of colour: the guided filter of He, Sun and Tang 2010, eq. 19, with
    Gaussian windows and weights. What is unlike all around it takes the change of what looked like it in the frame
    before. Begun as filmed, what a figure uncovered stayed a pale streak.
    """
    content = frame.astype(np.float32)
    where = np.nonzero(new)
    if not where[0].size:
        return content
    height, width = new.shape
    size = (max(1, width // STEP), max(1, height // STEP))

    def small(values: Array) -> Array:
        return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)

    trust = np.maximum(1 - 2 * new, np.float32(LEAST))
    weight = small(trust)[..., None]
    colour = small(content * trust[..., None]) / weight
    # What is new has changed by nothing.
    change = small((1 - new[..., None]) * (paint - content) * trust[..., None]) / weight
    total = cv2.GaussianBlur(weight, (0, 0), AROUND / STEP)[..., None]

    def mean(values: Array) -> Array:
        return np.asarray(cv2.GaussianBlur(values * weight, (0, 0), AROUND / STEP) / total, np.float32)

    usual, shift = mean(colour), mean(change)
    # (h, w, 3, 3): row i is channel i of the frame times all channels, less their means.
    spread, common = (
        np.stack([mean(colour[..., [i]] * values) for i in range(3)], 2) - usual[..., None] * means[..., None, :]
        for values, means in ((colour, usual), (change, shift))
    )
    spread += EVEN**2 * np.eye(3, dtype=np.float32)
    gain = np.linalg.solve(spread, common)
    offset = shift - np.einsum("hwi,hwij->hwj", usual, gain)
    some = small(new) > 0
    own = small(content)[some]
    apart = own - usual[some]
    # By their Mahalanobis distance.
    unlike = 1 - np.exp(-np.einsum("ni,ni->n", apart, np.linalg.solve(spread[some], apart[..., None])[..., 0]) / UNLIKE)
    there, found = _alike(own, before, painted)
    offset[some] += (unlike * there)[:, None] * (found - np.einsum("ni,nij->nj", own, gain[some]) - offset[some])
    gains = cv2.resize(gain.reshape(*gain.shape[:2], 9), (width, height))[where].reshape(-1, 3, 3)
    soft = cv2.GaussianBlur(content, (0, 0), DETAIL)[where]
    content[where] += np.einsum("ni,nij->nj", soft, gains) + cv2.resize(offset, (width, height))[where]
    return np.clip(content, 0, 255)


def _alike(colours: Array, before: Image, painted: Array) -> tuple[Array, Array]:
    """How surely the frame before has these colours (n, 3), in [0, 1]: (n,); and what its paint changes them by."""
    seen, change = (
        smaller(picture, SAMPLES).reshape(-1, 3) for picture in (before.astype(np.float32), painted - before)
    )
    levels, level = np.unique(np.rint(colours / SAME), axis=0, return_inverse=True)
    levels, level = levels * np.float32(SAME), level.ravel()
    distance = squared(levels)[:, None] + squared(seen) - 2 * levels @ seen.T
    weights = np.exp(-distance / (2 * EVEN**2))
    total = weights.sum(1)
    found = weights @ change / np.maximum(total, np.float32(1e-6))[:, None]
    return (total / (1 + total))[level], found[level]
