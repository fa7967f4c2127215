"""Many clips, one after another: what is to be done, and doing it past failures."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import pictures
from ..errors import ExistsError, InputError, OptionError, VidstyleError, one_line, unknown
from ..media import format_of, is_clip_name, replaces
from ..naming import default_output, files_of
from ..result_file import same_file
from ..settings_file import merge, read_tables, settings_of
from .options import JobOptions


@dataclass(frozen=True)
class Item:
    """A clip to paint.

    folder: where its result goes. output: its name there, ending in / for a folder of pictures; None: named after the
    clip. settings: by the names of settings_file.SETTINGS.
    """

    source: Path
    folder: Path
    output: str | None
    settings: dict[str, Any]

    def result(self) -> str:
        """The name of its result, ending in / for a folder. Raises InputError where that takes a clip that is none."""
        if self.output is not None:
            return os.path.join(self.folder, self.output)
        format = format_of(self.source)
        name = default_output(self.source, format, self.settings.get("styles", ())).name
        return os.path.join(self.folder, f"{name}/" if format in ("folder", "pattern") else name)


@dataclass(frozen=True)
class Painted:
    """What became of an item: output, frames and seconds that it took. notices: lines that the user should see."""

    output: Path
    frames: int
    seconds: float
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """painted: None where it was not. error: why, in one line. kept: the result that was there already, if so."""

    item: Item
    painted: Painted | None = None
    error: str = ""
    kept: Path | None = None

    @property
    def failed(self) -> bool:
        """Whether there is no result."""
        return self.painted is None and self.kept is None


# Calls a function for each item, here or elsewhere, and gives the outcomes in the order of the items; an error in place
# of one where its worker was lost.
Execute = Callable[[Callable[[Item], Outcome], Iterable[Item]], Iterator[Outcome | VidstyleError]]


def run_batch(items: Sequence[Item], paint: Callable[[Item], Painted], execute: Execute = map) -> Iterator[Outcome]:
    """Paint all whose results are not there yet; a failure ends its own item only."""
    folders = {parent for item in items for parent in (_folder(item), *_folder(item).parents) if not parent.exists()}
    try:
        for item, outcome in zip(items, execute(functools.partial(_attempt, paint), items), strict=True):
            if isinstance(outcome, VidstyleError):
                outcome = Outcome(item, error=one_line(f"{item.source}: {outcome}"))
            yield outcome
    finally:  # not before: another worker may be about to write there
        for folder in sorted(folders, reverse=True):
            with suppress(OSError):  # a result stands in it
                folder.rmdir()


def _folder(item: Item) -> Path:
    """Where its result goes."""
    return item.folder if item.output is None else (item.folder / item.output).parent


def _attempt(paint: Callable[[Item], Painted], item: Item) -> Outcome:
    try:
        with suppress(FileExistsError):  # no folder: told by what writes there
            _folder(item).mkdir(parents=True, exist_ok=True)
        return Outcome(item, paint(item))
    except VidstyleError as error:
        # Where there still is a job, what is there may be half of it.
        kept = error.path if isinstance(error, ExistsError) and not JobOptions().place(error.path).exists() else None
        return Outcome(item, error=one_line(error), kept=kept)
    except Exception as error:  # a night's work must not end with one clip, whatever it is that this one meets
        return Outcome(item, error=one_line(f"{item.source}: {type(error).__name__}: {error}"))


def read_jobs(path: Path, folder: Path | None = None) -> list[Item]:
    """The [[job]] tables of a TOML file: `input`, `output` and any setting; [defaults] has settings for all of them.

    Inputs are relative to the file. Outputs must lie in `folder`, by default that of the file. Raises OptionError.
    """
    tables = read_tables(path)
    for key in tables:
        if key not in ("defaults", "job"):
            raise OptionError(f"{path}: {unknown('table', key[:60], ('[defaults]', '[[job]]'))}")
    defaults, jobs = tables.get("defaults", {}), tables.get("job", [])
    if not isinstance(defaults, dict) or not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
        raise OptionError(f"{path}: settings for all jobs stand under [defaults], those of each under [[job]]")
    if not jobs:
        raise OptionError(f'{path}: has no jobs; write [[job]] and below it input = "clip.gif" for each')
    folder = path.parent if folder is None else folder
    usual = settings_of(defaults, path)
    items = []
    for number, job in enumerate(jobs, 1):
        source, output = job.pop("input", None), job.pop("output", None)
        if not isinstance(source, str) or not (output is None or (isinstance(output, str) and output)):
            raise OptionError(f'{path}: job {number}: needs input = "clip.gif"; output, if given, must be a text too')
        settings = merge(usual, settings_of(job, path))
        items.append(Item(path.parent / source, folder, output, settings))
        if "\0" in source or (output and not _lies_in(folder, output)):
            raise OptionError(
                f"{path}: job {number}: the output {output!r} lies outside {folder}; name a folder with -o"
            )
    return items


def folder_items(source: Path, folder: Path, others: Iterable[Path]) -> list[Item]:
    """Every clip and picture of a folder, by name; other files, hidden ones and `others` are left out.

    Raises InputError if there are none.
    """
    used = {path.resolve() for path in others}
    try:
        files = sorted(file for file in source.iterdir() if file.is_file() and not file.name.startswith("."))
    except OSError as error:
        raise InputError(f"{source}: the folder cannot be read: {error.strerror}") from error
    clips = [file for file in files if is_clip_name(file) and file.resolve() not in used]
    if not clips:
        raise InputError(f"{source}: there are no clips or pictures in it")
    return [Item(file, folder, None, {}) for file in clips]


def _lies_in(folder: Path, name: str) -> bool:
    if "\0" in name:
        return False
    inside = os.path.realpath(folder)
    return os.path.realpath(os.path.join(folder, name)).startswith(os.path.join(inside, ""))


def check_results(items: Sequence[Item], overwrite: bool) -> None:
    """Raises OptionError where results would have one name, or one would replace what any of the items is made from."""
    read: dict[Path, None] = {}
    for item in items if overwrite else ():  # else nothing that is there is replaced
        with suppress(InputError):  # told when its turn comes
            read.update(dict.fromkeys(files_of([item.source, *pictures(item.settings)])))
    written: dict[str, Path] = {}
    for item in items:
        with suppress(InputError):
            result = item.result()
            place = os.path.realpath(result)
            if place in written:
                raise OptionError(
                    f"{item.source}: its result would have the name of that of {written[place]}, {result}; "
                    "give each an output, or rename one"
                )
            written[place] = item.source
            for taken in read:
                if os.path.exists(taken) and (same_file(Path(result), taken) or replaces(result, taken)):
                    raise OptionError(
                        f"{item.source}: its result would take the place of {taken}, which is read here; "
                        "give it another name or folder"
                    )
