"""The terms of the objective against values worked out by hand, and their gradients against finite differences."""

import numpy as np
import pytest

from vidstyle.config import Config, Style
from vidstyle.neural.losses import (
    Objective,
    Seen,
    Targets,
    content_loss,
    gram_matrix,
    guide,
    layer_grams,
    style_loss,
    temporal_loss,
    total_variation,
)
from vidstyle.neural.runtime import tf


def tensor(values):
    return tf.constant(np.asarray(values, np.float32))


def test_gram_matrix_of_two_positions():
    features = tensor([[[[1, 2], [3, 4]]]])  # N = 2 positions, C = 2 channels
    np.testing.assert_allclose(gram_matrix(features), np.array([[10, 14], [14, 20]]) / 4)


def test_gram_matrix_does_not_depend_on_the_size_of_the_picture():
    tile = np.random.default_rng(0).uniform(size=(1, 3, 4, 5)).astype(np.float32)
    np.testing.assert_allclose(gram_matrix(tensor(tile)), gram_matrix(tensor(np.tile(tile, (1, 2, 3, 1)))), rtol=1e-5)


def guided(features, place):
    return gram_matrix(tensor(features) * tensor(guide(np.asarray(place, np.float32)))[None, ..., None])


def test_gram_matrix_of_a_place():
    """A full mask gives the plain Gram matrix, zeros and ones that of the part, and soft ones count by their square."""
    features = np.random.default_rng(5).uniform(size=(1, 6, 8, 5)).astype(np.float32)
    plain = gram_matrix(tensor(features))
    for level in (1.0, 0.4):
        np.testing.assert_allclose(guided(features, np.full((6, 8), level)), plain, rtol=1e-5)
    part = np.zeros((6, 8))
    part[1:4, 2:7] = 1
    np.testing.assert_allclose(guided(features, part), gram_matrix(tensor(features[:, 1:4, 2:7])), rtol=1e-5)
    half = np.where(np.arange(8) < 4, 1.0, 0.5) * np.ones((6, 1))
    left, right = (gram_matrix(tensor(features[:, :, side])) for side in (slice(4), slice(4, 8)))
    np.testing.assert_allclose(guided(features, half), (left + 0.25 * right) / 1.25, rtol=1e-5)
    assert not np.any(guided(features, np.zeros((6, 8))))


def test_content_loss():
    features, target = tensor([[[[3.0, 0.0]]]]), tensor([[[[1.0, 1.0]]]])
    assert float(content_loss(features, target, "gatys")) == 2.5  # (4 + 1) / 2
    assert float(content_loss(features, target, "relative")) == 2.5  # (4 + 1) / (1 + 1)


def test_content_counts_more_where_it_is_emphasised():
    features, target = tensor([[[[3.0], [0.0]]]]), tensor([[[[1.0], [1.0]]]])
    weight = tensor([[[[3.0], [1.0]]]])
    assert float(content_loss(features, target, "gatys", weight)) == 6.5  # (3 * 4 + 1) / 2
    assert float(content_loss(features, target, "relative", weight)) == 6.5  # (3 * 4 + 1) / (1 + 1)


def test_style_loss_of_a_layer_is_that_of_the_paper():
    """Eq. 4: 1 / (4 N^2 M^2) sum (G - A)^2, G and A not normalised."""
    rng = np.random.default_rng(1)
    f, a = (rng.uniform(size=(1, 2, 3, 4)).astype(np.float32) for _ in range(2))
    raw = [x.reshape(6, 4).T @ x.reshape(6, 4) for x in (f, a)]
    expected = np.square(raw[0] - raw[1]).sum() / (4 * 4**2 * 6**2)
    grams = gram_matrix(tensor(f)), gram_matrix(tensor(a))
    np.testing.assert_allclose(style_loss(*grams, "gatys"), expected, rtol=1e-5)
    relative = np.square(raw[0] - raw[1]).sum() / np.square(raw[1]).sum()
    np.testing.assert_allclose(style_loss(*grams, "relative"), relative, rtol=1e-5)


def test_total_variation_of_a_checkerboard_is_the_number_of_its_edges():
    board = np.indices((4, 6)).sum(0) % 2 * 255.0
    x = tensor(np.repeat(board[None, ..., None], 3, -1))
    edges = 3 * (3 * 6 + 4 * 5)
    assert float(total_variation(x, "gatys")) == 255 * edges
    np.testing.assert_allclose(total_variation(x, "relative"), edges / x.shape.num_elements(), rtol=1e-6)


