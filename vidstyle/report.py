"""What a run did: its settings, its inputs, and figures for every frame and in total."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import platform
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .config import Config
from .media import ClipInfo, ReadOptions, WriteOptions
from .motion.shots import Shot
from .settings_file import plain_settings

if TYPE_CHECKING:
    from .neural.frame_result import FrameResult

PACKAGES = ("vidstyle", "tensorflow", "numpy", "opencv-python-headless", "pillow", "imageio-ffmpeg")


class Report:
    """Collects the figures of a run frame by frame.

    They are of the paint itself, before --strength, --keep-mask and --color. Totals leave out what the first frame of a
    loop has, which comes after the last one, as `vidstyle measure` does.
    """

    def __init__(
        self,
        config: Config,
        info: ClipInfo,
        sha256: dict[str, str],
        output: Path,
        read: ReadOptions,
        write: WriteOptions,
        notices: Sequence[str] = (),
    ) -> None:
        self.output = output
        self.notices = list(notices)
        self.frames: list[dict[str, Any]] = []
        self.totals: dict[str, Any] = {}
        self._source_errors: list[float] = []
        self._head: dict[str, Any] = {
            "settings": plain_settings(config, read, write),
            "fingerprint": config.fingerprint(),
            "sha256": sha256,
            "versions": versions(),
            "input": facts(info),
            "output": str(output),
        }

    def add(self, result: FrameResult) -> None:
        """Take in the figures of a finished frame."""
        self.frames.append(
            {
                "index": result.index,
                "seconds": result.seconds,
                "evaluations": result.evaluations,
                "loss": result.losses,
                "warp_error": result.warp_error,
                "reliable": result.reliable,
                "retries": result.retries,
            }
        )
        if result.excess is not None:
            self.notices.append(
                f"frame {result.index + 1}: its loss is {result.excess:.1f} times that of the frames before it, also "
                "in a second try; look at it"
            )
        if result.source_warp_error is not None and result.index:
            self._source_errors.append(result.source_warp_error)

    def finish(self, seconds: float, shots: Sequence[Shot], expected: float | None = None, kept: int = 0) -> None:
        """Add up: `seconds` of the run, `expected` before it; `kept` frames were painted by an earlier run;
        seconds_per_frame over the frames after the first.
        """
        self._head["shots"] = [[shot.start, shot.stop] for shot in shots]
        later = self.frames[1:] or self.frames
        self.totals = {
            "frames": len(self.frames),
            "kept": kept,
            "seconds": seconds,
            "expected_seconds": expected,
            "seconds_per_frame": _mean([row["seconds"] for row in later]),
            "evaluations": sum(row["evaluations"] for row in self.frames),
            "peak_rss_mb": peak_rss_mb(),
            "warp_error": _mean(
                [row["warp_error"] for row in self.frames if row["warp_error"] is not None and row["index"]]
            ),
            "source_warp_error": _mean(self._source_errors),
        }

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {**self._head, "frames": self.frames, "totals": self.totals}


def facts(info: ClipInfo) -> dict[str, Any]:
    """What is known of a clip, as plain values: times in seconds, the rate as the exact fraction it is."""
    return {
        "format": info.format,
        "width": info.width,
        "height": info.height,
        "frames": info.frame_count,
        "duration": None if info.duration is None else float(info.duration),
        "rate": None if info.rate is None else f"{info.rate.numerator}/{info.rate.denominator}",
        "loop": info.loop,
        "alpha": info.has_alpha,
        "audio": info.has_audio,
    }


def file_sha256(path: Path) -> str:
    """Of a file's content, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def peak_rss_mb() -> float:
    """The most memory that this process held, in MiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def versions() -> dict[str, str]:
    """Of Python and of the packages that a result depends on, where they are installed as such."""
    found: dict[str, str] = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
