"""What a batch prints at its end."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from ..errors import one_line
from ..jobs.batch import Outcome
from ..plan import counted


def summary(outcomes: Sequence[Outcome], quiet: bool) -> None:
    """A table on a terminal, a line for each elsewhere; of the failures alone, on standard error, if quiet."""
    stream = sys.stderr if quiet else sys.stdout
    shown = [outcome for outcome in outcomes if outcome.failed or not quiet]
    if not shown:
        return
    if not stream.isatty():
        for outcome in shown:
            done = outcome.painted
            said = f"{done.output}: {counted(done.frames)} in {done.seconds:.1f} s" if done else outcome.error
            print(one_line(said if done else f"{_word(outcome)}: {said}"), file=stream)
        return
    table = Table(Column("clip", overflow="fold"), Column("result", overflow="fold"), "frames", "seconds")
    for outcome in shown:
        if done := outcome.painted:
            table.add_row(
                escape(one_line(outcome.item.source)),
                escape(one_line(done.output)),
                f"{done.frames}",
                f"{done.seconds:.1f}",
            )
        else:
            word = f"{_word(outcome)}:" if outcome.kept else f"[red]{_word(outcome)}:[/red]"
            table.add_row(escape(one_line(outcome.item.source)), f"{word} {escape(outcome.error)}", "", "")
    Console(file=stream).print(table)


def _word(outcome: Outcome) -> str:
    return "kept" if outcome.kept else "failed"
