"""Control tables, a handful of rows each: Delta without Spark, for commands that start no JVM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import deltalake
import pyarrow as pa

from popbase import lease

# Published versions must stay readable for as long as a publication names them (design 3b): only popbase's
# own maintenance deletes files. Statistics of columns would put names and numbers into the log as text.
TABLE_PROPERTIES = {
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.dataSkippingNumIndexedCols": "0",
}


def exists(root: str, table: str) -> bool:
    return bool(deltalake.DeltaTable.is_deltatable(f"{root}/{table}"))


def version(root: str, table: str) -> int | None:
    """The number of the table's newest commit; None where the table does not exist yet."""
    return int(deltalake.DeltaTable(f"{root}/{table}").version()) if exists(root, table) else None


def read_small(root: str, table: str, at: int | None = None) -> list[dict[str, Any]]:
    """The rows of a control table, now or at a version; none where the table does not exist yet."""
    if not exists(root, table):
        return []
    rows = deltalake.QueryBuilder().register("t", deltalake.DeltaTable(f"{root}/{table}", version=at))
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
    deltalake.write_deltalake(
        f"{root}/{table}",
        pa.Table.from_pylist(list(rows), schema=schema),
        mode=mode,
        configuration=TABLE_PROPERTIES,
        commit_properties=deltalake.CommitProperties(custom_metadata=lease.check()),
    )
