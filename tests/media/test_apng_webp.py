"""APNG and animated WebP: default images, exact delays, blending and disposal, and what other decoders see."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from vidstyle.media import load_picture, open_clip


def test_a_default_image_is_no_frame(kit, tmp_path):
    cover, *rest = (Image.fromarray(kit.picture(n)) for n in range(3))
    cover.save(tmp_path / "a.png", save_all=True, append_images=rest, default_image=True, duration=100)
    back = kit.read(tmp_path / "a.png")
    assert open_clip(tmp_path / "a.png").info.frame_count == 2
    assert [kit.worst(frame.image, kit.picture(n)) for n, frame in enumerate(back, 1)] == [0, 0]


@pytest.mark.parametrize(
    "delay", [Fraction(1001, 30000), Fraction(1, 3), Fraction(0), Fraction(65535), Fraction(7, 65535)]
)
def test_apng_delays_are_exact_fractions(kit, tmp_path, delay):
    back = kit.read(kit.write(tmp_path / "a.apng", kit.frames(2, [delay, delay])))
    assert sum(frame.duration for frame in back) == 2 * delay
    assert [frame.duration for frame in back if frame.duration] == [delay] * (2 if delay else 0)


def test_apng_delays_that_cannot_be_stored_do_not_drift(kit, tmp_path):
    odd = Fraction(70001, 1000003)
    back = kit.read(kit.write(tmp_path / "a.apng", kit.frames(20, [odd] * 20)))
    assert abs(sum(frame.duration for frame in back) - 20 * odd) < Fraction(1, 10**6)


@pytest.mark.parametrize("blend", list(PngImagePlugin.Blend))
@pytest.mark.parametrize("disposal", list(PngImagePlugin.Disposal))
def test_apng_disposal_and_blending(kit, tmp_path, disposal, blend):
    red = Image.new("RGBA", (8, 6), (200, 0, 0, 255))
    spot = Image.new("RGBA", (8, 6), (0, 0, 0, 0))
    spot.paste((0, 0, 250, 128), (2, 1, 5, 4))
    other = Image.new("RGBA", (8, 6), (0, 0, 0, 0))
    other.paste((0, 255, 0, 255), (0, 0, 1, 1))
    red.save(
        tmp_path / "a.png",
        save_all=True,
        append_images=[spot, other],
        disposal=[PngImagePlugin.Disposal.OP_NONE, disposal, PngImagePlugin.Disposal.OP_NONE],
        blend=[PngImagePlugin.Blend.OP_SOURCE, blend, PngImagePlugin.Blend.OP_OVER],
        duration=50,
    )
    found = [
        np.dstack([f.image, np.full((6, 8), 255) if f.alpha is None else f.alpha]) for f in kit.read(tmp_path / "a.png")
    ]
    middle = found[1][2, 3]
    if blend == PngImagePlugin.Blend.OP_OVER:
        assert kit.worst(middle, np.array([100, 0, 125, 255])) <= 1
    else:
        assert tuple(middle) == (0, 0, 250, 128)
    after = {
        PngImagePlugin.Disposal.OP_NONE: tuple(middle),
        PngImagePlugin.Disposal.OP_BACKGROUND: (0, 0, 0, 0),
        PngImagePlugin.Disposal.OP_PREVIOUS: (200, 0, 0, 255),
    }[disposal]
    assert tuple(found[2][2, 3]) == after
    assert tuple(found[2][0, 0]) == (0, 255, 0, 255)


def test_a_webp_without_loss_and_with_partial_frames(kit, tmp_path):
    pictures = [Image.fromarray(np.dstack([kit.picture(n), kit.hole(n)])) for n in range(4)]
    pictures[0].save(
        tmp_path / "a.webp", save_all=True, append_images=pictures[1:], duration=40, lossless=True, minimize_size=True
    )
    for number, frame in enumerate(kit.read(tmp_path / "a.webp")):
        seen = kit.hole(number) > 0
        assert np.array_equal(frame.alpha, kit.hole(number))
        assert kit.worst(frame.image[seen], kit.picture(number)[seen]) == 0


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("name", ["o.apng", "o.webp"])
def test_pillow_reads_the_same(kit, tmp_path, name, alpha):
    clip = kit.frames(4, [Fraction(n, 100) for n in (3, 10, 7, 1)], alpha=alpha)
    path = kit.write(tmp_path / name, clip, loop=4)
    back = kit.read(path)
    with Image.open(path) as other:
        assert other.n_frames == 4
        assert other.info["loop"] == 5
        for number, frame in enumerate(back):
            other.seek(number)
            other.load()
            assert other.info["duration"] == frame.duration * 1000
            theirs = np.asarray(other.convert("RGBA"))
            seen = theirs[..., 3] > 0
            assert np.array_equal(theirs[..., 3], clip[number].alpha if alpha else np.full(seen.shape, 255))
            assert kit.worst(theirs[seen, :3], frame.image[seen]) == 0


def test_a_single_frame_keeps_its_duration(kit, tmp_path):
    for name in ("o.apng", "o.webp", "o.gif"):
        path = kit.write(tmp_path / name, kit.frames(1, [Fraction(7, 10)]), loop=0)
        info = open_clip(path).info
        assert (info.duration, info.loop, info.frame_count) == (Fraction(7, 10), 0, 1)
        assert load_picture(path).duration == 0


@pytest.mark.parametrize("name", ["o.apng", "o.webp"])
@pytest.mark.parametrize("count", [1, 120])
def test_very_fast_video_loses_frames_but_no_time(kit, tmp_path, name, count):
    back = kit.read(kit.write(tmp_path / name, kit.frames(count, [Fraction(1, 120)] * count), format="mp4"))
    assert all(Fraction(1, 100) < frame.duration < Fraction(1, 50) for frame in back)  # browsers show these as they are
    assert min(count, 80) <= len(back) < 100
    assert count == 1 or abs(sum(frame.duration for frame in back) - 1) <= Fraction(1, 100)
