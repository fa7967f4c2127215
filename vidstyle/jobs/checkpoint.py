"""What a run keeps on disk, so that the same run can go on where it was stopped and end with the same bytes.

A job folder holds a manifest, what must be the same for that; an entry for every finished frame, what is shown of it
and its figures; and the last two states of each chain of frames that is being painted, which alone needs float32 and
the optimiser's memory.
"""

from __future__ import annotations

import contextlib
import io
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..errors import OptionError, OutputError, VidstyleError
from ..motion.shots import Shot
from ..neural.frame_result import FrameResult
from ..neural.state import Resume, State
from . import lock, manifest, store

Image = NDArray[np.uint8]  # (H, W, 3), RGB

FRAME, STATE = ".frame", ".state"  # endings of entries
NUMBER = r"\d{8,}"
# What is in a job folder; all else is somebody else's.
OURS = rf"({NUMBER}\{FRAME}|{NUMBER}-{NUMBER}\{STATE}|{re.escape(manifest.NAME)})(\{store.PART})?|{lock.NAME}"
STATES = 2  # that are kept of a shot, so that one may be damaged

# A state is tens of megabytes, so one is written when this many times of what the last took have gone by; frames after
# it are painted again. Whoever stops a run otherwise than by kill -9 loses none.
PATIENCE = 50


