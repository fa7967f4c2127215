"""Shots, and items of a batch, as tasks of a Ray cluster: this machine's cores, or many machines."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import ray

from ..errors import OptionError, ResourceError, VidstyleError
from ..media import Frame
from ..motion.shots import Shot
from ..neural.frame_result import FrameResult
from ..neural.processor import rounds_by_threads
from ..neural.state import Resume, State
from ..silence import silence

RETRIES = 5  # of a task whose worker was lost; it begins anew, and what it gave before is not painted into the result
BEHIND = 8  # objects, two for each frame, that a worker may be ahead of who collects them

if TYPE_CHECKING:
    from .checkpoint import Checkpoint
    from .executors import Arrived, Job

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class RayExecutor:
    """A connection to the cluster at `address`, by default one of this machine's cores; a context manager.

    It is made when the executor is first used, which raises OptionError where nothing answers at the address.
    """

    def __init__(self, address: str | None = None) -> None:
        self.address = address
        self._workers = 0
        # Tasks may still run that nobody waits for; states are still fetched from them. They end with the connection,
        # not by ray.cancel(), which ends this process where a task ends by itself in the same moment.
        self._stopped = False
        self._nodes: list[dict[str, float]] = []

    @property
    def workers(self) -> int:
        """Cores in the cluster, each of which can have a worker."""
        if self._stopped:
            self._leave()
        if self._workers == 0:
            self._connect()
        return self._workers

    def _connect(self) -> None:
        if self.address is not None and not _answers(self.address):
            raise OptionError(
                f"--ray-address {self.address}: no Ray cluster answers there; start one with: ray start --head"
            )
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # Lost workers are no news: their tasks are done again.
        ray._private.worker._worker_logs_enabled = False
        local: dict[str, Any] = {"num_cpus": _cores_here(), "include_dashboard": False}
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with silence():  # it tells of its own log level
                ray.init(
                    self.address or "local",
                    logging_level=logging.CRITICAL,
                    log_to_driver=False,
                    **({} if self.address else local),
                )
        except (ConnectionError, ValueError, RuntimeError) as error:
            if self.address is None:
                raise ResourceError(f"--executor ray: Ray does not start here ({error}); paint without it") from error
            raise OptionError(
                f"--ray-address {self.address}: no Ray cluster lets vidstyle in there; "
                "if it asks for a token, set RAY_AUTH_MODE=token"
            ) from error
        for number, handler in handlers.items():  # Ray has put its own in their place
            with suppress(ValueError):  # not the main thread
                signal.signal(number, handler)
        self._nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
        self._workers = max(1, sum(int(resources.get("CPU", 0)) for resources in self._nodes))

    def __enter__(self) -> RayExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._workers:
            self._workers, self._stopped = 0, False
            ray.shutdown()

    def seconds_per_pixel(self, job: Job) -> float:
        cores = self._cores(len(job.shots))
        return float(_get(_task(_measure, cores).remote([ray.put(job.for_worker())], _threads(cores))))

    def paint(
        self, job: Job, checkpoint: Checkpoint | None, arrived: Arrived
    ) -> Iterator[tuple[Frame, FrameResult | None]]:
        resume = Resume() if checkpoint is None else checkpoint
        running = self._begin(job, resume)
        frames: dict[int, Any] = {}  # those that have come and are not yet asked for
        count = 0
        try:
            for index, frame in enumerate(job.decoded()):
                if not resume.wanted(index):
                    yield frame, None
                    continue
                while index not in frames:
                    for generator, shot in _ready(running):
                        if shot is None:
                            del running[generator]
                            _get(generator)
                            continue
                        try:
                            reference = next(generator)
                        except StopIteration:
                            del running[generator]
                            continue
                        result, state = _get(reference), next(generator)
                        # What is on disk need not wait in memory, too: another shot may be far ahead.
                        frames[result.index] = reference if checkpoint is None else None
                        if checkpoint is not None:
                            checkpoint.add(result.image, result)
                            checkpoint.keep_later(shot.start, partial(_get, state))
                        count += 1
                        arrived(count, replace(result, image=result.image.astype(np.float32)))
                reference = frames.pop(index)
                result = None if reference is None else _get(reference)
                yield frame, result and replace(result, image=result.image.astype(np.float32))
        except BaseException:
            self._stopped = True
            raise

    def map(self, function: Callable[[Item], Outcome], items: Iterable[Item]) -> Iterator[Outcome | VidstyleError]:
        items = list(items)
        cores = self._cores(len(items))
        shared = ray.put(function)
        tasks = [_task(_call, cores).remote([shared], item, _threads(cores)) for item in items]
        try:
            for task in tasks:
                try:
                    outcome = _get(task)
                except VidstyleError as error:  # the other items can do without its worker
                    outcome = error
                yield outcome
        except BaseException:
            self._stopped = True
            raise

    def _begin(self, job: Job, resume: Resume) -> dict[Any, Shot | None]:
        """The tasks, each a generator, and their shots; and the ends of those that paint leads, which have none."""
        wanted = {shot: [index for index in range(shot.start, shot.stop) if resume.wanted(index)] for shot in job.shots}
        todo = [shot for shot in job.shots if wanted[shot]]
        cores = self._cores(len(todo))
        shared = ray.put(job.for_worker())
        paint = _task(_paint, cores, num_returns="streaming", _generator_backpressure_num_objects=BEHIND)
        begin = _task(_begin, cores, num_returns=2)
        running: dict[Any, Shot | None] = {}
        begun: dict[int, Any] = {}  # states before a shot's first frame, or who finds them, by its start

        def lead(start: int) -> Any:
            if start not in begun:
                state = resume.ends() if start == 0 and not resume.wanted(0) else resume.state(start, 0)
                begun[start] = state
                if state is None:
                    begun[start], ended = begin.remote([shared], start, _threads(cores))
                    # Those that wait for a lead that failed would wait for ever; this one tells, and is small.
                    running[ended] = None
            return begun[start]

        for shot in todo:
            leads = [lead(start) for start in _leads(job, shot, set(wanted[shot]))]
            # Where it goes on within the shot.
            known = [index for index in wanted[shot] if index > shot.start and index - 1 not in wanted[shot]]
            states = [state for index in known if (state := resume.state(shot.start, index - shot.start)) is not None]
            running[paint.remote([shared], shot, wanted[shot], _threads(cores), states, *leads)] = shot
        return running

    def _cores(self, tasks: int) -> int:
        """For each of so many tasks at once."""
        share = self.workers // max(1, tasks)
        return max(1, min(share, *(int(resources.get("CPU", 0)) for resources in self._nodes)))


def _answers(address: str) -> bool:
    """Whether anything listens at HOST:PORT, which Ray would try for minutes; True for addresses of another form."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not colon or not port.isdecimal():
        return True
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, OverflowError):
        return False
    return True


