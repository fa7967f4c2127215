"""Files of settings: what they may say, with which words they are refused, and that a report makes its result again."""

import json
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import pytest

from vidstyle.config import DEFAULT_WEIGHTS, QUALITIES, Config, Style, StyleLayer
from vidstyle.errors import OptionError, VidstyleError
from vidstyle.media import ReadOptions, WriteOptions
from vidstyle.pipeline import stylize_clip
from vidstyle.settings_file import (
    SETTINGS,
    arguments,
    as_toml,
    load_settings,
    merge,
    plain_settings,
    settings_of,
    tomllib,
)

QUICK = ["--first-evaluations", "6", "--evaluations", "2", "--precision", "float32"]

FILE = """
style = ["a.png:2", {path = "b:1.png"}]
content-layer = "conv3_1"
style-layer = ["conv1_1:2", {name = "conv2_1"}]
content_weight = 1
start = 0.1
end = "1/3"
fps = "30000/1001"
shots = false
weights = "w/vgg.h5"
dither = "none"
"""


def test_a_file_may_hold_every_setting_and_its_paths_are_relative_to_it(tmp_path):
    (tmp_path / "look.toml").write_text(FILE)
    found = load_settings(tmp_path / "look.toml")
    assert found == {
        "styles": (Style(tmp_path / "a.png", 2.0), Style(tmp_path / "b:1.png")),
        "content_layers": ("conv3_1",),
        "style_layers": (StyleLayer("conv1_1", 2.0), StyleLayer("conv2_1")),
        "content_weight": 1.0,
        "start": Fraction(1, 10),
        "end": Fraction(1, 3),
        "fps": Fraction(30000, 1001),
        "shots": False,
        "weights": tmp_path / "w" / "vgg.h5",
        "dither": "none",
    }
    assert type(found["content_weight"]) is float


def test_every_field_can_stand_in_a_file_but_what_the_command_line_alone_may_say():
    names = {field.name for owner in (Config, ReadOptions, WriteOptions) for field in fields(owner)}
    assert names - set(SETTINGS) == {"overwrite"}
    assert not set(SETTINGS) & {"source", "input", "output", "report", "save_config", "job"}


