"""Settings in files: TOML that people write, and the JSON report of a run, which makes the same result again.

Keys are the fields of Config, ReadOptions and WriteOptions, so what joins these can stand in files by itself. Such
a file says how to paint; what is painted and where the result goes is only said on the command line.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .config import QUALITIES, Config, exact_number
from .errors import OptionError, unknown
from .media import ReadOptions, WriteOptions

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST = 64 * 2**20  # bytes of a report; those of long clips have many figures
LARGEST_TOML = 2**20  # characters
MOST_DOTS = 500  # in a line; for a key, readers of TOML take a time that is quadratic in the number of its dots
LONGEST_TEXT = 4096  # characters of a value, as names of files have at most
MOST_ENTRIES = 1000  # of a list
_GREATEST = 2**63  # of whole numbers, as TOML has it

_OWNERS: tuple[type, ...] = (Config, ReadOptions, WriteOptions)
# Name -> type of every setting. To replace files is not for a file of settings to say.
SETTINGS: dict[str, Any] = {
    name: kind for owner in _OWNERS for name, kind in get_type_hints(owner).items() if name != "overwrite"
}

# Choices that bring values of their own along.
_BRING_ALONG = {
    "quality": ("first_evaluations", "evaluations"),
    "normalization": ("content_weight", "style_weight", "tv_weight", "temporal_weight"),
}


class _UnfitError(Exception):
    """A value of another type; its message says what is wanted."""


def load_settings(path: Path) -> dict[str, Any]:
    """The settings in a TOML or JSON file, or of the run whose report it is: name of the field -> its value.

    Paths in it are relative to its folder. Raises OptionError that names the file and the key.
    """
    content = read_tables(path)
    report = content.get("settings")
    return settings_of(report if isinstance(report, dict) else content, path)


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Settings from several places, of which later ones win.

    A quality or normalization that differs from the one before takes its own evaluations or weights along: those that a
    run wrote into a file belong to the one that stands there.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        for choice in _BRING_ALONG:
            if choice in layer and layer[choice] != merged.get(choice, getattr(Config, choice)):
                merged = _without(merged, choice)
        merged.update(layer)
    return merged


def open_quality(values: dict[str, Any]) -> dict[str, Any]:
    """The settings of a file for a run that may choose its quality.

    A file that a run has written names everything; one by hand what it means, and what differs is by hand.
    """
    effort = QUALITIES.get(values.get("quality", ""))
    written = effort and (values.get("first_evaluations"), values.get("evaluations")) == (
        effort.first_evaluations,
        effort.evaluations,
    )
    return _without(values, "quality") if written else values


def _without(values: Mapping[str, Any], choice: str) -> dict[str, Any]:
    """The settings less this choice and the values that it brings along."""
    return {name: value for name, value in values.items() if name not in (choice, *_BRING_ALONG[choice])}


def read_tables(path: Path) -> dict[str, Any]:
    """A TOML or JSON file as plain values. Raises OptionError if it is missing, too large or neither."""
    try:
        if not path.is_file():
            raise OptionError(f"{path}: there is no such file of settings")
        if path.stat().st_size > LARGEST:
            raise OptionError(f"{path}: is larger than {LARGEST >> 20} MiB, so it is no file of settings")
        text = path.read_bytes().decode("utf-8-sig")
        content = json.loads(text) if text.lstrip().startswith("{") else _from_toml(text)
    except OSError as error:
        raise OptionError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise OptionError(f"{path}: is neither a TOML file of settings nor the report of a run ({reason})") from error
    assert isinstance(content, dict)
    return content


def _from_toml(text: str) -> dict[str, Any]:
    if len(text) > LARGEST_TOML or any(line.count(".") > MOST_DOTS for line in text.split("\n")):
        raise ValueError(f"it has more than {LARGEST_TOML} characters, or {MOST_DOTS} dots in a line")
    content: dict[str, Any] = tomllib.loads(text)
    return content


def settings_of(table: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The settings in a table of the file `path`; null, which only reports have, is the default."""
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = _field(key)
        if name not in SETTINGS:
            raise OptionError(f"{path}: {unknown('setting', key[:60], map(key_of, SETTINGS))}")
        if name in values:
            raise OptionError(f"{path}: {key}: is given twice; keep one of them")
        if value is None:
            continue
        try:
            values[name] = _decode(SETTINGS[name], value, path.parent)
        except _UnfitError as error:
            raise OptionError(f"{path}: {key}{_shown(value)}: must be {error}") from error
        except OptionError as error:
            raise OptionError(f"{path}: {key}: {error}") from error
    return values


def arguments(values: Mapping[str, Any], overwrite: bool = False) -> dict[str, Any]:
    """Settings by field as the arguments of stylize_clip(). Raises OptionError."""
    read, write = (
        {field.name: values[field.name] for field in fields(owner) if field.name in values}
        for owner in (ReadOptions, WriteOptions)
    )
    rest = {name: value for name, value in values.items() if name not in read and name not in write}
    files = {"read": ReadOptions(**read), "write": WriteOptions(**write, overwrite=overwrite)}
    return {"styles": (), **rest, **files}


