"""Deletion vectors: which of their files the rows of a version need.

delta-rs names a version's data files and applies its vectors, but does not say where they lie, and its own
`vacuum` takes them for garbage (1.6.6). So the log is asked, which keeps every commit (`TABLE_PROPERTIES`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from popbase.storage import Store, reached

_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_NAME = 20  # letters of a file's name in Z85; what stands before is a folder's


def vector_files(files: Store, table: str, data: Collection[str]) -> set[str]:
    """The files of all vectors that ever stood on these data files: one too many is better than one lost."""
    found = (a for a in _adds(files, table) if f"{table}/{a['path']}" in data)
    vectors = (a["deletionVector"] for a in found if a.get("deletionVector"))
    return {
        f"{table}/{_path(v)}" for v in vectors if v["storageType"] == "u"
    }  # others stand in the log itself


def vectors_at(files: Store, table: str, version: int) -> dict[str, dict[str, Any]]:
    """By data file the vector that stands on it in a version, as the log names it."""
    found = {a["path"]: a.get("deletionVector") for a in _adds(files, table, until=version)}
    return {path: vector for path, vector in found.items() if vector}


def _adds(files: Store, table: str, until: int | None = None) -> Iterator[dict[str, Any]]:
    """What the commits add, in their order, up to a version."""
    with reached(table):
        log = sorted(f.path for f in files.files(f"{table}/_delta_log") if f.path.endswith(".json"))
        for path in log:
            if until is None or int(path.rpartition("/")[2].partition(".")[0]) <= until:
                actions = (json.loads(line).get("add") for line in files.read(path).splitlines())
                yield from (added for added in actions if added)


def _path(vector: dict[str, Any]) -> str:
    text = str(vector["pathOrInlineDv"])
    folder, name = text[:-_NAME], text[-_NAME:]
    uuid = UUID(bytes=b"".join(_word(name[at : at + 5]) for at in range(0, _NAME, 5)))
    return f"{folder}/deletion_vector_{uuid}.bin".lstrip("/")


def _word(letters: str) -> bytes:
    number = 0
    for letter in letters:
        number = number * 85 + _Z85.index(letter)
    return number.to_bytes(4)