def test_what_was_saved_is_what_is_read(tmp_path):
    odd = Style(tmp_path / "sub" / 'caf\u00e9 "\\\n\x7f\U0001f3a8.png', 0.1)
    config = Config(
        (odd, Style(Path("/elsewhere/b.png"), layers=("conv1_1",))),
        end=Fraction(1, 3),
        tv_weight=1e-7,
        shots=False,
        masks=(odd.path, Path("/m.png")),
    )
    plain = plain_settings(config, ReadOptions(fps=Fraction(30000, 1001)), WriteOptions(palette="frame"))
    (tmp_path / "saved.toml").write_bytes(as_toml(plain, tmp_path / "saved.toml"))
    written = tomllib.loads((tmp_path / "saved.toml").read_text())
    assert written["style"][0]["path"].startswith("sub/") and written["style"][1]["path"] == "/elsewhere/b.png"
    found = load_settings(tmp_path / "saved.toml")
    assert (found.pop("fps"), found.pop("palette")) == (Fraction(30000, 1001), "frame")
    for name in ("max_pixels", "dither"):
        del found[name]
    assert Config(**found).fingerprint() == config.fingerprint()
    (tmp_path / "moved").mkdir()
    (tmp_path / "saved.toml").rename(tmp_path / "moved" / "saved.toml")
    assert (
        load_settings(tmp_path / "moved" / "saved.toml")["styles"][0].path == tmp_path / "moved" / "sub" / odd.path.name
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("content-wieght = 1", "unknown setting 'content-wieght': did you mean 'content-weight'?"),
        ("output = 'a.gif'", "unknown setting 'output'"),
        ("overwrite = true", "unknown setting 'overwrite'"),
        ("report = '/etc/passwd'", "unknown setting 'report'"),
        ("size = 'big'", 'size = "big": must be a whole number'),
        ("size = 1.5", "size = 1.5: must be a whole number"),
        ("size = true", "size = true: must be a whole number"),
        ("size = 0x" + "f" * 5000, "size: must be a whole number"),
        ("tv-weight = '1'", 'tv-weight = "1": must be a number'),
        ("shots = 1", "shots = 1: must be true or false"),
        ("loop = false", "loop = false: must be one of auto, on, off"),
        ("start = 'soon'", "start = \"soon\": must be a number, such as"),
        ("end = '1e999999999'", "end = "),
        ("end = 1979-05-27", "end: must be a number"),
        ("style = ''", "style = \"\": must be the name of a file"),
        ("mask = ''", "mask = \"\": must be the name of a file"),
        ("style = 3", "style = 3: must be a text, or a table of path, weight"),
        ("style = {weight = 1}", "style: must be a text, or a table of path, weight"),
        ("style = {path = 'a', wieght = 1}", "style: unknown key 'wieght': did you mean 'weight'?"),
        ("style = {path = 'a', weight = 'x'}", "style: must be a number"),
        ('style = "a\\u0000b"', "must be a text"),
        ("style-layer = 'conv1_1:x'", "style-layer: --style-layer conv1_1:x: 'x' is not a weight"),
        ("size = 99\nsize = 98", "is neither a TOML file of settings nor the report"),
        ("tv-weight = 1\ntv_weight = 2", "tv_weight: is given twice"),
        ("{\"settings\": {\"sise\": 3}}", "unknown setting 'sise': did you mean 'size'?"),
        ("{\"settings\": ", "is neither"),
        ("a = " + "[" * 100_000, "is neither"),
        ("{\"a\": " + "[" * 100_000, "is neither"),
        ("\xff\xfe", "is neither"),
        ("a." * 200_000 + "a = 1", "500 dots in a line"),
        ("#" * 2**20 + "#", "more than 1048576 characters"),
        ("k" * 5000 + " = 1", f"unknown setting '{'k' * 60}' (known"),
        ("style = [" + "'a'," * 1001 + "]", "style: must be a list of at most 1000"),
        (f"style = '{':1' * 4000}'", "style: must be a text"),
    ],
)  # fmt: skip
def test_what_is_refused_names_the_file_and_the_key(tmp_path, text, words):
    (tmp_path / "look.toml").write_text(text, encoding="latin-1")
    with pytest.raises(OptionError) as refusal:
        load_settings(tmp_path / "look.toml")
    assert str(refusal.value).startswith(f"{tmp_path}/look.toml: ") and words in str(refusal.value)
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 1000


def test_a_mark_that_editors_set_before_the_text_is_no_part_of_it(tmp_path):
    (tmp_path / "look.toml").write_text("size = 99", encoding="utf-8-sig")
    assert load_settings(tmp_path / "look.toml") == {"size": 99}


@pytest.mark.parametrize(
    "text",
    [
        "output = '{elsewhere}/a.mp4'",
        "report = '{elsewhere}/r.json'",
        "save-config = '{elsewhere}/s.toml'",
        "overwrite = true",
        "codec = 'libx264 -y {elsewhere}/a.mp4'",
        "codec = '$(touch {elsewhere}/a)'",
        "palette = '{elsewhere}/a'",
        "weights = '{elsewhere}/w.h5'",
    ],
)
def test_a_file_of_settings_cannot_make_anything_be_written(small, tmp_path, text):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "look.toml").write_text(f"style = '{small}/swirl.png'\n" + text.format(elsewhere=elsewhere))
    with pytest.raises(VidstyleError):
        stylize_clip(small / "clip.gif", output=tmp_path / "o.mp4", **arguments(load_settings(tmp_path / "look.toml")))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["elsewhere", "look.toml"]


def test_a_quality_or_normalization_takes_its_own_figures_along(tmp_path):
    """A saved file has all of them; what belongs to its own choice must not outlive another one."""
    plain = plain_settings(Config((Style(Path("a.png")),)), ReadOptions(), WriteOptions())
    saved = settings_of(plain, tmp_path / "s.toml")
    names = {field.name for field in fields(Config)}

    def config(**given):
        return Config(**{name: value for name, value in merge(saved, given).items() if name in names})

    assert config(size=99).effort == QUALITIES["normal"]
    assert config(quality="draft").effort == QUALITIES["draft"]
    assert config(quality="draft", evaluations=7).effort.evaluations == 7
    assert config(normalization="gatys").term_weights == DEFAULT_WEIGHTS["gatys"]
    kept = merge(saved, {"evaluations": 7}, {"quality": "normal", "normalization": "relative"})
    assert kept == {**saved, "evaluations": 7}


