"""Colours of one picture given to another, and what --color does with them over a clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Array = NDArray[np.float32]
Matrix = NDArray[np.float64]  # (3, 3)

LEAST_SPREAD = 10.0  # standard deviation, 0..255, that is assumed where there is less: noise must not become colour
GAMUT_STEPS = 7  # halvings by which a luminance is found at which a colour can be shown
GAMUT_ERROR = 0.5  # by which a or b of CIELAB may be missed


class Moments:
    """Mean (3,) and covariance (3, 3) of the colours, 0..255, of all pictures (H, W, 3) that were added."""

    def __init__(self, *images: NDArray[np.generic]) -> None:
        self.pixels = 0.0
        self.sum = np.zeros(3)
        self.products = np.zeros((3, 3))
        for image in images:
            self.add(image)

    def add(self, image: NDArray[np.generic], alpha: NDArray[np.uint8] | None = None) -> None:
        """Take in a picture's pixels, each as far as it is seen; alpha: (H, W), None is opaque."""
        pixels = image.reshape(-1, 3).astype(np.float64)
        counted = pixels if alpha is None else pixels * (alpha.reshape(-1, 1) / 255)
        self.pixels += len(pixels) if alpha is None else float(alpha.sum()) / 255
        self.sum += counted.sum(0)
        self.products += counted.T @ pixels

    @property
    def mean(self) -> NDArray[np.float64]:
        return self.sum / self.pixels

    @property
    def covariance(self) -> Matrix:
        return np.asarray(self.products / self.pixels - np.outer(self.mean, self.mean))


def match_colours(
    image: NDArray[np.uint8],
    palettes: Sequence[NDArray[np.uint8] | Moments],
    shares: Sequence[float],
    way: str = "transport",
) -> NDArray[np.float32]:
    """`image` with the mean and covariance of the palettes' colours; all (H, W, 3), RGB; float32, clipped to 0..255.

    shares: weights of the palettes, which sum to 1. way: of WAYS.
    """
    own = Moments(image)
    moments = [palette if isinstance(palette, Moments) else Moments(palette) for palette in palettes]
    wanted_mean = sum(share * m.mean for share, m in zip(shares, moments, strict=True))
    wanted = np.sum([share * m.covariance for share, m in zip(shares, moments, strict=True)], 0)
    matched = (image.reshape(-1, 3) - own.mean) @ WAYS[way](own.covariance, wanted) + wanted_mean
    return np.clip(matched, 0, 255).astype(np.float32).reshape(image.shape)


def _transport(own: Matrix, wanted: Matrix) -> Matrix:
    """Pitie and Kokaram 2007, The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer."""
    root = _root(own, LEAST_SPREAD)
    inverse = np.linalg.inv(root)
    return np.asarray(inverse @ _root(root @ wanted @ root) @ inverse)


def _symmetric(own: Matrix, wanted: Matrix) -> Matrix:
    """Gatys et al. 2017, Controlling perceptual factors: from the symmetric roots, as in Image Analogies."""
    return np.asarray(np.linalg.inv(_root(own, LEAST_SPREAD)) @ _root(wanted))


def _cholesky(own: Matrix, wanted: Matrix) -> Matrix:
    """The other one there, from the Cholesky factors: it keeps red's order, then green's as far as that allows."""
    roots = _root(own, LEAST_SPREAD), _root(wanted, 1e-3)
    lower, wanted_lower = (np.linalg.cholesky(root @ root) for root in roots)
    return np.asarray((wanted_lower @ np.linalg.inv(lower)).T)


# Linear maps, for rows of pixels, that give one covariance for another. To add one: its name and a function of both.
# "transport" moves colours as little as possible.
WAYS: dict[str, Callable[[Matrix, Matrix], Matrix]] = {
    "transport": _transport,
    "match": _symmetric,
    "match-cholesky": _cholesky,
}


def _root(matrix: Matrix, least: float = 0.0) -> Matrix:
    """The symmetric square root of a covariance matrix, its eigenvalues at least `least`."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(np.sqrt(np.maximum(values, 0)), least)) @ vectors.T)


class Colouring:
    """What `color` of Config does to frames, styles and results; one for a clip, so that all of it gets the same.

    original: frame and style are painted in luminance (Gatys et al. 2017, with CIELAB for YIQ), and the
    frame's own chroma is given back. match, match-cholesky: the styles get the clip's colours first.
    """

    def __init__(self, color: str) -> None:
        self.color = color
        self.clip = Moments()

    def watch(self, frame: Image, alpha: NDArray[np.uint8] | None = None) -> None:
        """Take in a frame of the clip, on white, and its alpha (H, W), before anything else is asked."""
        if self.color != "style":
            self.clip.add(self.frame(frame), alpha)

    def frame(self, frame: Image) -> Image:
        """What is to be painted in place of the frame, uint8 (H, W, 3)."""
        return grey(frame) if self.color == "original" else frame

    def style(self, picture: Image) -> Image:
        """What is to be painted like in place of the picture, uint8 (H, W, 3)."""
        if self.color == "style" or self.clip.pixels == 0:
            return self.frame(picture)
        way = "match" if self.color == "original" else self.color
        return np.rint(match_colours(self.frame(picture), [self.clip], [1.0], way)).astype(np.uint8)

    def result(self, painted: Array, frame: Image) -> Array:
        """What is to be shown of a painted picture, float32 (H, W, 3), 0..255."""
        return with_chroma(painted, frame) if self.color == "original" else painted


def grey(image: Image) -> Image:
    """The picture without chroma, of the same luminance in CIELAB; uint8 (H, W, 3)."""
    lab = _lab(image)
    lab[..., 1:] = 0
    return np.rint(_rgb(lab)).astype(np.uint8)


def with_chroma(painted: Array, source: Image) -> Array:
    """The luminance of `painted` with the chroma of `source`, both (H, W, 3), 0..255; float32.

    Where no screen can show both, the luminance goes as far towards the source's own as it must.
    """
    own, wanted = _lab(source), _lab(painted)[..., 0]
    lab = own.copy()
    low, high = np.zeros(wanted.shape, np.float32), np.ones(wanted.shape, np.float32)  # shown, and not known
    share = high
    for _ in range(GAMUT_STEPS):
        lab[..., 0] = own[..., 0] + share * (wanted - own[..., 0])
        shown = np.abs(_lab(_rgb(lab)) - lab)[..., 1:].max(-1) <= GAMUT_ERROR
        low, high = np.where(shown, share, low), np.where(shown, high, share)
        if (low == 1).all():
            break
        share = np.where(low == 1, np.float32(1), (low + high) / 2)
    lab[..., 0] = own[..., 0] + low * (wanted - own[..., 0])
    return _rgb(lab)


def _lab(image: NDArray[np.generic]) -> Array:
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def _rgb(lab: Array) -> Array:
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) * 255, np.float32)