def test_temporal_loss_is_masked_and_pulls_only_where_reliable():
    x = tensor(np.full((1, 2, 2, 3), 100.0))
    warped = tensor(np.full((1, 2, 2, 3), 151.0))  # a difference of 0.2 of the range
    reliable = tensor([[[[1.0], [0.0]], [[0.0], [0.5]]]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = temporal_loss(x, warped, reliable, "relative")
    np.testing.assert_allclose(loss, 0.2**2 * 1.5 / 4, rtol=1e-5)
    pull = -np.asarray(tape.gradient(loss, x))[0, ..., 0]
    assert pull[0, 0] > pull[1, 1] > 0
    assert pull[0, 1] == pull[1, 0] == 0


def random_problem(normalization, second=None, **settings):
    rng = np.random.default_rng(2)

    def features():
        return {"conv1_1": rng.uniform(size=(1, 4, 5, 3)), "conv4_2": rng.uniform(size=(1, 2, 2, 4))}

    config = Config(
        styles=(Style("a", 3), Style("b", 1, second)),
        style_layers=Config.style_layers[:1],
        normalization=normalization,
        content_weight=0.7,
        style_weight=0.9,
        tv_weight=0.3,
        temporal_weight=5,
        **settings,
    )
    here = {name: tensor(value) for name, value in features().items()}
    targets = Targets(
        content={name: tensor(value) for name, value in features().items()},
        emphasis={name: tensor(rng.uniform(1, 2, (*value.shape[:-1], 1))) for name, value in features().items()},
        grams=tuple({name: gram_matrix(tensor(value)) for name, value in features().items()} for _ in range(2)),
        style_shares={"conv1_1": tensor([0.75, 0.25])},
        guides={},
        warped=tensor(rng.uniform(0, 255, (1, 4, 5, 3))),
        reliable=tensor(rng.uniform(size=(1, 4, 5, 1))),
    )
    return Objective(config), tensor(rng.uniform(0, 255, (1, 4, 5, 3))), here, targets


def terms_of(objective, x, features, targets):
    grams = {name: layer_grams(features[name], targets.guides.get(name)) for name in objective.style_layers}
    return objective.losses(x, Seen(features, grams), targets)


@pytest.mark.parametrize("normalization", ["relative", "gatys"])
def test_total_is_the_weighted_sum(normalization):
    objective, x, features, targets = random_problem(normalization)
    terms = terms_of(objective, x, features, targets)
    expected = 0.7 * terms.content + 0.9 * terms.style + 0.3 * terms.tv + 5 * terms.temporal
    np.testing.assert_allclose(terms.total, expected, rtol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_styles_are_blended_by_their_shares(share):
    objective, x, features, targets = random_problem("relative")

    def style(shares):
        return float(terms_of(objective, x, features, targets._replace(style_shares={"conv1_1": tensor(shares)})).style)

    assert style([share, 1 - share]) == pytest.approx(share * style([1, 0]) + (1 - share) * style([0, 1]), rel=1e-5)


def test_a_style_pulls_only_at_its_layers_and_in_its_place():
    objective, x, features, targets = random_problem("relative", second=())
    assert objective.counting == {"conv1_1": [0]}
    place = np.zeros((4, 5), np.float32)
    place[:2] = 1
    places = tensor(guide(place))[None, ..., None]
    targets = targets._replace(style_shares={"conv1_1": tensor([1.0])}, guides={"conv1_1": places})
    here = features["conv1_1"]
    with tf.GradientTape() as tape:
        tape.watch(here)
        style = terms_of(objective, x, {**features, "conv1_1": here}, targets).style
    expected = style_loss(gram_matrix(here[:, :2]), targets.grams[0]["conv1_1"], "relative")
    np.testing.assert_allclose(style, expected, rtol=1e-5)
    pull = np.abs(np.asarray(tape.gradient(style, here))[0]).max(-1)
    assert (pull[:2] > 0).all() and (pull[2:] == 0).all()


@pytest.mark.parametrize("normalization", ["relative", "gatys"])
@pytest.mark.parametrize("wrt", ["x", "conv1_1", "conv4_2", "guided conv1_1"])
def test_gradients_agree_with_finite_differences(normalization, wrt):
    objective, x, features, targets = random_problem(normalization)
    if wrt.startswith("guided"):
        places = np.random.default_rng(4).uniform(size=(2, 4, 5, 1)).astype(np.float32)
        targets = targets._replace(guides={"conv1_1": tensor(places)})
        wrt = "conv1_1"
    point = x if wrt == "x" else features[wrt]

    def total(value):
        if wrt == "x":
            return terms_of(objective, value, features, targets).total
        terms = terms_of(objective, x, {**features, wrt: value}, targets)
        return terms.content + terms.style  # without the large terms of x, whose rounding would hide them

    with tf.GradientTape() as tape:
        tape.watch(point)
        value = total(point)
    gradient = tape.gradient(value, point)
    direction = tensor(np.random.default_rng(3).normal(size=point.shape))
    step = 0.05 if wrt == "x" else 0.01
    numeric = (float(total(point + step * direction)) - float(total(point - step * direction))) / (2 * step)
    assert float(tf.reduce_sum(gradient * direction)) == pytest.approx(numeric, rel=0.01)
