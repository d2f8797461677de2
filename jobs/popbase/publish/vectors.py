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
    with reached(table):
        log = [file.path for file in files.files(f"{table}/_delta_log") if file.path.endswith(".json")]
        adds = [action for path in log for action in _adds(files.read(path))]
    return {f"{table}/{_path(a['deletionVector'])}" for a in adds if f"{table}/{a['path']}" in data}


def _adds(commit: bytes) -> Iterator[dict[str, Any]]:
    """What it adds with a vector that lies in a file of the table; others stand in the log itself."""
    for line in commit.splitlines():
        added = json.loads(line).get("add") or {}
        if (added.get("deletionVector") or {}).get("storageType") == "u":
            yield added


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
