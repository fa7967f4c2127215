"""Where the shots of a clip, and the items of a batch, are painted if not here: what a run asks of such a place."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..errors import OptionError, VidstyleError, unknown

if TYPE_CHECKING:  # so that the command line, which names the executors, answers at once
    from ..media import Frame
    from ..motion.shots import Shot
    from ..neural.frame_result import ClipTick, FrameResult
    from ..neural.state import Resume
    from .checkpoint import Checkpoint

    # Called with the number of frames that were painted so far, in any order, and the last of them.
    Arrived = Callable[[int, FrameResult], None]

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Job(Protocol):
    """A clip that was surveyed: see clip_job.ClipJob, which can also be handed to another process."""

    lead: list[Any]

    @property
    def shots(self) -> list[Shot]: ...

    def paint(
        self, resume: Resume, tick: ClipTick | None = None, first: int = 0
    ) -> Iterator[tuple[Frame, FrameResult | None]]: ...

    def decoded(self) -> Iterator[Frame]: ...

    def for_worker(self) -> Job: ...

    def seconds_per_pixel(self) -> float: ...


class Executor(Protocol):
    """A place with `workers` that paint at once."""

    @property
    def workers(self) -> int: ...

    def seconds_per_pixel(self, job: Job) -> float:
        """What an evaluation takes one of the workers, over the pixels."""

    def paint(
        self, job: Job, checkpoint: Checkpoint | None, arrived: Arrived
    ) -> Iterator[tuple[Frame, FrameResult | None]]:
        """All frames in order, each with its result, whose image is as it is shown; None where `checkpoint` has it.

        What arrives out of order is given to `checkpoint` at once. Raises VidstyleError.
        """

    def map(self, function: Callable[[Item], Outcome], items: Iterable[Item]) -> Iterator[Outcome | VidstyleError]:
        """The function's values in the order of the items; the error in place of one whose worker was lost."""


def executor_for(name: str, address: str | None = None) -> AbstractContextManager[Executor | None]:
    """The executor of that name; None is this process. address: of a cluster that runs. Raises OptionError."""
    if name not in EXECUTORS:
        raise OptionError(f"--executor: {unknown('executor', name, EXECUTORS)}")
    if address is not None and name != "ray":
        raise OptionError(f"--ray-address {address}: is for --executor ray; give that too")
    return EXECUTORS[name](address)


def _here(address: str | None) -> AbstractContextManager[None]:
    from contextlib import nullcontext

    return nullcontext()


def _ray(address: str | None) -> AbstractContextManager[Executor]:
    if importlib.util.find_spec("ray") is None:
        raise OptionError("--executor ray: Ray is not installed; install it with: pip install 'vidstyle[ray]'")
    from .ray_executor import RayExecutor

    return RayExecutor(address)


# Executors. To add one: its name and a function from the address of its cluster.
EXECUTORS: dict[str, Callable[[str | None], AbstractContextManager[Any]]] = {"here": _here, "ray": _ray}
