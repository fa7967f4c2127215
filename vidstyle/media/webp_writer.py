"""Writes animated WebP, frame by frame."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from .clip import WriteOptions
from .frame import ClipInfo, Frame
from .output import FileTarget, FramesWriter
from .pixels import with_alpha
from .timeline import Timeline, pieces, shortest
from .webp_parts import chunk, u24

_QUALITY = 90
_TICK = Fraction(1, 1000)  # seconds
_MAX_DURATION = (1 << 24) - 1  # ms
_NO_BLEND = 2
_ANIMATION, _ALPHA = 0x02, 0x10


class WebpWriter(FramesWriter):
    """Writes full frames of quality 90; durations in ms, the rounding error carried on; alpha is kept exactly.

    Clips of over 90 frames per second, other than animated pictures, lose frames but no time.
    """

    def __init__(self, path: Path, info: ClipInfo, options: WriteOptions) -> None:
        super().__init__(path, info, FileTarget(path, options.overwrite))
        self._timeline = Timeline(_TICK)
        self._file: BinaryIO | None = None

    def _open(self) -> None:
        self._file = self._target.temporary.open("wb")
        flags = _ANIMATION | (_ALPHA if self._info.has_alpha else 0)
        canvas = struct.pack("<I", flags) + u24(self._info.width - 1) + u24(self._info.height - 1)
        plays = 1 if self._info.loop is None else min(self._info.loop + 1, 65535) if self._info.loop else 0
        self._file.write(b"RIFF\0\0\0\0WEBP" + chunk(b"VP8X", canvas) + chunk(b"ANIM", struct.pack("<IH", 0, plays)))

    def _append(self, frame: Frame) -> None:
        assert self._file
        ticks = self._timeline.advance(frame.duration, shortest(_TICK, self._info.format, frame.duration))
        if ticks is None:
            return
        image = Image.fromarray(with_alpha(frame) if self._info.has_alpha else frame.image)
        encoded = io.BytesIO()
        image.save(encoded, "WEBP", quality=_QUALITY, alpha_quality=100, method=4, use_sharp_yuv=True)
        data = _bitstream(encoded.getvalue())
        for duration in pieces(ticks, _MAX_DURATION):
            header = bytes(6) + u24(self._info.width - 1) + u24(self._info.height - 1) + u24(duration)
            self._file.write(chunk(b"ANMF", header + bytes([_NO_BLEND]) + data))

    def _close(self) -> None:
        assert self._file
        size = self._file.tell() - 8
        self._file.seek(4)
        self._file.write(struct.pack("<I", size))
        self._file.close()

    def _abort(self) -> None:
        if self._file:
            self._file.close()


def _bitstream(webp: bytes) -> bytes:
    """The ALPH, VP8 and VP8L chunks of a WebP still."""
    position, found = 12, b""
    while position + 8 <= len(webp):
        name, size = struct.unpack("<4sI", webp[position : position + 8])
        end = position + 8 + size + (size & 1)
        if name in (b"ALPH", b"VP8 ", b"VP8L"):
            found += webp[position:end]
        position = end
    return found
