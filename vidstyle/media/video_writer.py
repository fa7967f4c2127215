"""Writes video through ffmpeg."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import InputError, OptionError, OutputError
from . import ffmpeg
from .clip import AudioSource, WriteOptions
from .encoders import CONTAINERS, choose
from .frame import ClipInfo, Frame
from .guard import MAX_FRAMES
from .output import FileTarget, FramesWriter
from .pixels import over_white
from .probe import audio_stream
from .timeline import ANIMATED, Timeline, shown

_MAX_RATE = 100  # frames per second of clips whose frames have durations of their own


class VideoWriter(FramesWriter):
    """Transparent parts become white.

    A clip of constant rate keeps it exactly. Otherwise frames are repeated for as many ticks as they last; of animated
    pictures those that ask for 10 ms or less are shown for 100 ms, as browsers do.
    Raises OptionError if codec or crf cannot be used, InputError if there is no audio in `audio`.
    """

    def __init__(self, path: Path, info: ClipInfo, options: WriteOptions, audio: AudioSource | None) -> None:
        super().__init__(path, info, FileTarget(path, options.overwrite))
        self._container = CONTAINERS[path.suffix.lower()]
        self._animated = info.format in ANIMATED
        encoding = choose(path, info.width, info.height, options.codec, options.crf)
        self._encoding = encoding.arguments
        self._audio = [] if audio is None else _audio_input(audio)
        self._audio_codec = [] if audio is None else self._audio_output(audio)
        self._constant = info.rate is not None
        as_shown = 1 / max(info.tick, Fraction(1, _MAX_RATE))
        self._rate = as_shown if self._animated or info.rate is None else info.rate
        self._timeline = Timeline(1 / self._rate)
        self._process: ffmpeg.Process | None = None
        self._last = b""
        self._written = 0
        if options.codec is not None:
            self._rehearse(encoding.name)

    def _audio_output(self, audio: AudioSource) -> list[str]:
        found = audio_stream(audio.path)
        if found is None:
            raise InputError(f"{audio.path}: there is no sound in it to take over")
        number, codec = found
        # As it is, ffmpeg copies from the picture before the start on that all others need, which can be seconds.
        late = ("-copypriorss", "0") if audio.start else ()
        chosen = ("-c:a", "copy", *late) if codec in self._container.copied else self._container.audio
        return ["-map", f"1:a:{number}", *chosen]

    def _arguments(self, output: str, audio: bool) -> list[str]:
        size = f"{self._info.width}x{self._info.height}"
        pipe = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-framerate", str(self._rate), "-i", "pipe:0"]
        sound_in, sound_out = (self._audio, self._audio_codec) if audio else ([], [])
        coded = [*sound_in, "-map", "0:v:0", *self._encoding, *sound_out, "-map_metadata", "-1", "-map_chapters", "-1"]
        # Else some containers get numbers by chance.
        return [*pipe, *coded, *self._container.flags, "-fflags", "+bitexact", "-f", self._container.muxer, output]

    def _rehearse(self, codec: str) -> None:
        """Encodes a black frame, so that a codec which the container or this ffmpeg cannot use is found out now."""
        with tempfile.TemporaryDirectory() as folder:
            process = ffmpeg.Process(self._arguments(ffmpeg.address(Path(folder, "trial")), False), feed=True)
            try:
                with suppress(OSError):  # its exit code and its log tell more
                    process.stdin.write(bytes(self._info.width * self._info.height * 3))
                if process.wait():
                    raise OptionError(
                        f"--codec {codec}: {self._path.name} cannot be written with it: give another codec or another "
                        f"extension ({process.first_line()})"
                    )
            finally:
                process.close()

    def _open(self) -> None:
        self._process = ffmpeg.Process(self._arguments(ffmpeg.address(self._target.temporary), True), feed=True)

    def _append(self, frame: Frame) -> None:
        self._last = np.ascontiguousarray(over_white(frame)).tobytes()
        duration = shown(frame.duration) if self._animated else frame.duration
        self._feed(1 if self._constant else self._timeline.advance(duration) or 0)

    def _feed(self, times: int) -> None:
        assert self._process
        if self._written + times > MAX_FRAMES:
            raise OutputError(
                f"{self._path}: its pictures are shown for so long that it would have no end: write a GIF"
            )
        for _ in range(times):
            try:
                self._process.stdin.write(self._last)
            except OSError as error:
                self._process.wait()
                raise self._failure() from error
        self._written += times

    def _close(self) -> None:
        assert self._process
        if not self._written:
            self._feed(1)  # all frames were shorter than half a tick
        if self._process.wait():
            raise self._failure()

    def _failure(self) -> OutputError:
        assert self._process
        return OutputError(f"{self._path}: ffmpeg could not write it: {self._process.last_line()}")

    def _abort(self) -> None:
        if self._process:
            self._process.close()
            self._process = None


def _audio_input(audio: AudioSource) -> list[str]:
    trim = []
    if audio.start:
        trim += ["-ss", f"{float(audio.start):.6f}"]
    if audio.end is not None:
        trim += ["-to", f"{float(audio.end):.6f}"]
    return [*trim, *ffmpeg.PROTOCOLS, "-i", ffmpeg.address(audio.path)]
