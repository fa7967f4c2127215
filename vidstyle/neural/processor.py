"""What the processor can do; no TensorFlow is needed to ask."""

from __future__ import annotations

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
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return False
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    return "amx_bf16" in flags or "avx512_bf16" in flags
