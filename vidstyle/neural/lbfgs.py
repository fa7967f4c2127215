"""L-BFGS on pixels kept within 0..255, in float32, entirely inside one graph.

Nocedal and Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5. Bounds as in Bertsekas 1982: values that lie
on a bound and are pushed outwards are held there while the rest moves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from .losses import Losses
from .optimize import Box, Evaluate, select
from .preconditioner import Map, Preconditioner, identity
from .runtime import tf

PAIRS = 20  # pairs of steps and gradient changes that model the curvature
VALUES = 40_000_000  # in the steps of all pairs at most, so that pictures of over a megapixel have fewer pairs
FIRST_STEP = 2.0  # mean change of a pixel value, 0..255, in a step without a model of the curvature
SUFFICIENT_DECREASE = 1e-4  # Armijo's constant
FLAT = 0.1  # delta of Hager and Zhang 2005, eq. 4.1: a decrease that the slopes at both ends promise
ROUNDING = 1e-3  # epsilon of their approximate condition: how much of the loss may be noise
MIN_CURVATURE = 1e-8  # smallest s.y / |s||y| of a pair that is kept
MAX_BACKTRACKS = 6  # shortened trials before the model is thrown away, and again before giving up


class Memory(NamedTuple):
    """The model of the curvature: how the gradient changed along the last steps; n = H W 3.

    steps, changes: float32 (rows, n). pairs: int32 scalar, how many there were; the k-th is in row k modulo rows, and
    rows not used yet are 0. What a pass over all rows would tell, which takes as long as a layer, is kept: products[j,
    i] is change j times step i, (rows, rows), right where i is not younger than j; measures as the preconditioner takes
    them, (rows, m). Where these are not known they are empty, (rows, 0), until begin() finds them.
    """

    steps: tf.Tensor
    changes: tf.Tensor
    pairs: tf.Tensor
    products: tf.Tensor
    measures: tf.Tensor


class State(NamedTuple):
    """Where an optimisation stands (see optimize.State). x, gradient, direction: (n,).

    step: how much of direction is tried next. backtracks: trials in a row that were not accepted.
    """

    x: tf.Tensor
    start: Losses
    losses: Losses
    gradient: tf.Tensor
    direction: tf.Tensor
    step: tf.Tensor
    box: Box
    memory: Memory
    evaluations: tf.Tensor
    backtracks: tf.Tensor
    done: tf.Tensor


def fresh(size: int, whole: int) -> Memory:
    """A memory without pairs, for `size` = h w 3 values, and later maybe all, of a picture of `whole` = H W 3."""
    rows = max(1, min(PAIRS, VALUES // whole))
    none = tf.zeros((rows, size))
    return Memory(none, none, tf.constant(0), tf.zeros((rows, rows)), none[:, :0])


def map(memory: Memory, change: Callable[[tf.Tensor], tf.Tensor]) -> Memory:
    """The memory for values that were moved, or for a part of them (see optimize.Optimizer)."""
    steps, changes = change(memory.steps), change(memory.changes)
    return Memory(steps, changes, memory.pairs, steps[:, :0], steps[:, :0])


def begin(x: tf.Tensor, box: Box, memory: Memory, precondition: Preconditioner = identity) -> State:
    """Before the first evaluation, from the picture x."""
    x = box.project(x)
    none = tf.zeros_like(x)
    if memory.products.shape[1] == 0:
        memory = _curved(memory)
    if memory.measures.shape[1] == 0:
        memory = memory._replace(measures=_measured(memory, precondition))
    memory = Memory(*(tf.raw_ops.DeepCopy(x=part) for part in memory))
    infinite = Losses(*(tf.constant(math.inf) for _ in Losses._fields))
    # The first trial is x itself, so that the objective stands in the graph once.
    return State(
        x=x,
        start=infinite,
        losses=infinite,
        gradient=none,
        direction=none,
        step=tf.constant(1.0),
        box=box,
        memory=memory,
        evaluations=tf.constant(0),
        backtracks=tf.constant(0),
        done=tf.constant(False),
    )


def _curved(memory: Memory) -> Memory:
    """The memory that was moved with its products, less the pairs that have no curvature any more."""
    steps, changes, pairs = memory.steps, memory.changes, memory.pairs
    products = tf.matmul(changes, steps, transpose_b=True)
    curved = tf.linalg.diag_part(products) > 0
    count = tf.reduce_sum(tf.cast(curved, tf.int32))

    def fewer() -> tuple[tf.Tensor, ...]:
        order = _by_age(memory)
        order = tf.gather(order, tf.argsort(tf.cast(~tf.gather(curved, order), tf.int32), stable=True))
        kept = tf.cast(tf.gather(curved, order), tf.float32)[:, None]
        dots = tf.gather(tf.gather(products, order), order, axis=1)
        return tf.gather(steps, order) * kept, tf.gather(changes, order) * kept, count, dots * kept * tf.transpose(kept)

    forgotten = count < tf.minimum(pairs, steps.shape[0])
    steps, changes, pairs, products = tf.cond(forgotten, fewer, lambda: (steps, changes, pairs, products))
    return Memory(steps, changes, pairs, products, memory.measures)


def _measured(memory: Memory, precondition: Preconditioner) -> tf.Tensor:
    """Memory.measures of all rows; of one alone, which is 0, where there is no pair."""
    steps, changes = memory.steps, memory.changes
    return tf.cond(
        memory.pairs > 0,
        lambda: precondition.measure(steps, changes),
        lambda: tf.repeat(precondition.measure(steps[:1], changes[:1]), steps.shape[0], 0),
    )


def advance(evaluate: Evaluate, state: State, until: tf.Tensor, precondition: Preconditioner = identity) -> State:
    """Go on until `until` evaluations in all were made; the result is no worse than where it began, but for rounding.

    The state's memory is changed in place: the state that is given is of no use any more.
    """

    def go_on(*state: tf.Tensor) -> tf.Tensor:
        now = State(*state)
        return (now.evaluations < until) & ~now.done

    def trial(*state: tf.Tensor) -> State:
        now = State(*state)
        x = now.box.project(now.x + now.step * now.direction)
        losses, gradient = evaluate(x)
        moved = x - now.x
        slope = _dot(now.gradient, moved)  # negative: downhill
        first = now.evaluations == 0
        finite = tf.math.is_finite(losses.total + tf.norm(gradient))
        lower = losses.total <= now.losses.total + SUFFICIENT_DECREASE * slope
        # Near the bottom the loss of two points differs by less than bfloat16 rounds; their slopes still tell.
        level = losses.total <= now.losses.total * (1 + ROUNDING)
        lower |= level & (_dot(gradient, moved) <= (2 * FLAT - 1) * slope)
        now = now._replace(
            evaluations=now.evaluations + 1, start=select(first, losses, now.start), done=first & ~finite
        )
        return tf.cond(
            finite & (first | (lower & (slope < 0.0))),
            lambda: _accept(now, x, losses, gradient, moved, precondition),
            lambda: _shorten(now, losses.total, slope, precondition),
        )

    return State(*tf.while_loop(go_on, trial, state, parallel_iterations=1))


def _accept(
    now: State, x: tf.Tensor, losses: Losses, gradient: tf.Tensor, moved: tf.Tensor, precondition: Preconditioner
) -> State:
    change = gradient - now.gradient
    free = _free(x, now.box, gradient)
    curved = _dot(moved, change) > MIN_CURVATURE * tf.norm(moved) * tf.norm(change)
    g = gradient * free
    memory, along = _remember(now.memory, moved, change, g, curved, precondition)
    return now._replace(
        x=x,
        losses=losses,
        gradient=gradient,
        direction=_direction(g, free, memory, along, precondition),
        step=tf.constant(1.0),
        memory=memory,
        backtracks=tf.constant(0),
    )


def _remember(
    memory: Memory, step: tf.Tensor, change: tf.Tensor, g: tf.Tensor, curved: tf.Tensor, precondition: Preconditioner
) -> tuple[Memory, tf.Tensor]:
    """The memory with this pair, if it is `curved`; and the products of its steps with g, (rows,)."""
    row = (memory.pairs % memory.steps.shape[0])[None]

    def put(rows: tf.Tensor, new: tf.Tensor) -> tf.Tensor:
        # It changes its argument, which nobody else looks at: begin() has made a copy.
        return tf.cond(curved, lambda: tf.raw_ops.InplaceUpdate(x=rows, i=row, v=new[None]), lambda: rows)

    steps = put(memory.steps, step)
    products, along = _products(steps, change), _products(steps, g)
    pair = Memory(
        steps,
        put(memory.changes, change),
        memory.pairs + tf.cast(curved, tf.int32),
        put(memory.products, products),
        put(memory.measures, precondition.measure(step[None], change[None])[0]),
    )
    return pair, along


def _by_age(memory: Memory) -> tf.Tensor:
    """The memory's rows, those not used first, then from the oldest on."""
    rows = memory.steps.shape[0]
    return (memory.pairs + tf.range(rows)) % rows


