"""Opens clips by their content and makes outputs by their name."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from fractions import Fraction
from pathlib import Path

from ..errors import InputError, OutputError, unknown
from .animation import AnimationReader
from .apng_writer import ApngWriter
from .clip import MAX_PIXELS, AudioSource, ClipReader, ClipWriter, ReadOptions, WriteOptions
from .encoders import CONTAINERS
from .frame import ClipInfo, Frame
from .gif_writer import GifWriter
from .sequence import (
    PICTURE_EXTENSIONS,
    SequenceReader,
    folder_files,
    glob_files,
    is_pattern,
    number_in,
    pattern_files,
)
from .sniff import Family, identify
from .still_writer import SAVE_OPTIONS, StillWriter, folder_writer, pattern_writer
from .stills import read_still
from .video import VideoReader
from .video_writer import VideoWriter
from .webp_writer import WebpWriter

_STILL_FORMATS = ("png", "jpeg", "webp", "tiff", "bmp")

# To add a family: name it in sniff.Family, recognise it in sniff.py, and put here what opens it.
READERS: dict[Family, Callable[[Path, str, ReadOptions], ClipReader]] = {
    "animation": AnimationReader,
    "video": VideoReader,
    "still": lambda path, format, options: SequenceReader([path], format, options),
}

Maker = Callable[[Path, ClipInfo, WriteOptions, AudioSource | None], ClipWriter]


def _webp(path: Path, info: ClipInfo, options: WriteOptions, audio: AudioSource | None) -> ClipWriter:
    still = info.frame_count == 1 and info.format in _STILL_FORMATS
    return StillWriter(path, info, options) if still else WebpWriter(path, info, options)


# To add an output: its extension, what makes its writer, and the longest side it can have (None is any).
WRITERS: dict[str, tuple[Maker, int | None]] = {
    ".gif": (lambda path, info, options, audio: GifWriter(path, info, options), 65535),
    ".apng": (lambda path, info, options, audio: ApngWriter(path, info, options), None),
    **dict.fromkeys(CONTAINERS, (VideoWriter, None)),
    **{
        extension: (lambda path, info, options, audio: StillWriter(path, info, options), 65535)
        for extension in SAVE_OPTIONS
    },
    ".webp": (_webp, 16383),
}


# The extension of an output of the same kind, for each ClipInfo.format of a single file.
DEFAULT_EXTENSIONS = {
    "gif": ".gif",
    "apng": ".apng",
    "animated webp": ".webp",
    "mp4": ".mp4",
    "mov": ".mov",
    "mkv": ".mkv",
    "webm": ".webm",
    "avi": ".avi",
    "png": ".png",
    "jpeg": ".jpg",
    "webp": ".webp",
    "tiff": ".tif",
    "bmp": ".bmp",
}


def default_extension(source: Path, format: str) -> str:
    """The extension of an output of the kind of `source`, which is its own unless it does not fit the content.

    So an APNG named .png gets .apng, and a video named .gif gets .mp4. format: its ClipInfo.format.
    """
    own, usual = source.suffix.lower(), DEFAULT_EXTENSIONS.get(format, ".gif")
    group: Collection[str] = CONTAINERS if usual in CONTAINERS else SAVE_OPTIONS if format in _STILL_FORMATS else ()
    return source.suffix if own in group else usual


def is_clip_name(path: Path) -> bool:
    """True if the name has an extension of something that can be read."""
    return path.suffix.lower() in {*DEFAULT_EXTENSIONS.values(), *CONTAINERS, *PICTURE_EXTENSIONS}


def open_clip(path: str | Path, options: ReadOptions = ReadOptions()) -> ClipReader:
    """Opens a file, a folder of stills, a numbered pattern (f_%04d.png) or a glob (*.png) for reading.

    Raises InputError if there is nothing that can be read.
    """
    path = Path(path)
    files = source_files(path)
    if files != [path]:
        return SequenceReader(files, _many(path), options)
    kind = identify(path)
    return READERS[kind.family](path, kind.format, options)


def format_of(path: Path) -> str:
    """The ClipInfo.format of what open_clip() would open. Raises InputError if nothing there can be read."""
    return identify(path).format if source_files(path) == [path] else _many(path)


def _many(path: Path) -> str:
    return "folder" if path.is_dir() else "pattern"


def source_files(path: Path) -> list[Path]:
    """The files that open_clip() reads, in order: `path` itself, or the pictures of a folder, a pattern or a glob.

    Raises InputError if there are none.
    """
    try:
        is_folder, exists = path.is_dir(), os.path.lexists(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is no name of a file or folder ({error})") from error
    if is_folder:
        return folder_files(path)
    if not exists and is_pattern(path.name):
        return pattern_files(path)
    if not exists and any(character in path.name for character in "*?["):
        return glob_files(path)
    return [path]


def load_picture(path: str | Path, max_pixels: int = MAX_PIXELS) -> Frame:
    """A single picture, upright, in sRGB, of duration 0; its alpha is None if it cannot be transparent.

    Raises InputError if it cannot be read or holds more than one frame.
    """
    path = Path(path)
    if os.path.isdir(path):
        raise InputError(f"{path}: is a folder, not a picture: give one picture in it")
    kind = identify(path)
    if kind.family == "still":
        return read_still(path, max_pixels, Fraction(0))
    if kind.family == "animation":
        reader = AnimationReader(path, kind.format, ReadOptions(max_pixels))
        if reader.info.frame_count == 1:
            frame = next(reader.frames())
            return Frame(frame.image, Fraction(0), frame.alpha)
    raise InputError(f"{path}: is a clip, not a picture: give a single frame of it, as PNG or JPEG")


def is_folder_output(path: str | Path) -> bool:
    """True if `path` means a folder of stills: one that exists, a name ending in /, or a name without extension."""
    text = os.fspath(path)
    separators = tuple(filter(None, (os.sep, os.altsep)))
    return text.endswith(separators) or os.path.isdir(text) or not Path(text).suffix


def replaces(output: str | Path, file: Path) -> bool:
    """Whether the frames of a folder or a pattern that is written would take the place of a file."""
    output = Path(output)
    numbers = _is_numbered(output)
    if not numbers and not os.path.isdir(output):
        return False
    folder = os.path.realpath(output.parent if numbers else output)
    # Of a link, and of what it points to.
    places = [(os.path.realpath(file.parent), file.name), os.path.split(os.path.realpath(file))]
    return any(place == folder and (not numbers or number_in(name, output.name) is not None) for place, name in places)


def _is_numbered(output: Path) -> bool:
    """Whether the name of an output means many pictures."""
    return is_pattern(output.name) and output.suffix.lower() in SAVE_OPTIONS


def is_video_output(path: str | Path) -> bool:
    """True if `path` means a video file."""
    return not is_folder_output(path) and Path(path).suffix.lower() in CONTAINERS


def create_clip(
    path: str | Path,
    info: ClipInfo,
    options: WriteOptions = WriteOptions(),
    audio: AudioSource | None = None,
) -> ClipWriter:
    """A writer for `path`, whose kind is told by its extension; nothing stays on the disk until it is entered.

    info: of the source, but with the output's width and height. audio: ignored by formats without sound.
    Raises OutputError or OptionError now if the output cannot be written.
    """
    folder = is_folder_output(path)
    path = Path(path)
    if path.name == "-":
        raise OutputError("-: standard output takes no clip; name a file or a folder")
    if folder:
        return folder_writer(path, info, options)
    if _is_numbered(path):
        return pattern_writer(path, info, options)
    extension = path.suffix.lower()
    if extension not in WRITERS:
        raise OutputError(f"{path}: {unknown('extension', extension, WRITERS)}, or end the name in / for a folder")
    make, longest = WRITERS[extension]
    if longest is not None and max(info.width, info.height) > longest:
        raise OutputError(f"{path}: {extension} pictures have at most {longest} pixels a side: use a smaller size")
    return make(path, info, options, audio)
