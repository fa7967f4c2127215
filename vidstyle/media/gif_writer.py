"""Writes GIF: the timeline, the palette and the spool that the palette of a whole clip needs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from .clip import WriteOptions
from .frame import ClipInfo, Frame
from .gif_encoder import TRANSPARENT, GifEncoder
from .gif_mapping import ClipMapper
from .gif_palette import Palette, PixelSample, frame_palette
from .output import FileTarget, FramesWriter
from .timeline import Timeline, shortest

_TICK = Fraction(1, 100)  # seconds
_LEAD = 6  # frames; of an error that half moves on, a 64th is left by then
_OPAQUE = 128  # alpha from which a pixel is drawn


class GifWriter(FramesWriter):
    """Durations are rounded to 1/100 s, the error carried on, so that the timeline does not drift.

    Clips of more than 50 frames per second, other than GIFs, lose frames but no time. What browsers show for longer
    than it says, 10 ms or less in an animated picture, stays.
    With the palette of a whole clip the frames wait, uncompressed, in an anonymous file beside the output.
    """

    def __init__(self, path: Path, info: ClipInfo, options: WriteOptions) -> None:
        super().__init__(path, info, FileTarget(path, options.overwrite))
        self._options = options
        self._timeline = Timeline(_TICK)
        self._delays: list[int] = []
        self._sample = PixelSample()
        self._mapper = ClipMapper(options.dither)
        self._file: BinaryIO | None = None
        self._spool: BinaryIO | None = None
        self._encoder: GifEncoder | None = None

    def _open(self) -> None:
        self._file = self._target.temporary.open("wb")
        if self._options.palette == "global":
            folder = self._target.temporary.parent
            self._spool = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by _abort
        else:
            self._encoder = self._encode_into(self._file, None)

    def _encode_into(self, file: BinaryIO, palette: Palette | None) -> GifEncoder:
        size = (self._info.width, self._info.height)
        return GifEncoder(file, size, self._info.loop, palette, self._info.has_alpha)

    def _append(self, frame: Frame) -> None:
        delay = self._timeline.advance(frame.duration, shortest(_TICK, self._info.format, frame.duration))
        if delay is None:
            return
        self._delays.append(delay)
        opaque = np.ones(frame.image.shape[:2], bool)
        if self._info.has_alpha and frame.alpha is not None:
            opaque = frame.alpha >= _OPAQUE
        pixels = frame.image.reshape(-1, 3) if opaque.all() else frame.image[opaque]
        if self._spool:
            self._sample.add(pixels)
            self._spool.write(np.ascontiguousarray(frame.image).tobytes() + np.packbits(opaque).tobytes())
        else:
            self._encode(frame.image, opaque, frame_palette(pixels), delay)

    def _encode(self, image: NDArray[np.uint8], opaque: NDArray[np.bool_], palette: Palette, delay: int) -> None:
        assert self._encoder
        indices = self._mapper.map(image, palette)
        if not opaque.all():
            indices = np.where(opaque, indices, np.uint8(TRANSPARENT))
        self._encoder.add(indices, palette, delay)

    def _close(self) -> None:
        assert self._file
        if self._spool:
            palette = self._sample.palette()
            self._encoder = self._encode_into(self._file, palette)
            if self._info.loop is not None:
                # What comes before the first frame are the last ones.
                for image, _ in self._spooled(self._spool, max(0, len(self._delays) - _LEAD)):
                    self._mapper.map(image, palette)
            for (image, opaque), delay in zip(self._spooled(self._spool, 0), self._delays, strict=True):
                self._encode(image, opaque, palette, delay)
        assert self._encoder
        self._encoder.finish()
        self._file.close()

    def _spooled(self, spool: BinaryIO, first: int) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.bool_]]]:
        """The image and what of it is opaque, of each frame from `first` on."""
        height, width = self._info.height, self._info.width
        pixels = height * width
        packed = -(-pixels // 8)  # bytes
        spool.seek(first * (3 * pixels + packed))
        for _ in self._delays[first:]:
            image = np.frombuffer(spool.read(3 * pixels), np.uint8).reshape(height, width, 3)
            bits = np.frombuffer(spool.read(packed), np.uint8)
            yield image, np.unpackbits(bits, count=pixels).astype(bool).reshape(height, width)

    def _abort(self) -> None:
        for file in (self._file, self._spool):
            if file:
                file.close()
