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
    143 is SIGTERM.
    """
    signal.signal(signal.SIGTERM, _terminate)
    if sys.stdout.errors == "strict":  # names of files need not be of the terminal's encoding
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = app(prog_name="vidstyle", standalone_mode=False)
    except VidstyleError as error:
        code = _fail(str(error))
    except typer.TyperException as error:
        code = _fail(f"{error.format_message().rstrip('.')}; see vidstyle --help")
    except KeyboardInterrupt:
        code = 130
    except SystemExit as end:  # from _terminate
        code = end.code
    if code in (130, 128 + signal.SIGTERM):
        print("vidstyle: interrupted; nothing unfinished was written", file=sys.stderr)
    sys.exit(code or 0)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _fail(message: str) -> int:
    print(f"vidstyle: {one_line(message)}", file=sys.stderr)
    return 2
