"""Adam (Kingma and Ba 2015, algorithm 1) on pixels kept within 0..255, entirely inside one graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from .losses import Losses
from .optimize import Box, Evaluate, select
from .preconditioner import Preconditioner, identity
from .runtime import tf

RATE = 4.0  # pixel values, 0..255, a step
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-12  # gradients of the relative objective are tiny, so epsilon is too


class Memory(NamedTuple):
    """Running means of the gradients and of their squares, float32 (n,) with n = H W 3, and how many went in."""

    mean: tf.Tensor
    square: tf.Tensor
    count: tf.Tensor


class State(NamedTuple):
    """Where an optimisation stands (see optimize.State). x: the best point met; here: the point reached; both (n,)."""

    x: tf.Tensor
    start: Losses
    losses: Losses
    here: tf.Tensor
    box: Box
    memory: Memory
    evaluations: tf.Tensor
    done: tf.Tensor


def fresh(size: int, whole: int) -> Memory:
    """A memory without gradients, for `size` = h w 3 values of a picture of any size."""
    return Memory(tf.zeros((size,)), tf.zeros((size,)), tf.constant(0))


def map(memory: Memory, change: Callable[[tf.Tensor], tf.Tensor]) -> Memory:
    """The memory for values that were moved, or for a part of them (see optimize.Optimizer)."""
    return Memory(change(memory.mean), change(memory.square), memory.count)


def begin(x: tf.Tensor, box: Box, memory: Memory, precondition: Preconditioner = identity) -> State:
    """Before the first evaluation, from the picture x."""
    x = box.project(x)
    infinite = Losses(*(tf.constant(math.inf) for _ in Losses._fields))
    return State(x, infinite, infinite, x, box, memory, tf.constant(0), tf.constant(False))


def advance(evaluate: Evaluate, state: State, until: tf.Tensor, precondition: Preconditioner = identity) -> State:
    """Go on until `until` evaluations in all were made; the result is never worse than where it began."""

    def go_on(*state: tf.Tensor) -> tf.Tensor:
        now = State(*state)
        return (now.evaluations < until) & ~now.done

    def step(*state: tf.Tensor) -> State:
        now = State(*state)
        losses, gradient = evaluate(now.here)
        mean = BETA1 * now.memory.mean + (1 - BETA1) * gradient
        square = BETA2 * now.memory.square + (1 - BETA2) * tf.square(gradient)
        count = now.memory.count + 1
        t = tf.cast(count, tf.float32)
        rate = RATE * tf.sqrt(1 - BETA2**t) / (1 - BETA1**t)
        finite = tf.math.is_finite(losses.total + tf.norm(gradient))
        better = finite & (losses.total < now.losses.total)
        return State(
            x=tf.where(better, now.here, now.x),
            start=select(now.evaluations == 0, losses, now.start),
            losses=select(better, losses, now.losses),
            here=now.box.project(now.here - rate * mean / (tf.sqrt(square) + EPSILON)),
            box=now.box,
            memory=Memory(mean, square, count),
            evaluations=now.evaluations + 1,
            done=~finite,
        )

    return State(*tf.while_loop(go_on, step, state, parallel_iterations=1))
