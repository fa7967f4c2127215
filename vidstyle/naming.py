"""Where results go that were given no name, and where they must not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from .config import Style
from .errors import OptionError
from .media import default_extension, is_pattern, replaces, source_files
from .result_file import same_file


def default_output(source: Path, format: str, styles: Sequence[Style]) -> Path:
    """`<input>_<style>.<ext>` beside the input of that ClipInfo.format; a folder for a folder or a pattern."""
    return beside(source, format, "_".join(style.path.stem for style in styles))


def beside(source: Path, format: str, suffix: str) -> Path:
    """The name of something of the same kind as the input, beside it; a folder for a folder or a pattern."""
    if format in ("folder", "pattern"):
        base = source if format == "folder" else source.parent
        return base.resolve().with_name(f"{base.resolve().name}_{suffix}")
    name = f"{source.stem}_{suffix}{default_extension(source, format)}"
    # One file is meant, but "50%done.png" would be read as a pattern for many.
    return source.with_name(name.replace("%", "_") if is_pattern(name) else name)


def refuse_inputs(target: Path, inputs: Iterable[Path]) -> None:
    """Raises OptionError where the output `target` is, or would replace, one of the inputs as files_of() gives them."""
    for taken in inputs:
        if same_file(target, taken):
            raise OptionError(f"-o {target}: is an input of this run; choose another name")
        if replaces(target, taken):
            raise OptionError(f"-o {target}: would replace {taken}, an input of this run; choose another name")


def files_of(inputs: Iterable[Path]) -> list[Path]:
    """The inputs, and the files of folders, patterns and globs among them; InputError where one has none."""
    return list(dict.fromkeys(file for taken in inputs for file in (taken, *source_files(taken))))
