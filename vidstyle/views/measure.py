"""How well a clip is painted and how calm it is, whoever made it; the definitions are in `Measures`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..config import MIN_SIDE, Config, Style, TermWeights
from ..errors import InputError, OptionError
from ..media import ReadOptions, load_picture, open_clip, over_white
from ..motion.flow import estimate_motion
from ..motion.reliability import Array, mean_square, residual
from ..motion.shots import Shot, find_shots
from ..neural.firmness import MOVING_PIXELS, moving
from ..plan import counted
from .pairs import check_lengths, pairs

Image = NDArray[np.uint8]  # (H, W, 3), RGB

YARDSTICK = TermWeights(content=0.25, style=1.0, tv=0.0, temporal=0.0)  # of the loss, whatever a run used
ENOUGH_CELLS = 4  # of the content layer, for their own content loss


@dataclass(frozen=True)
class Measures:
    """Of a frame, or the means over the frames of a clip; None where there is nothing to measure.

    loss: 0.25 content + style, which are the relative losses of Gatys et al. 2016 with the default layers.
    warp_error: Lai et al. 2018, eq. 9, to the frame before, along the source's flow, of values 0..1; not across cuts.
    moving_warp_error: the same over the reliable pixels that move by more than 1 px. source_...: the source's own.
    moving_content: relative content loss over the cells that move by more than 1 px or cannot be traced back.
    sharpness: of a frame, gradient energy over the source's own; of a clip, that of the last quarter of each shot over
    that of its first quarter, each over the source's own; None where the source has none. The Gram matrices nearly fix
    that of the paint, so that it tells of the source's change as much as of the paint's.
    """

    content: float
    style: float
    loss: float
    warp_error: float | None
    source_warp_error: float | None
    moving_warp_error: float | None
    source_moving_warp_error: float | None
    moving_content: float | None
    sharpness: float | None


@dataclass(frozen=True)
class Measurement:
    """What measure_clip() found. frames: one for each; shots: of the source; size: (width, height) of the output."""

    frames: list[Measures]
    total: Measures
    shots: list[Shot]
    size: tuple[int, int]

    def __str__(self) -> str:
        total = self.total
        width, height = self.size
        shots = "" if len(self.shots) == 1 else f", {len(self.shots)} shots"
        lines = [
            f"{counted(len(self.frames))} of {width}x{height}{shots}",
            f"loss               {total.loss:9.4f}   {YARDSTICK.content:g} x content {total.content:.4f} "
            f"+ {YARDSTICK.style:g} x style {total.style:.4f}",
        ]
        for name, value, other in (
            ("warping error", total.warp_error, total.source_warp_error),
            ("  where it moves", total.moving_warp_error, total.source_moving_warp_error),
        ):
            if value is not None and other is not None:
                ratio = _ratio(value, other)
                of_it = "" if ratio is None else f", {ratio:.2f} of it"
                lines.append(f"{name:18} {value:9.2e}   source {other:.2e}{of_it}")
        if total.moving_content is not None:
            lines.append(f"moving content     {total.moving_content:9.4f}")
        if total.sharpness is not None:
            lines.append(f"sharpness          {total.sharpness:9.3f}   the end against the beginning")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "size": list(self.size),
            "shots": [[shot.start, shot.stop] for shot in self.shots],
            "total": asdict(self.total),
            "frames": [{"index": index, **asdict(row)} for index, row in enumerate(self.frames)],
        }


def measure_clip(
    source: str | Path,
    output: str | Path,
    styles: Sequence[Style],
    *,
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
    shots: bool = True,
    weights: Path | None = None,
    read: ReadOptions = ReadOptions(),
    progress: Callable[[int, int], None] | None = None,
) -> Measurement:
    """Measure `output`, any clip of as many frames as `source` has from `start` to `end` (seconds).

    The source is scaled to the output's size. shots: whether cuts are looked for. progress: called with the frames
    measured and their number. Raises VidstyleError, also where the numbers of frames differ.
    """
    from ..neural.judge import Judge
    from ..neural.weights import load_weights

    for style in styles:
        if style.at is not None or style.layers is not None:
            raise OptionError(f"--style {style.path}: the yardstick knows no times and no layers; leave them out")
    config = Config(styles=tuple(styles), start=start, end=end, weights=weights)
    source, output = Path(source), Path(output)
    pictures = [over_white(load_picture(style.path, read.max_pixels)) for style in config.styles]
    network = load_weights(config.network, weights)
    with open_clip(source, read) as clip:
        found = find_shots(over_white(frame) for frame in clip.frames(start, end))
    count = found[-1].stop if found else 0
    check_lengths(source, output, count, read)
    if not shots:
        found = [Shot(0, count)]
    begins = {shot.start for shot in found}

    rows: list[Measures] = []
    energies: list[tuple[float, float]] = []  # of output and source
    judge: Judge | None = None
    before: tuple[Image, Image] | None = None
    for index, (frame, painted, _) in enumerate(pairs(source, output, start, end, read)):
        if judge is None:
            if min(painted.shape[:2]) < MIN_SIDE:
                size = f"{painted.shape[1]}x{painted.shape[0]}"
                raise InputError(f"{output}: is {size}, but pictures of less than {MIN_SIDE} pixels can't be measured")
            total = sum(style.weight for style in config.styles)
            shares = [style.weight / total for style in config.styles]
            judge = Judge(network, pictures, shares, (painted.shape[0], painted.shape[1]))
        judged = judge(frame, painted)
        energies.append((_gradient_energy(painted), _gradient_energy(frame)))
        row = Measures(
            content=judged.content,
            style=judged.style,
            loss=YARDSTICK.content * judged.content + YARDSTICK.style * judged.style,
            warp_error=None,
            source_warp_error=None,
            moving_warp_error=None,
            source_moving_warp_error=None,
            moving_content=None,
            sharpness=_ratio(*energies[-1]),
        )
        if before is not None and index not in begins:
            motion = estimate_motion(before[0], frame, "dis")
            fast = moving(motion)
            errors = residual(before[1], painted, motion), residual(before[0], frame, motion)
            row = replace(
                row,
                warp_error=mean_square(errors[0], motion.reliable),
                source_warp_error=mean_square(errors[1], motion.reliable),
                moving_content=_content_at((motion.reliable == 0) | fast, judged.error, judged.energy),
            )
            part = motion.reliable * fast
            if part.sum() >= MOVING_PIXELS:
                row = replace(
                    row,
                    moving_warp_error=mean_square(errors[0], part),
                    source_moving_warp_error=mean_square(errors[1], part),
                )
        rows.append(row)
        before = frame, painted
        if progress is not None:
            progress(index + 1, count)
    assert before is not None
    height, width = before[1].shape[:2]
    return Measurement(rows, _total(rows, energies, found), found, (width, height))


def _total(rows: Sequence[Measures], energies: Sequence[tuple[float, float]], shots: Sequence[Shot]) -> Measures:
    columns = {
        name: [row[name] for row in map(asdict, rows) if row[name] is not None] for name in Measures.__annotations__
    }
    means = {name: float(np.mean(column)) if column else None for name, column in columns.items()}
    sharp = [(_sharpness(energies[shot.start : shot.stop]), shot.stop - shot.start) for shot in shots]
    known = [value * frames for value, frames in sharp if value is not None]
    counted_in = sum(frames for value, frames in sharp if value is not None)
    means["sharpness"] = sum(known) / counted_in if known else None
    return Measures(**means)  # type: ignore[arg-type]


def _sharpness(energies: Sequence[tuple[float, float]]) -> float | None:
    quarter = max(1, len(energies) // 4)
    first, last = (
        _ratio(*np.mean(np.array(part, np.float64), 0)) for part in (energies[:quarter], energies[-quarter:])
    )
    return None if first is None or last is None else _ratio(last, first)


def _ratio(a: float, b: float) -> float | None:
    """A / b; 1 where both are nothing, None where only b is."""
    return float(a / b) if b > 0 else 1.0 if a == 0 else None


def _gradient_energy(image: Image) -> float:
    """Mean of the squared Sobel gradient of the grey picture."""
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return float(np.mean(np.square(across) + np.square(down)))


def _content_at(pixels: NDArray[np.bool_], error: Array, energy: Array) -> float | None:
    """Relative content loss over the cells of which more than half are `pixels` (H, W)."""
    size = error.shape[1], error.shape[0]
    cells = cv2.resize(pixels.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    if np.count_nonzero(cells) < ENOUGH_CELLS:
        return None
    return _ratio(float(error[cells].sum()), float(energy[cells].sum()))
