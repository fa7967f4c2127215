"""Reads video through ffmpeg."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import numpy as np

from ..errors import InputError
from . import ffmpeg
from .clip import ReadOptions
from .frame import ClipInfo, Frame
from .probe import probe, source

_SEEK_DIGITS = 6  # of the seconds that ffmpeg takes

# From high dynamic range to what frames are in: white is 203 cd/m2 there (ITU-R BT.2408), and what is brighter than 0.7
# of it is pressed together. As it is, such a picture is grey. Not all files tell of its primaries and its matrix.
_TO_USUAL_RANGE = (
    "zscale=primariesin=bt2020:matrixin=bt2020nc:primaries=bt709:transfer=linear:npl=203",
    "format=gbrpf32le",
    "tonemap=mobius:param=0.7:desat=0",
    "zscale=transfer=bt709:range=full",
    "format=gbrp",
)


class VideoReader:
    """A ClipReader of a video at one constant rate. Alpha, if the video has any, is ignored.

    Opening it decodes one frame and walks once over the packets, so that frame_count is exact.
    Raises InputError if the file is damaged or larger than options.max_pixels.
    """

    def __init__(self, path: Path, format: str, options: ReadOptions) -> None:
        self._path, self._format, self._limit = path, format, options.max_pixels
        self._probe = probe(path, format, options.max_pixels)
        self._info = ClipInfo(
            format=format,
            width=self._probe.width,
            height=self._probe.height,
            frame_count=self._probe.frame_count,
            tick=1 / self._probe.rate,
            rate=self._probe.rate,
            duration=self._probe.frame_count / self._probe.rate,
            has_audio=self._probe.audio is not None,
            audio_lead=self._probe.lead,
        )

    @property
    def _seekable(self) -> bool:
        """Whether a frame is the same without those before it, from which the lines of another moment are found."""
        return self._probe.even and not self._probe.interlaced

    @property
    def info(self) -> ClipInfo:
        return self._info

    def frames(self, start: Fraction = Fraction(0), end: Fraction | None = None) -> Iterator[Frame]:
        """The frames whose first instant lies in [start, end). Raises InputError if they end before they should."""
        rate, count = self._probe.rate, self._probe.frame_count
        first = max(0, math.ceil(start * rate))
        stop = count if end is None else min(count, math.ceil(end * rate))
        if first >= stop:
            return
        height, width = self._info.height, self._probe.stored_width
        size = height * width * 3
        skip = 0 if self._seekable else first
        process = ffmpeg.Process(self._arguments(first, stop))
        try:
            data = b""
            for number in range(first - skip, stop):
                read = process.read(size)
                if len(read) == size:
                    data = read
                elif not data or self._probe.even or stop - number > 1 or process.wait() or process.log():
                    self._complain(process, number)
                # else: the last frame of an uneven clip, whose duration ffmpeg saw one frame shorter, is held
                if number >= first:
                    image = np.frombuffer(data, np.uint8).reshape(height, width, 3).copy()
                    yield Frame(image, 1 / rate)
        finally:
            process.close()

    def _arguments(self, first: int, stop: int) -> list[str]:
        seek: list[str] = []
        if self._seekable and first:
            # ffmpeg drops what comes before this time. It is early enough for the rounded times of MKV, but so near the
            # frame that AVI, which counts time in frames, rounds it to that.
            time = self._probe.first + (first - Fraction(1, 4)) / self._probe.rate
            seek = ["-seek_timestamp", "1", "-ss", f"{float(time):.{_SEEK_DIGITS}f}"]
        filters = ["bwdif=mode=send_frame:deint=interlaced"] if self._probe.interlaced else []
        if not self._probe.even:
            filters += ["setpts=PTS-STARTPTS", f"fps={self._probe.rate}"]
        if self._probe.high_range:
            filters += _TO_USUAL_RANGE
        # By ffmpeg's default conversion, on average 1 of 255 off its exact one, so that figures agree with those of
        # frames that others extracted.
        filters.append("format=rgb24")
        count = stop - first if self._seekable else stop
        output = ["-map", "0:V:0", "-vf", ",".join(filters), "-fps_mode", "passthrough", "-frames:v", str(count)]
        return [*seek, *source(self._path, self._format, self._limit), *output, "-f", "rawvideo", "pipe:1"]

    def _complain(self, process: ffmpeg.Process, number: int) -> None:
        killed = process.wait() < 0
        reason = f" ({process.last_line()})" if killed or process.log().strip() else ""
        raise InputError(
            f"{self._path}: ends after {number} of {self._probe.frame_count} frames, "
            f"the file is damaged or incomplete{reason}"
        )

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
