"""Keeps what Pillow raises and warns inside this package."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from ..errors import InputError

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


def _too_large(path: Path, size: str, max_pixels: int) -> str:
    return f"{path}: {size} has more than {max_pixels} pixels: raise --max-pixels to read it all the same"
