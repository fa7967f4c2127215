"""Clips in and out: animated pictures, video, stills and folders of them, read and written as streams of frames.

open_clip and create_clip are the two doors; ClipReader and ClipWriter are what comes out of them.
"""

from .clip import (
    DEFAULT_FPS,
    MAX_PIXELS,
    AudioSource,
    ClipReader,
    ClipWriter,
    ReadOptions,
    WriteOptions,
)
from .frame import ClipInfo, Frame
from .output import remove_parts
from .pixels import over_white
from .registry import (
    create_clip,
    default_extension,
    format_of,
    is_clip_name,
    is_folder_output,
    is_video_output,
    load_picture,
    open_clip,
    replaces,
    source_files,
)
from .sequence import is_pattern
from .timeline import ANIMATED

__all__ = [
    "ANIMATED",
    "DEFAULT_FPS",
    "MAX_PIXELS",
    "AudioSource",
    "ClipInfo",
    "ClipReader",
    "ClipWriter",
    "Frame",
    "ReadOptions",
    "WriteOptions",
    "create_clip",
    "default_extension",
    "format_of",
    "is_clip_name",
    "is_folder_output",
    "is_pattern",
    "is_video_output",
    "load_picture",
    "open_clip",
    "over_white",
    "remove_parts",
    "replaces",
    "source_files",
]
