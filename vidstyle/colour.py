"""Colours of one picture given to another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEAST_SPREAD = 10.0  # standard deviation, 0..255, that is assumed where there is less: noise must not become colour


def match_colours(
    image: NDArray[np.uint8], palettes: Sequence[NDArray[np.uint8]], shares: Sequence[float]
) -> NDArray[np.float32]:
    """`image` with the mean and covariance of the palettes' colours; all (H, W, 3), RGB; float32, clipped to 0..255.

    shares: weights of the palettes, which sum to 1. The map is linear and moves colours as little as possible: Pitie
    and Kokaram 2007, The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer.
    """
    mean, covariance = _moments(image)
    moments = [_moments(palette) for palette in palettes]
    wanted_mean = sum(share * m for share, (m, _) in zip(shares, moments, strict=True))
    wanted = sum(share * c for share, (_, c) in zip(shares, moments, strict=True))
    root = _root(covariance, LEAST_SPREAD)
    inverse = np.linalg.inv(root)
    transport = inverse @ _root(root @ wanted @ root) @ inverse
    matched = (image.reshape(-1, 3) - mean) @ transport + wanted_mean
    return np.clip(matched, 0, 255).astype(np.float32).reshape(image.shape)


def _moments(image: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pixels = image.reshape(-1, 3).astype(np.float64)
    mean = pixels.mean(0)
    return mean, (pixels - mean).T @ (pixels - mean) / len(pixels)


def _root(matrix: NDArray[np.float64], least: float = 0.0) -> NDArray[np.float64]:
    """The symmetric square root of a covariance matrix, its eigenvalues at least `least`."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(np.sqrt(np.maximum(values, 0)), least)) @ vectors.T)
