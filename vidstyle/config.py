"""Every setting of a run, its default and its limits. Defaults live here and nowhere else."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args

from .errors import OptionError, unknown

Pooling = Literal["avg", "max"]
Normalization = Literal["relative", "gatys"]
Optimizer = Literal["lbfgs", "adam"]
Init = Literal["prev-warped", "prev", "content", "noise"]
Network = Literal["vgg16", "vgg19"]
Precision = Literal["auto", "float32", "bfloat16"]
Flow = Literal["dis", "dis-fast", "dis-ultrafast", "dis-fine", "farneback"]
Loop = Literal["auto", "on", "off"]
Quality = Literal["draft", "normal", "fine"]
Color = Literal["style", "original", "match", "match-cholesky"]

# Optimisers that come closer all the time, so that little progress means that little is left. Adam climbs at first.
STEADY: tuple[Optimizer, ...] = ("lbfgs",)

# Convolutions in each block. To add a network: its blocks here, its weights in neural/weights.py.
NETWORKS: dict[str, tuple[int, ...]] = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}

# Layers of Gatys et al. 2016, section 3.
CONTENT_LAYERS = ("conv4_2",)
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")

# What `reconstruct` shows: a layer of each block, as in the figures that the project began with.
RECONSTRUCTED_LAYERS = ("conv1_2", "conv2_2", "conv3_3", "conv4_3")
RECONSTRUCTED_SIDE = 256  # longer side of its pictures at most unless --size says otherwise

MIN_SIDE = 16  # four poolings leave one cell of conv5
MAX_SIDE = 512  # longer side that is painted unless --size says otherwise


@dataclass(frozen=True)
class TermWeights:
    """How much each term of the objective counts."""

    content: float
    style: float
    tv: float
    temporal: float


# The two normalisations give terms of different magnitudes, so each has its own weights.
DEFAULT_WEIGHTS: dict[str, TermWeights] = {
    "relative": TermWeights(content=0.4, style=1.0, tv=0.04, temporal=20.0),
    "gatys": TermWeights(content=1.0, style=100.0, tv=1.0, temporal=1e5),
}


# Evaluations in one call of the graph, which neither Ctrl-C nor progress can interrupt, and over which is looked
# whether going on is worth while; one by one for large pictures.
CHUNK = 5


@dataclass(frozen=True)
class Effort:
    """How long is searched for a picture: evaluations of the objective (loss and gradient).

    first_evaluations: for a frame without a predecessor. evaluations: at most, for one that starts from the previous
    result and shows nothing new; it ends sooner where CHUNK of them no longer lower the loss by `tolerance` of it, or
    never with 0. usual: as many it takes as a rule where all of it changes. capped: what is new gets no more, as
    another number than the quality's was given.
    """

    first_evaluations: int
    evaluations: int
    tolerance: float
    usual: int
    capped: bool = False

    def most(self, new: float) -> int:
        """Evaluations at most, for a frame that starts from the previous result.

        new: share of it, 0..1, that was not there. As much of it as is beyond the usual makes it a first frame.
        """
        more = 0 if self.capped else max(0, self.first_evaluations - self.evaluations)
        return self.evaluations + round(max(0.0, new - USUALLY_NEW) * more)

    def expected(self, changing: float) -> float:
        """Evaluations as a rule, for a frame of which this share of the pixels, 0..1, changes.

        Where less changes there is less to gain, so it ends sooner: where 0.05, 0.15, 0.3 of two clips changed, after
        5.7, 6.7, 7.5 in draft, of 8, and 10, 13, 15 in normal quality, of 32.
        """
        least = min(CHUNK, self.usual) if self.tolerance > 0 else self.usual
        return float(least + (self.usual - least) * changing**0.75)


# Of a frame in which things move fast. To spend more on that, too, lowered the loss of such a clip by 4 % in draft
# quality, with 12.9 evaluations a frame instead of 8, and by 0.5 % in normal quality, with 51 instead of 40.
USUALLY_NEW = 0.1

QUALITIES: dict[str, Effort] = {
    "draft": Effort(100, 8, 0.01, usual=8),
    "normal": Effort(300, 40, 0.001, usual=32),
    "fine": Effort(600, 100, 0.0005, usual=70),
}


@dataclass(frozen=True)
class Style:
    """A picture whose style is painted with.

    weight: its share where several are blended. layers: at which it counts; None is all. at: seconds of the clip at
    which it is painted with, fading from and to its neighbours in time; None is always.
    """

    path: Path
    weight: float = 1.0
    layers: tuple[str, ...] | None = None
    at: Fraction | None = None

    @classmethod
    def parse(cls, text: str) -> Style:
        """`IMAGE[:WEIGHT[:LAYER,LAYER...]][@TIME]`; what is the name of a file is taken as it stands."""
        if not text:
            raise OptionError("--style: names no picture; give the file of a painting")
        rest, at, weight, layers = text, None, 1.0, None
        if not os.path.exists(rest) and (match := re.fullmatch(r"(.+)@([-+]?[\d.]+)s?", rest)):
            try:
                rest, at = match[1], exact_number(match[2])
            except ValueError as error:
                raise OptionError(f"--style {text}: '{match[2]}' is not a time; write IMAGE@2.5s") from error
        number = r"([-+]?[\d.]+(?:e[-+]?\d+)?|nan|inf)"
        if not os.path.exists(rest) and (
            match := re.fullmatch(rf"(.+?):{number}(?::([a-z][\w,]*))?", rest, re.IGNORECASE)
        ):
            try:
                rest, weight = match[1], float(match[2])
            except ValueError as error:
                raise OptionError(f"--style {text}: '{match[2]}' is not a weight; write IMAGE:WEIGHT") from error
            layers = None if match[3] is None else tuple(match[3].split(","))
        ends = [] if os.path.exists(rest) else [mark.start() for mark in re.finditer("[:@]", rest)]
        for name in (rest[:end] for end in reversed(ends) if os.path.isfile(rest[:end])):
            raise OptionError(
                f"--style {text}: what follows {name} is no weight, layer or time; write IMAGE:WEIGHT:LAYER@2.5s"
            )
        return cls(Path(rest), weight, layers, at)

    def counts_at(self, layer: str) -> bool:
        """Whether it has a say at this layer."""
        return self.layers is None or layer in self.layers


@dataclass(frozen=True)
class StyleLayer:
    """A layer whose Gram matrix counts as style, and its weight among them (None: all are equal)."""

    name: str
    weight: float | None = None

    @classmethod
    def parse(cls, text: str) -> StyleLayer:
        """`LAYER` or `LAYER:WEIGHT`."""
        name, _, weight = text.partition(":")
        try:
            return cls(name, float(weight) if weight else None)
        except ValueError as error:
            raise OptionError(f"--style-layer {text}: '{weight}' is not a weight; write LAYER:WEIGHT") from error


@dataclass(frozen=True)
class Config:
    """The settings of a run; every one is checked when the object is made (OptionError names the option).

    size: longer side of the result in pixels; None keeps the source's up to MAX_SIDE.
    start, end: the part of the clip, in seconds.
    color: whose colours: the style's; the source's, painted in luminance only; or the style's fitted to the source's.
    style_size: longer side of the style pictures over that of the frame; larger ones have larger strokes.
    masks: for each style, grey pictures or clips that are white where it is painted; none: everywhere. keep_mask: one
    that is white where there is to be any paint; elsewhere the source stays.
    strength: share of the paint in the result, the rest is the source; 0 is the source itself.
    content_weight .. temporal_weight: None takes DEFAULT_WEIGHTS of the normalization.
    flow: how motion is estimated. shots: whether the paint begins anew after a cut, and is spread over what came in
    little by little. loop: whether the last frame leads into the first; auto: where an animated picture repeats.
    passes: how often each shot is gone over.
    split_seconds: long shots are painted in parts of about so many seconds, each of which goes over into the next; None
    does not.
    quality: how long is searched. first_evaluations, evaluations: None takes those of QUALITIES.
    weights: a file of network weights; None takes the one that comes with `network`.
    """

    styles: tuple[Style, ...]
    size: int | None = None
    start: Fraction = Fraction(0)
    end: Fraction | None = None
    color: Color = "style"
    style_size: float = 1.0
    strength: float = 1.0
    masks: tuple[Path, ...] = ()
    keep_mask: Path | None = None
    content_weight: float | None = None
    style_weight: float | None = None
    tv_weight: float | None = None
    temporal_weight: float | None = None
    content_layers: tuple[str, ...] = CONTENT_LAYERS
    style_layers: tuple[StyleLayer, ...] = field(default=tuple(StyleLayer(name) for name in STYLE_LAYERS))
    pooling: Pooling = "avg"
    normalization: Normalization = "relative"
    optimizer: Optimizer = "lbfgs"
    init: Init = "prev-warped"
    flow: Flow = "dis"
    shots: bool = True
    loop: Loop = "auto"
    passes: int = 1
    split_seconds: float | None = None
    quality: Quality = "normal"
    first_evaluations: int | None = None
    evaluations: int | None = None
    network: Network = "vgg16"
    weights: Path | None = None
    precision: Precision = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        for option, kind in (
            ("color", Color),
            ("pooling", Pooling),
            ("normalization", Normalization),
            ("optimizer", Optimizer),
            ("init", Init),
            ("flow", Flow),
            ("loop", Loop),
            ("quality", Quality),
            ("network", Network),
            ("precision", Precision),
        ):
            if getattr(self, option) not in get_args(kind):
                raise OptionError(f"--{option}: {unknown(option, str(getattr(self, option)), get_args(kind))}")
        if not self.styles:
            raise OptionError("--style: at least one picture is needed, for example --style painting.jpg")
        for style in self.styles:
            _check(f"--style {style.path}:{style.weight}", style.weight, 0, 1e6)
            if style.at is not None:
                _check(f"--style {style.path}@{float(style.at):g}", style.at, 0, 1e6, "seconds")
        if self.masks and len(self.masks) != len(self.styles):
            raise OptionError(
                f"--mask: {len(self.masks)} given for {len(self.styles)} styles; "
                "give one for each --style, in the same order"
            )
        if self.size is not None:
            _check("--size", self.size, MIN_SIDE, 16384, "pixels")
        _check("--start", self.start, 0, math.inf, "seconds")
        if self.end is not None and not self.end > self.start:
            raise OptionError(f"--end {float(self.end):g}: must lie after --start {float(self.start):g}")
        _check("--style-size", self.style_size, 0.1, 4)
        _check("--strength", self.strength, 0, 1)
        for name in ("content", "style", "tv", "temporal"):
            weight = getattr(self, f"{name}_weight")
            if weight is not None:
                _check(f"--{name}-weight", weight, 0, 1e12)
        if self.term_weights.content == 0 and self.term_weights.style == 0:
            raise OptionError("--content-weight, --style-weight: both are 0, so there is nothing to paint; raise one")
        _check("--passes", self.passes, 1, 100)
        if self.split_seconds is not None:
            _check("--split-seconds", self.split_seconds, 0.1, 86400)
            if self.passes > 1:
                raise OptionError(f"--split-seconds {self.split_seconds:g}: --passes must be 1 with it; leave out one")
        _check("--first-evaluations", self.effort.first_evaluations, 1, 100_000)
        _check("--evaluations", self.effort.evaluations, 1, 100_000)
        _check("--seed", self.seed, 0, 2**31 - 1)
        object.__setattr__(self, "content_layers", tuple(self._layer("content-layer", n) for n in self.content_layers))
        object.__setattr__(
            self,
            "style_layers",
            tuple(StyleLayer(self._layer("style-layer", s.name), s.weight) for s in self.style_layers),
        )
        for option, names in (("content", self.content_layers), ("style", [s.name for s in self.style_layers])):
            if not names:
                raise OptionError(f"--{option}-layer: name at least one layer")
            if len(set(names)) < len(names):
                raise OptionError(f"--{option}-layer: a layer is named twice; name each once")
        for layer in self.style_layers:
            if layer.weight is not None:
                _check(f"--style-layer {layer.name}:{layer.weight}", layer.weight, 0, 1e6)
        self._check_blend()

    def _check_blend(self) -> None:
        """Whether there is a style for every layer at every keyframe."""
        layers = [layer.name for layer in self.style_layers]
        styles = []
        for style in self.styles:
            if style.layers is not None:
                named = tuple(self._layer(f"style {style.path}", name) for name in style.layers)
                for name in named:
                    if name not in layers:
                        raise OptionError(
                            f"--style {style.path}: {name} is none of the style layers ({', '.join(layers)}); "
                            f"name one of them, or add {name} to them with --style-layer"
                        )
                style = replace(style, layers=named)
            styles.append(style)
        object.__setattr__(self, "styles", tuple(styles))
        times = [style.at for style in styles if style.at is not None]
        if times and len(times) < len(styles):
            raise OptionError("--style: some have a time and some have none; give each a time (IMAGE@2s), or none")
        for style, (before, after) in zip(styles[1:], itertools.pairwise(times), strict=False):
            if after < before:
                raise OptionError(
                    f"--style {style.path}@{float(after):g}s: comes after {float(before):g}s; "
                    "give the pictures in the order of their times"
                )
        for time in {style.at: None for style in styles}:
            when = "" if time is None else f" at {float(time):g}s"
            there = [style for style in styles if style.at == time]
            if not any(style.weight > 0 for style in there):
                raise OptionError(f"--style: all weights{when} are 0; give at least one picture a weight above 0")
            for name in layers:
                if not any(style.weight > 0 and style.counts_at(name) for style in there):
                    raise OptionError(f"--style: no picture counts at layer {name}{when}; name it with one of them")

    def _layer(self, option: str, name: str) -> str:
        """The paper's name (conv4_2) of a layer named as in the paper or as in Keras (block4_conv2)."""
        match = re.fullmatch(r"(?:block(\d)_conv|conv(\d)_)(\d)", name)
        paper = f"conv{match[1] or match[2]}_{match[3]}" if match else name
        known = layer_names(self.network)
        if paper not in known:
            raise OptionError(f"--{option}: {unknown(f'layer of {self.network}', name, known)}")
        return paper

    @property
    def pictures(self) -> list[Path]:
        """The files, besides the source, that a result depends on and that must not be overwritten."""
        return pictures(vars(self))

    @property
    def independent(self) -> bool:
        """Whether every frame is painted by itself, whatever is around it."""
        return self.init in ("content", "noise")

    @property
    def goes_over(self) -> bool:
        """Whether each shot is gone over again once it is painted."""
        return self.passes > 1 and not self.independent

    @property
    def faded(self) -> bool:
        """Whether one style fades into another."""
        return any(style.at is not None for style in self.styles)

    @property
    def term_weights(self) -> TermWeights:
        """The weights of the four terms, defaults filled in."""
        default = DEFAULT_WEIGHTS[self.normalization]

        def of(name: str) -> float:
            given: float | None = getattr(self, f"{name}_weight")
            return float(getattr(default, name) if given is None else given)

        return TermWeights(of("content"), of("style"), of("tv"), of("temporal"))

    @property
    def effort(self) -> Effort:
        """The quality's effort, with the evaluations that were given."""
        usual = QUALITIES[self.quality]
        evaluations = usual.evaluations if self.evaluations is None else self.evaluations
        steady = self.optimizer in STEADY
        return Effort(
            usual.first_evaluations if self.first_evaluations is None else self.first_evaluations,
            evaluations,
            usual.tolerance if steady else 0.0,
            min(usual.usual, evaluations) if steady else evaluations,
            # A report fills in the quality's own number, and gives the same bytes again.
            capped=evaluations != usual.evaluations,
        )

    @property
    def style_layer_weights(self) -> dict[str, float]:
        """Layer -> w_l of Gatys et al. 2016, eq. 5; layers without a weight of their own get 1/5 as there for five."""
        return {s.name: 1 / len(self.style_layers) if s.weight is None else s.weight for s in self.style_layers}

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a report: paths as strings, times as exact fractions in strings, weights filled in."""
        plain = json.loads(json.dumps(asdict(self), default=str))
        for name, weight in asdict(self.term_weights).items():
            plain[f"{name}_weight"] = weight
        plain["first_evaluations"], plain["evaluations"] = self.effort.first_evaluations, self.effort.evaluations
        assert isinstance(plain, dict)
        return plain

    def fingerprint(self) -> str:
        """sha256 over all of these settings: equal ones paint equal frames alike. How they are read is not in it."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()


