"""What a file is, told by its first bytes; its name counts for nothing."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from ..errors import InputError

Family = Literal["animation", "video", "still"]

READABLE = "GIF, PNG, APNG, WebP, JPEG, TIFF, BMP, MP4, MOV, MKV, WebM, AVI"


@dataclass(frozen=True)
class Kind:
    """family: which reader takes it. format: the name that ClipInfo.format gets."""

    family: Family
    format: str


# To recognise another format: add its first bytes here, or a function below where they do not suffice. A new still is
# then read if Pillow can; a new animation needs an entry in animation.FORMATS, a new video one in probe.DEMUXERS.
_MAGIC: dict[bytes, Kind] = {
    b"GIF87a": Kind("animation", "gif"),
    b"GIF89a": Kind("animation", "gif"),
    b"\xff\xd8\xff": Kind("still", "jpeg"),
    b"II*\0": Kind("still", "tiff"),
    b"MM\0*": Kind("still", "tiff"),
    b"II+\0": Kind("still", "tiff"),
    b"MM\0+": Kind("still", "tiff"),
    b"BM": Kind("still", "bmp"),
}
_PNG = b"\x89PNG\r\n\x1a\n"
_MOVIE_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_UNSUPPORTED_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")


def identify(path: Path) -> Kind:
    """The kind of the file `path`. Raises InputError if it is missing, empty, unreadable or of no known kind."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for, a device has no end
            raise InputError(f"{path}: is no regular file: save it as a file first")
        with path.open("rb") as file:
            head = file.read(4096)
            kind = _png(file) if head.startswith(_PNG) else _other(head, path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file or folder") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be opened: {getattr(error, 'strerror', None) or error}") from error
    if not head:
        raise InputError(f"{path}: the file is empty (0 bytes)")
    if kind is None:
        hint = " (its content is text)" if _is_text(head) else ""
        raise InputError(f"{path}: not a picture or video that can be read{hint}: give one of {READABLE}")
    return kind


def _png(file: BinaryIO) -> Kind:
    file.seek(len(_PNG))
    while len(header := file.read(8)) == 8:
        size, name = struct.unpack(">I4s", header)
        if name == b"acTL":
            return Kind("animation", "apng")
        if name == b"IDAT":
            break
        file.seek(size + 4, 1)
    return Kind("still", "png")


def _other(head: bytes, path: Path) -> Kind | None:
    for magic, kind in _MAGIC.items():
        if head.startswith(magic) and (magic != b"BM" or head[6:10] == b"\0\0\0\0"):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        animated = head[12:16] == b"VP8X" and len(head) > 20 and head[20] & 2
        return Kind("animation", "animated webp") if animated else Kind("still", "webp")
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return Kind("video", "avi")
    if head[:4] == b"\x1aE\xdf\xa3":
        return Kind("video", "webm" if b"webm" in head[:64] else "mkv")
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _UNSUPPORTED_BRANDS:
            raise InputError(f"{path}: HEIC and AVIF pictures cannot be read: convert it to PNG or JPEG first")
        return Kind("video", "mov" if brand == b"qt  " else "mp4")
    return Kind("video", "mov") if head[4:8] in _MOVIE_ATOMS else None


def _is_text(head: bytes) -> bool:
    try:
        text = head[:512].decode("utf-8", "strict" if len(head) < 512 else "ignore")
    except UnicodeDecodeError:
        return False
    return bool(text) and all(character.isprintable() or character in "\r\n\t\f" for character in text)
