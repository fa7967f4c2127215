"""End to end at small size with the real weights, through the Python API."""

import json
from fractions import Fraction

import numpy as np
import PIL.Image
import pytest
from safetensors.numpy import load_file, save_file

import vidstyle
from vidstyle.config import Style
from vidstyle.errors import InputError, OptimizationError, OptionError
from vidstyle.media import ClipInfo, Frame, ReadOptions, WriteOptions, create_clip, open_clip
from vidstyle.neural.weights import EMBEDDED

QUICK = {"first_evaluations": 12, "evaluations": 3, "precision": "float32"}


def read(path):
    with open_clip(path) as clip:
        return clip.info, list(clip.frames())


@pytest.fixture(scope="module")
def painted(small, tmp_path_factory):
    """A finished run: its report, the output, the report file, and all progress that was heard of."""
    folder = tmp_path_factory.mktemp("painted")
    heard = []
    report = vidstyle.stylize_clip(
        small / "clip.gif",
        styles=[small / "cubist.png"],
        output=folder / "out.gif",
        report=folder / "new" / "r.json",
        progress=heard.append,
        **QUICK,
    )
    return report, folder / "out.gif", folder / "new" / "r.json", heard


def test_timeline_size_and_loop_stay(small, painted):
    (before, source), (after, result) = read(small / "clip.gif"), read(painted[1])
    assert (after.width, after.height, after.loop) == (before.width, before.height, before.loop) == (48, 27, 0)
    assert [frame.duration for frame in result] == [frame.duration for frame in source]


def test_it_is_painted_in_the_colours_of_the_style(small, painted):
    def mean_colour(path):
        return np.mean([frame.image.mean((0, 1)) for frame in read(path)[1]], 0)

    style = mean_colour(small / "cubist.png")
    before, after = mean_colour(small / "clip.gif"), mean_colour(painted[1])
    assert np.linalg.norm(after - style) < 0.8 * np.linalg.norm(before - style)


def test_report_has_every_figure(painted):
    report, _, path, _ = painted
    stored = json.loads(path.read_text())
    assert stored == json.loads(json.dumps(report.as_dict()))
    assert stored["settings"]["content_weight"] == report.as_dict()["settings"]["content_weight"] > 0
    assert stored["versions"]["tensorflow"] and stored["input"]["frames"] == 4
    assert [row["index"] for row in stored["frames"]] == [0, 1, 2, 3]
    for row in stored["frames"]:
        assert set(row["loss"]) == {"content", "style", "tv", "temporal", "total"}
        assert row["seconds"] > 0
        # A loop of four: the last two are painted before the first, with half of its evaluations to begin with.
        assert row["evaluations"] == [6 + 3 + 3, 3, 3, 0][row["index"]]
        assert row["warp_error"] is not None and row["reliable"] is not None
    assert stored["shots"] == [[0, 4]]
    totals = stored["totals"]
    assert totals["frames"] == 4 and totals["evaluations"] == 18
    assert totals["seconds"] > sum(row["seconds"] for row in stored["frames"])
    assert totals["peak_rss_mb"] > 100
    assert totals["warp_error"] == pytest.approx(np.mean([row["warp_error"] for row in stored["frames"][1:]]))
    assert totals["source_warp_error"] > 0


def test_progress_tells_of_frames_and_of_the_steps_within(painted):
    heard = painted[3]
    finished = [step for step in heard if step.result is not None]
    assert [step.index for step in finished] == [0, 1, 2, 3]
    assert heard[0].plan.work.frames == 4 and heard[0].plan.seconds > 0
    assert all(step.frames == 4 and np.isfinite(step.loss) and step.plan is None for step in heard[1:])
    assert finished[0].frame.image.shape == (27, 48, 3)
    assert len(heard) > len(finished)


def test_a_budget_chooses_what_is_left_open(tmp_path, small):
    def chosen(budget, **settings):
        run = {**QUICK, "end": Fraction(1, 10), **settings}
        report = vidstyle.stylize_clip(
            small / "clip.gif", [small / "cubist.png"], tmp_path / "o.gif", budget=budget, **run
        )
        (tmp_path / "o.gif").unlink()
        return report.as_dict()["settings"]["quality"]

    assert chosen(1000) == "fine"
    assert chosen(1000, quality="draft") == "draft"
    with pytest.raises(OptionError, match=r"--budget 0\.1s: even draft quality at .* takes about"):
        chosen(0.1)
    assert list(tmp_path.iterdir()) == []


