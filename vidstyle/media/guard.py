"""Bounds what a file can make this program do, and keeps what Pillow raises and warns inside this package."""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, PngImagePlugin

from ..errors import InputError

MAX_FRAMES = 1_000_000  # of one clip: eleven hours at 25 a second
_ALL_PIXELS = 200  # times max_pixels, of all frames of an animated picture: opening it may have to decode them all

PngImagePlugin.MAX_TEXT_CHUNK = 2**26  # bytes; programs that make pictures write into them how, which can be megabytes
logging.getLogger("PIL").addHandler(logging.NullHandler())  # what it logs about damaged files it raises too

# What Pillow and the parsers here are known to raise on damaged files.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)


@contextmanager
def decoding(path: Path, max_pixels: int, what: str = "") -> Iterator[None]:
    """Within it Pillow is silent and all that it raises becomes an InputError about `path`.

    what: the part of the file that is being decoded, for the message ("frame 3").
    """
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Image.DecompressionBombError as error:
        raise InputError(_too_large(path, "it", max_pixels)) from error
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file any more: put it back") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split()).replace(str(path), "").strip(" :'\"") or type(error).__name__
        where = f"{what} " if what else "it "
        raise InputError(f"{path}: {where}cannot be decoded, the file is damaged or incomplete ({reason})") from error
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def check_pixels(path: Path, width: int, height: int, max_pixels: int) -> None:
    """Raises InputError if width x height is 0 or more than max_pixels."""
    if width < 1 or height < 1:
        raise InputError(f"{path}: its pictures are {width}x{height}: the file is damaged")
    if width * height > max_pixels:
        raise InputError(_too_large(path, f"{width}x{height}", max_pixels))


def check_clip(path: Path, width: int, height: int, frames: int, max_pixels: int) -> None:
    """check_pixels() for an animated picture, whose frames must not have too many pixels in all either."""
    check_pixels(path, width, height, max_pixels)
    if width * height * frames > _ALL_PIXELS * max_pixels:
        what = f"{frames} frames of {width}x{height}"
        raise InputError(f"{path}: {what} are too much to decode: raise --max-pixels to read it all the same")


def check_count(frames: int) -> None:
    """Raises ValueError if a clip has more frames than MAX_FRAMES."""
    if frames > MAX_FRAMES:
        raise ValueError(f"it has more than {MAX_FRAMES} frames")


def _too_large(path: Path, size: str, max_pixels: int) -> str:
    return f"{path}: {size} has more than {max_pixels} pixels: raise --max-pixels to read it all the same"
