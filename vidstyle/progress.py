"""How a run's progress is shown: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bars

from .clip_job import Progress
from .plan import duration


class Shown(Protocol):
    """Called with every Progress of a run, and with what is painted where that is not one clip; a context manager."""

    def __call__(self, progress: Progress, what: str = "") -> None: ...

    def __enter__(self) -> Shown: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Silent:
    """Shows nothing."""

    def __call__(self, progress: Progress, what: str = "") -> None:
        pass

    def __enter__(self) -> Silent:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class Lines(Silent):
    """A line for every finished frame."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __call__(self, progress: Progress, what: str = "") -> None:
        if progress.result is not None or progress.plan is not None:
            print(what + describe(progress), file=self.stream, flush=True)


class Bar(Silent):
    """A bar that also moves within a frame."""

    def __init__(self, stream: TextIO) -> None:
        self.bars = Bars(
            BarColumn(), TextColumn("{task.description}", markup=False), console=Console(file=stream), transient=True
        )
        self.task = self.bars.add_task("starting", total=None)

    def __enter__(self) -> Bar:
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    def __call__(self, progress: Progress, what: str = "") -> None:
        if progress.plan is not None:
            self.bars.console.print(what + describe(progress), markup=False)
        finished = progress.finished or progress.index + (progress.result is not None)
        self.bars.update(self.task, description=what + describe(progress), total=progress.frames, completed=finished)


class Counter:
    """Counts what is done on a terminal; shows nothing elsewhere, or without a stream. doing: what that is."""

    def __init__(self, stream: TextIO | None, doing: str = "measuring") -> None:
        shown = stream is not None and stream.isatty()
        self.bars = Bars(console=Console(file=stream), transient=True, disable=not shown)
        self.task = self.bars.add_task(doing, total=None)

    def __enter__(self) -> Counter:
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    def __call__(self, done: int, total: int) -> None:
        self.bars.update(self.task, total=total, completed=done)


def progress_for(stream: TextIO) -> Shown:
    """A bar if the stream is a terminal, else lines."""
    return Bar(stream) if stream.isatty() else Lines(stream)


def describe(progress: Progress) -> str:
    """What is going to be done; then frame n of N, loss, seconds a frame, time left."""
    if progress.plan is not None:
        return str(progress.plan)
    finished = progress.finished or progress.index + 1
    line = f"frame {finished} of {progress.frames}  loss {progress.loss:.4g}"
    if progress.result is None:
        return f"{line}  step {progress.evaluations}"
    line += f"  {progress.result.seconds:.2f} s"
    # The first frame takes longer than those after it, so it says little about them.
    if 1 < finished < progress.frames:
        left = (progress.frames - finished) * progress.result.seconds / progress.workers
        line += f"  {duration(left)} left"
    return line
