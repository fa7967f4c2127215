"""A frame that fails is noticed, painted again from another start, and told of; never silently left as it is."""

import numpy as np
import PIL.Image
import pytest

import vidstyle
from vidstyle.blending import Blend
from vidstyle.config import Config, Style
from vidstyle.errors import OptimizationError
from vidstyle.media import ClipInfo, Frame, create_clip, open_clip
from vidstyle.motion.shots import Shot
from vidstyle.neural.chain import Chain
from vidstyle.neural.engine import Engine
from vidstyle.neural.stylize import Stylizer
from vidstyle.neural.weights import load_weights

FRAMES, FAILING = 6, 4


@pytest.fixture(scope="module")
def clip(small, tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.apng"
    ground = np.random.default_rng(1).integers(0, 255, (6, 8, 3)).repeat(4, 0).repeat(4, 1).astype(np.uint8)
    info = ClipInfo("apng", 32, 24, frame_count=FRAMES, tick=1)
    with create_clip(path, info) as writer:
        for index in range(FRAMES):
            writer.write(Frame(np.roll(ground, 4 * index, 1), 1))
    return path


def paint(clip, small, tmp_path, styles=("cubist.png",), **settings):
    settings = {"first_evaluations": 8, "evaluations": 4, "precision": "bfloat16", **settings}
    return vidstyle.stylize_clip(clip, [f"{small}/{style}" for style in styles], tmp_path / "out.gif", **settings)


def sabotage(monkeypatch, clip, fail):
    """Engine.paint does `fail`(engine, painted) for the frame FAILING; gives the list of what it was asked for."""
    content = open_clip(clip)
    failing = [frame.image for frame in content.frames()][FAILING].astype(np.float32)
    original, calls = Engine.paint, []

    def paint(self, content, start, evaluations, memory=None, *more, **named):
        painted = original(self, content, start, evaluations, memory, *more, **named)
        if not np.array_equal(content, failing):
            return painted
        calls.append((np.array_equal(start, content), memory is None, self.vgg.dtype.name, evaluations))
        return fail(len(calls), painted)

    monkeypatch.setattr(Engine, "paint", paint)
    return calls


def bad(painted):
    return painted._replace(
        image=np.zeros_like(painted.image), losses={**painted.losses, "total": painted.losses["total"] * 5}
    )


def not_finite(times):
    def fail(call, painted):
        if call <= times:
            raise OptimizationError("the style term is not finite")
        return painted

    return fail


def test_a_bad_frame_is_painted_again_from_its_content(clip, small, tmp_path, monkeypatch):
    calls = sabotage(monkeypatch, clip, lambda call, painted: bad(painted) if call == 1 else painted)
    report = paint(clip, small, tmp_path)
    assert [call[:2] for call in calls] == [(False, False), (True, True)] and calls[1][3] == 8
    assert [row["retries"] for row in report.frames] == [0, 0, 0, 0, 1, 0]
    assert report.frames[FAILING]["evaluations"] == 12
    assert report.frames[FAILING]["loss"]["total"] < 2 * report.frames[FAILING - 1]["loss"]["total"]
    assert report.notices == []


def test_a_frame_that_stays_bad_is_told_of(clip, small, tmp_path, monkeypatch):
    sabotage(monkeypatch, clip, lambda call, painted: bad(painted))
    notice, *_ = paint(clip, small, tmp_path).notices
    assert notice.startswith("frame 5: its loss is ") and notice.endswith("also in a second try; look at it")


def test_another_style_has_losses_of_its_own(clip, small, tmp_path, monkeypatch):
    calls = sabotage(monkeypatch, clip, lambda call, painted: bad(painted))
    report = paint(clip, small, tmp_path, ["cubist.png@3.9", "swirl.png@4"])  # a frame lasts a second
    assert len(calls) == 1 and [row["retries"] for row in report.frames] == [0] * FRAMES


def test_a_frame_that_fails_in_another_pass_stays_as_it_is(clip, small, tmp_path, monkeypatch):
    def fail(call, painted):
        if call == 2:
            raise OptimizationError("the style term is not finite")
        before.append(painted)
        return painted

    before = []
    calls = sabotage(monkeypatch, clip, fail)
    report = paint(clip, small, tmp_path, passes=2)
    assert len(calls) == 2 and [row["retries"] for row in report.frames] == [0, 0, 0, 0, 1, 0]
    assert report.frames[FAILING]["loss"] == before[0].losses


def test_what_is_not_finite_is_painted_again_in_float32(clip, small, tmp_path, monkeypatch):
    calls = sabotage(monkeypatch, clip, not_finite(2))
    report = paint(clip, small, tmp_path)
    assert [call[2] for call in calls] == ["bfloat16", "bfloat16", "float32"]
    assert [row["retries"] for row in report.frames] == [0, 0, 0, 0, 2, 0]


def test_what_is_never_finite_is_an_error_that_names_the_frame(clip, small, tmp_path, monkeypatch):
    sabotage(monkeypatch, clip, not_finite(9))
    with pytest.raises(OptimizationError, match="frame 5: the style term is not finite"):
        paint(clip, small, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shots", [[Shot(0, 26)], [Shot(0, 6), Shot(6, 26)], [Shot(0, 13), Shot(13, 26, True)]])
def test_what_is_found_while_the_optimiser_works_is_what_a_chain_finds_itself(small, monkeypatch, shots):
    ground = np.random.default_rng(1).integers(0, 255, (6, 8, 3)).repeat(6, 0).repeat(6, 1).astype(np.uint8)
    frames = [np.roll(ground, 2 * index, 1) for index in range(26)]
    for index, frame in enumerate(frames):
        frame[10:26, 4 * index % 40 : 4 * index % 40 + 8] = 255
    config = Config(
        styles=(Style(small / "cubist.png"),), first_evaluations=2, evaluations=1, precision="float32", seed=1
    )
    stylizer = Stylizer(config, load_weights("vgg16"), [np.asarray(PIL.Image.open(small / "cubist.png"))])

    def painted():
        return [result.image for result in stylizer.clip(frames, shots, frames[-6:])]

    beside = painted()
    monkeypatch.setattr("vidstyle.neural.stylize.find_origins", lambda *arguments: None)
    np.testing.assert_array_equal(beside, painted())


@pytest.mark.parametrize("repeated", [True, False])
def test_another_style_forgets_what_hidden_ground_was_painted_like(repeated, small):
    """What is seen has the new paint at once, even in a frame that shows what the one before showed."""
    config = Config(styles=(Style(small / "cubist.png"),) * 2, evaluations=1, precision="float32")
    picture = np.asarray(PIL.Image.open(small / "cubist.png"))
    chain = Chain(Stylizer(config, load_weights("vgg16"), [picture, 255 - picture]), 2)
    names = [layer.name for layer in config.style_layers]
    one, other = (Blend(dict.fromkeys(names, np.array(shares, np.float32))) for shares in ((1, 0), (0, 1)))
    for index, (left, blend) in enumerate([(4, one), (10, one), (16, one), (16 if repeated else 22, other)]):
        frame = np.full((64, 96, 3), (120, 190, 240), np.uint8)
        frame[24:40, left : left + 16] = 200 * np.eye(4).repeat(4, 0).repeat(4, 1)[..., None]
        result = chain.add(frame, index, None, blend=blend)
        known = chain.ground.known
        assert bool(known) == (index > 0)
        if index == 2:
            assert (known["seen"] & known["passed"]).sum() > 100 and chain.drift.change.any()
    assert known["seen"].mean() > 0.3
    np.testing.assert_array_equal(known["paint"][known["seen"]], result.image[known["seen"]])
    assert not chain.drift.change.any()
    resumed = Chain(chain.stylizer, 2, chain.state(0, 4, []))
    chain.add(frame, 4, None, blend=blend)
    assert (resumed.still == -8).all() and (chain.still == -7).all()


def test_what_stands_still_is_painted_in_a_new_style_before_it_is_held_again(small):
    config = Config(styles=(Style(small / "cubist.png"),) * 2, evaluations=5, precision="float32")
    picture = np.asarray(PIL.Image.open(small / "cubist.png"))
    stylizer = Stylizer(config, load_weights("vgg16"), [picture, 255 - picture[:, ::-1]])
    names = [layer.name for layer in config.style_layers]
    frame = np.random.default_rng(1).integers(40, 170, (8, 12, 3)).repeat(8, 0).repeat(8, 1).astype(np.uint8)
    chain, results = Chain(stylizer, 40), []
    for share in (0, 0, 0.25, 0.5, 0.75, *[1] * 12):
        blend = Blend(dict.fromkeys(names, np.array([1 - share, share], np.float32)))
        results.append(chain.add(frame, len(results), None, blend=blend))
    worked = [result.evaluations > 0 for result in results]
    assert worked == [True, False, *[True] * 11, *[False] * 4]
    np.testing.assert_array_equal(results[-1].image, results[-5].image)
    assert results[-1].losses["total"] < 1.05 * stylizer.first(frame, 40, None, blend).losses["total"]


def test_a_part_of_which_the_paint_has_drifted_comes_back_by_itself(small):
    config = Config(styles=(Style(small / "cubist.png"),), evaluations=1, precision="float32")
    stylizer = Stylizer(config, load_weights("vgg16"), [np.asarray(PIL.Image.open(small / "cubist.png"))])
    ground = np.random.default_rng(1).integers(60, 190, (8, 12, 3)).repeat(8, 0).repeat(8, 1)
    frames = [np.uint8(ground + noise) for noise in range(3)]  # no pixel stays as it is, or it would be held

    def painted(drifted):
        chain = Chain(stylizer, 4)
        for index, frame in enumerate(frames):
            if index == 2:
                chain.drift.change[..., :3] += np.float32(drifted) * np.where(np.arange(96) < 48, 1, -1)[:, None]
            result = chain.add(frame, index, None)
        return result.image

    back = painted(0) - painted(60)
    assert back[:, :24].mean() > 2 and back[:, -24:].mean() < -2 and abs(back.mean()) < 1


def test_a_film_that_fades_in_is_as_light_as_one_that_is_there_at_once(small):
    """Paint is no lighter in black frames, yet it was taken to have been, and all that followed came out too light."""
    config = Config(styles=(Style(small / "cubist.png"),), evaluations=3, precision="float32")
    stylizer = Stylizer(config, load_weights("vgg16"), [np.asarray(PIL.Image.open(small / "cubist.png"))])
    ground = np.random.default_rng(1).integers(40, 170, (8, 12, 3)).repeat(8, 0).repeat(8, 1)
    chain = Chain(stylizer, 20)
    for index in range(16):
        frame = np.uint8(ground * min(1, index / 12) + index % 2)
        result = chain.add(frame, index, None)
    assert abs(result.image.mean() - stylizer.first(frame, 20, None).image.mean()) < 12
