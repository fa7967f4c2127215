"""What the optimisers share: the problem they get, the state they keep, and their bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from .losses import Losses
from .preconditioner import Preconditioner
from .runtime import tf

LOWEST, HIGHEST = 0.0, 255.0  # pixel values are kept between these

# The objective at x: its losses and its gradient; x and the gradient are float32 (n,) with n = H W 3.
Evaluate = Callable[[tf.Tensor], tuple[Losses, tf.Tensor]]


class State(Protocol):
    """Where an optimisation stands: a tuple of tensors, passed from one call of advance() to the next.

    x: float32 (n,), 0..255, the result so far. losses: of x; start: of the first picture; infinite before the first
    evaluation. evaluations: int32 scalar. memory: what serves the next frame. done: bool scalar, nothing more can be
    gained. Losses that stay infinite mean that the objective or its gradient was not finite at the start.
    """

    @property
    def x(self) -> tf.Tensor: ...
    @property
    def start(self) -> Losses: ...
    @property
    def losses(self) -> Losses: ...
    @property
    def memory(self) -> Any: ...
    @property
    def evaluations(self) -> tf.Tensor: ...
    @property
    def done(self) -> tf.Tensor: ...


class Optimizer(Protocol):
    """What a module offers to be an optimiser."""

    def fresh(self, size: int, whole: int) -> Any:
        """A memory that knows nothing, for `size` = h w 3 values of a picture of `whole` = H W 3."""
        ...

    def map(self, memory: Any, change: Callable[[tf.Tensor], tf.Tensor]) -> Any:
        """The memory for values that were moved, or for a part of them. change: from (..., n) to (..., other n)."""
        ...

    def begin(self, x: tf.Tensor, box: Box, memory: Any, precondition: Preconditioner) -> State:
        """Before the first evaluation, from the picture x, float32 (n,), inside the box."""
        ...

    def advance(self, evaluate: Evaluate, state: Any, until: tf.Tensor, precondition: Preconditioner) -> State:
        """Go on until `until` (int32 scalar) evaluations in all were made. precondition: used by those that can.

        The state that is given may be changed, and is of no use any more.
        """
        ...


class Box(NamedTuple):
    """Between which values each value of x is kept: float32 (n,) each; equal where it must not change."""

    low: tf.Tensor
    high: tf.Tensor

    def project(self, x: tf.Tensor) -> tf.Tensor:
        """X with every value inside the box."""
        return tf.clip_by_value(x, self.low, self.high)


def box(x: tf.Tensor, held: tf.Tensor) -> Box:
    """0..255 for every value of x, float32 (n,), except those `held` (bool (n,)), which stay as they are."""
    return Box(tf.where(held, x, LOWEST), tf.where(held, x, HIGHEST))


def select(condition: tf.Tensor, ifso: Losses, otherwise: Losses) -> Losses:
    """Ifso where the scalar condition holds, else otherwise."""
    return Losses(*(tf.where(condition, a, b) for a, b in zip(ifso, otherwise, strict=True)))
