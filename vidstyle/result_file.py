"""Files that are written beside a clip: reports, figures, drawings."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from .errors import OutputError


class ResultFile:
    """A file that appears when the work is complete; whether it can be written is found out on entering.

    path: None writes nothing; missing folders are made. option: what the user calls it. others: the run's other files,
    which it must not replace. folder: where it must not stand. Raises OutputError.
    """

    def __init__(
        self,
        option: str,
        path: str | Path | None,
        overwrite: bool,
        others: Iterable[Path] = (),
        folder: Path | None = None,
    ) -> None:
        self.option = option
        self.path = None if path is None else Path(path)
        self.overwrite = overwrite
        self.others, self.folder = others, folder
        self._place = Path()
        self._part: Path | None = None  # what was written, until it takes its name
        self._made: list[Path] = []

    def __enter__(self) -> ResultFile:
        if self.path is None:
            return self
        if os.path.isdir(self.path):
            raise OutputError(f"{self.option} {self.path}: is a folder; name a file")
        if os.path.exists(self.path) and not os.path.isfile(self.path):
            raise OutputError(f"{self.option} {self.path}: is no regular file; choose another name")
        if self.folder is not None and Path(os.path.realpath(self.folder)) in Path(os.path.realpath(self.path)).parents:
            raise OutputError(f"{self.option} {self.path}: {self.folder} is for the frames alone; choose another place")
        if any(same_file(self.path, taken) for taken in self.others):
            raise OutputError(f"{self.option} {self.path}: is another file of this run; choose another name")
        if os.path.exists(self.path) and not self.overwrite:
            raise OutputError(f"{self.option} {self.path}: exists already; add --overwrite or choose another name")
        # What a link points to is what is to be written.
        self._place = Path(os.path.realpath(self.path)) if os.path.islink(self.path) else self.path
        try:
            for folder in reversed([folder for folder in self._place.parents if not folder.exists()]):
                folder.mkdir()
                self._made.append(folder)
            with tempfile.NamedTemporaryFile(dir=self._place.parent, prefix=f".{self.path.name}."):
                pass
        except OSError as error:
            self._leave_nothing()
            raise self._failure(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.path is not None and self._part is not None and error is None:
                self._part.replace(self._place)
                self._part, self._made = None, []
        except OSError as failure:
            raise self._failure(failure) from failure
        finally:
            self._leave_nothing()

    def write(self, content: bytes) -> None:
        """What it is to hold: on disk from now on, under its name once the work is complete. Raises OutputError."""
        if self.path is None:
            return
        self._part = self._place.with_name(f".{self._place.name}.{os.getpid()}.part")
        try:
            self._part.write_bytes(content)
        except OSError as failure:
            raise self._failure(failure) from failure

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.option} {self.path}: cannot be written ({error.strerror or error}); choose another place"
        )

    def _leave_nothing(self) -> None:
        if self._part is not None:
            with contextlib.suppress(OSError):
                self._part.unlink()
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):  # the output may stand in it
                folder.rmdir()


def same_file(one: Path, other: Path) -> bool:
    """Whether two names are of one file, be it there or not."""
    there = os.path.exists(one)
    if there != os.path.exists(other):
        return False
    return one.samefile(other) if there else os.path.realpath(one) == os.path.realpath(other)


def as_json(content: dict[str, Any]) -> bytes:
    """The text of a JSON file that people may read too."""
    return (json.dumps(content, indent=1) + "\n").encode()
