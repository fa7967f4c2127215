"""Weights files: what is read from where, and what is refused naming layer, expected and found."""

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from vidstyle.errors import WeightsError
from vidstyle.neural import weights
from vidstyle.neural.weights import EMBEDDED, load_weights


@pytest.fixture(scope="module")
def tensors():
    return load_file(EMBEDDED)


@pytest.fixture
def vgg19(tensors):
    """VGG-16's layers and copies of the last ones of blocks 3 to 5 as VGG-19's."""
    extra = {
        f"block{b}_conv4/{part}": tensors[f"block{b}_conv3/{part}"] for b in (3, 4, 5) for part in ("kernel", "bias")
    }
    return {**tensors, **extra}


def write_h5(path, tensors, names):
    with h5py.File(path, "w") as file:
        for key, value in tensors.items():
            layer, part = key.split("/")
            file[names(layer, part)] = value


def test_embedded_weights():
    embedded = load_weights("vgg16")
    assert embedded.sha256 == "226357b01bc2ae6b5e8336361cbeb0b2ec9e51bc3998006f589c7161774b803f"
    assert list(embedded.layers)[-1] == "conv5_3"
    assert embedded.layers["conv5_3"].kernel.shape == (3, 3, 512, 512)


@pytest.mark.parametrize(
    "names",
    [
        lambda layer, part: f"{layer}/{layer}_{part[0].upper() if part == 'kernel' else 'b'}_1:0",  # notop files
        lambda layer, part: f"model_weights/{layer}/{layer}/{part}:0",  # a saved model
    ],
)
def test_keras_files_are_the_same_weights(tmp_path, tensors, names):
    write_h5(tmp_path / "w.h5", tensors, names)
    found, expected = load_weights("vgg16", tmp_path / "w.h5"), load_weights("vgg16")
    for name, layer in expected.layers.items():
        np.testing.assert_array_equal(found.layers[name].kernel, layer.kernel)
        np.testing.assert_array_equal(found.layers[name].bias, layer.bias)


def test_what_an_optimizer_keeps_beside_a_saved_model_is_not_taken_for_its_weights(tmp_path, tensors):
    write_h5(tmp_path / "w.h5", tensors, lambda layer, part: f"model_weights/{layer}/{layer}/{part}:0")
    with h5py.File(tmp_path / "w.h5", "a") as file:
        file["optimizer_weights/adam/block3_conv1/kernel/m:0"] = np.zeros((3, 3, 128, 256))
    found = load_weights("vgg16", tmp_path / "w.h5").layers["conv3_1"]
    np.testing.assert_array_equal(found.kernel, tensors["block3_conv1/kernel"].astype(np.float32))


def test_a_file_that_hdf5_crashes_on_or_never_ends_is_refused(tmp_path, monkeypatch):
    (tmp_path / "w.h5").touch()
    (tmp_path / "crash.py").write_text("import os; os.abort()")
    (tmp_path / "stuck.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(weights, "H5_READER", tmp_path / "crash.py")
    assert "HDF5 crashed on it" in refused(tmp_path / "w.h5")
    monkeypatch.setattr(weights, "H5_READER", tmp_path / "stuck.py")
    monkeypatch.setattr(weights, "H5_PATIENCE", 0.2)
    assert "HDF5 was stuck in it" in refused(tmp_path / "w.h5")


def refused(path, network="vgg16"):
    with pytest.raises(WeightsError) as refusal:
        load_weights(network, path)
    assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)
    return str(refusal.value)


def test_a_missing_layer_is_named(tmp_path, tensors):
    save_file({k: v for k, v in tensors.items() if k != "block3_conv2/bias"}, tmp_path / "w.safetensors")
    assert "layer block3_conv2/bias is missing, expected (256,)" in refused(tmp_path / "w.safetensors")


