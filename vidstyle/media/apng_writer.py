"""Writes APNG, frame by frame and without loss."""

from __future__ import annotations

import io
import math
import struct
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..motion.reliability import differs
from .apng_parts import SIGNATURE, chunk
from .clip import WriteOptions
from .frame import ClipInfo, Frame
from .output import FileTarget, FramesWriter
from .pixels import changed_box, with_alpha
from .timeline import ANIMATED, BROWSER_MINIMUM, Timeline, shortest

_TICK = Fraction(1, 1000)  # seconds, of films whose frames are shorter than browsers show them
_MAX = 65535  # of numerator and denominator of a delay


class ApngWriter(FramesWriter):
    """Stores of each frame the box that differs from the frame before it; durations are exact fractions.

    Clips of 100 frames per second or more, other than animated pictures, lose frames but no time.
    """

    def __init__(self, path: Path, info: ClipInfo, options: WriteOptions) -> None:
        super().__init__(path, info, FileTarget(path, options.overwrite))
        self._file: BinaryIO | None = None
        self._before: NDArray[np.uint8] | None = None
        self._timeline = Timeline(_TICK)
        self._late = Fraction(0)  # seconds that rounding has cut off the timeline so far
        self._sequence = self._frames = self._control_at = 0

    def _open(self) -> None:
        self._file = self._target.temporary.open("wb")
        colour = 6 if self._info.has_alpha else 2
        header = struct.pack(">2I5B", self._info.width, self._info.height, 8, colour, 0, 0, 0)
        self._file.write(SIGNATURE + chunk(b"IHDR", header))
        self._control_at = self._file.tell()
        self._file.write(self._control())

    def _control(self) -> bytes:
        plays = 1 if self._info.loop is None else self._info.loop + 1 if self._info.loop else 0
        return chunk(b"acTL", struct.pack(">2I", self._frames, plays))

    def _append(self, frame: Frame) -> None:
        duration = frame.duration
        if duration <= BROWSER_MINIMUM and self._info.format not in ANIMATED:
            ticks = self._timeline.advance(duration, shortest(_TICK, self._info.format, duration))
            if ticks is None:
                return
            duration = _TICK * ticks
        pixels = with_alpha(frame) if self._info.has_alpha else frame.image
        wanted = duration + self._late
        while wanted >= _MAX:
            self._append_pixels(pixels, Fraction(_MAX))
            wanted -= _MAX
        delay = _storable(max(wanted, Fraction(0)))
        self._late = wanted - delay
        self._append_pixels(pixels, delay)

    def _append_pixels(self, pixels: NDArray[np.uint8], delay: Fraction) -> None:
        assert self._file
        box = (0, 0, self._info.width, self._info.height)
        if self._before is not None:
            box = changed_box(differs(pixels, self._before))
        self._before = pixels
        x, y, width, height = box
        delays = delay.as_integer_ratio()
        self._write_numbered(b"fcTL", struct.pack(">4I2H2B", width, height, x, y, *delays, 0, 0))
        data = _compressed(pixels[y : y + height, x : x + width])
        if self._frames:
            self._write_numbered(b"fdAT", data)
        else:
            self._file.write(chunk(b"IDAT", data))
        self._frames += 1

    def _write_numbered(self, name: bytes, data: bytes) -> None:
        assert self._file
        self._file.write(chunk(name, struct.pack(">I", self._sequence) + data))
        self._sequence += 1

    def _close(self) -> None:
        assert self._file
        self._file.write(chunk(b"IEND", b""))
        self._file.seek(self._control_at)
        self._file.write(self._control())
        self._file.close()

    def _abort(self) -> None:
        if self._file:
            self._file.close()


def _storable(delay: Fraction) -> Fraction:
    """The nearest fraction below 65536 s whose numerator and denominator take 16 bits."""
    most = _MAX if delay <= 1 else max(1, math.floor(_MAX / delay))
    return delay if max(delay.as_integer_ratio()) <= _MAX else delay.limit_denominator(most)


def _compressed(pixels: NDArray[np.uint8]) -> bytes:
    """The IDAT data of the picture, uint8 (h, w, 3 or 4)."""
    encoded = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(encoded, "PNG")
    png, position, data = encoded.getvalue(), len(SIGNATURE), b""
    while position < len(png):
        size, name = struct.unpack(">I4s", png[position : position + 8])
        if name == b"IDAT":
            data += png[position + 8 : position + 8 + size]
        position += size + 12
    return data
