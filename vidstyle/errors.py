"""The errors the core raises; cli/__init__.py turns each into one line and exit code 2.

Every message is one line that names the file or the option, says what is wrong and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class VidstyleError(Exception):
    """Base of all errors that are the user's to mend, with a message of one line."""


class InputError(VidstyleError):
    """A clip or picture that is missing, unreadable, empty or too large."""


class OutputError(VidstyleError):
    """An output that exists already, cannot be written, or whose format is unknown."""


class ExistsError(OutputError):
    """An output, at `path`, that exists already and may not be replaced."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, str(self))  # else it cannot come from a worker


class OptionError(VidstyleError):
    """An option whose value is unknown or out of range."""


class WeightsError(VidstyleError):
    """A file of network weights that is missing or is not what it should be."""


class ResourceError(VidstyleError):
    """Too little memory, or no room for temporary files."""


class OptimizationError(VidstyleError):
    """An optimisation that met NaN or infinity; the message names the frame and the term."""


def unknown(what: str, value: str, known: Iterable[str]) -> str:
    """One line for an unknown name: what it is, the nearest known name, and all known ones.

    >>> unknown("pooling", "agv", ["avg", "max"])
    "unknown pooling 'agv': did you mean 'avg'? (known: avg, max)"
    """
    names = list(known)
    near = difflib.get_close_matches(value, names, n=1, cutoff=0.5)
    guess = f": did you mean '{near[0]}'?" if near else ""
    return f"unknown {what} '{value}'{guess} (known: {', '.join(names)})"


def one_line(text: object) -> str:
    """Any text on one line of visible characters, since messages and names of files may hold what terminals obey.

    >>> one_line("a\\n\\x1b[2Jb")
    'a \\\\x1b[2Jb'
    """
    line = " ".join(str(text).split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
