"""What holds for every format that can be written, and for files that other programs made."""

from __future__ import annotations

import os
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from vidstyle.errors import InputError, OutputError
from vidstyle.media import Frame, WriteOptions, create_clip, load_picture, open_clip

LOSSLESS = ("out.gif", "out.apng", "out", "f_%03d.png", "f_%d.tif", "f_%02d.bmp")
VIDEO = ("out.mp4", "out.m4v", "out.mov", "out.mkv", "out.webm", "out.avi")
LOSSY = (*VIDEO, "out.webp", "f_%04d.jpg", "f_%04d.webp")
CLIPS = (*LOSSLESS, *LOSSY)
ANIMATED = ("out.gif", "out.apng", "out.webp")
STILLS = ("out.png", "out.jpg", "out.jpeg", "out.tif", "out.tiff", "out.bmp", "out.webp", "out.gif", "out.apng")


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_comes_back(kit, tmp_path, name):
    clip = kit.frames(5, draw=kit.picture)
    path = kit.write(tmp_path / name, clip)
    with open_clip(path) as reader:
        info = reader.info
        back = list(reader.frames())
        again = list(reader.frames())
    assert (info.width, info.height, info.frame_count) == (kit.W, kit.H, 5)
    assert info.tick == Fraction(1, 25)
    assert info.rate == 25
    assert info.duration == Fraction(1, 5)
    assert not info.has_alpha
    assert [frame.duration for frame in back] == [Fraction(1, 25)] * 5
    for old, new, twice in zip(clip, back, again, strict=True):
        assert new.image.dtype == np.uint8
        assert new.alpha is None
        assert np.array_equal(new.image, twice.image)
        if name in LOSSLESS:
            assert np.array_equal(old.image, new.image)
        else:
            assert kit.mean_error(old.image, new.image) < 9


@pytest.mark.parametrize("name", CLIPS)
def test_frames_are_chosen_by_their_first_instant(kit, tmp_path, name):
    path = kit.write(tmp_path / name, kit.frames(8))
    with open_clip(path) as reader:
        everything = [frame.image for frame in reader.frames()]
        for start, end, expected in (
            (Fraction(2, 25), Fraction(5, 25), [2, 3, 4]),
            (Fraction(41, 1000), Fraction(121, 1000), [2, 3]),
            (Fraction(6, 25), None, [6, 7]),
            (Fraction(9), None, []),
            (Fraction(3, 25), Fraction(3, 25), []),
        ):
            found = [frame.image for frame in reader.frames(start, end)]
            assert len(found) == len(expected)
            for image, index in zip(found, expected, strict=True):
                assert np.array_equal(image, everything[index])


@pytest.mark.parametrize("name", CLIPS)
def test_an_iterator_may_be_left_early(kit, tmp_path, name):
    path = kit.write(tmp_path / name, kit.frames(6))
    with open_clip(path) as reader:
        iterator = reader.frames()
        first = next(iterator)
        iterator.close()
        assert np.array_equal(first.image, next(iter(reader.frames())).image)


@pytest.mark.parametrize("name", (*CLIPS, "out.png"))
def test_an_output_is_replaced_only_on_demand(kit, tmp_path, name):
    count = 1 if name == "out.png" else 4
    path = kit.write(tmp_path / name, kit.frames(count))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError, match="--overwrite"):
        create_clip(path, kit.info_of(kit.frames(count)))
    assert sorted(tmp_path.rglob("*")) == before
    shorter = max(1, count - 1)
    kit.write(path, kit.frames(shorter), WriteOptions(overwrite=True))
    assert open_clip(path).info.frame_count == shorter


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("name", (*CLIPS, "new/deep/", "out.png"))
def test_nothing_stays_after_an_error(kit, tmp_path, name, error):
    clip = kit.frames(1 if name == "out.png" else 3)
    writer = create_clip(f"{tmp_path}/{name}", kit.info_of(clip))
    assert os.listdir(tmp_path) == []
    with pytest.raises(error), writer:
        writer.write(clip[0])
        assert os.listdir(tmp_path) != []
        raise error
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", (*CLIPS, "out.png"))
def test_a_clip_without_frames_is_an_error(kit, tmp_path, name):
    with pytest.raises(OutputError, match="no frame"), create_clip(tmp_path / name, kit.info_of(kit.frames(1))):
        pass
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", (*ANIMATED, *VIDEO))
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_file_that_is_cut_short_is_an_error(kit, tmp_path, name, part):
    path = kit.write(tmp_path / name, kit.frames(12, draw=kit.painting))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(InputError, match=r"damaged or incomplete") as caught:
        kit.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", (*ANIMATED, "f.png", "f.jpg", "f.tif", "f.bmp"))
