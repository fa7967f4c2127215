"""TensorFlow as this project wants it; importing it before TensorFlow is used sets it up once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..config import Precision
from ..silence import silence
from .processor import native_bfloat16, resolved

__all__ = ["Traced", "after", "compute_dtype", "native_bfloat16", "out_of_memory", "tf"]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

with silence():  # TensorFlow greets from C++ before any setting can stop it
    import tensorflow as tf
    from tensorflow.python.framework import ops
    from tensorflow.python.util import _pywrap_util_port

    tf.constant(0)  # finds the devices, which it greets too

# The graphs here are written as they should run: Grappler's passes took 3 s a graph and made nothing faster.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
tf.config.experimental.enable_op_determinism()
# It warns of many graphs of the same function; each engine has its own on purpose.
tf.get_logger().setLevel("ERROR")

# Whether convolutions are computed by oneDNN, which not every build of TensorFlow has.
ONEDNN = _pywrap_util_port.IsMklEnabled() and not tf.config.list_physical_devices("GPU")


def compute_dtype(precision: Precision) -> tf.DType:
    """bfloat16 where asked for, or on `auto` where the processor multiplies it natively; otherwise float32."""
    return tf.as_dtype(resolved(precision))


@contextmanager
def out_of_memory() -> Iterator[None]:
    """Within it TensorFlow's own error for too little memory is Python's."""
    try:
        yield
    except (tf.errors.ResourceExhaustedError, tf.errors.AbortedError) as error:
        # oneDNN only says that it "could not create a primitive".
        if isinstance(error, tf.errors.AbortedError) and "primitive" not in str(error):
            raise
        raise MemoryError("TensorFlow cannot allocate a tensor") from error


def after(needed: Any, x: tf.Tensor) -> tf.Tensor:
    """x, but only once the tensors in `needed`, nested as they like, are there: else a graph begins all at once."""
    with tf.control_dependencies([tensor for tensor in tf.nest.flatten(needed) if tensor is not None]):
        return tf.identity(x)


class Traced:
    """The function of tensors, nested as they like, as a graph; traced once for each of their shapes.

    Its own gradient cannot be asked for: TensorFlow registers the gradients of tf.custom_gradient for ever, and with
    them the graph and what it has captured, 100 megabytes of a network's weights for every clip. Once a graph stands
    they serve nothing here.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.graphs: dict[tuple[Any, ...], Any] = {}  # by the shape and the dtype of each tensor, or None

    def __call__(self, *arguments: Any) -> Any:
        # To find the graph for nested arguments and to hand these over takes TensorFlow 8 ms where they are a window's.
        leaves = tf.nest.flatten(arguments)
        key = tuple(None if leaf is None else (leaf.shape, leaf.dtype) for leaf in leaves)
        if key not in self.graphs:
            self.graphs[key] = self._trace(arguments, key)
        return self.graphs[key](*(leaf for leaf in leaves if leaf is not None))

    def _trace(self, arguments: Any, key: tuple[Any, ...]) -> Any:
        nested = tf.nest.map_structure(lambda _: None, arguments)

        def and_forget(*tensors: tf.Tensor) -> Any:
            coming = iter(tensors)
            leaves = [None if shape is None else next(coming) for shape in key]
            register = ops.gradient_registry._registry
            known = set(register)
            try:
                return self._function(*tf.nest.pack_sequence_as(nested, leaves))
            finally:
                for name in set(register) - known:
                    del register[name]

        specs = [tf.TensorSpec(*shape) for shape in key if shape is not None]
        return tf.function(and_forget, autograph=False).get_concrete_function(*specs)