def _leads(job: Job, shot: Shot, wanted: set[int]) -> list[int]:
    """The starts of the shots whose leads it must know to paint the frames `wanted` of a shot."""
    starts = [shot.start] if shot.joined and shot.start in wanted else []
    for follower in job.shots:
        if follower.joined and follower.start == shot.stop and not wanted.isdisjoint(range(follower.needed, shot.stop)):
            starts.append(follower.start)
    last = range(shot.stop - len(job.lead), shot.stop) if shot == job.shots[-1] else ()
    if job.lead and (0 in wanted or not wanted.isdisjoint(last)):
        starts.append(0)
    return starts


def _threads(cores: int) -> int:
    """For a task that has so many cores: what is painted does not depend on it."""
    return _cores_here() if rounds_by_threads() else cores


def _cores_here() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _task(function: Callable[..., Any], cores: int, **options: Any) -> Any:
    return ray.remote(function).options(num_cpus=cores, max_retries=RETRIES, **options)


def _get(reference: Any) -> Any:
    """The value; raises the VidstyleError of who made it, or a ResourceError where that one was lost too often."""
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, VidstyleError):
            raise error.cause from None
        if isinstance(error.cause, MemoryError):
            raise MemoryError("a worker cannot allocate a picture") from None
        raise
    except ray.exceptions.RayError as error:
        reason = str(error).strip().split("\n")[0]
        raise ResourceError(f"--executor ray: workers were lost again and again: {reason}") from error


def _ready(running: dict[Any, Shot | None]) -> list[tuple[Any, Shot | None]]:
    """The tasks that have something to give, at least one."""
    if not running:
        raise ResourceError("--executor ray: the workers have ended before all was painted; give the command again")
    ready, _ = ray.wait(list(running), num_returns=1, fetch_local=False)
    return [(generator, running[generator]) for generator in ready]


# From here on what runs in workers. There, one job at a time is kept with the graphs that were traced for it.
_jobs: dict[Any, Job] = {}


def _job(shared: list[Any], threads: int) -> Job:
    """The job; its reference comes in a list, so that it is fetched once for all tasks of a worker."""
    _use(threads)
    if shared[0] not in _jobs:
        _jobs.clear()
        _jobs[shared[0]] = ray.get(shared[0])
    return _jobs[shared[0]]


def _use(threads: int) -> None:
    """So many threads; for TensorFlow that counts if it was not used before."""
    import cv2

    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(threads)
    cv2.setNumThreads(threads)


class _Part(Resume):
    """Of a run of which other workers do the rest."""

    def __init__(self, wanted: Iterable[int], states: Iterable[State]) -> None:
        self._wanted, self._states = set(wanted), {(state.shot, state.step): state for state in states}
        self.latest: State | None = None

    def wanted(self, index: int) -> bool:
        return index in self._wanted

    def state(self, shot: int, step: int) -> State | None:
        return self._states.get((shot, step))

    def ends(self) -> State | None:
        return next((state for state in self._states.values() if state.loops), None)

    def keep(self, state: State) -> None:
        self.latest = state


def _paint(shared: list[Any], shot: Shot, wanted: list[int], threads: int, states: list[State], *leads: State) -> Any:
    """For each frame its result with the image as it is shown, uint8; then a state that may be of the frame before."""
    part = _Part(wanted, [*states, *leads])
    painted = _job(shared, threads).paint(part, first=shot.needed)
    left = len(wanted)
    for _, result in painted:
        if result is not None:
            yield replace(result, image=np.rint(result.image).astype(np.uint8))
            yield part.latest
            left -= 1
        if left == 0:
            break


class _BegunError(Exception):
    """There is the state that was looked for."""


class _Lead(_Part):
    def keep(self, state: State) -> None:
        self.latest = state
        raise _BegunError


def _begin(shared: list[Any], start: int, threads: int) -> tuple[State | None, bool]:
    """The state with which the shot that begins at `start` begins, and that it is there."""
    job = _job(shared, threads)
    lead = _Lead([start], [])
    first = next(shot.needed for shot in job.shots if shot.start == start)
    with suppress(_BegunError):
        for _ in job.paint(lead, first=first):
            pass
    return lead.latest, True


def _measure(shared: list[Any], threads: int) -> float:
    return _job(shared, threads).seconds_per_pixel()


def _call(shared: list[Any], item: Any, threads: int) -> Any:
    _use(threads)
    return ray.get(shared[0])(item)
