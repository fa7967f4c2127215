"""What a run is expected to take, and what is chosen for a given time."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from vidstyle.blending import SETTLING
from vidstyle.config import CHUNK, QUALITIES, Config, Style
from vidstyle.errors import OptionError
from vidstyle.motion.shots import Shot
from vidstyle.motion.still import WHOLE
from vidstyle.plan import RESTYLED, SHARE, Plan, Work, duration, fit
from vidstyle.survey import Survey


def config(**settings):
    return Config(styles=(Style(Path("a.png")),), **settings)


@pytest.mark.parametrize(
    ("work", "settings", "expected"),
    [
        (Work(1, 1, 0), {}, 100),
        (Work(10, 1, 0), {}, 100 + 9 * 20),
        (Work(10, 3, 0), {}, 3 * 100 + 7 * 20),
        (Work(10, 1, 6), {}, 50 + 15 * 20),  # the lead begins with half
        (Work(10, 1, 0), {"passes": 3}, 100 + 9 * 20 + 2 * 10 * 20),
        (Work(10, 1, 0), {"init": "content"}, 10 * 100),
        (Work(10, 1, 0, changing=[(0.25, 1)]), {}, 100 + 9 * 5),  # only a window of each frame is painted
        (Work(10, 1, 0, changing=[(0.25, 0.1)]), {"optimizer": "adam"}, 100 + 9 * 5),  # it never ends sooner
    ],
)
def test_evaluations(work, settings, expected):
    settings = config(first_evaluations=100, evaluations=20, **settings)
    assert work.evaluations(settings, (64, 36)) == expected


def test_a_picture_that_stands_still_is_painted_while_its_style_changes():
    """From its first frame in another style to the last that still takes it on."""
    names = "one.png", "other.png"
    styles = tuple(Style(Path(name), at=Fraction(at)) for name, at in zip(names, (1, 2), strict=True))
    times = [Fraction(index, 10) for index in range(50)]
    survey = Survey(replace(config(), styles=styles), [Shot(0, 50)], times)
    survey.changes.boxes = [None] * 50
    changing = survey.work(range(50), lambda box: float(box is WHOLE)).changing
    assert [index for index, each in enumerate(changing, 1) if each == (1, RESTYLED)] == list(range(11, 20 + SETTLING))


def test_where_less_changes_a_frame_is_cheaper_and_ends_sooner():
    part = (0, 0, 0.25, 0.25)
    shares = {None: 0.0, part: 0.4, WHOLE: 1.0}
    survey = Survey(config(), [Shot(0, 4)])
    survey.changes.boxes = [WHOLE, part, None, WHOLE]
    changing = survey.work(range(4), shares.__getitem__).changing
    assert changing == [(0.4, 1 / 16), (0, 0), (1, 1)]
    assert survey.work([0], shares.__getitem__).changing == []
    for quality, effort in QUALITIES.items():
        assert effort.expected(0) == CHUNK
        sooner = CHUNK + (effort.usual - CHUNK) / 8
        assert effort.expected(1 / 16) == sooner
        expected = effort.first_evaluations + effort.usual + 0.4 * sooner
        work = Work(4, 1, 0, changing=changing)
        assert work.evaluations(config(quality=quality), (64, 36)) == pytest.approx(expected)


def test_coarse_sizes_of_a_first_frame_are_cheap():
    still = config(first_evaluations=100)
    assert Work(1, 1, 0).evaluations(still, (512, 288)) == 80 + 20 / 4
    assert Work(1, 1, 0).evaluations(still, (1920, 1080)) == pytest.approx(40 + 20 / 4 + 20 / 16 + 20 / 64)
    # What is begun coarse goes on with half of the frame's detail, so noise would not be noise.
    assert Work(1, 1, 0).evaluations(replace(still, init="noise"), (1920, 1080)) == 100


def size_of(longer):
    longer = longer or 256
    return longer, longer // 2


PER_PIXEL = 1e-6
WORK = Work(10, 1, 0)


def needed(**settings):
    return WORK.seconds(config(**settings), size_of(settings.get("size")), PER_PIXEL) / SHARE


def chosen(budget, free_quality=True, **settings):
    found = fit(config(**settings), WORK, budget, 0, free_quality, size_of, PER_PIXEL)
    return found.quality, found.size


def test_quality_goes_before_size():
    for better, worse in (("fine", "normal"), ("normal", "draft")):
        assert chosen(needed(quality=better) * 1.001) == (better, None)
        assert chosen(needed(quality=better) * 0.999) == (worse, None)
    assert chosen(needed(quality="draft") * 0.999) == ("draft", 248)
    assert chosen(needed(quality="draft") / 4 * 1.001) == ("draft", 128)


def test_workers_share_the_shots():
    work = Work(10, 4, 0)
    one, some, many = (replace(work, workers=n).seconds(config(), (64, 36), PER_PIXEL) for n in (1, 2, 9))
    assert (one, one) == (2 * some, 4 * many)


def test_what_was_asked_for_stays():
    assert chosen(needed(quality="normal") / 4 * 1.001, free_quality=False) == ("normal", 128)
    assert chosen(needed(size=64) * 1.001, size=64) == ("normal", 64)
    with pytest.raises(OptionError, match=r"--budget 0\.1s: even draft quality at 64x32 takes about 0:\d\d; give more"):
        chosen(0.1, size=64)


@pytest.mark.parametrize("quality", QUALITIES)
def test_said_in_words(quality):
    assert str(Plan(Work(1, 1, 0), (64, 36), quality, 65.4, 1e-6)) == f"1 frame of 64x36, {quality} quality: about 1:05"
    assert duration(3 * 3600 + 61) == "3:01:01"
