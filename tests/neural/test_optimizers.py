"""One suite over all optimisers, on problems whose solution is known."""

import numpy as np
import pytest

from vidstyle.neural.engine import OPTIMIZERS
from vidstyle.neural.losses import Losses
from vidstyle.neural.optimize import box
from vidstyle.neural.runtime import tf

pytestmark = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())

N = 48
CURVATURES = np.geomspace(1, 300, N).astype(np.float32)


def losses(total):
    zero = tf.constant(0.0)
    return Losses(content=total, style=zero, tv=zero, temporal=zero, total=total)


def quadratic(target, scale=1e-6):
    """A badly conditioned bowl around target, as small in value as the relative objective."""

    def evaluate(x):
        error = x - target
        return losses(0.5 * scale * tf.reduce_sum(CURVATURES * error**2)), scale * CURVATURES * error

    return evaluate


def minimize(optimizer, evaluate, start, evaluations, memory=None, held=np.zeros(N, np.bool_)):
    memory = optimizer.fresh(start.size, start.size) if memory is None else memory
    run = tf.function(lambda state, until: optimizer.advance(evaluate, state, until), autograph=False)
    x = tf.constant(start)
    return run(optimizer.begin(x, box(x, tf.constant(held)), memory), tf.constant(evaluations))


def test_it_finds_the_minimum_inside_the_bounds(optimizer):
    target = np.linspace(20, 230, N).astype(np.float32)
    found = minimize(optimizer, quadratic(target), np.full(N, 128, np.float32), 300)
    assert float(found.losses.total) < 1e-4 * float(found.start.total)
    np.testing.assert_allclose(found.x, target, atol=3)


def test_it_stops_at_the_bounds(optimizer):
    target = np.linspace(-300, 500, N).astype(np.float32)
    found = minimize(optimizer, quadratic(target), np.full(N, 128, np.float32), 300)
    np.testing.assert_allclose(found.x, np.clip(target, 0, 255), atol=1)


@pytest.mark.parametrize("evaluations", [1, 2, 5, 17])
def test_it_spends_no_more_than_it_may_and_never_ends_worse(optimizer, evaluations):
    start = np.random.default_rng(0).uniform(0, 255, N).astype(np.float32)
    evaluate = quadratic(np.full(N, 100, np.float32))
    found = minimize(optimizer, evaluate, start, evaluations)
    assert int(found.evaluations) <= evaluations
    assert float(found.losses.total) <= float(found.start.total)
    assert float(found.losses.total) == pytest.approx(float(evaluate(found.x)[0].total), rel=1e-6)


def test_a_run_in_stretches_is_the_same_as_one_run(optimizer):
    start = np.random.default_rng(1).uniform(0, 255, N).astype(np.float32)
    evaluate = quadratic(np.full(N, 60, np.float32))
    whole = minimize(optimizer, evaluate, start, 30)
    x = tf.constant(start)
    state = optimizer.begin(x, box(x, tf.zeros(N, tf.bool)), optimizer.fresh(N, N))
    run = tf.function(lambda state, until: optimizer.advance(evaluate, state, until), autograph=False)
    for until in (7, 8, 21, 30):
        state = run(state, tf.constant(until))
    np.testing.assert_array_equal(whole.x, state.x)


def test_its_memory_serves_the_next_problem(optimizer):
    start = np.full(N, 128, np.float32)
    target = np.linspace(60, 200, N).astype(np.float32)
    # Nearly converged, as a painted frame is; Adam needs longer to get there.
    first = minimize(optimizer, quadratic(target), start, 80 if optimizer is OPTIMIZERS["adam"] else 25)
    target[::12] += 20  # a small part has moved
    following = quadratic(target)
    fresh = minimize(optimizer, following, np.asarray(first.x), 6)
    remembering = minimize(optimizer, following, np.asarray(first.x), 6, first.memory)
    assert float(remembering.losses.total) < 0.9 * float(fresh.losses.total)


def test_its_memory_serves_the_next_problem_better_once_it_has_moved_with_it(optimizer):
    stiff = np.geomspace(1, 60, N).astype(np.float32)[np.random.default_rng(2).permutation(N)]
    target = np.random.default_rng(3).uniform(60, 200, N).astype(np.float32)

    def evaluate_of(stiff, target):
        def evaluate(x):
            return losses(tf.reduce_sum(stiff * tf.square(x - target)) / N), 2 * stiff * (x - target) / N

        return evaluate

    def start(seed, target):
        return target + np.random.default_rng(seed).uniform(-20, 20, N).astype(np.float32)

    first = minimize(optimizer, evaluate_of(stiff, target), start(4, target), 24)
    stiff, target = np.roll(stiff, 5), np.roll(target, 5)
    reached = {
        shift: float(
            minimize(
                optimizer,
                evaluate_of(stiff, target),
                start(5, target),
                8,
                optimizer.map(first.memory, lambda values, shift=shift: tf.roll(values, shift, -1)),
            ).losses.total
        )
        for shift in (0, 5)
    }
    assert reached[5] < 0.9 * reached[0]


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_what_is_not_finite_at_the_start_shows_in_the_losses(optimizer, what):
    def evaluate(x):
        total = tf.reduce_sum(x) * (np.nan if what == "loss" else 1)
        return losses(total), x * (np.inf if what == "gradient" else 1)

    found = minimize(optimizer, evaluate, np.full(N, 9, np.float32), 5)
    assert not np.isfinite(found.losses.total)
    assert bool(found.done)


def test_a_cliff_on_the_way_is_walked_around(optimizer):
    """Beyond 200 the objective is NaN; the best finite point is kept."""
    target = np.full(N, 190, np.float32)

    def evaluate(x):
        value, gradient = quadratic(target)(x)
        cliff = tf.where(tf.reduce_max(x) > 200, np.nan, 0.0)
        return losses(value.total + cliff), gradient

    found = minimize(optimizer, evaluate, np.full(N, 20, np.float32), 60)
    assert np.isfinite(found.losses.total)
    assert float(found.losses.total) < float(found.start.total)


def test_what_is_held_stays_bit_for_bit_and_the_rest_goes_on(optimizer):
    start = np.random.default_rng(1).uniform(0, 255, N).astype(np.float32)
    held = np.arange(N) % 3 == 0
    found = minimize(optimizer, quadratic(np.full(N, 100, np.float32)), start, 60, held=held)
    np.testing.assert_array_equal(found.x.numpy()[held], start[held])
    np.testing.assert_allclose(found.x.numpy()[~held], 100, atol=15)
