"""Files of a table written anew without some of their rows, and without Spark: retention and erasure.

What no row goes from stays the file it is. Rows are kept as their file has them, column for column, so that
whoever reads the files by themselves (`lake.py`) finds what was there.
"""

from __future__ import annotations

import io
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.transaction import AddAction, RemoveAction

from popbase import lease
from popbase.control import opened, reachable
from popbase.errors import LeaseError
from popbase.publish.rows import kept_rows
from popbase.publish.vectors import vectors_at
from popbase.storage import Store, reached, store


@dataclass(frozen=True)
class File:
    """One file of a version. `kept`: which of its rows no deletion vector hides, None where all are;
    `vector`: how the log names that."""

    path: str
    place: Mapping[str, Any]
    size: int
    modified_ms: int
    rows: int
    kept: pa.BooleanArray | None
    vector: Mapping[str, Any] | None
    table: str
    schema: pa.Schema = field(repr=False)
    _store: Store = field(repr=False)

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Its rows, or some of their columns: those too that its folder names, or that came after it."""
        with reached(self.table), self._store.open(f"{self.table}/{self.path}") as stream:
            rows = pq.ParquetFile(stream).read(columns=columns)
        for told in self.schema:
            if told.name not in rows.column_names and (columns is None or told.name in columns):
                value = pa.scalar(self.place.get(told.name), told.type)
                rows = rows.append_column(told, pa.repeat(value, len(rows)))
        return rows if self.kept is None else rows.filter(self.kept)

    @property
    def state(self) -> tuple[str, int]:
        """Its name, and how many of its rows are left: a vector is only ever added to."""
        return self.path, self.rows if self.kept is None else self.kept.true_count

    @property
    def partition(self) -> dict[str, str | None]:
        return {name: None if value is None else str(value) for name, value in self.place.items()}


# What the log says of a file that is added.
Action = dict[str, Any]

# By a file's state, what stands in its place; None: the file itself.
Known = dict[tuple[str, int], list[Action] | None]

# The rows that are to stand in a file's place; None where it stays.
Change = Callable[[File], pa.Table | None]


def files_of(root: str, table: str, at: int | None = None) -> list[File]:
    """The files of a version, or of the head."""
    delta, files = opened(root, table, at), store(root)
    with reachable(table):
        kept, adds = kept_rows(delta), pa.RecordBatchReader.from_stream(delta.get_add_actions())
        listed, schema = adds.read_all().to_pylist(), pa.schema(delta.schema().to_arrow())
    vectors = vectors_at(files, table, delta.version()) if kept else {}
    return [
        File(
            file["path"], file.get("partition") or {}, file["size_bytes"], file["modification_time"],
            file["num_records"], kept.get(file["path"]), vectors.get(file["path"]), table, schema, files,
        )
        for file in listed
    ]  # fmt: skip


def rewrite(root: str, table: str, change: Change, *, name: str) -> int:
    """Changes the table's head in one commit, where there is anything to change; how many files went.

    `name`: how the new files' names begin. For tables without deletion vectors, which delta-rs cannot name.
    """
    new: list[Action] = []
    gone = [file for file in files_of(root, table) if written(root, file, change, name, new)]
    if gone:
        now_ms = _now_ms()
        removed = [RemoveAction(f.path, True, now_ms, f.size, f.partition) for f in gone]
        _commit(root, table, [*removed, *(_added(action) for action in new)], "append")
    return len(gone)


def reissue(root: str, table: str, at: int, change: Change, *, name: str, known: Known) -> int | None:
    """The version `at` once more as the newest one, with its files as `change` has them; None where it
    changes none of them. `known`: what other versions' files became, as versions share most of them.

    In two commits, for no file may be removed and added in one: the head is empty between them.
    """
    files = files_of(root, table, at)
    for file in files:
        if file.state not in known:
            new: list[Action] = []
            known[file.state] = new if written(root, file, change, name, new) else None
    if all(known[file.state] is None for file in files):
        return None
    _commit(root, table, [], "overwrite")
    return _commit_by_hand(root, table, [a for file in files for a in _standing(file, known[file.state])])


def _standing(file: File, new: list[Action] | None) -> list[Action]:
    """What stands for the file: another, or itself with the vector that it has."""
    if new is not None:
        return new
    itself = _action(file.path, file.partition, file.size, file.modified_ms, file.rows)
    return [itself | ({"deletionVector": file.vector} if file.vector else {})]


def written(root: str, file: File, change: Change, name: str, into: list[Action]) -> bool:
    """Whether the file changes; what stands in its place is written, and added to `into` if it has rows."""
    rows = change(file)
    if rows is not None and len(rows):
        path, content = f"{name}{secrets.token_hex(8)}.parquet", io.BytesIO()
        pq.write_table(rows, content)
        with reached(file.table):
            store(root).create(f"{file.table}/{path}", content.getvalue())
        into.append(_action(path, file.partition, content.tell(), _now_ms(), len(rows)))
    return rows is not None


def _action(path: str, partition: Mapping[str, str | None], size: int, modified_ms: int, rows: int) -> Action:
    return {
        "path": path, "partitionValues": partition, "size": size, "modificationTime": modified_ms,
        "dataChange": True, "stats": json.dumps({"numRecords": rows}),
    }  # fmt: skip


def _added(action: Action) -> AddAction:
    return AddAction(*(action[name] for name in
        ("path", "size", "partitionValues", "modificationTime", "dataChange", "stats")))  # fmt: skip


def _commit(root: str, table: str, actions: list[Any], mode: str) -> None:
    leases = deltalake.CommitProperties(custom_metadata=lease.check())
    head = opened(root, table)
    with reachable(table):
        partitions = head.metadata().partition_columns
        head.create_write_transaction(actions, mode, head.schema(), partitions, commit_properties=leases)


def _commit_by_hand(root: str, table: str, adds: Sequence[Action]) -> int:
    """One commit more, in the words of Delta's protocol, for files that may have deletion vectors."""
    at = int(opened(root, table).version()) + 1
    said = {"timestamp": _now_ms(), "operation": "RESTORE", "operationParameters": {}, **lease.check()}
    lines = [{"commitInfo": said}, *({"add": action} for action in adds)]
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    with reached(table):
        created = store(root).create(f"{table}/_delta_log/{at:020d}.json", content)
    if not created:
        raise LeaseError(f"Another run has begun to write {table}; run this again.")
    return at


def _now_ms() -> int:
    return int(time.time() * 1000)
