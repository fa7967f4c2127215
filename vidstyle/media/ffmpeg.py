"""Runs the ffmpeg that imageio-ffmpeg brings along."""

from __future__ import annotations

import functools
import os
import re
import select
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO

import imageio_ffmpeg

from ..errors import ResourceError

PATIENCE = 120  # seconds without a byte after which ffmpeg counts as stuck
_MOST_OUTPUT = 2**27  # bytes that run() takes: the lines of a million packets
_BLOCK = 2**16  # bytes that are taken at once at most
_MOST_LOG = 2**20  # bytes of its log that are looked at, from the beginning and from the end

# Only local files and pipes: a clip must not make ffmpeg open anything else.
PROTOCOLS = ("-protocol_whitelist", "file,pipe")


class RunawayError(Exception):
    """ffmpeg was ended because it was stuck or had no end; the message says which."""


def executable() -> str:
    """The path of the ffmpeg binary."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def address(path: Path) -> str:
    """`path` such that ffmpeg takes it for a file, whatever characters it has."""
    return f"file:{path}"


class Process:
    """A running ffmpeg with its errors going to a file, so that no pipe but the one that is read or fed can block."""

    def __init__(self, arguments: list[str], *, feed: bool = False, loglevel: str = "error") -> None:
        try:
            self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise ResourceError(f"no temporary file can be made ({error.strerror or error}): set TMPDIR") from error
        command = [executable(), "-hide_banner", "-nostats", "-loglevel", loglevel, "-y", *arguments]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if feed else subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is handled here, not by ffmpeg
        )

    @property
    def stdin(self) -> BinaryIO:
        assert self._process.stdin
        return self._process.stdin  # type: ignore[return-value]

    @property
    def stdout(self) -> BinaryIO:
        assert self._process.stdout
        return self._process.stdout  # type: ignore[return-value]

    def read(self, size: int) -> bytes:
        """As many bytes of its output; fewer at its end, or where it was stuck and had to be ended."""
        output = bytearray()
        while len(output) < size and (block := self.available(size - len(output))):
            output += block
        return bytes(output)

    def available(self, most: int) -> bytes:
        """What has come of its output, in part; nothing at its end, or where it was stuck and had to be ended."""
        ready, _, _ = select.select([self.stdout], [], [], PATIENCE)
        if not ready:
            self._process.kill()
        return os.read(self.stdout.fileno(), most)

    def wait(self) -> int:
        """Closes its input, waits for its end and returns its exit code."""
        if self._process.stdin:
            with suppress(OSError):  # it may be gone already; its exit code tells
                self._process.stdin.close()
        return self._process.wait()

    def log(self) -> str:
        """What it has said so far."""
        end = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(0)
        head = self._errors.read(_MOST_LOG)
        self._errors.seek(max(self._errors.tell(), end - _MOST_LOG))
        return (head + self._errors.read(_MOST_LOG)).decode("utf-8", "replace")

    def first_line(self) -> str:
        """The first line of its log: what an encoder that cannot begin has to say."""
        return _line(self.log().splitlines())

    def last_line(self) -> str:
        """The last line of its log: what ended it."""
        if (self._process.poll() or 0) < 0:
            return f"it was killed by signal {-self._process.returncode}"
        return _line(reversed(self.log().splitlines()))

    def close(self) -> None:
        """Ends it if it still runs and frees what it holds."""
        if self._process.poll() is None:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):  # of what was buffered for a process that is gone
                    pipe.close()
        self._process.wait()
        self._errors.close()


def _line(lines: Iterable[str]) -> str:
    """The first that is not empty, without the address of the part that wrote it."""
    plain = (re.sub(r"^(\[[^\]]*\]\s*)+", "", line).strip() for line in lines)
    return next((line for line in plain if line), "no reason given")


def reason(log: str) -> str:
    """The last line of a log that tells of something."""
    return _line(line for line in reversed(log.splitlines()) if "frame=" not in line)


def run(arguments: list[str], loglevel: str = "info") -> tuple[int, str, str]:
    """Runs ffmpeg to its end: exit code, standard output, log. Raises RunawayError."""
    process = Process(arguments, loglevel=loglevel)
    output = bytearray()
    try:
        while block := process.available(_BLOCK):
            output += block
            if len(output) > _MOST_OUTPUT:
                raise RunawayError("it has too many frames; cut it into parts")
        code = process.wait()
        if code == -signal.SIGKILL:
            raise RunawayError(f"ffmpeg was stuck in it for {PATIENCE} s; the file is damaged")
        return code, output.decode("utf-8", "replace"), process.log()
    finally:
        process.close()


@functools.cache
def video_encoders() -> frozenset[str]:
    """The names of the video encoders that this ffmpeg has."""
    _, output, _ = run(["-encoders"])
    return frozenset(re.findall(r"^ V[.A-Z]{5} (\S+) ", output, re.MULTILINE))
