"""A window that changes alone costs less, and gives the same value, the same gradient and the same paint."""

import weakref
from dataclasses import replace

import numpy as np
import pytest

from vidstyle.blending import Blend, shares_at
from vidstyle.config import Config, Style
from vidstyle.neural import engine as engine_module
from vidstyle.neural import lbfgs
from vidstyle.neural.engine import Engine, Memory
from vidstyle.neural.losses import Targets
from vidstyle.neural.optimize import box
from vidstyle.neural.runtime import tf
from vidstyle.neural.vgg import Vgg
from vidstyle.neural.weights import load_weights
from vidstyle.neural.window import Place, Window

SIZE = (53, 87)  # odd at several layers, whose poolings leave out a row
PLACES = [
    Place((0, 0), (16, 16), SIZE),
    Place((16, 32), (16, 32), SIZE),
    Place((32, 64), (21, 23), SIZE),
    Place((0, 0), (9, 8), SIZE),
    Place((0, 32), (53, 10), SIZE),
]
CONFIG = Config(styles=(Style("a"), Style("b")), precision="float32")


def random(*shape, high=255.0):
    return np.random.default_rng(sum(shape)).uniform(0, high, shape).astype(np.float32)


def engine_of(config):
    vgg = Vgg(load_weights("vgg16"), config.pooling, tf.float32)
    return Engine(config, vgg, [np.uint8(random(60, 70, 3)), np.uint8(random(40, 90, 3))], SIZE)


def weights(*shape):
    return random(*shape, high=1.0)


@pytest.mark.parametrize("pooling", ["avg", "max"])
@pytest.mark.parametrize("normalization", ["relative", "gatys"])
@pytest.mark.parametrize("guided", [False, True])
def test_value_and_gradient_are_those_of_the_whole_picture(pooling, normalization, guided):
    engine = engine_of(replace(CONFIG, pooling=pooling, normalization=normalization))
    blend = Blend(engine.usual.shares, np.stack([weights(*SIZE)] * 2)) if guided else engine.usual
    shares, guides = engine.blended(blend)
    rows = {"grams": engine.grams, "style_shares": shares}
    for place in PLACES:
        x, content, warped = random(*SIZE, 3), random(*SIZE, 3)[::-1].copy(), random(*SIZE, 3)[:, ::-1]
        reliable, emphasis = np.zeros(SIZE, np.float32), np.ones((1, *SIZE, 1), np.float32)
        place.cut(reliable)[...] = 0.5
        warped, reliable = tf.constant(warped[None]), tf.constant(reliable[None, ..., None])
        window = Window(engine.vgg, engine.objective, SIZE, place.size)
        around = window.survey(
            tf.constant(x[None]), tf.constant(content[None]), guides, tf.constant(window.regions(place.start))
        )
        # What is in the window is not known when its surroundings are looked at.
        for picture in (x, content):
            place.cut(picture)[...] = 255 - place.cut(picture)
        place.cut(emphasis[0])[...] += weights(*place.size, 1)
        part, whole, content = tf.constant(place.cut(x)[None]), tf.constant(x[None]), tf.constant(content[None])
        inside = tf.constant(place.cut(content[0].numpy())[None])
        targets = window.targets(around, inside, tf.constant(emphasis), warped, reliable, guides)._replace(**rows)
        wanted, emphasised = engine.content(content, tf.constant(emphasis))
        of_whole = Targets(wanted, emphasised, **rows, guides=guides, warped=warped, reliable=reliable)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([part, whole])
            found = window.losses(part, around, targets)
            expected = engine.objective.losses(whole, engine.strips.see(whole, guides), of_whole)
        np.testing.assert_allclose(found, expected, rtol=3e-6)
        gradient = place.cut(tape.gradient(expected.total, whole)[0].numpy())
        np.testing.assert_allclose(
            tape.gradient(found.total, part)[0], gradient, rtol=1e-5, atol=3e-6 * np.abs(gradient).max()
        )


def test_a_small_moving_part_is_painted_in_a_window_as_in_the_whole(monkeypatch):
    held = np.ones(SIZE, np.bool_)
    held[20:30, 40:60] = False
    start, content = random(*SIZE, 3), random(*SIZE, 3)[::-1]
    painted = {}
    for worthwhile in (0.0, 9.0):
        monkeypatch.setattr(engine_module, "WORTHWHILE", worthwhile)
        engine = engine_of(CONFIG)
        first = engine.paint(content, start, 4)
        painted[worthwhile] = engine.paint(content, start, 6, first.memory, held=held)
        assert engine._work(~held)[0].size == ((32, 32) if worthwhile else SIZE)
        np.testing.assert_array_equal(painted[worthwhile].image[held], start[held])
    whole, window = painted[0.0], painted[9.0]
    assert not np.array_equal(window.image[~held], start[~held])
    # Their first steps differ: what L-BFGS knows is cut to the window.
    assert window.losses["total"] == pytest.approx(whole.losses["total"], rel=0.02)
    assert window.memory.place.size == (32, 32) and whole.memory.place.size == SIZE