def _shorten(now: State, total: tf.Tensor, slope: tf.Tensor, precondition: Preconditioner) -> State:
    """A shorter step to the minimum of the parabola through what is known; a fresh start when that goes on failing."""
    rise = total - now.losses.total - slope
    parabola = -0.5 * slope / rise
    shorter = now.step * tf.clip_by_value(tf.where(tf.math.is_finite(parabola), parabola, 0.1), 0.1, 0.5)
    give_up = now.backtracks + 1 >= MAX_BACKTRACKS
    restart = give_up & (now.memory.pairs > 0)

    def again() -> State:
        forgotten = Memory(*(tf.zeros_like(part) for part in now.memory))
        free = _free(now.x, now.box, now.gradient)
        return now._replace(
            direction=_steepest(now.gradient * free, free, precondition.map(forgotten.measures)),
            step=tf.constant(1.0),
            memory=forgotten,
            backtracks=tf.constant(0),
        )

    def nearer() -> State:
        return now._replace(step=shorter, backtracks=now.backtracks + 1, done=now.done | give_up)

    return tf.cond(restart, again, nearer)


def _free(x: tf.Tensor, box: Box, gradient: tf.Tensor) -> tf.Tensor:
    """1 where a value may move downhill, 0 where a bound is in the way."""
    held = ((x <= box.low) & (gradient > 0)) | ((x >= box.high) & (gradient < 0))
    return tf.cast(~held, tf.float32)


