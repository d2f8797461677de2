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
from popbase.publish.rows import kept_rows
from popbase.storage import Store, reached, store


@dataclass(frozen=True)
class File:
    """One file of a version; `kept`: which of its rows no deletion vector hides, None where all are."""

    path: str
    place: Mapping[str, Any]
    size: int
    modified_ms: int
    rows: int
    kept: pa.BooleanArray | None
    table: str
    _schema: pa.Schema = field(repr=False)
    _store: Store = field(repr=False)

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Its rows, or some of their columns, with those that its folder names."""
        with reached(self.table), self._store.open(f"{self.table}/{self.path}") as stream:
            rows = pq.ParquetFile(stream).read(columns=columns)
        for name in self.place.keys() - set(rows.column_names):
            value = pa.scalar(self.place[name], self._schema.field(name).type)
            rows = rows.append_column(name, pa.repeat(value, len(rows)))
        return rows if self.kept is None else rows.filter(self.kept)

    @property
    def partition(self) -> dict[str, str | None]:
        return {name: None if value is None else str(value) for name, value in self.place.items()}


# The rows that are to stand in a file's place; None where it stays.
Change = Callable[[File], pa.Table | None]


def files_of(root: str, table: str, at: int | None = None) -> list[File]:
    """The files of a version, or of the head."""
    delta = opened(root, table, at)
    with reachable(table):
        kept, adds = kept_rows(delta), pa.RecordBatchReader.from_stream(delta.get_add_actions())
        listed, schema = adds.read_all().to_pylist(), pa.schema(delta.schema().to_arrow())
    return [
        File(
            file["path"], file.get("partition") or {}, file["size_bytes"], file["modification_time"],
            file["num_records"], kept.get(file["path"]), table, schema, store(root),
        )
        for file in listed
    ]  # fmt: skip


def rewrite(root: str, table: str, change: Change, *, name: str) -> int:
    """Changes the table's head in one commit, where there is anything to change; how many files went.

    `name`: how the new files' names begin.
    """
    actions: list[AddAction | RemoveAction] = []
    files = files_of(root, table)
    gone = [file for file in files if written(root, file, change, name, actions)]
    if gone:
        now_ms = int(time.time() * 1000)
        actions += [RemoveAction(f.path, True, now_ms, f.size, f.partition) for f in gone]
        commit(root, table, actions, "append")
    return len(gone)


def written(root: str, file: File, change: Change, name: str, into: list[Any]) -> bool:
    """Whether the file changes; what stands in its place is written, and added to `into` if it has rows."""
    rows = change(file)
    if rows is not None and len(rows):
        path, content = f"{name}{secrets.token_hex(8)}.parquet", io.BytesIO()
        pq.write_table(rows, content)
        with reached(file.table):
            store(root).create(f"{file.table}/{path}", content.getvalue())
        into.append(add(path, file.partition, content.tell(), int(time.time() * 1000), len(rows)))
    return rows is not None


def add(path: str, partition: dict[str, str | None], size: int, modified_ms: int, rows: int) -> AddAction:
    return AddAction(
        path=path, size=size, partition_values=partition, modification_time=modified_ms, data_change=True,
        stats=json.dumps({"numRecords": rows}),
    )  # fmt: skip


def commit(root: str, table: str, actions: list[Any], mode: str) -> int:
    leases = deltalake.CommitProperties(custom_metadata=lease.check())
    head = opened(root, table)
    with reachable(table):
        partitions = head.metadata().partition_columns
        head.create_write_transaction(actions, mode, head.schema(), partitions, commit_properties=leases)
    return int(opened(root, table).version())
