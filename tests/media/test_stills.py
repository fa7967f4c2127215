"""Stills of every mode, EXIF, colour profiles, folders and patterns, and outputs that cannot be."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from vidstyle.errors import InputError
from vidstyle.media import (
    ReadOptions,
    load_picture,
    open_clip,
)


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_modes(kit, tmp_path, mode, name):
    if (mode, name) == ("P", "a.tif"):
        image = Image.fromarray(kit.picture()).quantize(8)
    else:
        image = Image.fromarray(kit.picture()).convert(mode)
    frame = load_picture(save(image, tmp_path / name))
    assert frame.image.dtype == np.uint8
    assert np.array_equal(frame.image, np.asarray(image.convert("RGB")))
    assert (frame.alpha is not None) == mode.endswith("A")


def test_a_palette_with_transparency(kit, tmp_path):
    image = Image.fromarray(kit.picture()).quantize(8)
    path = save(image, tmp_path / "a.png", transparency=int(np.asarray(image)[0, 0]))
    frame = load_picture(path)
    assert frame.alpha[0, 0] == 0
    assert frame.alpha[0, -1] == 255
    assert open_clip(path).info.has_alpha


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bit_grey_is_scaled_and_not_clipped(tmp_path, name):
    values = np.linspace(0, 65535, 34 * 20).reshape(20, 34).astype(np.uint16)
    frame = load_picture(save(Image.fromarray(values), tmp_path / name))
    assert np.abs(frame.image[..., 0] - values / 257).max() <= 1
    assert frame.image.max() == 255


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bit_colour(kit, tmp_path, name):
    pixels = {"a.png": "rgb48be", "a.tif": "rgb48le"}[name]
    save(Image.fromarray(kit.painting()), tmp_path / "plain.png")
    kit.ffmpeg("-i", tmp_path / "plain.png", "-pix_fmt", pixels, tmp_path / name)
    assert kit.worst(load_picture(tmp_path / name).image, kit.painting()) <= 1


def test_cmyk(kit, tmp_path):
    cmyk = Image.fromarray(kit.picture()).convert("CMYK")
    frame = load_picture(save(cmyk, tmp_path / "a.jpg", quality=98, subsampling=0))
    assert kit.mean_error(frame.image, kit.picture()) < 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(kit, tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(Image.fromarray(kit.painting()), tmp_path / "a.jpg", exif=exif, quality=95)
    straight = load_picture(save(Image.fromarray(kit.painting()), tmp_path / "b.jpg", quality=95)).image
    turns = {
        1: straight,
        2: straight[:, ::-1],
        3: straight[::-1, ::-1],
        4: straight[::-1],
        5: straight.transpose(1, 0, 2),
        6: np.rot90(straight, -1),
        7: straight[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(straight, 1),
    }
    info = open_clip(path).info
    found = kit.read(path)[0].image
    assert found.shape == (info.height, info.width, 3)
    assert np.array_equal(found, turns[orientation])
    tiff = save(Image.fromarray(straight), tmp_path / "c.tif", exif=exif)
    assert np.array_equal(kit.read(tiff)[0].image, turns[orientation])
    grey = save(Image.fromarray(straight).convert("L"), tmp_path / "d.tif", exif=exif)  # which Pillow reads another way
    assert np.array_equal(kit.read(grey)[0].image.shape, turns[orientation].shape)
    assert kit.worst(kit.read(grey)[0].image[..., 0], np.asarray(Image.fromarray(turns[orientation]).convert("L"))) == 0


def test_a_jpeg_of_countless_scans_is_refused(kit, tmp_path):
    path = save(Image.fromarray(kit.picture()), tmp_path / "a.jpg", progressive=True)
    content = path.read_bytes()
    last = content[content.rfind(b"\xff\xda") : -2]
    path.write_bytes(content[:-2] + 50 * last + content[-2:])
    load_picture(path)
    for some in (last, b"\xff\x01" + last):
        path.write_bytes(content[:-2] + 200 * some + content[-2:])
        with pytest.raises(InputError, match="more than 100 scans"):
            load_picture(path)


def test_a_film_behind_a_photo_is_no_damage(kit, tmp_path):
    path = save(Image.fromarray(kit.picture()), tmp_path / "a.jpg", progressive=True)
    before = load_picture(path).image
    path.write_bytes(path.read_bytes() + 200 * b"\xff\xda\0")
    assert np.array_equal(load_picture(path).image, before)


def test_what_is_no_number_does_not_darken_the_rest(tmp_path):
    values = np.array([[0, 0.5, 1], [np.nan, np.inf, 1]], np.float32)
    found = load_picture(save(Image.fromarray(values), tmp_path / "a.tif")).image
    assert np.array_equal(found[..., 0], [[0, 128, 255], [0, 0, 255]])


def test_a_png_with_much_text(kit, tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_text("workflow", 3_000_000 * "x", zip=True)
    path = save(Image.fromarray(kit.picture()), tmp_path / "a.png", pnginfo=text)
    assert np.array_equal(load_picture(path).image, kit.picture())


def test_libtiff_does_not_speak_for_itself(kit, tmp_path, capfd):
    path = save(Image.fromarray(kit.picture()), tmp_path / "a.tif", compression="tiff_adobe_deflate")
    content = bytearray(path.read_bytes())
    with Image.open(path) as image:
        content[image.tag_v2[273][0] + 2] ^= 255  # StripOffsets
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        load_picture(path)
    assert capfd.readouterr().err == ""


def test_a_colour_profile_is_applied_and_a_broken_one_ignored(kit, tmp_path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()  # does not fit RGB pixels
    plain = Image.fromarray(kit.picture())
    for number, profile in enumerate((b"rubbish", lab)):
        path = save(plain, tmp_path / f"{number}.png", icc_profile=profile)
        assert np.array_equal(load_picture(path).image, kit.picture())
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # A profile whose red and blue primaries are exchanged, under another name, must exchange them in the picture.
    for name in (b"rXYZ", b"bXYZ"):
        assert swapped.count(name) == 1
    swapped = swapped.replace(b"rXYZ", b"tmpX").replace(b"bXYZ", b"rXYZ").replace(b"tmpX", b"bXYZ")
    assert swapped.count("sRGB built-in".encode("utf-16-be")) == 1
    for old, new in (("built-in", "(linear)"), ("sRGB", "test")):
        swapped = swapped.replace(old.encode("utf-16-be"), new.encode("utf-16-be"))
        found = load_picture(save(plain, tmp_path / "swapped.png", icc_profile=bytes(swapped))).image
        assert kit.worst(found, kit.picture()[..., ::-1]) <= 2
    for name in ("a.apng", "a.webp"):
        other = Image.fromarray(255 - kit.picture())
        options = {"save_all": True, "append_images": [other], "icc_profile": bytes(swapped), "lossless": True}
        path = save(plain, tmp_path / name, **options | ({"format": "PNG"} if name == "a.apng" else {}))
        assert kit.worst(kit.read(path)[0].image, kit.picture()[..., ::-1]) <= 2


@pytest.mark.parametrize("name", ["o.jpg", "o.bmp"])
def test_formats_without_alpha_get_white(kit, tmp_path, name):
    back = kit.read(kit.write(tmp_path / name, kit.frames(1, alpha=True)))
    assert back[0].alpha is None
    assert back[0].image[3:5, 1:4].min() > 240


@pytest.mark.parametrize("name", ["o.png", "o.tif", "o.webp", "o", "o_%d.png"])
def test_alpha_of_stills_is_kept(kit, tmp_path, name):
    clip = kit.frames(1, alpha=True)
    back = kit.read(kit.write(tmp_path / name, clip, format="png"))
    assert np.array_equal(back[0].alpha, clip[0].alpha)


def folder(kit, path, names, size=(34, 20)):
    path.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        Image.fromarray(kit.picture(number, *size)).save(path / name)
    return path


def test_a_folder_is_read_in_natural_order(kit, tmp_path):
    path = folder(kit, tmp_path / "f", ["f1.png", "f2.png", "f10.bmp", "f20.png"])
    (path / ".hidden.png").write_bytes(b"x")
    (path / "Thumbs.db").write_bytes(b"x")
    (path / "notes.txt").write_text("x")
    (path / "sub.png").mkdir()
    for source in (path, f"{path}/", path / "*"):
        with open_clip(source, ReadOptions(fps=Fraction(12))) as reader:
            assert (reader.info.rate, reader.info.frame_count) == (12, 4)
            back = list(reader.frames())
        assert [kit.worst(frame.image, kit.picture(n)) for n, frame in enumerate(back)] == [0, 0, 0, 0]
        assert back[0].duration == Fraction(1, 12)


def test_a_pattern_starts_anywhere_and_has_no_gaps(kit, tmp_path):
    path = folder(kit, tmp_path / "f", ["f_0007.png", "f_0008.png", "f_0009.png", "g_0010.png", "f_11.png"])
    assert len(kit.read(path / "f_%04d.png")) == 3
    (path / "f_0008.png").unlink()
    with pytest.raises(InputError, match=r"f_0008\.png.*missing"):
        open_clip(path / "f_%04d.png")


def test_frames_of_a_folder_have_one_size(kit, tmp_path):
    path = folder(kit, tmp_path / "f", ["a1.png", "a2.png"])
    folder(kit, path, ["a3.png"], size=(30, 20))
    with pytest.raises(InputError, match=r"a3\.png: is 30x20.*34x20"):
        open_clip(path)


def test_a_damaged_frame_of_a_folder_is_named(kit, tmp_path):
    path = folder(kit, tmp_path / "f", ["a1.png", "a2.png"])
    data = (path / "a2.png").read_bytes()
    (path / "a2.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"a2\.png"):
        kit.read(path)


def test_a_folder_that_is_partly_transparent_has_alpha_throughout(kit, tmp_path):
    path = folder(kit, tmp_path / "f", ["a1.png"])
    Image.fromarray(np.dstack([kit.picture(), kit.hole()])).save(path / "a2.png")
    first, second = kit.read(path)
    assert first.alpha.min() == 255
    assert np.array_equal(second.alpha, kit.hole())


def test_a_folder_that_could_be_transparent_but_is_not_has_no_alpha(kit, tmp_path):
    path = folder(kit, tmp_path / "f [1]", ["a1.png"])
    Image.fromarray(kit.picture()).convert("RGBA").save(path / "a2.png")
    assert not open_clip(path / "*.png").info.has_alpha
    assert [frame.alpha for frame in kit.read(path / "*.png")] == [None, None]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("no.gif", None, "no such file"),
        ("nul.gif", b"", "empty"),
        ("cat.gif", b"hello, I am a cat\n", "its content is text"),
        ("cat.png", b"\x00\x01\x02\x03" * 9, "not a picture or video"),
        ("cat.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        ("cat_%02d.png", None, "no file has such a name"),
        ("cats*.png", None, "no pictures"),
        ("no/cat_%02d.png", None, "cannot be read"),
        ("a\0b.png", None, "no name|cannot be opened"),
    ],
)
def test_what_cannot_be_read(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    for read in (open_clip, load_picture):
        if read is load_picture and ("%" in name or "*" in name or "/" in name):
            continue
        with pytest.raises(InputError, match=message) as caught:
            read(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_an_empty_folder_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match="no pictures"):
        open_clip(tmp_path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tif", "a.bmp", "a.gif", "a.apng", "b.webp"])
def test_too_many_pixels_are_refused_without_decoding(kit, tmp_path, name):
    path = kit.write(tmp_path / name, kit.frames(1), format="png" if name == "a.webp" else "gif")
    pixels = kit.W * kit.H
    assert load_picture(path, pixels).image.shape == (kit.H, kit.W, 3)
    for limit in (pixels - 1, pixels // 3):
        with pytest.raises(InputError, match="--max-pixels"):
            load_picture(path, limit)
        with pytest.raises(InputError, match="--max-pixels"):
            open_clip(path, ReadOptions(max_pixels=limit))


def test_pillows_own_limit_is_left_as_it_was(kit, tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    load_picture(kit.write(tmp_path / "a.png", kit.frames(1)), 700)
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("name", ["a.gif", "a.apng", "a.webp", "a.mp4"])
def test_a_clip_is_no_picture(kit, tmp_path, name):
    path = kit.write(tmp_path / name, kit.frames(2))
    with pytest.raises(InputError, match="is a clip, not a picture"):
        load_picture(path)


def test_a_tiff_of_two_pages_is_no_picture(kit, tmp_path):
    pages = [Image.fromarray(kit.picture(n)) for n in range(2)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(InputError, match="2 pages"):
        load_picture(tmp_path / "a.tif")


def test_a_mislabelled_picture_is_read_as_what_it_is(kit, tmp_path):
    kit.write(tmp_path / "a.png", kit.frames(1)).rename(tmp_path / "a.gif")
    assert open_clip(tmp_path / "a.gif").info.format == "png"