def test_a_wrong_shape_is_named_with_both(tmp_path, tensors):
    save_file({**tensors, "block2_conv1/kernel": np.zeros((3, 3, 64, 99), np.float32)}, tmp_path / "w.safetensors")
    message = refused(tmp_path / "w.safetensors")
    assert "layer block2_conv1/kernel has shape (3, 3, 64, 99), expected (3, 3, 64, 128)" in message


def test_nan_is_refused(tmp_path, tensors):
    bias = tensors["block1_conv1/bias"].copy()
    bias[3] = np.nan
    save_file({**tensors, "block1_conv1/bias": bias}, tmp_path / "w.safetensors")
    assert "block1_conv1/bias holds NaN" in refused(tmp_path / "w.safetensors")


def test_weights_of_another_network_are_refused(tmp_path, tensors, vgg19):
    save_file(vgg19, tmp_path / "19.safetensors")
    assert "block3_conv4" in refused(tmp_path / "19.safetensors")
    assert "conv3_4" in load_weights("vgg19", tmp_path / "19.safetensors").layers
    assert "layer block3_conv4/kernel is missing" in refused(EMBEDDED, "vgg19")


@pytest.mark.parametrize("name", ["w.safetensors", "w.h5"])
@pytest.mark.parametrize("content", [b"", b"not weights", b"\xff" * 100], ids=["empty", "text", "bytes"])
def test_damaged_files_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name)


def test_truncated_files_are_refused(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(EMBEDDED.read_bytes()[:100_000])
    refused(tmp_path / "w.safetensors")


def test_other_files_are_refused(tmp_path):
    assert "no such weights file" in refused(tmp_path / "none.h5")
    (tmp_path / "w.npz").write_bytes(b"x")
    assert ".safetensors and .h5" in refused(tmp_path / "w.npz")


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    return tmp_path / "models" / weights.VGG19_NAME


def test_vgg19_without_its_file_says_where_to_put_which(keras_home, monkeypatch):
    def offline(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(weights.urllib.request, "urlopen", offline)
    with pytest.raises(WeightsError) as refusal:
        load_weights("vgg19")
    message = str(refusal.value)
    assert str(keras_home) in message and weights.VGG19_URL in message and "\n" not in message
    assert list(keras_home.parent.iterdir()) == []


def test_vgg19_is_downloaded_checked_and_cached(keras_home, tmp_path, monkeypatch, vgg19):
    published = tmp_path / "published.h5"
    write_h5(published, vgg19, lambda layer, part: f"{layer}/{part}:0")
    monkeypatch.setattr(weights, "VGG19_URL", tmp_path.as_uri() + "/")
    monkeypatch.setattr(weights, "VGG19_NAME", "published.h5")
    with pytest.raises(WeightsError, match=r"md5 is [0-9a-f]{32}, expected 253f8cb"):
        load_weights("vgg19")
    good = weights.hashlib.md5(published.read_bytes()).hexdigest()
    monkeypatch.setattr(weights, "VGG19_MD5", good)
    assert load_weights("vgg19").path == keras_home.parent / "published.h5"
    published.unlink()  # from the cache now
    assert "conv5_4" in load_weights("vgg19").layers


@pytest.mark.parametrize("kind", ["huge", "other file", "text"])
def test_h5_that_would_fill_the_memory_or_read_other_files(tmp_path, kind):
    (tmp_path / "secret").write_bytes(bytes(256))
    with h5py.File(tmp_path / "w.h5", "w") as file:
        if kind == "huge":  # 36 TB in a file of some kB
            file.create_dataset("block1_conv1/kernel", (3, 3, 10**6, 10**6), "f4", chunks=(3, 3, 16, 16))
        elif kind == "other file":
            file.create_dataset("block1_conv1/bias", (64,), "f4", external=[(str(tmp_path / "secret"), 0, 256)])
        else:
            file["block1_conv1/bias"] = ["a"] * 64
    assert "no weights of a VGG" in refused(tmp_path / "w.h5")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "w.safetensors").open("wb") as file:
        file.truncate(weights.LARGEST_FILE + 1)
    assert "is larger than 1024 MiB" in refused(tmp_path / "w.safetensors")