def test_a_file_that_is_none(tmp_path):
    for path in (tmp_path, tmp_path / "none.toml", Path("/dev/zero")):
        with pytest.raises(OptionError, match="no such file of settings"):
            load_settings(path)


def test_a_run_repeated_from_its_report_gives_the_same_bytes(small, tmp_path, vidstyle):
    """Whatever else was chosen: the report's settings make the result again, from another folder."""
    clip = small / "clip.gif"
    given = ["--start", "0.09", "--content-weight", "0.3", "--dither", "floyd", "--palette", "frame", "--loop", "off"]
    given += [
        "--style-layer",
        "conv1_1:2",
        "--style-layer",
        "conv2_1",
        "--init",
        "noise",
        "--seed",
        "3",
        "--color",
        "match",
        "--strength",
        "0.9",
        "-q",
    ]
    files = ["--report", tmp_path / "sub" / "r.json", "--save-config", tmp_path / "sub" / "s.toml"]
    styles = ["--style", "cubist.png:0.7", "--style", "swirl.png"]
    done = vidstyle("run", clip, *styles, *given, *QUICK, *files, "-o", tmp_path / "a.gif", cwd=small)
    assert done == (0, "", "")
    for config in ("r.json", "s.toml"):
        again = tmp_path / f"{config}.gif"
        config = tmp_path / "sub" / config
        assert vidstyle("run", clip, "--config", config, "-q", "-o", again, cwd=tmp_path) == (0, "", "")
        assert again.read_bytes() == (tmp_path / "a.gif").read_bytes()


def test_a_file_that_is_not_wanted_is_named_by_nothing(tmp_path):
    (tmp_path / "look.toml").write_text("keep-mask = ''\n")
    assert load_settings(tmp_path / "look.toml") == {"keep_mask": None}


def test_a_budget_chooses_the_quality_that_a_report_names(small, tmp_path, vidstyle):
    given = ["run", small / "clip.gif", "--end", "0.01", "-q"]
    saved = ["--style", "cubist.png", "--quality", "draft", "--save-config", tmp_path / "s.toml"]
    assert vidstyle(*given, *saved, "-o", tmp_path / "a.gif", cwd=small) == (0, "", "")
    again = ["--config", tmp_path / "s.toml", "--budget", "1h", "--report", tmp_path / "r.json"]
    assert vidstyle(*given, *again, "-o", tmp_path / "b.gif") == (0, "", "")
    settings = json.loads((tmp_path / "r.json").read_text())["settings"]
    assert (settings["quality"], settings["first_evaluations"]) == ("fine", QUALITIES["fine"].first_evaluations)


def test_the_command_line_wins_over_the_file_and_a_file_out_of_range_is_named(small, tmp_path, vidstyle):
    (tmp_path / "look.toml").write_text(f"style = '{small}/swirl.png'\nsize = 5\ncontent-weight = 2\n")
    code, _, err = vidstyle("run", small / "clip.gif", "--config", "look.toml", cwd=tmp_path)
    assert code == 2 and err == (
        "vidstyle: --size 5: must be between 16 and 16384 pixels (with the settings in look.toml)\n"
    )
    code, _, err = vidstyle("run", small / "clip.gif", "--config", "look.toml", "--size", "6", cwd=tmp_path)
    assert code == 2 and "--size 6" in err
    given = ["--size", "32", "--end", "0.01", "--style", small / "cubist.png", "--tv-weight", "0.5", *QUICK]
    files = ["-o", "o.gif", "--report", "r.json"]
    code, _, err = vidstyle("run", small / "clip.gif", "--config", "look.toml", *given, *files, cwd=tmp_path)
    assert code == 0, err
    settings = json.loads((tmp_path / "r.json").read_text())["settings"]
    assert settings["styles"] == [{"path": f"{small}/cubist.png", "weight": 1.0}]
    assert (settings["size"], settings["content_weight"], settings["tv_weight"]) == (32, 2.0, 0.5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["look.toml", "o.gif", "r.json"]
