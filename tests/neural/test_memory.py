"""Only large pictures change what TensorFlow does with memory, and never what the user has set."""

import pytest

from vidstyle.neural import memory

NAME = "TF_ONEDNN_USE_SYSTEM_ALLOCATOR"


@pytest.mark.parametrize(
    ("size", "before", "after"),
    [((144, 256), None, None), ((720, 1280), None, "1"), ((720, 1280), "0", "0"), ((144, 256), "1", "1")],
)
def test_memory_of_large_pictures_is_left_to_the_c_library(monkeypatch, size, before, after):
    monkeypatch.setenv(NAME, "?")  # so that it is put back
    monkeypatch.delenv(NAME)
    if before is not None:
        monkeypatch.setenv(NAME, before)
    memory.expect(size)
    assert memory.os.environ.get(NAME) == after