def test_only_the_graphs_used_last_are_kept(monkeypatch):
    monkeypatch.setattr(engine_module, "WORTHWHILE", 9.0)
    monkeypatch.setattr(engine_module, "GRAPHS", 2)
    engine = engine_of(CONFIG)
    start = random(*SIZE, 3)
    graphs, images = {}, {}
    for width in (30, 62, 30, SIZE[1], 62):
        held = np.ones(SIZE, np.bool_)
        held[:30, :width] = False
        image = engine.paint(start, start, 2, held=held).image
        np.testing.assert_array_equal(image, images.setdefault(width, image))
        live = [known for known, graph in graphs.items() if graph() is not None]
        assert len(live) <= 2
        (size, graph) = list(engine._graphs.items())[-1]
        graphs[size] = weakref.ref(graph)
        del graph
    assert len(graphs) == 3
    kept = [*engine._graphs]
    engine.share(~np.ones(SIZE, np.bool_))
    assert [*engine._graphs] == kept  # nothing is made to tell of a share


def test_what_is_outside_is_looked_at_again_only_where_it_changed(monkeypatch):
    monkeypatch.setattr(engine_module, "WORTHWHILE", 9.0)
    engine = engine_of(CONFIG)
    held = np.ones(SIZE, np.bool_)
    held[20:30, 40:60] = False
    graph = engine._graph(engine._work(~held)[0].size)
    surveys = []
    survey = graph._survey
    monkeypatch.setattr(graph, "_survey", lambda *given: surveys.append(given) or survey(*given))
    start, content = random(*SIZE, 3), random(*SIZE, 3)[::-1].copy()

    def paint(start, memory=None):
        return engine.paint(content, start, 3, memory, held=held, blend=Blend(shares_at(CONFIG)))  # anew, as in a run

    first = paint(start)
    content[22:28, 45:55] = 0
    again = paint(first.image, replace(first.memory))  # it is needed once more
    assert len(surveys) == 1
    graph._known = None  # as where a run is resumed
    afresh = paint(first.image, first.memory)
    np.testing.assert_array_equal(again.image, afresh.image)
    content[0, 0] = 0
    paint(again.image, again.memory)
    assert len(surveys) == 3


def test_work_ends_with_the_first_look_where_little_is_left_to_gain():
    engine = engine_of(CONFIG)
    content = random(*SIZE, 3)
    first = engine.paint(content, content, 30)
    again = engine.paint(content, first.image, 30, first.memory, tolerance=0.05)
    assert again.evaluations == engine_module.CHUNK and again.losses["total"] <= first.losses["total"]
    assert engine.paint(content, content, 10, tolerance=0.05).evaluations > engine_module.CHUNK


def begun(memory: lbfgs.Memory) -> lbfgs.Memory:
    """What the optimiser begins with."""
    x = tf.zeros(memory.steps.shape[1])
    return lbfgs.begin(x, box(x, tf.zeros(x.shape, tf.bool)), memory).memory


def test_what_the_optimiser_knows_moves_with_the_picture():
    """Along the flow, into the window where the next frame is painted; and is left as it is where nothing moves."""
    engine = engine_of(CONFIG)
    memory = engine.paint(random(*SIZE, 3)[::-1].copy(), random(*SIZE, 3), 4).memory
    pairs = int(memory.known.pairs)
    assert pairs >= 2
    whole, part = memory.place, Place((16, 32), (32, 32), SIZE)
    steps, changes = (tensor.numpy().reshape(-1, *SIZE, 3) for tensor in (memory.known.steps, memory.known.changes))
    flow = np.zeros((*SIZE, 2), np.float32)
    assert engine._moved(memory, whole, flow + 0.4) is memory.known
    flow[20:40, 40:60] = (-3, 2)
    for place in (whole, part):
        moved = begun(engine._moved(memory, place, flow))
        assert int(moved.pairs) == pairs
        for found, before in ((moved.steps, steps), (moved.changes, changes)):
            now = before.copy()
            now[:, 20:40, 40:60] = before[:, 22:42, 37:57]
            cut = np.stack([place.cut(row) for row in now])
            rows = found.numpy().reshape(cut.shape)
            np.testing.assert_array_equal(rows[:pairs], cut[:pairs])
        dots = moved.changes.numpy() @ moved.steps.numpy().T
        np.testing.assert_allclose(moved.products, dots, atol=1e-5 * np.abs(dots).max())
    back = engine._moved(Memory(part, moved), whole, None)  # of what is around the window nothing is known
    laid = back.steps.numpy().reshape(-1, *SIZE, 3)
    np.testing.assert_array_equal(part.cut(laid[0]).ravel(), moved.steps[0])
    part.cut(laid[0])[...] = 0
    assert not laid[0].any()


def test_pairs_without_curvature_in_a_part_are_forgotten():
    steps, changes = np.ones((2, lbfgs.PAIRS, 4), np.float32)
    changes[5, 0] = -9
    memory = lbfgs.fresh(4, 4)._replace(
        steps=tf.constant(steps), changes=tf.constant(changes), pairs=tf.constant(lbfgs.PAIRS)
    )
    half = begun(lbfgs.map(memory, lambda x: x[:, :2]))
    assert int(half.pairs) == lbfgs.PAIRS - 1
    assert not half.steps[-1].numpy().any() and half.steps[:-1].numpy().all()


def test_the_place_is_around_all_that_changes():
    changing = np.zeros((100, 200), np.bool_)
    changing[17:40, 190:195] = True
    place = Place.around(changing)
    assert place.cut(changing).sum() == changing.sum()
    assert place.start == (16, 160) and place.size == (32, 40)


def test_a_window_keeps_no_more_pairs_than_the_whole_picture_may():
    assert lbfgs.fresh(9, 9).steps.shape == (lbfgs.PAIRS, 9)
    assert lbfgs.fresh(9, lbfgs.VALUES // 2).steps.shape == (2, 9)