def frames_of(small, **settings):
    settings = {"styles": [small / "cubist.png"], **QUICK, **settings}
    return [step.result for step in vidstyle.stylize_frames(small / "clip.gif", **settings)]


def test_the_same_run_gives_the_same_pixels(small):
    once, again = (frames_of(small, init="noise", seed=7, end=Fraction(1, 10)) for _ in range(2))
    other = frames_of(small, init="noise", seed=8, end=Fraction(1, 10))
    for a, b, c in zip(once, again, other, strict=True):
        np.testing.assert_array_equal(a.image, b.image)
        assert (a.image != c.image).any()


def test_warm_start_is_ahead_of_a_start_from_the_content(small):
    """With three evaluations a frame, only the previous result gets anywhere; along the flow it flickers less."""
    cold = {"init": "content", "first_evaluations": 3}
    along, content = frames_of(small), frames_of(small, **cold)
    assert along[3].losses["total"] < 0.8 * content[3].losses["total"]
    assert along[3].losses["temporal"] > 0 == content[3].losses["temporal"]


@pytest.mark.parametrize(
    ("init", "optimizer"),
    [("prev-warped", "lbfgs"), ("prev", "lbfgs"), ("content", "lbfgs"), ("noise", "lbfgs"), ("prev-warped", "adam")],
)
def test_every_start_and_optimiser_improves(small, init, optimizer):
    def mean_loss(evaluations):
        few = {"first_evaluations": evaluations, "evaluations": max(1, evaluations // 3)}
        few |= {"init": init, "optimizer": optimizer, "end": Fraction(2, 10)}
        return np.mean([r.losses["total"] for r in frames_of(small, **few)])

    assert mean_loss(24) < 0.9 * mean_loss(3)


def test_a_frame_ends_early_where_nothing_is_left_to_gain(small):
    most = {"first_evaluations": 40, "evaluations": 30}
    draft, fine = (
        [r.evaluations for r in frames_of(small, quality=quality, loop="off", **most)] for quality in ("draft", "fine")
    )
    assert draft[0] == fine[0] == 40
    assert sum(draft[1:]) < sum(fine[1:]) < 90
    assert all(count % 5 == 0 and count <= 30 for count in draft[1:])


def test_adam_never_ends_early_since_it_climbs_before_it_falls(small):
    few = {"first_evaluations": 5, "evaluations": 12, "end": Fraction(2, 10), "loop": "off"}
    first, *rest = (r.evaluations for r in frames_of(small, quality="draft", optimizer="adam", **few))
    assert first == 5
    assert rest and set(rest) == {12}


def test_large_pictures_begin_coarse_within_the_same_evaluations(small, monkeypatch):
    from vidstyle.neural import coarse

    settings = {"first_evaluations": 20, "size": 64, "end": Fraction(1, 100)}
    (at_once,) = frames_of(small, **settings)
    monkeypatch.setattr(coarse, "COARSEST", 16)
    (refined,) = frames_of(small, **settings)
    assert not np.array_equal(refined.image, at_once.image)
    assert refined.evaluations == at_once.evaluations == 20
    assert refined.losses["total"] < 1.3 * at_once.losses["total"]


def test_temporal_weight_calms(small):
    def flicker(weight):
        return np.mean([r.warp_error for r in frames_of(small, temporal_weight=weight, evaluations=8)[1:]])

    assert flicker(1000.0) < 0.8 * flicker(0.0)


@pytest.mark.parametrize(
    "settings",
    [
        {"normalization": "gatys"},
        {"pooling": "max"},
        {"precision": "bfloat16"},
        {"content_layers": ("conv3_3", "conv4_2"), "style_layers": (vidstyle.StyleLayer("conv2_2", 3.0),)},
        {"content_weight": 0.0},
        {"style_weight": 0.0},
        {"init": "noise", "style_weight": 0.0, "tv_weight": 0.0},
    ],
    ids=str,
)
def test_every_variant_runs(small, settings):
    settings = {**settings, "end": Fraction(1, 10)}
    results = frames_of(small, **settings)
    assert all(np.isfinite(list(r.losses.values())).all() for r in results)
    assert all(r.image.min() >= 0 and r.image.max() <= 255 and r.image.std() > 5 for r in results)


def test_two_styles_lie_between_each_alone(small):
    def style_loss(*styles):
        return frames_of(small, styles=list(styles), end=Fraction(1, 20), first_evaluations=30)[0].image.mean((0, 1))

    one, two = Style(small / "cubist.png"), Style(small / "swirl.png")
    alone, other = style_loss(one), style_loss(two)
    mixed = style_loss(one, two)
    direction = other - alone
    assert 0.1 < (mixed - alone) @ direction / (direction @ direction) < 0.9


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (97, 16), (131, 130)])
def test_any_size_from_16_pixels(tmp_path, small, size):
    picture = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8)
    PIL.Image.fromarray(picture).save(tmp_path / "a.png")
    vidstyle.stylize_clip(tmp_path / "a.png", [small / "swirl.png"], tmp_path / "b.png", **QUICK)
    info, _ = read(tmp_path / "b.png")
    assert (info.width, info.height) == size


