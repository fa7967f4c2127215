"""Galleries: every style has its cell, in step with the source, and none takes the others with it."""

import numpy as np
import PIL.Image
import pytest

from vidstyle.errors import InputError, OptionError, OutputError
from vidstyle.media import open_clip
from vidstyle.views.gallery import make_gallery

QUICK = {"first_evaluations": 3, "evaluations": 1, "precision": "float32", "loop": "off"}


def test_a_clip_in_two_styles_and_one_that_fails(small, tmp_path):
    heard = []
    done = make_gallery(
        small / "clip.gif",
        [small / "cubist.png", tmp_path / "none.png", f"{small}/swirl.png:2"],
        tmp_path / "sheet.gif",
        progress=lambda style, step: heard.append((style.path.name, step.index)),
        **QUICK,
    )
    assert list(done.failed) == [tmp_path / "none.png"] and "no such file" in done.failed[tmp_path / "none.png"]
    assert {name for name, _ in heard} == {"cubist.png", "swirl.png"} and {index for _, index in heard} == {0, 1, 2, 3}
    with open_clip(small / "clip.gif") as source, open_clip(done.output) as sheet:
        assert [frame.duration for frame in sheet.frames()] == [frame.duration for frame in source.frames()]
        first, *_, last = (frame.image.astype(int) for frame in sheet.frames())
        assert sheet.info.loop == source.info.loop
        assert np.abs(last - first).max() > 30  # it moves
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.gif"]


def test_a_folder_of_styles_and_a_photo(small, tmp_path):
    styles = tmp_path / "styles"
    styles.mkdir()
    for name in ("cubist", "swirl"):
        (styles / f"{name}.png").write_bytes((small / f"{name}.png").read_bytes())
    photo = tmp_path / "photo.png"
    photo.write_bytes((small / "swirl.png").read_bytes())
    done = make_gallery(photo, [styles], size=32, **QUICK)
    assert done.output == tmp_path / "photo_gallery.png" and not done.failed
    assert [style.path.name for style in done.styles] == ["cubist.png", "swirl.png"]
    with open_clip(done.output) as sheet:
        assert sheet.info.frame_count == 1


def test_each_style_may_have_a_mask_of_its_own(small, tmp_path):
    styles, photo = [small / "cubist.png", small / "swirl.png"], small / "swirl.png"
    left = np.zeros((64, 64), np.uint8)
    left[:, :32] = 255
    masks = [tmp_path / "left.png", tmp_path / "right.png"]
    for mask, path in zip((left, 255 - left), masks, strict=True):
        PIL.Image.fromarray(mask).save(path)

    def sheet(name, **settings):
        done = make_gallery(photo, styles, tmp_path / name, **{**QUICK, "first_evaluations": 12}, **settings)
        return PIL.Image.open(done.output).convert("RGB").tobytes()

    own, other = sheet("a.png", masks=masks), sheet("b.png", masks=masks[::-1])
    one = sheet("c.png", masks=masks[:1])
    assert len({own, other, one}) == 3
    with pytest.raises(OptionError, match="--mask: 3 given for 2 styles; give one, or one for each"):
        sheet("d.png", masks=[*masks, masks[0]])
    done = make_gallery(photo, styles[:1] * 2, tmp_path / "e.png", masks=[tmp_path / "none.png", masks[0]], **QUICK)
    assert list(done.failed) == styles[:1] and done.output.exists()


def test_nothing_is_written_where_nothing_was_painted(small, tmp_path):
    clip, out = small / "clip.gif", tmp_path / "out.gif"
    with pytest.raises(InputError, match=r"b\.png: there is no such file"):
        make_gallery(clip, [tmp_path / "a.png", tmp_path / "b.png"], out)
    with pytest.raises(OptionError, match="--style: at least one"):
        make_gallery(clip, [], out)
    with pytest.raises(OptionError, match="is an input"):
        make_gallery(clip, [small / "swirl.png"], clip)
    with pytest.raises(OutputError, match="holds one picture"):
        make_gallery(clip, [small / "swirl.png"], tmp_path / "out.png")
    assert list(tmp_path.iterdir()) == []
