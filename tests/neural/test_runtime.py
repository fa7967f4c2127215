"""A function is traced once for each shape of what it is given, however that is nested."""

from typing import NamedTuple

import numpy as np

from vidstyle.neural.runtime import Traced, tf


class Pair(NamedTuple):
    one: tf.Tensor
    other: tf.Tensor | None


def test_nested_arguments_keep_their_places_and_are_traced_once_for_each_shape():
    traces = []

    def work(pair, named):
        traces.append(pair)
        other = 0.0 if pair.other is None else 10 * pair.other
        return Pair(pair.one + other + 100 * named["a"] + 1000 * named["b"], None), [named["b"]]

    traced = Traced(work)
    named = {"b": tf.constant([2.0]), "a": tf.constant([1.0])}
    for other, expected in ((tf.constant([3.0]), 2134.0), (None, 2104.0)):
        for _ in range(2):
            pair, (last,) = traced(Pair(tf.constant([4.0]), other), named)
            assert isinstance(pair, Pair) and pair.other is None
            assert float(pair.one[0]) == expected and float(last[0]) == 2
    assert len(traces) == len(traced.graphs) == 2
    pair, _ = traced(Pair(tf.constant([4.0, 5.0]), None), named)
    np.testing.assert_array_equal(pair.one, [2104, 2105])
    assert len(traces) == 3
