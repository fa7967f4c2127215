"""What the processor can do; no TensorFlow is needed to ask."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from ..config import Precision


def resolved(precision: Precision) -> Precision:
    """`auto` is bfloat16 where the processor multiplies it natively; otherwise float32."""
    if precision == "auto":
        return "bfloat16" if native_bfloat16() else "float32"
    return precision


@lru_cache
def native_bfloat16() -> bool:
    """Whether oneDNN computes bfloat16 faster than float32 here: the processor has AMX or AVX512-BF16."""
    return not _flags().isdisjoint({"amx_bf16", "avx512_bf16"})


@lru_cache
def rounds_by_threads() -> bool:
    """Whether the last bits of what is computed depend on the number of threads.

    TensorFlow convolves by oneDNN only where a processor multiplies small integers well; Eigen, used elsewhere, cuts
    its sums in as many pieces as there are threads.
    """
    chosen = os.environ.get("TF_ENABLE_ONEDNN_OPTS")
    if chosen is not None:
        return chosen.lower() in ("0", "false")
    return _flags().isdisjoint({"avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16"})


def _flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return set()
    return set(next((line for line in lines if line.startswith("flags")), "").split())
