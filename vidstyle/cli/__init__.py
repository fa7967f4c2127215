"""The command line: options become settings, progress becomes lines, errors become exit codes."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

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
        if signal.getsignal(stop) != signal.SIG_IGN:  # nohup has one ignored
            signal.signal(stop, _stop)
    if sys.stdout.errors == "strict":  # names of files need not be of the terminal's encoding
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = app(prog_name="vidstyle", standalone_mode=False)
    except VidstyleError as error:
        code = _fail(str(error))
    except typer.TyperException as error:
        code = _fail(f"{error.format_message().rstrip('.')}; see vidstyle --help")
    except Stopped as stopped:
        print(f"vidstyle: interrupted; {one_line(stopped)}", file=sys.stderr)
        code = 128 + stopped.number
    except MemoryError:
        code = _fail("too little memory; give a smaller --size")
    sys.exit(code or 0)


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
