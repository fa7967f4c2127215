"""Paint is spread anew where much of the picture came in late, and comes into view within a few frames."""

import itertools
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

from vidstyle.config import Config, Style
from vidstyle.errors import OptimizationError
from vidstyle.motion.carry import Origins
from vidstyle.motion.reliability import Motion
from vidstyle.neural.chain import Chain
from vidstyle.neural.renewal import FRAMES, Renewal
from vidstyle.neural.stylize import Stylizer
from vidstyle.neural.weights import load_weights

SIZE = (24, 40)


def origins(new):
    """Of a still frame in which the columns that are True have come in."""
    kept = np.broadcast_to(1 - np.asarray(new, np.float32), SIZE)
    return Origins(Motion(np.zeros((*SIZE, 2), np.float32), kept), [], kept, 1 - kept, np.zeros(SIZE, np.bool_))


def heeded(*columns):
    """What a Renewal says of frames in each of which the columns in a range came in."""
    renewal, place = Renewal(), np.arange(SIZE[1])
    return [renewal.heed(origins((place >= first) & (place < last))) for first, last in columns]


def test_it_is_due_once_much_has_come_in_and_the_picture_is_calm():
    calm = [(0, 0)] * 4
    coming = [(2 * at, 2 * at + 2) for at in range(14)]
    said = heeded(*coming, *calm)
    assert not any(said[:15]) and said[-1]
    assert not any(heeded(*coming, *coming))  # never calm
    assert not any(heeded(*coming[:4], *[(0, 0)] * 20))  # too little
    assert not any(heeded(*coming[:10], *calm[:2]))  # too short
    assert not any(heeded((0, 40), *[(0, 0)] * 20))  # painted as a whole already


@pytest.fixture(scope="module")
def frames():
    """A picture over which another one slides until it has two thirds; after that a bright patch changes there."""
    pictures = np.random.default_rng(1).integers(0, 255, (2, 6, 8, 3)).repeat(6, 1).repeat(6, 2).astype(np.uint8)
    frames = []
    for index in range(30):
        covered = min(32, 2 * index)
        frames.append(pictures[0].copy())
        frames[-1][:, :covered] = pictures[1][:, 48 - covered :]
        frames[-1][0:2, 40 + index % 4 : 42 + index % 4] = 255
    return frames


@pytest.fixture(scope="module")
def stylizer(small):
    config = Config(
        styles=(Style(small / "cubist.png"),), first_evaluations=12, evaluations=3, precision="float32", seed=1
    )
    return Stylizer(config, load_weights("vgg16"), [np.asarray(PIL.Image.open(small / "cubist.png"))])


@pytest.fixture(scope="module")
def renewed(frames, stylizer):
    """The results, the states and the goals of a chain, and the frame in which its paint begins to be spread anew."""
    chain, results, states, goals = Chain(stylizer, 12), [], [], []
    for index, frame in enumerate(frames):
        results.append(chain.add(frame, index, None))
        states.append(chain.state(0, index + 1, []))
        goals.append(chain.renewal.goal)
    (begun,) = [n for n, result in enumerate(results) if n and result.evaluations == 6 + 3]
    return results, states, goals, begun


def test_new_paint_comes_into_view_by_and_by_and_has_less_loss(frames, stylizer, renewed, monkeypatch):
    results, _, goals, begun = renewed
    monkeypatch.setattr(stylizer, "config", replace(stylizer.config, shots=False))
    chain = Chain(stylizer, 12)
    without = []
    for index, frame in enumerate(frames):
        without.append(chain.add(frame, index, None))
        assert chain.renewal.goal is None
    new, old = results[begun + FRAMES], without[begun + FRAMES]

    def seen(image):
        return image[:, :32]  # where nothing changes by then

    before = results[begun - 1].image
    way = seen(goals[begun] - before)

    def gone(result):
        return (seen(result.image - before) * way).sum() / np.square(way).sum()

    assert gone(new) > 0.3 and abs(gone(old)) < 0.05
    assert new.losses["total"] < 0.95 * old.losses["total"]
    steps = [np.square(seen(one.image - other.image)).mean() for one, other in itertools.pairwise(results[begun - 1 :])]
    assert max(steps) < np.square(way).mean() / 40  # never a jump


def test_a_chain_can_stop_while_new_paint_comes_into_view(frames, stylizer, renewed):
    results, states, goals, begun = renewed
    coming = [n for n, goal in enumerate(goals) if goal is not None]
    assert coming == list(range(begun, begun + FRAMES))
    for stop in (coming[0], coming[-2]):
        other = Chain(stylizer, 12, states[stop])
        for index in range(stop + 1, begun + FRAMES + 2):
            np.testing.assert_array_equal(other.add(frames[index], index, None).image, results[index].image)


def test_a_chain_goes_on_where_it_fails(frames, stylizer, monkeypatch):
    chain, first = Chain(stylizer, 12), stylizer.first

    def fails(*arguments):
        if chain.history:
            raise OptimizationError("the style term is not finite")
        return first(*arguments)

    monkeypatch.setattr(stylizer, "first", fails)
    for index, frame in enumerate(frames):
        assert chain.add(frame, index, None).evaluations == (3 if index else 12)
    assert chain.renewal.goal is None
