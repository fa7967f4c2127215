"""The controls, end to end at small size: colours, amount of paint, and where, when and how styles blend."""

import itertools
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

import vidstyle
from vidstyle.blending import SETTLING
from vidstyle.config import STYLE_LAYERS
from vidstyle.errors import OptionError
from vidstyle.framing import scale
from vidstyle.media import ClipInfo, Frame, create_clip, load_picture, open_clip, over_white
from vidstyle.neural.engine import style_grams
from vidstyle.neural.losses import gram_matrix, guide, style_loss
from vidstyle.neural.runtime import tf
from vidstyle.neural.strips import Strips
from vidstyle.neural.stylize import Stylizer
from vidstyle.neural.vgg import Vgg
from vidstyle.neural.weights import load_weights

SAMPLES = Path(__file__).parent.parent / "samples"
VGG = Vgg(load_weights("vgg16", None), "avg", tf.float32)

QUICK = {"first_evaluations": 12, "evaluations": 3, "precision": "float32", "loop": "off"}


def paint(small, *styles, source="clip.gif", **settings):
    """The shown pictures, uint8."""
    named = [f"{small}/{style}" for style in styles or ["swirl.png"]]
    return [step.frame.image for step in vidstyle.stylize_frames(Path(small) / source, named, **{**QUICK, **settings})]


@pytest.fixture(scope="module")
def source(small):
    with open_clip(small / "clip.gif") as clip:
        return [frame.image for frame in clip.frames()]


def lab(image):
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)


@pytest.fixture(scope="module")
def plain(small):
    return paint(small)


def test_no_paint_is_the_source_and_more_paint_is_farther_from_it(small, source, plain):
    for shown, frame in zip(paint(small, strength=0.0, end=Fraction(1, 10)), source, strict=False):
        np.testing.assert_array_equal(shown, frame)
    (half,) = paint(small, strength=0.5, end=Fraction(1, 20))
    away = [np.abs(shown.astype(float) - source[0]).mean() for shown in (half, plain[0])]
    assert away[0] == pytest.approx(away[1] / 2, rel=0.05)


def test_original_colours_stay(small, source, plain):
    def off(shown, channel):
        return [abs((lab(a) - lab(b))[..., channel].mean()) for a, b in zip(shown, source, strict=True)]

    kept = paint(small, color="original")
    assert max(off(kept, 1) + off(kept, 2)) < 2 < max(off(plain, 1) + off(plain, 2))
    assert all(np.abs(lab(a) - lab(b))[..., 0].mean() > 2 for a, b in zip(kept, source, strict=True))  # it is painted


def test_matched_styles_paint_in_the_colours_of_the_clip(small, source, plain):
    def off(shown):
        return np.abs(shown[0].mean((0, 1)) - source[0].mean((0, 1))).max()

    assert off(paint(small, color="match", end=Fraction(1, 20))) < 0.4 * off(plain)


def measured(image, path, place=None):
    """The relative style loss of a picture against a style, in a place of it."""
    style = load_picture(path, 10**8).image
    wanted = style_grams(VGG, style, image.shape[:2], STYLE_LAYERS)
    total = 0.0
    seen = Strips(VGG, image.shape[:2], STYLE_LAYERS, ()).see(tf.constant(image[None], tf.float32))
    for name, features in seen.content.items():
        if place is not None:
            small = cv2.resize(place, features.shape[2:0:-1], interpolation=cv2.INTER_AREA)
            features = features * guide(small)[None, ..., None]
        total += float(style_loss(gram_matrix(features), wanted[name], "relative")) / len(STYLE_LAYERS)
    return total


def test_a_style_half_as_large_in_a_frame_twice_as_large_is_the_same(small, plain):
    picture = load_picture(small / "swirl.png", 10**6).image
    half = style_grams(VGG, picture, (64, 128), STYLE_LAYERS, 0.5)
    whole = style_grams(VGG, picture, (32, 64), STYLE_LAYERS)
    for name in STYLE_LAYERS:
        np.testing.assert_array_equal(half[name], whole[name])
    assert (paint(small, style_size=2.0, end=Fraction(1, 20))[0] != plain[0]).any()


