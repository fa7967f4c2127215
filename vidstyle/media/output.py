"""Where outputs go: nothing appears under an output's name before it is complete, and nothing stays after an error."""

from __future__ import annotations

import glob
import itertools
import os
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from ..errors import ExistsError, OutputError
from .frame import ClipInfo, Frame

_counter = itertools.count()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Within it an OSError becomes an OutputError about `path`."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


def part_name(path: Path) -> str:
    """A name for the unfinished output `path`: hidden, unique in this process, of the same extension."""
    return f".{path.stem[:40]}.{os.getpid()}-{next(_counter)}.part{path.suffix}"


UNFINISHED = re.compile(r"\.frames\.\d+-\d+\.part")  # part_name() of frames


def remove_parts(path: Path, process: int) -> None:
    """Removes what a process that has ended left of the unfinished output `path`; raises nothing."""
    stem = glob.escape(path.stem[:40])
    for folder, name in ((path.parent, stem), (path.parent, "frames"), (path, "frames")):
        for part in folder.glob(f".{name}.{process}-*.part*"):
            shutil.rmtree(part, ignore_errors=True)
            with suppress(OSError):
                part.unlink()


class Target(ABC):
    """The place of an output: made by begin, filled by the writer, then moved by commit or removed by discard."""

    temporary: Path

    @abstractmethod
    def begin(self) -> None:
        """Makes `temporary`. Raises OutputError."""

    @abstractmethod
    def commit(self) -> None:
        """Moves what was written under the output's name. Raises OutputError."""

    @abstractmethod
    def discard(self) -> None:
        """Removes all that was made, if anything; raises nothing."""

    def rehearse(self) -> None:
        """Raises OutputError now if begin would."""
        try:
            self.begin()
        finally:
            self.discard()


class FileTarget(Target):
    """A single file. Raises OutputError if it exists (without `overwrite`) or is no regular file."""

    def __init__(self, path: Path, overwrite: bool) -> None:
        self._path, self._overwrite = path, overwrite
        self.temporary = path
        with writing(path):
            exists = os.path.lexists(path)
            # What a link points to is what the user wants written.
            self._final = Path(os.path.realpath(path)) if os.path.islink(path) else path
        if os.path.exists(self._final) and not self._final.is_file():
            raise OutputError(f"{path}: is no regular file: give another output")
        if exists and not overwrite:
            raise self._exists()
        _check_folder(path, self._final.parent, needed=True)
        self.rehearse()

    def begin(self) -> None:
        with writing(self._path):
            if len(os.fsencode(self._final.name)) > os.pathconf(self._final.parent, "PC_NAME_MAX"):
                raise OutputError(f"{self._path}: the name is too long: give a shorter one")
            temporary = self._final.with_name(part_name(self._final))
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            self.temporary = temporary

    def commit(self) -> None:
        with writing(self._path):
            # What came there while it was painted is somebody's. Not all file systems can tell in one step.
            if not self._overwrite and os.path.lexists(self._final):
                raise self._exists()
            os.replace(self.temporary, self._final)
            self.temporary = self._path

    def _exists(self) -> ExistsError:
        return ExistsError(self._path, f"{self._path}: exists already: use --overwrite to replace it")

    def discard(self) -> None:
        if self.temporary != self._path:
            with suppress(OSError):
                self.temporary.unlink()
            self.temporary = self._path


def _check_folder(path: Path, folder: Path, needed: bool) -> None:
    """Raises OutputError for the output `path` where its folder is a file, or is not there and `needed`."""
    if os.path.lexists(folder) and not os.path.isdir(folder):
        kind = "a file" if os.path.isfile(folder) or os.path.islink(folder) else "a device or pipe"
        raise OutputError(f"{path}: {folder} is {kind}, not a folder: give another output")
    if needed and not os.path.isdir(folder):
        raise OutputError(f"{path}: the folder {folder} does not exist: create it first")


