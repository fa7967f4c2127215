"""What a user may say of the folder in which a run keeps what it has painted."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

LONGEST = 200  # bytes of an output's name that go into that of the job; file systems allow some 250


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
        name = output.name
        if len(os.fsencode(name)) > LONGEST:
            name = f"{name[:40]}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"
        return self.folder or output.with_name(f".{name}.job")