def test_each_blend_has_more_of_the_one_and_less_of_the_other(small):
    one, other = [], []
    for share in (0, 0.25, 0.5, 0.75, 1):
        (image,) = paint(small, f"cubist.png:{share}", f"swirl.png:{1 - share}", end=Fraction(1, 20))
        one.append(measured(image, small / "cubist.png"))
        other.append(measured(image, small / "swirl.png"))
    assert one == sorted(one, reverse=True) and other == sorted(other)


def test_keyframes_fade_from_one_style_to_the_other(small):
    shown = paint(small, "cubist.png@0s", "swirl.png@0.24s", evaluations=10)
    one, other = ([measured(image, small / name) for image in shown] for name in ("cubist.png", "swirl.png"))
    assert one == sorted(one) and other == sorted(other, reverse=True)


def test_what_does_not_move_is_painted_anew_as_the_style_changes(small, tmp_path, source):
    """And in the frames after that, until it has taken on the new style; then it is held again."""
    count = 6 + SETTLING
    info = ClipInfo("apng", 48, 27, frame_count=count, tick=Fraction(1, 10))
    with create_clip(tmp_path / "still.apng", info) as writer:
        for _ in range(count):
            writer.write(Frame(source[0], Fraction(1, 10)))
    shown = paint(small, "cubist.png@0s", "swirl.png@0.3s", source=tmp_path / "still.apng")
    held = [np.array_equal(a, b) for a, b in itertools.pairwise(shown)]
    assert held == [False] * (2 + SETTLING) + [True] * 3


def write_masks(folder, *masks):
    for index, mask in enumerate(masks):
        PIL.Image.fromarray((mask * 255).astype(np.uint8)).save(folder / f"{index}.png")
    return tuple(folder / f"{index}.png" for index in range(len(masks)))


def test_inside_its_mask_each_style_beats_the_other(tmp_path):
    left = np.zeros((72, 128), np.float32)
    left[:, :64] = 1
    names = [SAMPLES / "styles" / f"{name}.png" for name in ("cubist", "swirl")]
    masks = write_masks(tmp_path, left, 1 - left)
    settings = {"size": 128, "end": Fraction(1, 20), **QUICK, "first_evaluations": 60}
    (step,) = vidstyle.stylize_frames(SAMPLES / "bunny.gif", names, masks=masks, **settings)
    for own, other, place in ((names[0], names[1], left), (names[1], names[0], 1 - left)):
        assert 3 * measured(step.frame.image, own, place) < measured(step.frame.image, other, place)


def discs(path, radii, alpha):
    """A clip of a still picture, of which discs are seen, or as many masks."""
    y, x = np.mgrid[:64, :96]
    ground = np.random.default_rng(3).integers(0, 255, (8, 12, 3)).repeat(8, 0).repeat(8, 1).astype(np.uint8)
    tick = Fraction(1, 10)
    with create_clip(path, ClipInfo("apng", 96, 64, frame_count=len(radii), tick=tick, has_alpha=alpha)) as writer:
        for radius in radii:
            disc = np.uint8(255 * (np.hypot(y - 32, x - 48) < radius))
            writer.write(Frame(ground, tick, disc) if alpha else Frame(disc[..., None].repeat(3, 2), tick))


def test_more_that_comes_to_be_seen_is_no_failure(small, tmp_path):
    """The loss grows with what is painted."""
    discs(tmp_path / "sticker.apng", [6, 6, 6, 7, 9, 11, 13, 15], alpha=True)
    steps = vidstyle.stylize_frames(tmp_path / "sticker.apng", [small / "cubist.png"], **QUICK)
    assert [step.result.retries for step in steps] == [0] * 8


