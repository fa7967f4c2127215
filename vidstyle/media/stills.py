"""Decodes single pictures of any mode into RGB with sRGB colours."""

from __future__ import annotations

import io
import re
from contextlib import nullcontext
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from ..errors import InputError
from ..silence import silence
from .frame import Frame
from .guard import check_pixels, decoding

_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
_TURNED = range(5, 9)  # values of EXIF's orientation that exchange width and height
_ORIENTATION = 0x0112
_MARKER = re.compile(rb"\xff+([\x02-\xcf\xd8-\xfe])")  # of a JPEG, less those that stand within a scan
_SCAN, _END = b"\xda", b"\xd9"
_MOST_SCANS = 100  # of a JPEG; progressive ones have about ten, and a scan of a few bytes costs a pass over all pixels


@dataclass(frozen=True)
class Header:
    """What is known of a picture before it is decoded: its size as displayed, and whether it may be transparent."""

    width: int
    height: int
    has_alpha: bool


def read_header(path: Path, max_pixels: int) -> Header:
    """Raises InputError if `path` is no picture, damaged, of several pages, or larger than max_pixels."""
    with decoding(path, max_pixels), Image.open(path, formats=_FORMATS) as image:
        width, height = image.size
        pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
        # Pillow gives the size of a TIFF as displayed, that of others as stored.
        turned = image.format != "TIFF" and image.getexif().get(_ORIENTATION) in _TURNED
        has_alpha = image.has_transparency_data
    check_pixels(path, width, height, max_pixels)
    if pages > 1:
        raise InputError(f"{path}: holds {pages} pages: give each page as a picture of its own")
    return Header(height, width, has_alpha) if turned else Header(width, height, has_alpha)


def read_still(path: Path, max_pixels: int, duration: Fraction) -> Frame:
    """The picture in `path`, upright, in sRGB, with its alpha if it may have any. Raises InputError as read_header."""
    read_header(path, max_pixels)
    # By its name, Pillow would map a plain TIFF into memory, and not turn it upright.
    with decoding(path, max_pixels), path.open("rb") as file, Image.open(file, formats=_FORMATS) as image:
        profile = image.info.get("icc_profile")
        has_alpha = image.has_transparency_data
        if image.format == "JPEG" and _scans(path.read_bytes()) > _MOST_SCANS:
            raise InputError(f"{path}: has more than {_MOST_SCANS} scans: the file is damaged")
        with silence() if image.format == "TIFF" else nullcontext():  # libtiff writes of damage to stderr
            image.load()
        upright = ImageOps.exif_transpose(image)
        plain = eight_bits(upright)
        alpha = np.array(plain.convert("RGBA").getchannel("A")) if has_alpha else None
        pixels = np.array(_in_srgb(plain, profile))
    return Frame(pixels, duration, alpha)


def rgba(image: Image.Image, profile: object) -> NDArray[np.uint8]:
    """The picture in sRGB by the colour profile of the file it is from; uint8 (H, W, 4)."""
    plain = eight_bits(image)
    pixels = np.array(plain.convert("RGBA"))
    if profile:
        pixels[..., :3] = np.asarray(_in_srgb(plain, profile))
    return pixels


def _scans(jpeg: bytes) -> int:
    """How many passes over its pixels a JPEG makes; what stands behind its end, as a phone's film does, is none."""
    count, at = 0, 2
    while (marker := _MARKER.search(jpeg, at)) and marker[1] != _END:
        count += marker[1] == _SCAN
        at = marker.end() + int.from_bytes(jpeg[marker.end() : marker.end() + 2], "big")
    return count


def eight_bits(image: Image.Image) -> Image.Image:
    """The same picture in a mode of 8 bits a channel; 16-bit and float greys are scaled to 0..255."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image).astype(np.float64)
    known = np.isfinite(values)
    values = np.where(known, values, values[known].min(initial=0))
    if image.mode.startswith("I;16") or (image.mode == "I" and values.min() >= 0 and values.max() <= 65535):
        top = 65535.0
    else:
        values = values - min(values.min(), 0)
        top = max(float(values.max()), 1.0)
    return Image.fromarray(np.rint(values * (255 / top)).clip(0, 255).astype(np.uint8))


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """RGB by the embedded colour profile; a profile that is broken or does not fit the picture is ignored."""
    if image.mode in ("P", "PA", "RGBA", "RGBa", "RGBX", "1"):
        image = image.convert("RGB")
    elif image.mode in ("LA", "La"):
        image = image.convert("L")
    if isinstance(profile, bytes) and profile:
        try:
            source = ImageCms.getOpenProfile(io.BytesIO(profile))
            name = ImageCms.getProfileDescription(source).lower()
            if "srgb" not in name or "linear" in name:
                converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
                return converted if converted is not None else image.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return image.convert("RGB")