def exact_number(text: str) -> Fraction:
    """A number as people write it (1.5, 30000/1001), exactly. Raises ValueError.

    >>> exact_number("1.5")
    Fraction(3, 2)
    """
    # Bounded, because Fraction("1e999999999") would fill the memory.
    if len(text) > 60 or re.search(r"e[-+]?[\d_]{3}", text, re.IGNORECASE):
        raise ValueError("is too long")
    try:
        return Fraction(text)
    except ZeroDivisionError as error:
        raise ValueError("is divided by 0") from error


def pictures(settings: Mapping[str, Any]) -> list[Path]:
    """The files of pictures that settings name, by their fields of Config."""
    named = [*(style.path for style in settings.get("styles", ())), *settings.get("masks", ())]
    keep = settings.get("keep_mask")
    return [*named, *([] if keep is None else [keep])]


def layer_names(network: str) -> list[str]:
    """All convolution layers of a network in order, named as in the paper.

    >>> layer_names("vgg16")[-2:]
    ['conv5_2', 'conv5_3']
    """
    return [f"conv{b}_{c}" for b, count in enumerate(NETWORKS[network], 1) for c in range(1, count + 1)]


def _check(option: str, value: float | Fraction, low: float, high: float, unit: str = "") -> None:
    if math.isfinite(value) and low <= value <= high:
        return
    limits = f"{low:g} or more" if math.isinf(high) else f"between {low:g} and {high:g}"
    shown = f"{float(value):g}"
    head = option if option.endswith(shown) or ":" in option else f"{option} {shown}"
    raise OptionError(f"{head}: must be {limits}{' ' + unit if unit else ''}")
