"""Builders that the tests of media share. Everything is tiny, and made here: nothing is read from elsewhere."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import GifImagePlugin, Image

from vidstyle.media import ClipInfo, Frame, WriteOptions, create_clip, open_clip
from vidstyle.media.ffmpeg import executable

W, H = 34, 20
COLOURS = [(220, 40, 40), (30, 160, 60), (40, 70, 200), (230, 200, 40), (120, 120, 120), (250, 250, 250)]


def picture(number: int = 0, width: int = W, height: int = H) -> np.ndarray:
    """A still background of flat blocks with a bar that moves with `number`."""
    image = np.empty((height, width, 3), np.uint8)
    image[:, : width // 2] = COLOURS[2]
    image[:, width // 2 :] = COLOURS[3]
    left = (4 * number) % (width - 8)
    image[height // 2 :, left : left + 8] = COLOURS[0]
    return image


def painting(number: int = 0, width: int = W, height: int = H) -> np.ndarray:
    """A picture of very many colours."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [120 + 90 * np.sin(x / 5 + number), 120 + 90 * np.cos(y / 4 + number / 2), 60 + 4 * x + 3 * y]
    return np.stack(channels, -1).clip(0, 255).astype(np.uint8)


def hole(number: int = 0, width: int = W, height: int = H) -> np.ndarray:
    alpha = np.full((height, width), 255, np.uint8)
    alpha[2:6, number : number + 5] = 0
    return alpha


def frames(
    count: int = 5,
    durations: Sequence[Fraction] | None = None,
    *,
    alpha: bool = False,
    draw: Callable[..., np.ndarray] = picture,
    size: tuple[int, int] = (W, H),
) -> list[Frame]:
    times = durations or [Fraction(1, 25)] * count
    return [Frame(draw(i, *size), time, hole(i, *size) if alpha else None) for i, time in enumerate(times)]


def info_of(clip: list[Frame], **changes: object) -> ClipInfo:
    from vidstyle.media.timeline import common_rate, common_tick, shown

    times = [frame.duration for frame in clip]
    known: dict[str, object] = {
        "format": "gif",
        "width": clip[0].image.shape[1],
        "height": clip[0].image.shape[0],
        "frame_count": len(clip),
        "tick": common_tick(map(shown, times)),
        "rate": common_rate(times) if len(clip) > 1 else None,
        "has_alpha": clip[0].alpha is not None,
    }
    return ClipInfo(**{**known, **changes})  # type: ignore[arg-type]


def write(path: Path | str, clip: list[Frame], options: WriteOptions | None = None, **changes: object) -> Path:
    with create_clip(path, info_of(clip, **changes), options or WriteOptions()) as writer:
        for frame in clip:
            writer.write(frame)
    return Path(path)


def read(path: Path | str) -> list[Frame]:
    with open_clip(path) as clip:
        return list(clip.frames())


def worst(first: np.ndarray, second: np.ndarray) -> int:
    return int(np.abs(first.astype(int) - second).max())


def mean_error(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(int) - second).mean())


def ffmpeg(*arguments: str | Path) -> None:
    command = [executable(), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


def gif_frame(
    indices: np.ndarray,
    *,
    at: tuple[int, int] = (0, 0),
    delay: int = 10,
    disposal: int = 0,
    transparent: int | None = None,
    palette: list[tuple[int, int, int]] | None = None,
    interlaced: bool = False,
) -> bytes:
    """The blocks of one frame. Only the compression is left to Pillow."""
    control = b"!\xf9\x04" + struct.pack("<BHBB", disposal << 2 | (transparent is not None), delay, transparent or 0, 0)
    height, width = indices.shape
    rows = [y for first, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(first, height, step)]
    stored = indices[rows] if interlaced else indices
    compressed = b"".join(GifImagePlugin.getdata(Image.fromarray(np.ascontiguousarray(stored, np.uint8))))[10:]
    flags, table = 0x40 if interlaced else 0, b""
    if palette:
        flags |= 0x81
        table = bytes(sum(palette, ())).ljust(12, b"\0")
    return control + b"," + struct.pack("<4HB", *at, width, height, flags) + table + compressed


def gif(parts: Sequence[bytes], size: tuple[int, int], *, loop: int | None = None, trailer: bytes = b";") -> bytes:
    """A GIF with a global palette of four colours: the first four of COLOURS."""
    table = bytes(sum(COLOURS[:4], ()))
    repeat = b"" if loop is None else b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", loop, 0)
    return b"GIF89a" + struct.pack("<HHBBB", *size, 0x81, 0, 0) + table + repeat + b"".join(parts) + trailer


@pytest.fixture
def kit() -> SimpleNamespace:
    """The builders above, for test modules, which cannot import this file by name."""
    return SimpleNamespace(**{name: value for name, value in globals().items() if not name.startswith("_")})