class FolderTarget(Target):
    """A folder of numbered files, or the files of a pattern in a folder.

    folder: where they go; made, with its parents, if `create`. is_frame: tells the names that this output would write.
    exclusive: refuse a folder that holds anything else, so that a folder named by mistake is never emptied.
    Raises OutputError if frames exist (without `overwrite`) or the folder cannot be used.
    """

    def __init__(
        self, path: Path, folder: Path, is_frame: Callable[[str], object], overwrite: bool, exclusive: bool
    ) -> None:
        self._path, self._folder, self._is_frame, self._exclusive = path, folder, is_frame, exclusive
        self._overwrite = overwrite
        self._made: list[Path] = []
        self.temporary = folder
        with writing(path):
            _check_folder(path, folder, needed=not exclusive)
            if self._old_frames() and not overwrite:
                raise self._exists()
        self.rehearse()

    def _old_frames(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        entries = list(self._folder.iterdir())
        frames = [entry for entry in entries if self._is_frame(entry.name)]
        # What a run that was killed left is no file of anybody's; remove_parts() takes it away once that run goes on.
        other = [entry for entry in entries if entry not in frames and not UNFINISHED.fullmatch(entry.name)]
        if self._exclusive and other:
            raise OutputError(f"{self._path}: holds other files ({other[0].name}): give a new or an empty folder")
        return frames

    def _exists(self) -> ExistsError:
        return ExistsError(self._path, f"{self._path}: holds frames already: use --overwrite to replace them")

    def begin(self) -> None:
        with writing(self._path):
            missing = [folder for folder in (self._folder, *self._folder.parents) if not folder.exists()]
            for folder in reversed(missing):
                folder.mkdir()
                self._made.append(folder)
            temporary = self._folder / part_name(Path("frames"))
            temporary.mkdir()
            self.temporary = temporary

    def commit(self) -> None:
        with writing(self._path):
            # What came to be here while it was painted is somebody's, and not touched.
            old = [entry for entry in self._folder.iterdir() if self._is_frame(entry.name)]
            if old and not self._overwrite:
                raise self._exists()
            for entry in old:
                entry.unlink()
            for new in sorted(self.temporary.iterdir()):
                os.replace(new, self._folder / new.name)
            self.temporary.rmdir()
        self.temporary, self._made = self._folder, []

    def discard(self) -> None:
        if self.temporary != self._folder:
            shutil.rmtree(self.temporary, ignore_errors=True)
            self.temporary = self._folder
        while self._made:
            with suppress(OSError):
                self._made.pop().rmdir()


class FramesWriter(ABC):
    """A ClipWriter: what all writers share. A format gives _open, _append, _close and, if it has to, _abort.

    The size of the frames must be that of `info`. Frames are written only inside the context.
    """

    def __init__(self, path: Path, info: ClipInfo, target: Target) -> None:
        self._path, self._info, self._target = path, info, target
        self._count = 0

    def write(self, frame: Frame) -> None:
        """Append a frame, its image uint8 (info.height, info.width, 3). Raises OutputError if it cannot be written."""
        if frame.image.shape != (self._info.height, self._info.width, 3):
            size = f"{self._info.width}x{self._info.height}"
            raise ValueError(f"a frame of shape {frame.image.shape} in a clip of {size}")
        with writing(self._path):
            self._append(frame)
        self._count += 1

    @abstractmethod
    def _open(self) -> None:
        """Begin writing to self._target.temporary."""

    @abstractmethod
    def _append(self, frame: Frame) -> None:
        """Write one frame."""

    @abstractmethod
    def _close(self) -> None:
        """Complete the file."""

    def _abort(self) -> None:  # noqa: B027 - some hold nothing
        """Let go of everything, complete or not; called in every case."""

    def __enter__(self) -> FramesWriter:
        try:
            with writing(self._path):
                self._target.begin()
                self._open()
        except BaseException:
            self._discard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if not self._count:
                    raise OutputError(f"{self._path}: there was no frame to write: choose another part of the clip")
                with writing(self._path):
                    self._close()
                    self._abort()
                    self._target.commit()
        finally:
            self._discard()

    def _discard(self) -> None:
        with suppress(OSError):
            self._abort()
        self._target.discard()
