"""A folder that one process at a time works in."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from ..errors import OutputError

NAME = "lock"


class Lock:
    """Holds a folder, which is made if it is missing; the system lets go of it when the process ends in any way.

    before: the process that held it last, None if there was none. Raises OutputError where another process holds it,
    OSError where the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before: int | None = None
        self._file = -1

    def __enter__(self) -> Lock:
        while True:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / NAME
            try:
                self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            except FileNotFoundError:  # the folder was removed just now by whom it served
                continue
            holder = os.read(self._file, 32).decode("ascii", "replace").strip()
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(self._file)
                raise OutputError(
                    f"{self.folder}: another run works on this job (process {holder}); wait for it, or give another "
                    "output or --job"
                ) from error
            if path.exists() and os.fstat(self._file).st_ino == path.stat().st_ino:
                break
            os.close(self._file)
        self.before = int(holder) if holder.isdecimal() else None
        return self

    def sign(self) -> None:
        """From now on this process is the one that held it last. Raises OSError."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)
