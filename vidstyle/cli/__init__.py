"""The command line: options become settings, progress becomes lines, errors become exit codes."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn, TextIO

import typer

from ..errors import VidstyleError, one_line
from . import look, paint, views

app = typer.Typer(
    help="Paint moving pictures: a GIF, video or photo in, the same painted in the style of a picture out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command()(paint.run)
app.command()(paint.batch)
app.command()(views.gallery)
app.command()(views.preview)
app.command()(views.reconstruct)
app.command()(views.compare)
app.command()(look.info)
app.command()(look.measure)
app.command(name="weights")(look.show_weights)


def main() -> NoReturn:
    """The console script.

    Exit codes: 0 is done, 1 is a batch of which some failed, 2 is a mistake in the input or an option, 130 is Ctrl-C,
    143 is SIGTERM, 129 is a terminal that was closed.
    """
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if stop != signal.SIGHUP or signal.getsignal(stop) != signal.SIG_IGN:  # nohup has it ignored
            signal.signal(stop, _stop)
    with open(os.devnull, "w") as nowhere:
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere  # None where one was closed
        code = _run(nowhere)
    sys.exit(code)


def _run(nowhere: TextIO) -> int:
    """The exit code."""
    if sys.stdout.errors == "strict":  # names of files need not be of the terminal's encoding
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = app(prog_name="vidstyle", standalone_mode=False)
        sys.stdout.flush()
    except VidstyleError as error:
        return _fail(str(error))
    except typer.TyperException as error:
        if not error.format_message():  # no command was given, and help has been printed
            return 2
        return _fail(f"{error.format_message().rstrip('.')}; see vidstyle --help")
    except Stopped as stopped:
        print(f"vidstyle: interrupted; {one_line(stopped)}", file=sys.stderr)
        return 128 + stopped.number
    except OSError as error:  # what concerns a file has become a VidstyleError
        sys.stdout = nowhere  # else it is tried again at the end
        return _fail(f"{error.filename or 'standard output'}: {error.strerror or error}; send it somewhere else")
    except MemoryError:
        return _fail("too little memory; give a smaller --size")
    return code or 0


class Stopped(BaseException):
    """A run is stopped; no KeyboardInterrupt, which Typer turns into an exit code without what it has to say."""

    def __init__(self, number: int) -> None:
        super().__init__("nothing unfinished was written")
        self.number = number


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped(number)


def _fail(message: str) -> int:
    print(f"vidstyle: {one_line(message)}", file=sys.stderr)
    return 2