class Checkpoint(Resume):
    """A job folder in use; a context manager.

    same, fitted: for the manifest. restart: forget what an earlier run kept. keep: do not remove it in the end.
    Entering raises OptionError where another job was begun in the folder, OutputError where it cannot be used. Leaving
    it with an error keeps what is finished, and adds that to the error's message; without one it removes the folder.
    """

    def __init__(
        self, folder: Path, same: dict[str, Any], fitted: dict[str, Any], restart: bool = False, keep: bool = False
    ) -> None:
        self.folder, self.same, self.fitted = folder, same, fitted
        self.restart, self.stays = restart, keep
        self.lock = lock.Lock(folder)
        self.finished: set[int] = set()
        self.todo: set[int] = set()
        self._made: list[Path] = []
        self._stops: dict[int, int] = {}  # of shots, by their starts
        self._latest: dict[int, Callable[[], State | None]] = {}  # of each shot that is being painted
        self._saved, self._cost = 0.0, 0.0  # when the last state was saved, and the seconds that took

    @property
    def before(self) -> int | None:
        """The process of the run before, which has ended; None if there was none."""
        return self.lock.before

    def __enter__(self) -> Checkpoint:
        with self._using():
            self._made = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
            others = [] if self.folder in self._made else set(self.folder.iterdir()) - set(self._entries())
            if others:
                raise OutputError(f"{self.folder}: holds other files ({min(others).name}); give --job a new folder")
            self.lock.__enter__()
        try:
            with self._using():
                self._begin()
                self.lock.sign()  # a run that is refused leaves what the one before did not finish to others
        except BaseException:
            self.lock.__exit__(None, None, None)
            raise
        return self

    def _begin(self) -> None:
        known = None if self.restart else manifest.read_manifest(self.folder)
        if known is None:
            for entry in self._entries(FRAME, STATE):
                entry.unlink()
            manifest.write_manifest(self.folder, self.same, self.fitted)
        else:
            self._compare(known["manifest"])
        for part in self._entries(store.PART):
            part.unlink()
        self.finished = {int(entry.stem) for entry in self._entries(FRAME)}

    def _compare(self, known: dict[str, Any]) -> None:
        for name in {**known, **self.same}:
            then, now = known.get(name), self.same.get(name)
            if then != now:
                raise OptionError(
                    f"{self.folder}: this job was begun with {name} {manifest.shown(then)}, now it is "
                    f"{manifest.shown(now)}; give what it was begun with, or --restart to begin anew"
                )

    def plan(self, shots: Sequence[Shot], whole: bool) -> None:
        """Look through what is there, and find what is to be painted. whole: shots only as a whole, since a frame is
        finished with the last of its shot.
        """
        for entry in self._entries(FRAME, STATE):
            if store.load(entry) is None:
                with self._using():
                    entry.unlink()
        self.finished = {int(entry.stem) for entry in self._entries(FRAME)}
        self._stops = {shot.start: shot.stop for shot in shots}
        states = [_place(entry) for entry in self._entries(STATE)]
        for shot in shots:
            missing = [index for index in range(shot.start, shot.stop) if index not in self.finished]
            if whole and missing:
                self.todo.update(range(shot.start, shot.stop))
                continue
            # Frames from which can be gone on: those whose state is there, and those that will have been painted.
            bases = [shot.start] + [start + step for start, step in states if start == shot.start]
            for index in missing:
                base = max(base for base in bases if base <= index)
                self.todo.update(range(base, index + 1))
                bases.append(index + 1)

    def wanted(self, index: int) -> bool:
        return index in self.todo

    def state(self, shot: int, step: int) -> State | None:
        found = store.load(self._state(shot, step))
        if found is None and step > 0:
            raise self._changed(self._state(shot, step))
        return None if found is None else State(shot, step, *found)

    def ends(self) -> State | None:
        for shot, step in map(_place, reversed(self._entries(STATE))):
            state = self.state(shot, step)
            if state is not None and state.loops:
                return state
        return None

    def keep(self, state: State) -> None:
        self.keep_later(state.shot, lambda: state)

    def keep_later(self, shot: int, state: Callable[[], State | None]) -> None:
        """The same for a state that must be fetched, which is done if it is to be saved; None if there is none yet."""
        self._latest = {start: one for start, one in self._latest.items() if not self._painted(start)} | {shot: state}
        if time.monotonic() - self._saved >= PATIENCE * self._cost:
            with self._using():
                self._save(state)
            del self._latest[shot]  # of large pictures it is half a GB

    def frame(self, index: int) -> tuple[Image, FrameResult]:
        """What is shown of a finished frame, and its figures; the result's image is that, not what was computed."""
        found = store.load(self._frame(index))
        if found is None:
            raise self._changed(self._frame(index))
        facts, arrays = found
        with PIL.Image.open(io.BytesIO(arrays["png"].tobytes())) as png:
            image = np.array(png)
        return image, FrameResult(image=image.astype(np.float32), **facts)

    def add(self, image: Image, result: FrameResult) -> None:
        """Keep a finished frame: what is shown of it, and its figures."""
        if result.index in self.finished:
            return
        png = io.BytesIO()
        PIL.Image.fromarray(image).save(png, "png", compress_level=1)
        facts = {field.name: getattr(result, field.name) for field in fields(result) if field.name != "image"}
        with self._using():
            store.save(self._frame(result.index), facts, {"png": np.frombuffer(png.getbuffer(), np.uint8)})
        self.finished.add(result.index)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # What was painted before the first frame, as a loop's lead, is work as well.
            if error is not None and (self.finished or self._entries(STATE)):
                count = len(self.finished)
                frames = {0: "what was begun is", 1: "1 finished frame is"}.get(count, f"{count} finished frames are")
                kept = f"{frames} kept, the same command goes on from there"
                if isinstance(error, VidstyleError) or not isinstance(
                    error, Exception
                ):  # those are Ctrl-C and the like
                    error.args = (f"{error}; {kept}" if error.args else kept,)
                for state in self._latest.values():
                    with contextlib.suppress(Exception):  # what stopped the run is told, not this
                        self._save(state)
            elif error is not None or not self.stays:
                self._remove()
            else:
                for entry in self._entries(STATE):
                    entry.unlink(missing_ok=True)
        finally:
            self.lock.__exit__(None, None, None)

    def _remove(self) -> None:
        """All that is ours, and the folders that were made for it; raises nothing."""
        with contextlib.suppress(OSError):
            for entry in self._entries():
                entry.unlink()
            for folder in (self.folder, *self._made[1:]):
                folder.rmdir()

    def _save(self, get: Callable[[], State | None]) -> None:
        begin = time.monotonic()
        state = get()
        if state is None:
            return
        if not self._state(state.shot, state.step).exists():
            store.save(self._state(state.shot, state.step), state.facts, state.arrays)
        entries = self._entries(STATE)
        for start in {_place(entry)[0] for entry in entries}:
            known = [entry for entry in entries if _place(entry)[0] == start]
            for old in known if start != state.shot and self._painted(start) else known[:-STATES]:
                old.unlink()
        self._saved = time.monotonic()
        self._cost = self._saved - begin

    def _painted(self, start: int) -> bool:
        """Whether all of a shot is finished."""
        return self.finished.issuperset(range(start, self._stops.get(start, start)))

    def _changed(self, entry: Path) -> OutputError:
        return OutputError(f"{entry}: has changed since this run began; give the same command again")

    def _frame(self, index: int) -> Path:
        return self.folder / f"{index:08d}{FRAME}"

    def _state(self, shot: int, step: int) -> Path:
        return self.folder / f"{shot:08d}-{step:08d}{STATE}"

    def _entries(self, *endings: str) -> list[Path]:
        """What is ours in the folder, if any endings are given only what has one of them."""
        ours = (path for path in self.folder.iterdir() if re.fullmatch(OURS, path.name))
        return sorted(path for path in ours if not endings or path.suffix in endings)

    @contextlib.contextmanager
    def _using(self) -> Iterator[None]:
        """Within it an OSError becomes an OutputError about the folder."""
        try:
            yield
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be written: {error.strerror or error}") from error


def _place(entry: Path) -> tuple[int, int]:
    """The shot and the step of a state."""
    shot, step = map(int, entry.stem.split("-"))
    return shot, step
