"""GIF: what is read from files written byte by byte, and how the writer keeps timeline, palette and still parts."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image

from vidstyle.errors import InputError
from vidstyle.media import Frame, WriteOptions, open_clip
from vidstyle.media.gif_mapping import ClipMapper
from vidstyle.media.gif_palette import PixelSample, frame_palette
from vidstyle.motion.reliability import warp

RED, GREEN, BLUE, YELLOW = range(4)
CLEAR = None


def canvas(kit, *areas):
    """The 4x4 canvas as RGBA after painting (colour, x, y, w, h) in order."""
    image = np.zeros((4, 4, 4), np.uint8)
    for colour, x, y, width, height in areas:
        image[y : y + height, x : x + width] = 0 if colour is CLEAR else (*kit.COLOURS[colour], 255)
    return image


def rgba(frame: Frame) -> np.ndarray:
    alpha = np.full(frame.image.shape[:2], 255, np.uint8) if frame.alpha is None else frame.alpha
    return np.dstack([frame.image * (alpha[..., None] > 0), alpha])


def full(colour, width=4, height=4):
    return np.full((height, width), colour, np.uint8)


@pytest.mark.parametrize(
    ("disposal", "left"),
    [
        (0, [(RED, 0, 0, 4, 4), (GREEN, 1, 1, 2, 2)]),
        (1, [(RED, 0, 0, 4, 4), (GREEN, 1, 1, 2, 2)]),
        (2, [(RED, 0, 0, 4, 4), (CLEAR, 1, 1, 2, 2)]),
        (3, [(RED, 0, 0, 4, 4)]),
    ],
)
def test_disposal(kit, tmp_path, disposal, left):
    path = tmp_path / "a.gif"
    parts = [
        kit.gif_frame(full(RED), disposal=1),
        kit.gif_frame(full(GREEN, 2, 2), at=(1, 1), disposal=disposal),
        kit.gif_frame(full(BLUE, 1, 1), at=(0, 0), disposal=1),
    ]
    path.write_bytes(kit.gif(parts, (4, 4)))
    found = [rgba(frame) for frame in kit.read(path)]
    assert np.array_equal(found[0], canvas(kit, (RED, 0, 0, 4, 4)))
    assert np.array_equal(found[1], canvas(kit, (RED, 0, 0, 4, 4), (GREEN, 1, 1, 2, 2)))
    assert np.array_equal(found[2], canvas(kit, *left, (BLUE, 0, 0, 1, 1)))
    assert open_clip(path).info.has_alpha == (disposal == 2)


def test_unspecified_disposal_after_another_one_keeps_the_frame(kit, tmp_path):
    parts = [
        kit.gif_frame(full(RED), disposal=2),
        kit.gif_frame(full(GREEN), disposal=0),
        kit.gif_frame(full(BLUE, 1, 1)),
    ]
    (tmp_path / "a.gif").write_bytes(kit.gif(parts, (4, 4)))
    last = rgba(kit.read(tmp_path / "a.gif")[-1])
    assert np.array_equal(last, canvas(kit, (GREEN, 0, 0, 4, 4), (BLUE, 0, 0, 1, 1)))


def test_local_palettes_interlacing_and_partial_first_frame(kit, tmp_path):
    stripes = np.arange(8, dtype=np.uint8)[:, None] % 4 * np.ones((1, 5), np.uint8)
    local = [(1, 2, 3), (4, 5, 6), (7, 8, 9), (10, 11, 12)]
    parts = [
        kit.gif_frame(stripes, at=(2, 1), interlaced=True, palette=local, disposal=1),
        kit.gif_frame(stripes[:3], at=(2, 1), interlaced=True),
    ]
    (tmp_path / "a.gif").write_bytes(kit.gif(parts, (9, 9)))
    first, second = kit.read(tmp_path / "a.gif")
    assert first.alpha is not None
    assert first.alpha[1:, 2:7].all()
    assert not first.alpha[0].any()
    assert [tuple(row) for row in first.image[1:9, 3]] == [local[i % 4] for i in range(8)]
    assert [tuple(row) for row in second.image[1:5, 3]] == [*kit.COLOURS[:3], local[3]]


def test_a_transparent_index_that_only_saves_space_is_no_alpha(kit, tmp_path):
    sparse = full(YELLOW)
    sparse[0, 0] = GREEN
    parts = [kit.gif_frame(full(RED)), kit.gif_frame(sparse, transparent=YELLOW)]
    (tmp_path / "a.gif").write_bytes(kit.gif(parts, (4, 4)))
    info = open_clip(tmp_path / "a.gif").info
    last = kit.read(tmp_path / "a.gif")[1]
    assert not info.has_alpha
    assert last.alpha is None
    assert np.array_equal(rgba(last), canvas(kit, (RED, 0, 0, 4, 4), (GREEN, 0, 0, 1, 1)))


def test_transparent_pixels_of_the_first_frame_are_alpha(kit, tmp_path):
    sparse = full(RED)
    sparse[3] = GREEN
    (tmp_path / "a.gif").write_bytes(kit.gif([kit.gif_frame(sparse, transparent=GREEN)], (4, 4)))
    assert open_clip(tmp_path / "a.gif").info.has_alpha
    assert np.array_equal(rgba(kit.read(tmp_path / "a.gif")[0]), canvas(kit, (RED, 0, 0, 4, 3)))


def test_a_frame_over_the_edge_is_cut_and_a_missing_trailer_is_borne(kit, tmp_path):
    parts = [kit.gif_frame(full(RED)), kit.gif_frame(full(BLUE), at=(3, 3))]
    (tmp_path / "a.gif").write_bytes(kit.gif(parts, (4, 4), trailer=b""))
    assert np.array_equal(rgba(kit.read(tmp_path / "a.gif")[1]), canvas(kit, (RED, 0, 0, 4, 4), (BLUE, 3, 3, 1, 1)))


def test_a_gif_without_frames_is_an_error(kit, tmp_path):
    (tmp_path / "a.gif").write_bytes(kit.gif([], (4, 4)))
    with pytest.raises(InputError, match="no frames"):
        open_clip(tmp_path / "a.gif")


@pytest.mark.parametrize("loop", [None, 0, 1, 3, 65535])
@pytest.mark.parametrize("name", ["o.gif", "o.apng", "o.webp"])
def test_loop_count(kit, tmp_path, name, loop):
    stored = min(loop, 65534) if loop and name == "o.webp" else loop  # it counts plays in 16 bits
    assert open_clip(kit.write(tmp_path / name, kit.frames(2), loop=loop)).info.loop == stored


@pytest.mark.parametrize("name", ["o.gif", "o.apng", "o.webp"])
def test_delays_loop_and_transparency_are_kept(kit, tmp_path, name):
    times = [Fraction(2, 100), Fraction(7, 100), Fraction(3, 100), Fraction(0), Fraction(1, 100)]
    clip = kit.frames(5, times, alpha=True)
    path = kit.write(tmp_path / name, clip, loop=3)
    info = open_clip(path).info
    assert (info.loop, info.has_alpha, info.tick, info.rate) == (3, True, Fraction(1, 100), None)
    for old, new in zip(clip, kit.read(path), strict=True):
        assert old.duration == new.duration
        assert np.array_equal(old.alpha, new.alpha)
        if name != "o.webp":
            assert kit.worst(old.image[old.alpha > 0], new.image[old.alpha > 0]) == 0


def test_the_shortest_film_has_a_frame(kit, tmp_path):
    path = kit.write(tmp_path / "o.gif", kit.frames(3, [Fraction(1, 1000)] * 3), format="mp4")
    (frame,) = kit.read(path)
    assert frame.duration == Fraction(2, 100)


@pytest.mark.parametrize("palette", ["global", "frame"])
@pytest.mark.parametrize("name", ["o.gif", "o.apng", "o.webp"])
def test_equal_frames_stay_frames(kit, tmp_path, name, palette):
    still = kit.frames(1)[0].image
    clip = [Frame(still, Fraction(n, 100)) for n in (5, 10, 20)]
    path = kit.write(tmp_path / name, clip, WriteOptions(palette=palette))
    assert [frame.duration for frame in kit.read(path)] == [frame.duration for frame in clip]


def test_equal_frames_cost_next_to_nothing(kit, tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)
    one = kit.write(tmp_path / "1.gif", [Frame(noise, Fraction(1, 10))])
    many = kit.write(tmp_path / "9.gif", [Frame(noise, Fraction(1, 10))] * 9)
    assert many.stat().st_size < one.stat().st_size + 9 * 60


@pytest.mark.parametrize("dither", ["ordered", "none"])
@pytest.mark.parametrize("draw", ["painting", "picture"])
def test_still_parts_do_not_shimmer(kit, tmp_path, draw, dither):
    still, clip = getattr(kit, draw)(0, 80, 60), []
    for number in range(4):
        image = still.copy()
        image[:20] = kit.painting(number, 80, 20)
        clip.append(Frame(image, Fraction(1, 10)))
    back = kit.read(kit.write(tmp_path / "o.gif", clip, WriteOptions(dither=dither)))
    for frame in back[1:]:
        assert np.array_equal(frame.image[20:], back[0].image[20:])


@pytest.mark.parametrize("palette", ["global", "frame"])
@pytest.mark.parametrize("dither", ["ordered", "floyd", "none"])
def test_colours_are_near(kit, tmp_path, palette, dither):
    clip = kit.frames(3, draw=kit.painting, size=(120, 80))
    back = kit.read(kit.write(tmp_path / "o.gif", clip, WriteOptions(palette=palette, dither=dither)))
    for old, new in zip(clip, back, strict=True):
        assert kit.mean_error(old.image, new.image) < 8


def test_colours_are_the_nearest_of_the_palette(kit):
    image = kit.painting(0, 160, 120)
    palette = frame_palette(image.reshape(-1, 3))
    assert 200 < len(palette.colours) < 256
    mapped = palette.colours[palette.nearest(image)].astype(float)
    distances = ((image[:, :, None].astype(float) - palette.colours) ** 2).sum(3)
    best = float(distances.min(2).mean())
    assert ((image - mapped) ** 2).sum(2).mean() < 1.05 * best + 1


def test_a_small_thing_keeps_its_colour(kit):
    image = kit.painting(0, 160, 120) // 2
    image[50:56, 70:76] = (250, 20, 10)  # a five hundredth of the picture
    colours = frame_palette(image.reshape(-1, 3)).colours.astype(float)
    assert np.abs(colours - (250, 20, 10)).max(1).min() < 8


def test_the_same_pixels_give_the_same_palette_whatever_the_threads(kit):
    pixels = kit.painting(0, 160, 120).reshape(-1, 3)
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = frame_palette(pixels).colours
    finally:
        cv2.setNumThreads(threads)
    assert np.array_equal(frame_palette(pixels).colours, alone)


def test_more_colours_than_a_palette_has_but_most_of_them_rare():
    pixels = np.zeros((300_000, 3), np.uint8)
    pixels[::1000] = np.random.default_rng(3).integers(0, 256, (300, 3), np.uint8)
    palette = frame_palette(pixels)
    assert 1 < len(palette.colours) < 256
    assert np.array_equal(palette.colours[palette.nearest(np.zeros((1, 1, 3), np.uint8))][0, 0], (0, 0, 0))


def test_ordered_dither_takes_the_banding_out_of_gradients():
    ramp = np.linspace(60, 200, 160)[None, :, None] * np.ones((96, 1, 3))
    image = ramp.astype(np.uint8)
    sample = PixelSample()
    sample.add(image.reshape(-1, 3))
    sample.add(np.random.default_rng(2).integers(0, 256, (40000, 3), np.uint8))
    palette = sample.palette()

    def blurred_error(dither):
        error = palette.colours[ClipMapper(dither).map(image, palette)].astype(float) - image
        return (error.reshape(12, 8, 20, 8, 3).mean((1, 3)) ** 2).mean()

    assert blurred_error("ordered") < 0.5 * blurred_error("none")


def painted_and_palette(count=12):
    """Texture that moves in a circle by parts of a pixel, the flow of each to the one before, and a palette."""
    noise = np.random.default_rng(5).uniform(0, 255, (112, 144, 3)).astype(np.float32)
    texture = np.clip((cv2.GaussianBlur(noise, (0, 0), 2) - 128) * 6 + 128, 0, 255)
    flows, frames = [], []
    before = np.zeros(2, np.float32)
    for number in range(count):
        angle = 2 * np.pi * number / count
        shift = np.array([2 * np.cos(angle), 2 * np.sin(angle)], np.float32)
        flow = np.broadcast_to(shift, (112, 144, 2))
        frames.append(np.rint(warp(texture, flow)).astype(np.uint8)[8:-8, 8:-8])
        flows.append(np.broadcast_to(shift - before, (96, 128, 2)))
        before = shift
    flows[0] = np.broadcast_to(np.array([2, 0], np.float32) - before, (96, 128, 2))
    sample = PixelSample()
    for frame in frames:
        sample.add(frame.reshape(-1, 3))
    return frames, flows, sample.palette()


def flicker(before, after, flow):
    return float(np.square(after - warp(before.astype(np.float32), flow))[4:-4, 4:-4].mean())


@pytest.mark.parametrize("dither", ["ordered", "floyd", "none"])
def test_a_palette_makes_moving_paint_flicker_little(dither):
    frames, flows, palette = painted_and_palette()
    mapper = ClipMapper(dither)
    calm = [palette.colours[mapper.map(frame, palette)] for frame in frames]
    alone = [palette.colours[ClipMapper(dither).map(frame, palette)] for frame in frames]

    def total(clip):
        return sum(flicker(*pair, flow) for pair, flow in zip(pairwise(clip), flows[1:], strict=True))

    assert total(calm) < 0.8 * total(alone)
    off = [np.square(clip - np.float32(frames)).mean() for clip in (calm, alone)]
    assert off[0] < 1.25 * off[1]


def test_another_thing_takes_over_no_error():
    frames, _, palette = painted_and_palette()
    mapper = ClipMapper("none")
    mapper.map(frames[0], palette)
    other = frames[0][::-1, ::-1]
    found = mapper.map(255 - other, palette)
    differs = (found != ClipMapper("none").map(255 - other, palette)).mean()
    assert differs < 0.15


def test_a_repeated_frame_takes_the_same_colours():
    frames, _, palette = painted_and_palette()
    mapper = ClipMapper("ordered")
    first = mapper.map(frames[0], palette)
    assert np.array_equal(mapper.map(frames[0].copy(), palette), first)


def test_the_wrap_of_a_loop_flickers_like_any_pair(kit, tmp_path):
    frames, flows, _ = painted_and_palette()
    clip = [Frame(frame, Fraction(1, 10)) for frame in frames]
    back = [frame.image for frame in kit.read(kit.write(tmp_path / "o.gif", clip, loop=0))]
    pairs = [flicker(*pair, flow) for pair, flow in zip(pairwise(back), flows[1:], strict=True)]
    assert flicker(back[-1], back[0], flows[0]) < 1.2 * np.mean(pairs)


def test_the_sample_is_bounded_and_even():
    sample = PixelSample()
    for number in range(40):
        sample.add(
            np.full((30_000, 3), number * 6, np.uint8)
            + np.arange(3, dtype=np.uint8)
            + np.arange(30_000, dtype=np.uint8)[:, None] % 4
        )
    assert 30_000 < len(sample._kept) <= 1 << 16
    shares = np.bincount(sample._kept[:, 0] // 6, minlength=40)
    assert shares.min() > 0.8 * shares.max()


def test_the_sample_is_from_all_columns():
    sample = PixelSample()
    rows = np.broadcast_to(np.arange(256, dtype=np.uint8)[:, None], (256, 3))
    for _ in range(40):
        sample.add(np.tile(rows, (144, 1)))
    shares = np.bincount(sample._kept[:, 0], minlength=256)
    assert shares.min() > 0.8 * shares.max()


def test_the_timeline_does_not_drift(kit, tmp_path):
    clip = kit.frames(30, [Fraction(1001, 30000)] * 30)
    back = kit.read(kit.write(tmp_path / "o.gif", clip))
    assert {frame.duration for frame in back} == {Fraction(3, 100), Fraction(4, 100)}
    assert abs(sum(frame.duration for frame in back) - 30 * Fraction(1001, 30000)) <= Fraction(1, 200)


def test_fast_video_loses_frames_but_no_time(kit, tmp_path):
    clip = kit.frames(60, [Fraction(1, 60)] * 60)
    back = kit.read(kit.write(tmp_path / "o.gif", clip, format="mp4"))
    assert {frame.duration for frame in back} == {Fraction(2, 100)}
    assert len(back) == 50


@pytest.mark.parametrize("format", ["apng", "animated webp"])
def test_animations_that_are_faster_than_gif_lose_frames_but_no_time(kit, tmp_path, format):
    times = [Fraction(17, 1000), Fraction(16, 1000), Fraction(17, 1000)] * 20
    back = kit.read(kit.write(tmp_path / "o.gif", kit.frames(60, times), format=format))
    assert {frame.duration for frame in back} == {Fraction(2, 100)}
    assert len(back) == 50


@pytest.mark.parametrize("delay", [0, 1])
def test_short_delays_of_animations_stay(kit, tmp_path, delay):
    clip = kit.frames(6, [Fraction(delay, 100)] * 6)
    back = kit.read(kit.write(tmp_path / "o.gif", clip))
    assert [frame.duration for frame in back] == [Fraction(delay, 100)] * 6


def test_a_duration_beyond_what_gif_stores(kit, tmp_path):
    path = kit.write(tmp_path / "o.gif", kit.frames(2, [Fraction(700), Fraction(1)]))
    back = kit.read(path)
    assert [frame.duration for frame in back] == [Fraction(65535, 100), Fraction(4465, 100), Fraction(1)]
    assert np.array_equal(back[0].image, back[1].image)


def test_pillow_reads_the_same(kit, tmp_path):
    path = kit.write(tmp_path / "o.gif", kit.frames(4, alpha=True), loop=0)
    with Image.open(path) as other:
        for number, frame in enumerate(kit.read(path)):
            other.seek(number)
            theirs = np.asarray(other.convert("RGBA"))
            assert np.array_equal(theirs[..., 3], frame.alpha)
            assert np.array_equal(theirs[frame.alpha > 0, :3], frame.image[frame.alpha > 0])
