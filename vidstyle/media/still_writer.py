"""Writes single pictures and numbered sequences of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from ..errors import OutputError
from .clip import WriteOptions
from .frame import ClipInfo, Frame
from .output import FileTarget, FolderTarget, FramesWriter
from .pixels import over_white, with_alpha
from .sequence import number_in, numbered

_JPEG: dict[str, Any] = {"format": "JPEG", "quality": 95, "subsampling": 0}
_TIFF: dict[str, Any] = {"format": "TIFF", "compression": "tiff_lzw"}

# To add a still format: its extension and what Pillow's save is told.
SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": {"format": "WEBP", "quality": 95, "method": 4, "use_sharp_yuv": True},
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".bmp": {"format": "BMP"},
}
_WITHOUT_ALPHA = ("JPEG", "BMP")
FOLDER_PATTERN = "frame_%06d.png"


def save_still(path: Path, frame: Frame, extension: str) -> None:
    """Writes `frame` into `path` in the format of `extension`; on white where that has no transparency."""
    options = SAVE_OPTIONS[extension]
    plain = frame.alpha is None or options["format"] in _WITHOUT_ALPHA
    image = Image.fromarray(over_white(frame) if plain else with_alpha(frame))
    encoded = io.BytesIO()  # libtiff, on a full disk, raises what is no OSError, and says so itself
    image.save(encoded, **options)
    path.write_bytes(encoded.getvalue())


class StillWriter(FramesWriter):
    """Writes one picture. Raises OutputError at once if more frames are announced, or else when the second comes."""

    def __init__(self, path: Path, info: ClipInfo, options: WriteOptions) -> None:
        if info.frame_count is not None and info.frame_count > 1:
            raise OutputError(_too_many(path, f"{info.frame_count} frames"))
        super().__init__(path, info, FileTarget(path, options.overwrite))

    def _open(self) -> None:
        pass

    def _append(self, frame: Frame) -> None:
        if self._count:
            raise OutputError(_too_many(self._path, "more than one frame"))
        save_still(self._target.temporary, frame, self._path.suffix.lower())

    def _close(self) -> None:
        pass


class SequenceWriter(FramesWriter):
    """Writes numbered pictures, from 1 on, into a folder. Durations are lost."""

    def __init__(self, path: Path, info: ClipInfo, target: FolderTarget, pattern: str) -> None:
        super().__init__(path, info, target)
        self._pattern = pattern
        self._extension = Path(pattern).suffix.lower()

    def _open(self) -> None:
        pass

    def _append(self, frame: Frame) -> None:
        name = numbered(self._pattern, self._count + 1)
        save_still(self._target.temporary / name, frame, self._extension)

    def _close(self) -> None:
        pass


def folder_writer(path: Path, info: ClipInfo, options: WriteOptions) -> SequenceWriter:
    """Writes frame_000001.png and so on into the folder `path`, which is made if it is missing."""
    target = FolderTarget(path, path, _frames_of(FOLDER_PATTERN), options.overwrite, exclusive=True)
    return SequenceWriter(path, info, target, FOLDER_PATTERN)


def pattern_writer(path: Path, info: ClipInfo, options: WriteOptions) -> SequenceWriter:
    """Writes the files of a pattern such as frames/f_%04d.jpg into its folder, which must exist."""
    target = FolderTarget(path, path.parent, _frames_of(path.name), options.overwrite, exclusive=False)
    return SequenceWriter(path, info, target, path.name)


def _frames_of(pattern: str) -> Callable[[str], bool]:
    return lambda name: number_in(name, pattern) is not None


def _too_many(path: Path, count: str) -> str:
    others = f"a folder ({path.stem}/), {path.stem}.gif or {path.stem}.apng"
    return f"{path}: holds one picture, but there are {count}: write to {others}"