def test_the_expected_time_knows_that_places_cost(small, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(Stylizer, "seconds_per_pixel", lambda self, size, guided: asked.append(guided) or 1e-6)
    discs(tmp_path / "sticker.apng", [20], alpha=True)
    discs(tmp_path / "photo.apng", [20], alpha=False)
    for name, settings in (("sticker", {}), ("photo", {}), ("photo", {"keep_mask": tmp_path / "photo.apng"})):
        heard = {"progress": lambda step: None, **QUICK, **settings}
        next(vidstyle.stylize_frames(tmp_path / f"{name}.apng", [small / "cubist.png"], **heard))
    assert asked == [True, False, True]


def test_what_is_kept_more_and_more_is_no_other_style(small, tmp_path):
    """A picture that stands still stays as it was painted first."""
    photo = tmp_path / "still.apng"
    discs(photo, [99] * 5, alpha=False)
    with create_clip(tmp_path / "mask.apng", open_clip(photo).info) as writer:
        for level in (250, 200, 150, 100, 50):
            writer.write(Frame(np.full((64, 96, 3), level, np.uint8), Fraction(1, 10)))
    steps = vidstyle.stylize_frames(photo, [small / "cubist.png"], keep_mask=tmp_path / "mask.apng", **QUICK)
    assert [step.result.evaluations for step in steps] == [12, 0, 0, 0, 0]


def test_paint_is_for_what_is_seen_of_it(tmp_path):
    """No paint goes where it is kept away, and what nobody sees has none of the style; so what is seen has more."""
    right = np.zeros((72, 128), np.float32)
    right[:, 64:] = 1
    with open_clip(SAMPLES / "bunny.gif") as clip:
        (frame,) = clip.frames(Fraction(0), Fraction(1, 20))
    image = scale(frame, (128, 72)).image
    PIL.Image.fromarray(np.dstack([image, np.uint8(255 * right)])).save(tmp_path / "sticker.png")
    PIL.Image.fromarray(image).save(tmp_path / "whole.png")

    def painted(name, **settings):
        style = SAMPLES / "styles" / "swirl.png"
        (step,) = vidstyle.stylize_frames(tmp_path / name, [style], **{**QUICK, "first_evaluations": 40}, **settings)
        return step.frame.image, measured(step.result.image, style, right)

    _, everywhere = painted("whole.png")
    (mask,) = write_masks(tmp_path, right)
    kept, keeping = painted("whole.png", keep_mask=mask)
    np.testing.assert_array_equal(kept[:, :64], image[:, :64])
    # Whose colours are those of the clip is painted like all of it.
    (matched, _), (whole, _) = (painted("whole.png", color="match", **more) for more in ({"keep_mask": mask}, {}))
    np.testing.assert_array_equal(matched[:, 64:], whole[:, 64:])
    _, sticker = painted("sticker.png")
    assert max(keeping, sticker) < 0.7 * everywhere


def test_what_is_seen_through_is_put_on_white_once(tmp_path):
    PIL.Image.new("RGBA", (32, 32), (0, 0, 0, 128)).save(tmp_path / "glass.png")
    (step,) = vidstyle.stylize_frames(tmp_path / "glass.png", [tmp_path / "glass.png"], **QUICK)
    assert abs(over_white(step.frame).mean() - 127) < 5 and step.frame.image.mean() < 10


def test_masks_of_a_loop_and_of_several_passes(small, tmp_path):
    """The frames that lead into the first are asked for their masks before any other."""
    mask = np.zeros((54, 96))
    mask[10:40, 20:70] = 1
    (path,) = write_masks(tmp_path, mask)
    report = vidstyle.stylize_clip(
        small / "clip.gif",
        [small / "swirl.png"],
        tmp_path / "o.gif",
        **{**QUICK, "loop": "on", "passes": 2, "masks": (path,), "keep_mask": path},
    )
    assert report.notices == [
        f"{option} {path}: is 96x54 and was resized to 48x27" for option in ("--mask", "--keep-mask")
    ]
    assert str(path) in report.as_dict()["sha256"]
    assert report.as_dict()["settings"]["keep_mask"] == str(path)


def test_wrong_masks_are_refused(small, tmp_path):
    (black,) = write_masks(tmp_path, np.zeros((27, 48)))
    with pytest.raises(OptionError, match="is black everywhere"):
        paint(small, masks=(black,))
    with pytest.raises(OptionError, match="--mask: 1 given for 2 styles; give one for each"):
        paint(small, "swirl.png", "cubist.png", masks=(black,))