def test_transparency_comes_out_as_it_went_in(tmp_path, small):
    rng = np.random.default_rng(0)
    alphas = [np.where(rng.uniform(size=(24, 32)) < 0.5, 0, 255).astype(np.uint8) for _ in range(3)]
    durations = [Fraction(2, 100), Fraction(7, 100), Fraction(3, 100)]
    info = ClipInfo("gif", 32, 24, frame_count=3, tick=Fraction(1, 100), loop=3, has_alpha=True)
    with create_clip(tmp_path / "a.gif", info) as writer:
        for alpha, duration in zip(alphas, durations, strict=True):
            writer.write(Frame(rng.integers(0, 255, (24, 32, 3), np.uint8), duration, alpha))
    vidstyle.stylize_clip(tmp_path / "a.gif", [small / "swirl.png"], tmp_path / "b.gif", **QUICK)
    after, frames = read(tmp_path / "b.gif")
    assert after.loop == 3 and after.has_alpha
    assert [frame.duration for frame in frames] == durations
    for frame, alpha in zip(frames, alphas, strict=True):
        np.testing.assert_array_equal(frame.alpha, alpha)


def test_not_finite_names_the_frame_and_the_term_and_leaves_nothing(tmp_path, small):
    tensors = load_file(EMBEDDED)
    tensors = {name: value.astype(np.float32) * (1e20 if "block4" in name else 1) for name, value in tensors.items()}
    save_file(tensors, tmp_path / "w.safetensors")
    with pytest.raises(OptimizationError, match=r"frame 1: the (content|style) term is not finite"):
        vidstyle.stylize_clip(
            small / "clip.gif",
            [small / "swirl.png"],
            tmp_path / "out.gif",
            report=tmp_path / "deep" / "r.json",
            weights=tmp_path / "w.safetensors",
            **QUICK,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize(
    ("name", "idle"),
    [("o.gif", ["--fps", "--crf", "--passes"]), ("o.png", ["--fps", "--palette", "--dither", "--crf", "--passes"])],
)
def test_options_that_do_nothing_are_told_of(tmp_path, small, name, idle):
    report = vidstyle.stylize_clip(
        small / "clip.gif",
        [small / "swirl.png"],
        tmp_path / name,
        end=Fraction(1, 100),
        read=ReadOptions(fps=Fraction(10)),
        write=WriteOptions(palette="frame", dither="none", crf=20),
        passes=2,
        **QUICK | {"init": "content", "loop": "on"},
    )
    assert [notice.partition(" does nothing: ")[0] for notice in report.notices] == [*idle, "--loop"]


def test_a_part_without_frames_is_refused(small):
    with pytest.raises(OptionError, match=r"ends at 0.32 s"):
        vidstyle.stylize_frames(small / "clip.gif", [small / "swirl.png"], start=Fraction(9))
    with pytest.raises(InputError, match="no such file"):
        vidstyle.stylize_frames(small / "none.gif", [small / "swirl.png"])
