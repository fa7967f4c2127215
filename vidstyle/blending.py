"""How much each style counts in a frame: at each layer, at each time, at each place."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .config import Config, Style

Array = NDArray[np.float32]

# Frames in which the paint still changes after a change of style. Were it held to what it is then, a film that faded
# from a blue style to an orange one still missed a sixth of the way 20 frames later, and a photograph that stands still
# for half a second of it kept 14 % more loss than the new style by itself has.
SETTLING = 8

SAME_STYLE = np.array(False)  # everywhere
SAME_PORTION = 1e-3  # by which a style's portion of a pixel may differ by rounding; a mask has steps of four times that


class Blend(NamedTuple):
    """The styles of a frame.

    shares: style layer -> float32 (styles,), sums to 1; 0 for styles that do not count there.
    places: float32 (styles, H, W) in [0, 1], where each style is painted; None is everywhere.
    """

    shares: dict[str, Array]
    places: Array | None = None

    def shared_as(self, other: Blend) -> bool:
        """Whether the styles have the same shares as in `other`."""
        return all(np.array_equal(share, other.shares[name]) for name, share in self.shares.items())

    def unlike(self, other: Blend) -> NDArray[np.bool_]:
        """Where a frame is to be painted in another way than by `other`: bool (H, W), or one for all of it."""
        if not self.shared_as(other):
            return np.array(True)
        if self.places is other.places:
            return SAME_STYLE
        one, another = (np.float32(1) if blend.places is None else blend.places for blend in (self, other))
        return np.asarray((one != another).any(0))

    def portions(self) -> Array:
        """What each style has of each pixel, all layers together: float32 (styles, H, W), or (styles, 1, 1) anywhere.

        They sum to 1, or to 0 where no style is painted.
        """
        shares = np.mean(list(self.shares.values()), 0)[:, None, None]
        return _portions(shares if self.places is None else shares * self.places)

    @property
    def painted(self) -> float:
        """The share of the picture that is painted, in [0, 1], as far as it is."""
        return 1.0 if self.places is None else float(self.portions().sum(0).mean())

    def weights(self, layer: str) -> Array:
        """How much each style's loss at a layer counts: float32 (styles,), the mean of its portions there."""
        shares = self.shares[layer]
        if self.places is None:
            return shares
        return np.asarray(_portions(shares[:, None, None] * self.places).mean((1, 2)))


def changes_style(before: Blend | None, now: Blend | None) -> NDArray[np.bool_]:
    """Where a frame is to be painted in another style than the one before: bool (H, W), (1, 1) or ().

    Where it is painted in the same one, but more or less of it, it is not.
    """
    if before is None or now is None:
        return SAME_STYLE
    if not now.shared_as(before):
        return np.array(True)
    if now.places is before.places:
        return SAME_STYLE
    return np.asarray((np.abs(now.portions() - before.portions()) > SAME_PORTION).any(0))


def shares_at(config: Config, seconds: Fraction = Fraction(0)) -> dict[str, Array]:
    """Style layer -> float32 (styles,): the shares at a time of the clip, between the keyframes before and after it."""
    times = sorted({style.at for style in config.styles if style.at is not None})
    if not times:
        return _shares(config, None)
    before = max((time for time in times if time <= seconds), default=times[0])
    after = min((time for time in times if time > seconds), default=before)
    gone = np.float32((seconds - before) / (after - before)) if before < seconds < after else np.float32(0)
    one, other = _shares(config, before), _shares(config, after)
    return {name: (1 - gone) * one[name] + gone * other[name] for name in one}


def _shares(config: Config, at: Fraction | None) -> dict[str, Array]:
    def weight(style: Style, layer: str) -> float:
        return style.weight if style.at == at and style.counts_at(layer) else 0.0

    weights = {
        layer.name: np.array([weight(style, layer.name) for style in config.styles]) for layer in config.style_layers
    }
    return {name: np.float32(of / of.sum()) for name, of in weights.items()}


def _portions(amounts: Array) -> Array:
    """Amounts (styles, H, W) over their sum; 0 where that is 0."""
    total = amounts.sum(0)
    return np.asarray(np.where(total > 0, amounts / np.maximum(total, 1e-12), 0), np.float32)