def test_damaged_pictures_raise_nothing_but_input_errors(kit, tmp_path, name):
    animated = name in ANIMATED
    path = kit.write(tmp_path / name, kit.frames(3 if animated else 1, draw=kit.painting))
    data, random = path.read_bytes(), np.random.default_rng(7)
    errors = 0
    for _ in range(60):
        damaged = bytearray(data)
        for place in random.integers(0, len(data) if random.random() < 0.5 else 100, 3):
            damaged[place] = random.integers(256)
        path.write_bytes(damaged)
        try:
            kit.read(path)
        except InputError as error:
            errors += 1
            assert "\n" not in str(error)
    assert errors


@pytest.mark.parametrize("name", STILLS)
def test_a_still_comes_back(kit, tmp_path, name):
    clip = kit.frames(1)
    path = kit.write(tmp_path / name, clip, format="png")
    info = open_clip(path).info
    assert (info.width, info.height, info.frame_count, info.loop) == (kit.W, kit.H, 1, None)
    assert info.duration == Fraction(1, 25)
    assert info.tick == Fraction(1, 25)
    picture = load_picture(path)
    assert picture.image.shape == (kit.H, kit.W, 3)
    assert kit.mean_error(picture.image, clip[0].image) < (7 if "webp" in name or "jp" in name else 1e-9)


@pytest.mark.parametrize("target", ["b.gif", "b.apng", "b.webp", "b.mp4", "b.webm", "b.avi", "b", "b_%d.jpg"])
@pytest.mark.parametrize("origin", ["a.gif", "a.apng", "a.webp", "a.mkv", "a.mov", "a", "a_%d.png"])
def test_any_converts_to_any(kit, tmp_path, origin, target):
    kit.write(tmp_path / origin, kit.frames(3))
    with open_clip(tmp_path / origin) as reader:
        with create_clip(tmp_path / target, reader.info) as writer:
            for frame in reader.frames():
                writer.write(frame)
        source = list(reader.frames())
    back = open_clip(tmp_path / target)
    assert (back.info.frame_count, back.info.rate) == (3, 25)
    for old, new in zip(source, back.frames(), strict=True):
        assert kit.mean_error(old.image, new.image) < 9


@pytest.mark.parametrize("name", ("out.gif", "out.apng", "out.webp", "out.mp4", "out"))
def test_memory_does_not_grow_with_the_number_of_frames(kit, tmp_path, name):
    base = kit.painting(0, 128, 96)  # 22 of them fill the sample of pixels that GIF takes

    def peak(count):
        info = kit.info_of([Frame(base, Fraction(1, 25))], frame_count=count, rate=Fraction(25))
        tracemalloc.start()
        try:
            with create_clip(tmp_path / f"{count}-{name}", info) as writer:
                for number in range(count):
                    writer.write(Frame(np.roll(base, number, 1), Fraction(1, 25)))
            with open_clip(tmp_path / f"{count}-{name}") as reader:
                assert sum(1 for _ in reader.frames()) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2)
    assert peak(80) - peak(25) < 0.15 * 55 * base.nbytes


def _by_pillow(kit, path):
    pictures = [Image.fromarray(kit.picture(number)) for number in range(4)]
    options = {"lossless": True} if path.suffix == ".webp" else {}
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[100, 50, 70, 100], loop=2, **options)


@pytest.mark.parametrize("name", ["a.gif", "a.apng", "a.webp"])
def test_animations_that_pillow_made(kit, tmp_path, name):
    path = tmp_path / name
    if name == "a.apng":
        path = tmp_path / "a.png"
    _by_pillow(kit, path)
    info = open_clip(path).info
    assert [frame.duration for frame in kit.read(path)] == [Fraction(n, 100) for n in (10, 5, 7, 10)]
    assert info.loop == (2 if name == "a.gif" else 1)  # GIF counts repeats, the others plays
    assert info.tick == Fraction(1, 100)
    assert info.rate is None
    assert not info.has_alpha
    for number, frame in enumerate(kit.read(path)):
        assert kit.worst(frame.image, kit.picture(number)) == 0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "3"]),
        ("a.mov", ["-c:v", "prores_ks"]),
        ("a.mkv", ["-c:v", "libx265", "-x265-params", "log-level=error"]),
        ("a.mkv", ["-c:v", "ffv1"]),
        ("a.webm", ["-c:v", "libvpx", "-b:v", "1M"]),
        ("a.avi", ["-c:v", "mjpeg"]),
        ("a.avi", ["-c:v", "libx264", "-bf", "2"]),
    ],
)
def test_videos_that_ffmpeg_made(kit, tmp_path, name, options):
    path = tmp_path / name
    kit.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=30000/1001:d=1", *options, path)
    reader = open_clip(path)
    assert reader.info.rate == Fraction(30000, 1001)
    assert reader.info.frame_count == 30
    everything = [frame.image for frame in reader.frames()]
    assert len(everything) == 30
    for start in (1, 9, 22):
        some = list(reader.frames(Fraction(start) / reader.info.rate, Fraction(start + 3) / reader.info.rate))
        assert len(some) == 3
        assert all(np.array_equal(a.image, b) for a, b in zip(some, everything[start:], strict=False))
