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

    path: None writes nothing; missing folders are made. option: what the user calls it. inputs: files that it must not
    replace. content: to be set before leaving. Raises OutputError.
    """

    def __init__(self, option: str, path: str | Path | None, overwrite: bool, inputs: Iterable[Path] = ()) -> None:
        self.option = option
        self.path = None if path is None else Path(path)
        self.overwrite = overwrite
        self.inputs = inputs
        self.content: bytes | None = None
        self._made: list[Path] = []

    def __enter__(self) -> ResultFile:
        if self.path is None:
            return self
        if os.path.isdir(self.path):
            raise OutputError(f"{self.option} {self.path}: is a folder; name a file")
        if os.path.exists(self.path):
            if any(os.path.exists(taken) and self.path.samefile(taken) for taken in self.inputs):
                raise OutputError(f"{self.option} {self.path}: is an input of this run; choose another name")
            if not self.overwrite:
                raise OutputError(f"{self.option} {self.path}: exists already; add --overwrite or choose another name")
        try:
            for folder in reversed([folder for folder in self.path.parents if not folder.exists()]):
                folder.mkdir()
                self._made.append(folder)
            with tempfile.NamedTemporaryFile(dir=self.path.parent, prefix=f".{self.path.name}."):
                pass
        except OSError as error:
            self._leave_nothing()
            raise self._failure(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.path is None or self.content is None or error is not None:
            self._leave_nothing()
            return
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            part.write_bytes(self.content)
            part.replace(self.path)
        except OSError as failure:
            with contextlib.suppress(OSError):
                part.unlink()
            raise self._failure(failure) from failure

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.option} {self.path}: cannot be written ({error.strerror or error}); choose another place"
        )

    def _leave_nothing(self) -> None:
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):  # the output may stand in it
                folder.rmdir()


def as_json(content: dict[str, Any]) -> bytes:
    """The text of a JSON file that people may read too."""
    return (json.dumps(content, indent=1) + "\n").encode()
