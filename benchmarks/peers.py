"""What others do for a frame, as yardsticks: plain Adam in float32 from the frame itself, and a loop in PyTorch."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vidstyle.config import CONTENT_LAYERS, STYLE_LAYERS, Config, Style
from vidstyle.neural.engine import resize
from vidstyle.neural.stylize import Stylizer
from vidstyle.neural.weights import Weights

ENOUGH = 2000  # evaluations after which the plain way is given up

Picture = npt.NDArray[np.float32]


def plain_adam(
    weights: Weights, style: npt.NDArray[np.uint8], style_path: Style, frame: Picture, goal: float
) -> tuple[int, float]:
    """Evaluations of Adam, float32, from the frame until content and style weigh `goal` or less, and the loss reached.

    goal: 0.4 content + style, the weights that a run has by default.
    """
    config = Config(styles=(style_path,), optimizer="adam", precision="float32", tv_weight=0)
    engine = Stylizer(config, weights, [style]).engine((frame.shape[0], frame.shape[1]))
    reached: list[tuple[int, float]] = [(0, float("inf"))]

    class ReachedError(Exception):
        pass

    def tick(evaluations: int, loss: float) -> None:
        reached.append((evaluations, loss))
        if loss <= goal:
            raise ReachedError

    with contextlib.suppress(ReachedError):
        engine.paint(frame, frame, ENOUGH, tick=tick)
    return reached[-1]


def torch_evaluation(weights: Weights, style: npt.NDArray[np.uint8], frame: Picture) -> Callable[[], object] | None:
    """One evaluation of the same objective in PyTorch, float32, as its users write it; None where it is missing."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch
    from torch.nn import functional

    kernels = {
        name: (torch.tensor(layer.kernel.astype("f").transpose(3, 2, 0, 1)), torch.tensor(layer.bias.astype("f")))
        for name, layer in weights.layers.items()
    }
    names = list(kernels)[: list(kernels).index(STYLE_LAYERS[-1]) + 1]

    def features(x: torch.Tensor) -> dict[str, torch.Tensor]:
        found = {}
        for before, name in pairwise(["conv1_0", *names]):
            if before[4] != name[4]:
                x = functional.avg_pool2d(x, 2)
            x = found[name] = functional.relu(functional.conv2d(x, *kernels[name], padding=1))
        return found

    def gram(f: torch.Tensor) -> torch.Tensor:
        flat = f.flatten(2)[0]
        return flat @ flat.T / flat.numel()

    def tensor(picture: Picture) -> torch.Tensor:
        return torch.tensor(picture.transpose(2, 0, 1)[None].copy())

    with torch.no_grad():
        grams = {name: gram(f) for name, f in features(tensor(resize(style, frame.shape[:2]))).items()}
        content = features(tensor(frame))
    x = tensor(frame).requires_grad_()

    def evaluate() -> object:
        x.grad = None
        seen = features(x)
        loss = sum(
            functional.mse_loss(gram(seen[n]), grams[n], reduction="sum") / grams[n].square().sum()
            for n in STYLE_LAYERS
        ) / len(STYLE_LAYERS)
        for name in CONTENT_LAYERS:
            loss = loss + (seen[name] - content[name]).square().sum() / content[name].square().sum()
        loss.backward()
        return x.grad

    return evaluate
