"""What a Delta table's log says of its files, and what a commit tells it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import deltalake
import pyarrow as pa
from deltalake.transaction import AddAction, RemoveAction

if TYPE_CHECKING:
    from pyspark.sql.types import StructType


@dataclass(frozen=True)
class StagedFile:
    """A Parquet file inside a table's folder that no commit names yet."""

    path: str
    partition: dict[str, str | None]
    rows: int
    size: int
    modified_ms: int


# A partition by its values, in the order of the table's partition columns.
Place = tuple[Any, ...]

# All rows of a table, none, or those of the partitions named.
Replace = Literal["everything", "nothing"] | Sequence[Mapping[str, str]]

# Commits that bring rows in new files only.
_BRINGING = {"CREATE TABLE", "MERGE", "SET TBLPROPERTIES", "WRITE"}


def add(file: StagedFile, partition_by: Sequence[str]) -> AddAction:
    return AddAction(
        path=file.path,
        size=file.size,
        partition_values={name: file.partition[name] for name in partition_by},
        modification_time=file.modified_ms,
        data_change=True,
        stats=json.dumps({"numRecords": file.rows}),
    )


def added(head: deltalake.DeltaTable) -> list[dict[str, Any]]:
    """The files of a version as its log has them."""
    return list(pa.table(head.get_add_actions(flatten=False)).to_pylist())


def came(head: deltalake.DeltaTable, before: deltalake.DeltaTable) -> list[dict[str, Any]] | None:
    """Files that a version has and one before it has not: all rows that came lie in them.

    A merge hides more rows of the other files, never fewer. None where a commit between them may have: a
    version was restored, or it is of a kind that popbase does not make.
    """
    commits = head.version() - before.version()
    if commits and {commit["operation"] for commit in head.history(commits)} - _BRINGING:
        return None
    had = {file["path"] for file in added(before)}
    return [file for file in added(head) if file["path"] not in had]


def removals(head: deltalake.DeltaTable, partitions: Sequence[Mapping[str, str]]) -> Iterator[RemoveAction]:
    """The files of these partitions that stand now: what an interrupted run left is replaced, not doubled."""
    wanted = {tuple(sorted(partition.items())) for partition in partitions}
    now_ms = int(time.time() * 1000)
    for file in added(head):
        values: dict[str, str | None] = {
            name: str(value) for name, value in (file.get("partition") or {}).items()
        }
        if tuple(sorted(values.items())) in wanted:
            yield RemoveAction(file["path"], True, now_ms, file["size_bytes"], values)


def has_vectors(head: deltalake.DeltaTable) -> bool:
    """Whether deletion vectors may hide rows of its files."""
    return "deletionVectors" in (head.protocol().reader_features or ())


def delta_schema(schema: StructType) -> deltalake.Schema:
    """Every column may be null: a table's rules are the contract's, not the storage's."""
    fields = [{**field, "nullable": True} for field in schema.jsonValue()["fields"]]
    return deltalake.Schema.from_json(json.dumps({"type": "struct", "fields": fields}))
