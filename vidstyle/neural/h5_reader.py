"""Reads the arrays of a Keras *_notop.h5 file or saved model: a program that neural/weights.py runs.

It is a process of its own because HDF5's C library crashes on some damaged files. `python h5_reader.py FILE OUT` writes
the arrays as `block1_conv1/kernel` and `/bias` into OUT, a safetensors file; what is wrong goes to stderr, exit code 2.
"""

import re
import sys

import h5py
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

LARGEST_TENSOR = 3 * 3 * 512 * 512  # numbers; the largest of any VGG


def read(path: str) -> dict[str, NDArray[np.generic]]:
    """The kernels and biases, whatever they are called in a layer's group; raises ValueError and what h5py does."""
    tensors: dict[str, NDArray[np.generic]] = {}

    def visit(name: str, item: h5py.HLObject) -> None:
        layer = re.search(r"block\d_conv\d", name)
        if layer and isinstance(item, h5py.Dataset) and item.ndim in (1, 4):
            key = f"{layer[0]}/{'kernel' if item.ndim == 4 else 'bias'}"
            if key in tensors:  # the optimizer's of a saved model, which come after the model's
                return
            # A few bytes can announce terabytes, and a file can name others to be read in its place.
            if item.size > LARGEST_TENSOR or item.dtype.kind != "f" or item.external or item.is_virtual:
                raise ValueError(f"{name} is {item.dtype} of shape {item.shape}, no weights of a VGG")
            tensors[key] = item[()]

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return tensors


if __name__ == "__main__":
    try:
        save_file({name: np.ascontiguousarray(value) for name, value in read(sys.argv[1]).items()}, sys.argv[2])
    except Exception as error:  # h5py has many, and all mean that the file is damaged
        sys.exit(" ".join(str(error).split()) or type(error).__name__)
