"""The first guess of the inverse curvature: what L-BFGS relies on, and what it says of a known curvature."""

import numpy as np
import pytest

from vidstyle.neural.preconditioner import CONTRAST, spectral
from vidstyle.neural.runtime import tf

SIZE = (24, 40)
N = SIZE[0] * SIZE[1] * 3


def pairs(count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, N)).astype(np.float32)


def apply(vectors, steps, changes):
    guess = spectral(SIZE)
    shape = guess.map(guess.measure(tf.constant(steps), tf.constant(changes)))
    return np.stack([shape.apply(tf.constant(vector)).numpy() for vector in vectors])


@pytest.mark.parametrize("known", [0, 3])
def test_it_is_symmetric_and_positive(known):
    vectors = pairs(6, seed=1)
    steps = pairs(4) * (np.arange(4) < known)[:, None].astype(np.float32)
    products = vectors @ apply(vectors, steps, steps * 2).T
    np.testing.assert_allclose(products, products.T, rtol=1e-3, atol=1e-2)
    assert np.linalg.eigvalsh(products).min() > 0


@pytest.mark.parametrize("size", [(24, 40), (15, 64), (64, 15), (23, 41), (9, 2), (9, 1), (1, 1)])
def test_its_energy_is_that_of_what_it_gives(size):
    vectors = np.random.default_rng(2).normal(size=(3, size[0] * size[1] * 3)).astype(np.float32)
    guess = spectral(size)
    shape = guess.map(guess.measure(tf.constant(vectors), tf.constant(vectors[::-1] + vectors)))
    for vector in map(tf.constant, vectors):
        np.testing.assert_allclose(shape.energy(vector), np.dot(vector, shape.apply(vector)), rtol=1e-4)


def test_fine_detail_may_move_further_than_middle_frequencies():
    x = np.arange(SIZE[1])
    waves = [np.cos(2 * np.pi * cycles * x / SIZE[1]) for cycles in (4, 18)]  # 0.1 and 0.45 cycles a pixel
    waves = np.stack([np.broadcast_to(w[None, :, None], (*SIZE, 3)).ravel() for w in waves]).astype(np.float32)
    nothing = np.zeros((4, N), np.float32)
    middle, fine = np.linalg.norm(apply(waves, nothing, nothing), axis=1) / np.linalg.norm(waves, axis=1)
    assert fine > 1.5 * middle


def test_places_move_as_the_last_steps_say():
    """The left half is three times as stiff as the right one."""
    stiff = np.ones((*SIZE, 3), np.float32)
    stiff[:, : SIZE[1] // 2] = 3
    steps = pairs(8)
    flat = np.full((1, N), 1, np.float32)
    moved = apply(flat, steps, steps * stiff.ravel())[0].reshape(*SIZE, 3)
    ratio = moved[:, 32:].mean() / moved[:, :8].mean()
    assert 2 < ratio < CONTRAST
