"""Control tables, a handful of rows each: Delta without Spark, for commands that start no JVM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import deltalake
import pyarrow as pa
from deltalake.exceptions import DeltaError

from popbase import lease
from popbase.errors import StorageError
from popbase.killpoints import around

# Published versions must stay readable for as long as a publication names them (design 3b): only popbase's
# own maintenance deletes files. Statistics of columns would put names and numbers into the log as text.
TABLE_PROPERTIES = {
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.dataSkippingNumIndexedCols": "0",
}


@contextmanager
def reachable(table: str) -> Iterator[None]:
    """StorageError where a table could not be read or written; delta-rs's own words name paths."""
    try:
        yield
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise StorageError(f"{table} cannot be read or written ({type(error).__name__}).") from error


def exists(root: str, table: str) -> bool:
    with reachable(table):
        return bool(deltalake.DeltaTable.is_deltatable(f"{root}/{table}"))


def opened(root: str, table: str, at: int | None = None) -> deltalake.DeltaTable:
    """The table at its head or at a version."""
    with reachable(f"{table}{'' if at is None else f' at version {at}'}"):
        return deltalake.DeltaTable(f"{root}/{table}", version=at)


def version(root: str, table: str) -> int | None:
    """The number of the table's newest commit; None where the table does not exist yet."""
    return int(opened(root, table).version()) if exists(root, table) else None


def read_small(root: str, table: str, at: int | None = None) -> list[dict[str, Any]]:
    """The rows of a control table, now or at a version; none where the table does not exist yet."""
    if not exists(root, table):
        return []
    rows = deltalake.QueryBuilder().register("t", opened(root, table, at))
    with reachable(table):
        return [dict(row) for row in pa.table(rows.execute("SELECT * FROM t")).to_pylist()]


def append_small(root: str, table: str, rows: Sequence[dict[str, Any]], schema: pa.Schema) -> None:
    """Appends a handful of rows to a control table in one commit."""
    if rows:
        _write(root, table, rows, schema, "append")


def overwrite_small(root: str, table: str, rows: Sequence[dict[str, Any]], schema: pa.Schema) -> None:
    """Replaces a control table's rows in one commit."""
    _write(root, table, rows, schema, "overwrite")


def _write(
    root: str,
    table: str,
    rows: Sequence[dict[str, Any]],
    schema: pa.Schema,
    mode: Literal["append", "overwrite"],
) -> None:
    leases = deltalake.CommitProperties(custom_metadata=lease.check())
    with reachable(table), around("commit", table):
        deltalake.write_deltalake(
            f"{root}/{table}",
            pa.Table.from_pylist(list(rows), schema=schema),
            mode=mode,
            schema_mode="overwrite" if mode == "overwrite" else None,
            configuration=TABLE_PROPERTIES,
            commit_properties=leases,
        )
