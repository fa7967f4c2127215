"""Entries come back as they were, or not at all."""

import numpy as np
import pytest

from vidstyle.jobs.store import load, save

FACTS = {"losses": {"total": 0.1 + 0.2, "style": 1e-30}, "ends": [], "reliable": None}
ARRAYS = {
    "image": np.random.default_rng(0).normal(size=(3, 5, 3)).astype(np.float32),
    "pairs": np.array(7, np.int32),
    "factors": np.array([0.25, 1 / 3]),
    "none": np.empty((0, 4), np.uint8),
    "turned": np.arange(12, dtype=np.uint8).reshape(3, 4).T,
}


def test_what_was_saved_is_loaded(tmp_path):
    save(tmp_path / "a.state", FACTS, ARRAYS)
    facts, arrays = load(tmp_path / "a.state")
    assert facts == FACTS and arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype and arrays[name].shape == array.shape
        np.testing.assert_array_equal(arrays[name], array)
    assert [path.name for path in tmp_path.iterdir()] == ["a.state"]


@pytest.mark.parametrize("at", [0, 10, 300, -40, -1])
def test_a_flipped_bit_is_noticed(tmp_path, at):
    path = tmp_path / "a.state"
    save(path, FACTS, ARRAYS)
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)
    assert load(path) is None


@pytest.mark.parametrize("length", [0, 5, 32, 200, -1])
def test_an_entry_that_is_cut_off_is_noticed(tmp_path, length):
    path = tmp_path / "a.state"
    assert load(path) is None
    save(path, FACTS, ARRAYS)
    path.write_bytes(path.read_bytes()[:length])
    assert load(path) is None
