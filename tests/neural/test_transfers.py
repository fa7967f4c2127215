"""On a device with a memory of its own, pictures go there and back once a frame, however many evaluations there are."""

from dataclasses import replace

import numpy as np
import pytest

from vidstyle.config import Config, Style
from vidstyle.neural.engine import Engine
from vidstyle.neural.runtime import tf
from vidstyle.neural.vgg import Vgg
from vidstyle.neural.weights import load_weights

SIZE = (24, 40)
PIXELS = SIZE[0] * SIZE[1]

HOST_OPERATIONS = {"PyFunc", "PyFuncStateless", "EagerPyFunc", "PrintV2", "Assert"}  # wherever the rest runs


def random(*shape):
    return np.random.default_rng(sum(shape)).uniform(0, 255, shape).astype(np.float32)


@pytest.fixture(params=["lbfgs", "adam"])
def engine(request):
    config = Config(styles=(Style("a"),), precision="float32", optimizer=request.param)
    return Engine(config, Vgg(load_weights("vgg16"), config.pooling, tf.float32), [np.uint8(random(40, 40, 3))], SIZE)


class Transfers:
    """Counts what crosses between NumPy and TensorFlow, by whether it is as large as a plane of the picture."""

    def __init__(self, patch):
        self.large, self.scalars = [], 0
        tensor, constant = type(tf.constant(0)), tf.constant
        to_numpy = tensor._numpy
        convert = tensor.__array__

        def _numpy(this):
            self.count("out", this.shape.num_elements())
            return to_numpy(this)

        def as_array(this, *arguments, **named):
            self.count("out", this.shape.num_elements())
            return convert(this, *arguments, **named)

        def counted(value, *arguments, **named):
            if isinstance(value, np.ndarray) and tf.executing_eagerly():
                self.count("in", value.size)
            return constant(value, *arguments, **named)

        patch.setattr(tensor, "_numpy", _numpy)
        patch.setattr(tensor, "__array__", as_array)
        patch.setattr(tf, "constant", counted)

    def count(self, direction, size):
        if size >= PIXELS:
            self.large.append(direction)
        else:
            self.scalars += 1


def test_pictures_cross_once_a_frame(engine, monkeypatch):
    content, start = random(*SIZE, 3), random(*SIZE, 3)[::-1]
    reliable = np.full(SIZE, 0.5, np.float32)
    memory = engine.paint(content, start, 5, None, start, reliable).memory  # traces
    seen = {}
    for evaluations in (5, 20):
        with monkeypatch.context() as patch:
            seen[evaluations] = Transfers(patch)
            painted = engine.paint(content, start, evaluations, replace(memory), start, reliable)
        assert painted.evaluations == evaluations
    # content, emphasis, what was moved here, how reliable that is, the start, what is held; and back the result.
    assert sorted(seen[5].large) == ["in"] * 6 + ["out"]
    assert seen[20].large == seen[5].large
    # What decides whether to go on is read once for every five evaluations: the terms, their number, and done.
    assert seen[20].scalars - seen[5].scalars <= 3 * 8


def test_nothing_in_the_loop_needs_the_host(engine):
    engine.paint(random(*SIZE, 3), random(*SIZE, 3), 5)
    graph = engine._graphs[SIZE]
    (concrete,) = graph.advance.graphs.values()
    operations = {node.op for function in concrete.graph.as_graph_def().library.function for node in function.node_def}
    assert any("Conv2D" in operation for operation in operations)  # fused with bias and ReLU it has another name
    assert not operations & HOST_OPERATIONS
