"""Hostile files: a mutated file is read, or refused by a VidstyleError; nothing else, no hang, no output left behind.

`python tests/test_fuzz.py 5000` runs a longer campaign and prints its counts.
"""

import faulthandler
import json
import random
import signal
import struct
import sys
import tempfile
import zlib
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import h5py
import numpy as np
import PIL.Image
import pytest
from safetensors.numpy import save_file

from vidstyle.config import Config, Style, layer_names
from vidstyle.errors import VidstyleError
from vidstyle.framing import scale
from vidstyle.jobs.batch import read_jobs
from vidstyle.media import ClipInfo, Frame, ReadOptions, create_clip, load_picture, open_clip
from vidstyle.neural import weights
from vidstyle.settings_file import arguments, load_settings

SECONDS = 10  # that a case may take; the slowest takes less than one
READ = ReadOptions(max_pixels=100_000)

# How many mutations of each are tried; those that start ffmpeg cost a hundred times what others do.
COUNTS = {
    ".gif": 300,
    ".apng": 200,
    ".webp": 100,
    "still.webp": 100,
    ".png": 200,
    ".jpg": 100,
    ".tif": 100,
    ".mp4": 50,
    ".mkv": 20,
    ".avi": 20,
    ".safetensors": 200,
    ".h5": 15,  # each in a process of its own
    ".toml": 200,
    ".json": 200,
    "jobs.toml": 100,
}


VIDEO = (".mp4", ".mkv", ".avi")


class Hang(BaseException):
    """No Exception, so that nothing takes it for a damaged file."""


@contextmanager
def watchdog():
    def stop(number, frame):
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    faulthandler.dump_traceback_later(2 * SECONDS, exit=True, file=sys.__stderr__)  # where C never comes back to Python
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def make_corpus(folder):
    """A small valid file for each entry of COUNTS: name -> bytes."""
    rng = np.random.default_rng(0)
    ground = rng.integers(0, 255, (6, 8, 3)).repeat(4, 0).repeat(4, 1).astype(np.uint8)
    alpha = np.where(rng.uniform(size=(24, 32)) < 0.2, 0, 255).astype(np.uint8)
    images = [np.roll(ground, shift, 1) for shift in range(4)]
    for ending in (".gif", ".apng", ".webp", *VIDEO):
        info = ClipInfo(
            ending[1:], 32, 24, 4, Fraction(1, 10), rate=Fraction(10), loop=0, has_alpha=ending not in VIDEO
        )
        with create_clip(folder / f"clip{ending}", info) as writer:
            for image in images:
                writer.write(Frame(image, Fraction(1, 10), alpha))
    picture = PIL.Image.fromarray(ground)
    for name in ("clip.png", "clip.jpg", "clip.tif", "clipstill.webp"):
        picture.save(folder / name)
    tensors, inputs = {}, 3
    for name in layer_names("vgg16"):
        key = f"block{name[4]}_conv{name[6]}"
        tensors[f"{key}/kernel"], tensors[f"{key}/bias"] = (
            np.ones((3, 3, inputs, 2), np.float16),
            np.ones(2, np.float16),
        )
        inputs = 2
    save_file(tensors, folder / "clip.safetensors")
    with h5py.File(folder / "clip.h5", "w") as file:
        for name, value in tensors.items():
            file.create_dataset(name, data=value, compression="gzip" if value.ndim == 4 else None)
    (folder / "clip.toml").write_text(
        'style = ["a.png:2", {path = "b.png", weight = 0.5}]\nsize = 256\nstart = "1/3"\nend = 1e1\nloop = "auto"\n'
        'style-layer = ["conv1_1:2"]\ncontent_weight = 0.4 # text\nshots = true\nfps = "30000/1001"\nweights = "w.h5"\n'
    )
    report = {"settings": {"styles": [{"path": "a.png", "weight": 1.0}], "start": "1/3", "end": None, "seed": 3}}
    (folder / "clip.json").write_text(json.dumps({**report, "frames": [{"index": 0, "loss": {"total": 0.1}}]}))
    (folder / "clipjobs.toml").write_text(
        "[defaults]\nsize = 99\n[[job]]\ninput = 'a.gif'\noutput = 'b.gif'\n[[job]]\ninput = 'c.gif'\nseed = 2\n"
    )
    return {name: (folder / f"clip{name}").read_bytes() for name in COUNTS}


NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutate(data, head, rng):
    """One to four damages: flipped bits, cuts, pieces moved, repeated or lost, numbers (lengths, sizes) overwritten."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        # Half of all damage goes to the first `head` bytes, where sizes and counts stand.
        at = rng.randrange(len(data) if rng.random() < 0.5 else min(len(data), head)) if data else 0
        size = rng.randrange(1, 64)
        kind = rng.randrange(6)
        if kind == 0 and data:
            for _ in range(rng.choice((1, 1, 8))):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[at + rng.randrange(len(data) - at + 1) :]
        elif kind == 2:
            start = rng.randrange(len(data) + 1)
            data[at:at] = data[start : start + size] * rng.choice((1, 1, 50))
        elif kind == 3:
            del data[at : at + size]
        elif kind == 4:
            width, order = rng.choice((1, 2, 4, 8)), rng.choice("<>")
            number = rng.choice(NUMBERS) & ((1 << 8 * width) - 1)
            data[at : at + width] = struct.pack(order + {1: "B", 2: "H", 4: "I", 8: "Q"}[width], number)
        else:
            data[at : at + size] = rng.randbytes(min(size, len(data) - at))
    return bytes(data)


def mend_checksums(data):
    """PNG chunks with their sums made right again, so that damage gets past the first check."""
    at = 8
    data = bytearray(data)
    while at + 12 <= len(data):
        end = at + 8 + struct.unpack(">I", data[at : at + 4])[0]
        if end + 4 > len(data):
            break
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return bytes(data)


def read(path):
    """What a run would do with such a file before it paints, and the copying of its frames."""
    if path.suffix in (".safetensors", ".h5"):
        weights.load_weights("vgg16", path)
    elif path.name.endswith("jobs.toml"):
        read_jobs(path)
    elif path.suffix in (".toml", ".json"):
        values = {"styles": (Style(Path("a.png")),), **load_settings(path)}
        checked = arguments(values)
        del checked["read"], checked["write"]
        Config(**checked)
    elif path.suffix in (".png", ".jpg", ".tif"):
        load_picture(path, READ.max_pixels)
    else:
        ending = ".png" if path.name.endswith("still.webp") else ".gif"
        with open_clip(path, READ) as clip, create_clip(path.parent / f"out{ending}", clip.info) as writer:
            for frame in clip.frames():
                writer.write(scale(frame, (clip.info.width, clip.info.height)))


def campaign(name, original, count, folder):
    """How many of `count` mutations were refused and accepted."""
    refused = 0
    path = folder / f"mutant{name}"
    for number in range(count):
        rng = random.Random(f"{name} {number}")
        data = mutate(original, 1000 if name in VIDEO else 128, rng)
        if name in (".png", ".apng") and rng.random() < 0.8:
            data = mend_checksums(data)
        path.write_bytes(data)
        try:
            with watchdog():
                read(path)
        except VidstyleError as error:
            refused += 1
            assert str(path) in str(error) or "--" in str(error), error
            assert len(str(error)) < 3000
            assert [entry.name for entry in folder.iterdir()] == [path.name]
        except BaseException as error:
            raise AssertionError(f"mutation {number} of {name}: {error!r}") from error
        for entry in folder.iterdir():
            entry.unlink()
    return refused, count - refused


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return make_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def small_network(monkeypatch):
    """Weights of two channels count as VGG-16, so that a small file is whole."""
    monkeypatch.setattr(weights, "CHANNELS", (2,) * 5)


@pytest.mark.parametrize("name", COUNTS)
def test_mutated_files_are_read_or_refused(corpus, tmp_path, small_network, capfd, name):
    path = tmp_path / f"whole{name}"
    path.write_bytes(corpus[name])
    read(path)  # else all would be refused for one reason
    for entry in tmp_path.iterdir():
        entry.unlink()
    refused, accepted = campaign(name, corpus[name], COUNTS[name], tmp_path)
    assert refused > 0.1 * COUNTS[name]
    assert accepted > 0
    assert capfd.readouterr() == ("", "")


if __name__ == "__main__":
    most = int(sys.argv[1])
    weights.CHANNELS = (2,) * 5
    names = sys.argv[2:] or list(COUNTS)
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as place:
        files = make_corpus(Path(made))
        for name in names:
            count = most * COUNTS[name] // sum(COUNTS.values())
            refused, accepted = campaign(name, files[name], count, Path(place))
            print(f"{name:14} {count:6} mutations: {refused} refused, {accepted} accepted", flush=True)