def plain_settings(config: Config, read: ReadOptions, write: WriteOptions) -> dict[str, Any]:
    """All that decides a result besides its clip and its format, as plain values: defaults filled in, paths absolute,
    times and rates as exact fractions in strings.
    """
    filled = config.as_dict()
    values = {name: filled[name] if value is None else value for name, value in vars(config).items()}
    values |= {name: value for owner in (read, write) for name, value in vars(owner).items() if name in SETTINGS}
    return {name: _encode(value, None) for name, value in values.items()}


def as_toml(settings: Mapping[str, Any], path: Path) -> bytes:
    """Plain settings as the text of the TOML file `path`; what lies below its folder is named relative to it.

    Raises OptionError where a name cannot be written in TOML.
    """
    values = settings_of(settings, path.absolute())
    lines = [f"{key_of(name)} = {_toml(_encode(value, path))}\n" for name, value in values.items()]
    try:
        return "".join(lines).encode()
    except UnicodeEncodeError as error:
        raise OptionError(f"{path}: a file name that is no UTF-8 cannot stand in TOML; rename that file") from error


def _shown(value: Any) -> str:
    """A value for a message; nothing if it is long."""
    if isinstance(value, int | float) and -_GREATEST < value < _GREATEST:
        return f" = {json.dumps(value)}"
    return f" = {json.dumps(value)}" if isinstance(value, str) and len(value) < 60 else ""


def _field(key: str) -> str:
    """The field that a key means: content-weight and content_weight; style and styles."""
    name = key.replace("-", "_")
    return f"{name}s" if f"{name}s" in SETTINGS and get_origin(SETTINGS[f"{name}s"]) is tuple else name


def key_of(name: str) -> str:
    """What a setting is called in files: as its option."""
    single = name.removesuffix("s") if get_origin(SETTINGS[name]) is tuple else name
    return single.replace("_", "-")


def _decode(kind: Any, value: Any, folder: Path) -> Any:
    """A plain value as `kind`, one of the types that fields of settings have. Raises _UnfitError."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        (kind,) = (one for one in inner if one is not NoneType)
        if kind is Path and value == "":
            return None
        return _decode(kind, value, folder)
    if origin is tuple:
        values = value if isinstance(value, list) else [value]
        if len(values) > MOST_ENTRIES:
            raise _UnfitError(f"a list of at most {MOST_ENTRIES}")
        return tuple(_decode(inner[0], one, folder) for one in values)
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, value, folder)
    if kind is Path:
        if value == "":
            raise _UnfitError("the name of a file")
        return folder / _decode(str, value, folder)
    if kind is str or origin is Literal:
        if isinstance(value, str) and "\0" not in value and len(value) <= LONGEST_TEXT:
            return value
        raise _UnfitError(f"one of {', '.join(inner)}" if inner else "a text")
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise _UnfitError("true or false")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        if isinstance(value, int) and is_number and abs(value) < _GREATEST:
            return value
        raise _UnfitError("a whole number")
    if kind is float:
        if is_number and (isinstance(value, float) or abs(value) < _GREATEST):
            return float(value)
        raise _UnfitError("a number")
    assert kind is Fraction
    try:
        return exact_number(str(value) if is_number else _decode(str, value, folder))
    except (ValueError, _UnfitError) as error:
        raise _UnfitError('a number, such as 1.5 or "30000/1001"') from error


def _object(kind: type, value: Any, folder: Path) -> Any:
    """A dataclass from a table of its fields, or from the text that its option takes."""
    kinds = get_type_hints(kind)
    if isinstance(value, str):
        text = _decode(str, value, folder)
        if text == "":
            raise _UnfitError("the name of a file")
        return kind.parse(str(folder / text) if Path in kinds.values() else text)  # type: ignore[attr-defined]
    if not isinstance(value, dict):
        raise _UnfitError("a text, or a table of " + ", ".join(kinds))
    for name in value:
        if name not in kinds:
            raise OptionError(unknown("key", name, kinds))
    try:
        return kind(**{name: _decode(kinds[name], one, folder) for name, one in value.items() if one is not None})
    except TypeError as error:  # one without a default is missing
        raise _UnfitError("a text, or a table of " + ", ".join(kinds)) from error


def _encode(value: Any, file: Path | None) -> Any:
    """The opposite of _decode; paths absolute, or relative to `file` where they lie below its folder."""
    if isinstance(value, Path):
        path, folder = os.path.abspath(value), file and os.path.abspath(file.parent)
        return os.path.relpath(path, folder) if folder and Path(path).is_relative_to(folder) else path
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple):
        return [_encode(one, file) for one in value]
    if is_dataclass(value):
        return {name: _encode(one, file) for name, one in vars(value).items() if one is not None}
    return value


def _toml(value: Any) -> str:
    """A plain value in TOML, which writes texts, numbers and lists as JSON does."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return re.sub("\x7f", r"\\u007f", json.dumps(value, ensure_ascii=False))
