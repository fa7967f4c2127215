"""What a user may say of the folder in which a run keeps what it has painted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class JobOptions:
    """folder: None is a hidden one beside the output. restart: forget what an earlier run kept. keep: do not remove it
    when the output is complete.
    """

    folder: Path | None = None
    restart: bool = False
    keep: bool = False

    def place(self, output: Path) -> Path:
        """The folder of the job with that output."""
        output = output.absolute()
        return self.folder or output.with_name(f".{output.name}.job")
