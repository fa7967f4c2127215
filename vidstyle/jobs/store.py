"""Entries of a job: files of plain values and arrays that are complete and undamaged, or are not there.

The length of what follows in eight digits; the values and the arrays' names, types and shapes as JSON; the arrays'
bytes; the sha256 of all before it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PART = ".part"  # ending of what is not complete
DIGEST = hashlib.sha256().digest_size


def save(path: Path, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write an entry: in another file first, which then takes its name. Raises OSError."""
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    described = [[name, array.dtype.str, np.shape(arrays[name])] for name, array in plain.items()]
    digest = hashlib.sha256()
    part = path.with_name(path.name + PART)
    with part.open("wb") as file:
        head = json.dumps({"facts": facts, "arrays": described}).encode()
        pieces: Iterator[Any] = (array.reshape(-1).view(np.uint8).data for array in plain.values())
        for piece in itertools.chain((b"%08d" % len(head), head), pieces):
            digest.update(piece)
            file.write(piece)
        file.write(digest.digest())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def load(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """An entry's values and arrays; None if it is missing or damaged."""
    try:
        content = np.fromfile(path, np.uint8)
    except OSError:
        return None
    body, digest = content[:-DIGEST], content[-DIGEST:]
    if len(content) < DIGEST or hashlib.sha256(body.data).digest() != digest.tobytes():
        return None
    at = 8 + int(body[:8].tobytes())
    described = json.loads(body[8:at].tobytes())
    arrays = {}
    for name, kind, shape in described["arrays"]:
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        arrays[name] = body[at : at + size].copy().view(kind).reshape(shape)
        at += size
    return described["facts"], arrays