def _steepest(g: tf.Tensor, free: tf.Tensor, shape: Map) -> tf.Tensor:
    downhill = -shape.apply(g) * free
    return downhill * (FIRST_STEP / tf.maximum(tf.reduce_mean(tf.abs(downhill)), 1e-30))


def _direction(
    g: tf.Tensor, free: tf.Tensor, memory: Memory, along: tf.Tensor, precondition: Preconditioner
) -> tf.Tensor:
    """-H g on the free values (Nocedal and Wright, algorithm 7.4, its two loops solved as triangular systems).

    along: the products of g, 0 where a value is not free, with the memory's steps.
    """
    steps, changes, pairs, products, measures = memory
    shape = precondition.map(measures)
    rows = steps.shape[0]
    order = _by_age(memory)
    of_row = (tf.range(rows) - pairs) % rows
    used = tf.range(rows) >= rows - pairs
    ys = tf.gather(tf.gather(products, order), order, axis=1)
    # Rows that are not used get a unit diagonal, so that the triangle stays solvable and they add nothing.
    triangle = tf.linalg.band_part(ys, -1, 0) + tf.linalg.diag(tf.cast(~used, tf.float32))

    def solve(right: tf.Tensor, adjoint: bool) -> tf.Tensor:
        """For all rows, by age; the solution by row."""
        return tf.gather(tf.linalg.triangular_solve(triangle, right[:, None], adjoint=adjoint)[:, 0], of_row)

    alpha = solve(tf.gather(along, order), adjoint=True)
    rest = g - _combined(changes, alpha)
    scale = ys[-1, -1] / tf.maximum(shape.energy(changes[order[-1]] * free), 1e-30)
    hg = shape.apply(rest * free) * tf.where(pairs > 0, scale, 1.0)
    beta = tf.linalg.diag_part(products) * alpha - _products(changes, hg)
    delta = solve(tf.gather(beta, order), adjoint=False)
    hg += _combined(steps, delta)
    direction = -hg * free
    downhill = (pairs > 0) & (_dot(direction, g) < 0)
    return tf.cond(downhill, lambda: direction, lambda: _steepest(g, free, shape))


# As products with a matrix of one row: of the ways that were timed the fastest, with Eigen and with oneDNN.
def _products(rows: tf.Tensor, vector: tf.Tensor) -> tf.Tensor:
    """Of each row (rows, n) with the vector (n,); (rows,)."""
    return tf.matmul(vector[None], rows, transpose_b=True)[0]


def _combined(rows: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
    """The sum of the rows (rows, n) times their factors (rows,); (n,)."""
    return tf.matmul(factors[None], rows)[0]


def _dot(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(a * b)
