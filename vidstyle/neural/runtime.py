"""TensorFlow as this project wants it; importing it before TensorFlow is used sets it up once."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from ..silence import silence

__all__ = ["compute_dtype", "native_bfloat16", "tf"]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

with silence():  # TensorFlow greets from C++ before any setting can stop it
    import tensorflow as tf

    tf.constant(0)  # finds the devices, which it greets too

# The graphs here are written as they should run: Grappler's passes took 3 s a graph and made nothing faster.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
tf.config.experimental.enable_op_determinism()
# It warns of many graphs of the same function; each engine has its own on purpose.
tf.get_logger().setLevel("ERROR")


def compute_dtype(precision: str) -> tf.DType:
    """bfloat16 where asked for, or on `auto` where the processor multiplies it natively; otherwise float32."""
    if precision == "auto":
        precision = "bfloat16" if native_bfloat16() else "float32"
    return tf.as_dtype(precision)


@lru_cache
def native_bfloat16() -> bool:
    """Whether oneDNN computes bfloat16 faster than float32 here: the processor has AMX or AVX512-BF16."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return False
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    return "amx_bf16" in flags or "avx512_bf16" in flags
