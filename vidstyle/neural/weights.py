"""The VGG convolution weights: where they come from, and whether they are what they should be. Needs no TensorFlow.

Weights follow the Keras conventions: kernels HWIO, input BGR 0..255 with the ImageNet mean subtracted.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from ..config import layer_names
from ..errors import WeightsError

CHANNELS = (64, 128, 256, 512, 512)  # of the five blocks, in every VGG
EMBEDDED = Path(__file__).parent.parent / "assets" / "vgg16_imagenet_conv_f16.safetensors"

# What Keras publishes: name, and the md5 that it checks too.
VGG19_URL = "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
VGG19_NAME = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
VGG19_MD5 = "253f8cb515780f3b799900260a226db6"
LARGEST_FILE = 2**30  # bytes; Keras's VGG-19 with its last layers has 575 MB
H5_READER = Path(__file__).with_name("h5_reader.py")
H5_PATIENCE = 60  # seconds

DOWNLOAD_TIMEOUT = 20  # seconds without a byte


@dataclass(frozen=True, eq=False)
class Layer:
    """kernel: float32 (3, 3, C_in, C_out), HWIO. bias: float32 (C_out,)."""

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Weights:
    """The layers of a network by the paper's names (conv1_1 ...), the file they come from and its sha256."""

    network: str
    layers: dict[str, Layer]
    path: Path
    sha256: str


def load_weights(network: str, path: Path | None = None) -> Weights:
    """The weights of `network`, from `path` or from where they come with it.

    Raises WeightsError where the file is missing, unreadable, incomplete or of another shape.
    """
    path = locate(network) if path is None else path
    if not os.path.isfile(path):
        raise WeightsError(f"{path}: no such weights file; give --weights a .safetensors or a Keras *_notop.h5 file")
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        raise WeightsError(f"{path}: weights are read from {' and '.join(FORMATS)} files; convert it to one of them")
    if path.stat().st_size > LARGEST_FILE:
        raise WeightsError(f"{path}: is larger than {LARGEST_FILE >> 20} MiB, so it does not hold {network}'s weights")
    try:
        tensors = reader(path)
    except (OSError, ValueError, LookupError, TypeError, RuntimeError, MemoryError, SafetensorError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(f"{path}: damaged or not a {path.suffix} file ({reason}); fetch it again") from error
    layers = _checked(network, path, tensors)
    return Weights(network, layers, path, hashlib.sha256(path.read_bytes()).hexdigest())


def locate(network: str) -> Path:
    """The file that comes with a network: the embedded VGG-16, or Keras's VGG-19 from its cache or its download."""
    if network == "vgg16":
        return EMBEDDED
    cache = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models" / VGG19_NAME
    if not cache.is_file():
        _download(VGG19_URL + VGG19_NAME, cache)
    found = hashlib.md5(cache.read_bytes(), usedforsecurity=False).hexdigest()
    if found != VGG19_MD5:
        raise WeightsError(
            f"{cache}: md5 is {found}, expected {VGG19_MD5}; delete the file and fetch {VGG19_URL}{VGG19_NAME} again"
        )
    return cache


def _download(url: str, target: Path) -> None:
    part = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            urllib.request.urlopen(url, timeout=DOWNLOAD_TIMEOUT) as source,
            tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as sink,
        ):
            part = Path(sink.name)
            while block := source.read(1 << 20):
                sink.write(block)
        part.replace(target)
    except OSError as error:
        raise WeightsError(
            f"--network vgg19: its weights cannot be fetched ({error}); put {url} at {target} or give --weights FILE"
        ) from error
    finally:
        if part is not None:
            with contextlib.suppress(FileNotFoundError):
                part.unlink()


def _keras_h5(path: Path) -> dict[str, NDArray[np.generic]]:
    """`block1_conv1/kernel` and `/bias` of a Keras file, read by a process that may crash on it."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "weights.safetensors"
        command = [sys.executable, str(H5_READER), str(path.absolute()), str(plain)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=H5_PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise ValueError(f"HDF5 was stuck in it for {H5_PATIENCE} s") from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").splitlines()
            raise ValueError(said[-1] if done.returncode > 0 and said else "HDF5 crashed on it")
        return load_file(plain)


# File formats of weights. To add one: a function from a path to {"block1_conv1/kernel": array, ...}.
FORMATS: dict[str, Callable[[Path], dict[str, NDArray[np.generic]]]] = {
    ".safetensors": load_file,
    ".h5": _keras_h5,
}


def _checked(network: str, path: Path, tensors: dict[str, NDArray[np.generic]]) -> dict[str, Layer]:
    layers: dict[str, Layer] = {}
    inputs = 3
    for name in layer_names(network):
        block = int(name[4])
        outputs = CHANNELS[block - 1]
        kernel = _tensor(path, tensors, _key(name, "kernel"), (3, 3, inputs, outputs))
        layers[name] = Layer(kernel, _tensor(path, tensors, _key(name, "bias"), (outputs,)))
        inputs = outputs
    strange = _surplus(tensors, (_key(name, part) for name in layers for part in ("kernel", "bias")))
    if strange:
        raise WeightsError(f"{path}: holds {strange[0]}, which {network} does not have; choose the --network it is of")
    return layers


def _tensor(
    path: Path, tensors: dict[str, NDArray[np.generic]], key: str, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    if key not in tensors:
        raise WeightsError(f"{path}: layer {key} is missing, expected {shape}; use the weights of the chosen --network")
    if tensors[key].shape != shape:
        raise WeightsError(
            f"{path}: layer {key} has shape {tensors[key].shape}, expected {shape}; use weights of the chosen --network"
        )
    tensor = tensors[key].astype(np.float32)
    if not np.isfinite(tensor).all():
        raise WeightsError(f"{path}: layer {key} holds NaN or infinity, expected finite numbers; fetch the file again")
    return tensor


def _key(layer: str, part: str) -> str:
    return f"block{layer[4]}_conv{layer[6]}/{part}"


def _surplus(tensors: Iterable[str], known: Iterable[str]) -> list[str]:
    return sorted(key for key in set(tensors) - set(known) if re.match(r"block\d_conv\d/", key))
