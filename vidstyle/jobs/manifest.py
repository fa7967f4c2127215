"""What must be the same for a run to go on where another was stopped."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..config import Config
from ..errors import InputError
from ..media import ReadOptions, WriteOptions, source_files
from ..neural.processor import resolved
from ..report import file_sha256, versions
from ..settings_file import key_of, plain_settings

NAME = "job.json"

# How it is written may change: the output is written anew from what was painted. So may the place of the weights, whose
# sha256 counts, and what is refused.
FREE = {*(field.name for field in fields(WriteOptions)), "weights", "max_pixels"}


def manifest(source: Path, config: Config, read: ReadOptions, size: tuple[int, int], weights: str) -> dict[str, Any]:
    """Name as users know it -> plain value. size: (width, height) painted. weights: sha256 of the network's.

    Raises InputError where a file cannot be read.
    """
    settings = plain_settings(config, read, WriteOptions())
    settings["precision"] = resolved(config.precision)
    settings["styles"] = [{**style, "path": _content(Path(style["path"]))} for style in settings["styles"]]
    settings["masks"] = [_content(path) for path in config.masks]
    settings["keep_mask"] = config.keep_mask and _content(config.keep_mask)
    found = {
        "INPUT": _content(source),
        **{f"--{key_of(name)}": value for name, value in settings.items() if name not in FREE},
        "pixels": f"{size[0]}x{size[1]}",
        "--weights": f"sha256 {weights[:16]}",
        **{f"{package} version": version for package, version in versions().items() if package != "python"},
    }
    plain: dict[str, Any] = json.loads(json.dumps(found))
    return plain


def read_manifest(folder: Path) -> dict[str, dict[str, Any]] | None:
    """What write_manifest() wrote; None if there is nothing of it."""
    try:
        found = json.loads((folder / NAME).read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.keys() == {"manifest", "fitted"} else None


def write_manifest(folder: Path, found: dict[str, Any], fitted: dict[str, Any]) -> None:
    """Keep it. fitted: what a budget chose, for later runs with the same. Raises OSError."""
    part = folder / f"{NAME}.part"
    part.write_text(json.dumps({"manifest": found, "fitted": fitted}, indent=1))
    part.replace(folder / NAME)


def shown(value: Any) -> str:
    """A value of a manifest, for a message."""
    if isinstance(value, list):
        return " and ".join(map(shown, value)) or "nothing"
    if isinstance(value, dict) and "path" in value:  # a style
        more = [pair for pair in value.items() if pair[0] != "path" and pair != ("weight", 1.0)]
        return str(value["path"]) + "".join(f", {name} {shown(item)}" for name, item in more)
    return "nothing" if value is None else value if isinstance(value, str) else json.dumps(value)


def _content(path: Path) -> str:
    """The name of a file, folder or pattern, and the sha256 of what is in it."""
    try:
        digests = [file_sha256(file) for file in source_files(path)]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    return f"{path.name} (sha256 {digest[:16]})"
