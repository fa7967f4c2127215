"""Reconstructions: what deeper layers lose, and the files."""

import numpy as np
import PIL.Image
import pytest

from vidstyle.errors import OptionError, OutputError
from vidstyle.media import WriteOptions, load_picture
from vidstyle.views.reconstruct import make_figure, reconstruct

QUICK = {"first_evaluations": 2, "precision": "float32"}


def picture(small, size):
    return np.asarray(PIL.Image.open(small / "swirl.png").convert("RGB").resize((size, size)))


def test_deeper_content_layers_lose_pixels_and_keep_structure(small):
    image = picture(small, 48)
    layers = ("conv1_2", "conv2_2", "conv3_3", "conv4_3")
    made = list(reconstruct(image, layers, [], first_evaluations=60, precision="float32"))
    assert [one.layers for one in made] == [(layer,) for layer in layers]
    errors = [one.difference for one in made]
    assert errors == sorted(errors) and errors[0] < 8 and errors[-1] > 3 * errors[0]
    deepest = made[-1]
    exact = np.sqrt(np.mean(np.square(deepest.image.astype(float) - image)))
    assert deepest.difference == pytest.approx(exact)
    alike = np.corrcoef(deepest.image.mean(-1).ravel(), image.mean(-1).ravel())[0, 1]
    assert alike > 0.4  # it still is that picture


def test_a_style_has_the_colours_but_not_the_places(small):
    image = picture(small, 48)
    (made,) = reconstruct(image, [], [("conv1_1", "conv2_1")], first_evaluations=60, precision="float32")
    assert str(made) == "style conv1_1 + conv2_1"
    assert made.image.mean((0, 1)) == pytest.approx(image.mean((0, 1)), abs=20)
    assert abs(np.corrcoef(made.image.mean(-1).ravel(), image.mean(-1).ravel())[0, 1]) < 0.4


def test_a_sheet_and_the_single_pictures(small, tmp_path):
    sets = [("conv1_2", "conv2_2")]
    counted = []
    place, made = make_figure(
        small / "clip.gif",
        ["block1_conv2"],
        sets,
        tmp_path / "sheet.png",
        pictures=tmp_path / "new" / "pictures",
        progress=lambda done, total: counted.append((done, total)),
        **QUICK,
    )
    assert counted[-1] == (4, 4) and len(made) == 2
    names = ["content_block1_conv2", "source", "style_conv1_2+conv2_2"]
    assert sorted(path.stem for path in (tmp_path / "new" / "pictures").iterdir()) == names
    assert np.array_equal(
        load_picture(tmp_path / "new" / "pictures" / "style_conv1_2+conv2_2.png").image, made[1].image
    )
    before = place.read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        make_figure(small / "clip.gif", ["conv1_2"], [], place, **QUICK)
    again = tmp_path / "again.png"
    make_figure(small / "clip.gif", ["block1_conv2"], sets, again, write=WriteOptions(overwrite=True), **QUICK)
    assert again.read_bytes() == before
    with pytest.raises(OutputError, match=r"source\.png: is another file of this run"):
        make_figure(small / "clip.gif", ["conv1_2"], [], tmp_path / "source.png", pictures=tmp_path, **QUICK)


def test_what_cannot_be(small):
    image = picture(small, 48)
    with pytest.raises(OptionError, match=r"^--content-layers: unknown layer of vgg16 'conv4_4': did you mean"):
        reconstruct(image, ["conv4_4"], [])
    with pytest.raises(OptionError, match=r"^--style-sets: a layer is named twice"):
        reconstruct(image, [], [("conv1_1", "conv1_1")])
    with pytest.raises(OptionError, match=r"^--content-layers: conv1_2 is named twice"):
        reconstruct(image, ["conv1_2", "conv1_2"], [])
    with pytest.raises(OptionError, match="both are none"):
        reconstruct(image, [], [])
