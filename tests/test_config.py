"""Settings: what is accepted, what is refused with which words, and what counts as the same run."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from vidstyle.config import Config, Style, StyleLayer, layer_names
from vidstyle.errors import OptionError

PLAIN = Config(styles=(Style(Path("a.jpg")),))


def styles(*texts):
    return tuple(Style.parse(text) for text in texts)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"pooling": "agv"}, "--pooling: unknown pooling 'agv': did you mean 'avg'?"),
        ({"optimizer": "lbgfs"}, "did you mean 'lbfgs'?"),
        ({"init": "prev_warped"}, "did you mean 'prev-warped'?"),
        ({"network": "vgg18"}, "--network"),
        ({"precision": "float16"}, "did you mean 'bfloat16'"),
        ({"normalization": "none"}, "relative, gatys"),
        ({"content_layers": ("conv4_9",)}, "--content-layer: unknown layer of vgg16 'conv4_9': did you mean 'conv4_"),
        ({"content_layers": ("conv3_4",)}, "unknown layer of vgg16"),
        ({"style_layers": (StyleLayer("relu"),)}, "--style-layer: unknown layer"),
        ({"style_layers": (StyleLayer("conv1_1", -1.0),)}, "--style-layer conv1_1:-1.0: must be between 0 and"),
        ({"style_layers": ()}, "--style-layer: name at least one"),
        ({"content_layers": ("conv1_1", "block1_conv1")}, "named twice"),
        ({"content_weight": -1.0}, "--content-weight -1: must be between 0 and"),
        ({"tv_weight": float("nan")}, "--tv-weight nan"),
        ({"temporal_weight": float("inf")}, "--temporal-weight inf"),
        ({"content_weight": 0.0, "style_weight": 0.0}, "nothing to paint"),
        ({"size": 15}, "--size 15: must be between 16 and 16384 pixels"),
        ({"size": 10**9}, "--size 1e+09"),
        ({"color": "orignal"}, "--color: unknown color 'orignal': did you mean 'original'?"),
        ({"style_size": 9.0}, "--style-size 9: must be between 0.1 and 4"),
        ({"strength": 1.5}, "--strength 1.5: must be between 0 and 1"),
        ({"start": Fraction(-1)}, "--start -1: must be 0 or more seconds"),
        ({"start": Fraction(2), "end": Fraction(1)}, "--end 1: must lie after --start 2"),
        ({"evaluations": 0}, "--evaluations 0: must be between 1 and"),
        ({"first_evaluations": 0}, "--first-evaluations 0"),
        ({"seed": -1}, "--seed -1"),
        ({"styles": ()}, "--style: at least one picture"),
        ({"styles": (Style(Path("a.jpg"), -2.0),)}, "--style a.jpg:-2.0: must be between"),
        ({"styles": (Style(Path("a.jpg"), 0.0),)}, "all weights are 0"),
        ({"styles": styles("a.jpg:1:conv9_1")}, "--style a.jpg: unknown layer of vgg16 'conv9_1'"),
        ({"styles": styles("a.jpg:1:conv1_2")}, "--style a.jpg: conv1_2 is none of the style layers (conv1_1, "),
        ({"styles": styles("a.jpg:1:conv1_1")}, "--style: no picture counts at layer conv2_1"),
        ({"styles": styles("a.jpg@0", "b.jpg:0@1")}, "--style: all weights at 1s are 0"),
        ({"styles": styles("a.jpg@0", "b.jpg:1:conv1_1@1")}, "no picture counts at layer conv2_1 at 1s"),
        (
            {"styles": styles("a.jpg@2s", "b.jpg@1s")},
            "--style b.jpg@1s: comes after 2s; give the pictures in the order",
        ),
        ({"styles": styles("a.jpg@2s", "b.jpg")}, "--style: some have a time and some have none"),
        ({"styles": styles("a.jpg@-2s")}, "--style a.jpg@-2: must be between 0"),
    ],
)
def test_what_is_refused_says_which_option_and_why(setting, words):
    with pytest.raises(OptionError) as refusal:
        replace(PLAIN, **setting)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_layers_may_be_named_as_in_keras():
    config = replace(PLAIN, content_layers=("block4_conv2",), style_layers=(StyleLayer("block1_conv1", 2.0),))
    assert config.content_layers == ("conv4_2",)
    assert config.style_layer_weights == {"conv1_1": 2.0}


def test_every_network_has_its_layers():
    assert len(layer_names("vgg16")) == 13 and len(layer_names("vgg19")) == 16
    assert replace(PLAIN, network="vgg19", content_layers=("conv3_4",)).content_layers == ("conv3_4",)


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("a.jpg", Style(Path("a.jpg"))),
        ("a.jpg:0.7", Style(Path("a.jpg"), 0.7)),
        ("a.jpg:2e-1", Style(Path("a.jpg"), 0.2)),
        ("C:/a.jpg", Style(Path("C:/a.jpg"))),
        ("a:b.jpg:3", Style(Path("a:b.jpg"), 3.0)),
        ("a.jpg:1:conv1_1,conv2_1", Style(Path("a.jpg"), 1.0, ("conv1_1", "conv2_1"))),
        ("a.jpg@2s", Style(Path("a.jpg"), at=Fraction(2))),
        ("a.jpg@0.5", Style(Path("a.jpg"), at=Fraction(1, 2))),
        ("me@home.jpg@0", Style(Path("me@home.jpg"), at=Fraction(0))),
        ("me@2.jpg", Style(Path("me@2.jpg"))),
        ("a.jpg:0.5:block1_conv1@1.5s", Style(Path("a.jpg"), 0.5, ("block1_conv1",), Fraction(3, 2))),
    ],
)
def test_style_may_carry_a_weight(text, style):
    assert Style.parse(text) == style


@pytest.mark.parametrize("name", ["picture:2", "picture@2s", "picture:1:conv1_1", "picture:1@2"])
def test_a_style_whose_name_looks_like_more(tmp_path, name):
    path = tmp_path / name
    path.touch()
    assert Style.parse(str(path)) == Style(path)
    assert Style.parse(f"{path}@3s") == Style(path, at=Fraction(3))
    assert Style.parse(f"{path}:4") == Style(path, 4.0)


@pytest.mark.parametrize("more", [":50%", ":1:", "::conv1_1", "@1m", "@"])
def test_what_follows_a_picture_and_is_nothing_is_told_of(tmp_path, more):
    path = tmp_path / "picture.png"
    path.touch()
    with pytest.raises(OptionError, match=r"what follows .*picture\.png is no weight, layer or time; write IMAGE:"):
        Style.parse(f"{path}{more}")
    (tmp_path / "picture.png:x.png").touch()
    with pytest.raises(OptionError, match=r"what follows .*:x\.png is no weight"):
        Style.parse(f"{path}:x.png{more}")
    with pytest.raises(OptionError, match="--style: names no picture"):
        Style.parse("")
    with pytest.raises(OptionError, match="is not a time; write IMAGE@"):
        Style.parse(f"a.jpg@{'9' * 400}")


def test_style_layer_may_carry_a_weight():
    assert StyleLayer.parse("conv1_1:0.5") == StyleLayer("conv1_1", 0.5)
    with pytest.raises(OptionError, match="'x' is not a weight"):
        StyleLayer.parse("conv1_1:x")


def test_weights_follow_the_normalization_unless_given():
    assert replace(PLAIN, normalization="gatys").term_weights != PLAIN.term_weights
    assert replace(PLAIN, content_weight=0.0).term_weights.content == 0
    assert sum(PLAIN.style_layer_weights.values()) == pytest.approx(1)


def test_fingerprint_changes_with_every_setting():
    others = {"size": 99, "seed": 1, "content_weight": 2.0, "init": "prev", "end": Fraction(9), "evaluations": 3}
    others |= {"color": "match", "style_size": 2.0, "strength": 0.5}
    prints = {replace(PLAIN, **{name: value}).fingerprint() for name, value in others.items()}
    assert len(prints | {PLAIN.fingerprint()}) == len(others) + 1
    assert replace(PLAIN).fingerprint() == PLAIN.fingerprint()
    # A default that is written out is the same run.
    assert replace(PLAIN, content_weight=PLAIN.term_weights.content).fingerprint() == PLAIN.fingerprint()
