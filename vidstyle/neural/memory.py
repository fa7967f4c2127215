"""What is done for pictures so large that memory is dear; no TensorFlow is needed for it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os

LARGE = 500_000  # pixels, above which memory is dear and time is long
M_MMAP_THRESHOLD = -3  # of glibc's malloc.h
LARGE_BLOCK = 4 << 20  # bytes


def is_large(size: tuple[int, int]) -> bool:
    """Whether a picture of (height, width) is to be painted with an eye on memory."""
    return size[0] * size[1] > LARGE


def expect(size: tuple[int, int]) -> None:
    """To be called before TensorFlow is loaded, with the (height, width) that is painted first.

    Builds with oneDNN keep all memory that they ever had, in pieces too small for what comes next, unless they are told
    to leave that to the C library; which costs small pictures a twentieth of the time.
    """
    if is_large(size):
        os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")


def give_back_memory() -> None:
    """What was freed is the system's again, and from now on large tensors give back their memory at once.

    The C library keeps blocks of up to 32 megabytes for itself, and pictures of 1920x1080 are just below: a quarter of
    the memory was nobody's. For small pictures that is faster, so they do not ask for it.
    """
    gc.collect()  # graphs refer to themselves
    with contextlib.suppress(OSError, AttributeError, TypeError):  # only glibc has these
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
        library.malloc_trim(0)
