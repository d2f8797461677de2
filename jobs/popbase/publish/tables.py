"""Delta tables without Spark: delta-rs opens them, DuckDB and Arrow read them.

No JVM and no Spark session: `popbase status` answers while a night is running.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

import deltalake
import duckdb
import pyarrow.dataset as ds
from deltalake.exceptions import DeltaProtocolError

from popbase.clock import DUCKDB_ZONE
from popbase.control import exists, opened
from popbase.errors import StorageError
from popbase.intake.ledger import LEDGER
from popbase.storage import reached, store

# DuckDB's own words, before those of whoever reads the files.
_OF_THE_FILES = re.compile(r"reading the stream registered as '([\w.]+)' failed")


class ArrowSource(Protocol):
    """What DuckDB can scan as often as it likes."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


class Scan:
    """A table with deletion vectors: pyarrow refuses it, delta-rs streams it, anew for every scan."""

    def __init__(self, table: deltalake.DeltaTable) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.scan().__arrow_c_stream__(requested_schema)


def open_table(lake: str, table: str, version: int | None = None) -> ArrowSource | ds.Dataset:
    """The table's rows as something DuckDB scans; as a dataset, columns and filters reach the files."""
    delta = opened(lake, table, version)
    try:
        return delta.to_pyarrow_dataset()
    except DeltaProtocolError:
        return Scan(delta)


def feeds_with_ledger(lake: str) -> list[str]:
    """Feeds of which at least one delivery was judged."""
    with reached(LEDGER):
        names = sorted(store(lake).folders(LEDGER))
    return [name for name in names if exists(lake, f"{LEDGER}/{name}")]


def query(sql: str, parameters: Mapping[str, Any] | None = None, **sources: Any) -> list[dict[str, Any]]:
    """Rows of popbase's own questions; `sources` are the tables that the SQL names."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"SET TimeZone = '{DUCKDB_ZONE}'")
        for name, source in sources.items():
            connection.register(name, source)
        try:
            cursor = connection.execute(sql, parameters or {})
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except duckdb.Error as error:
            raise damaged(error) or error from None


def damaged(error: duckdb.Error) -> StorageError | None:
    """What to say where it was a table's file that failed and not the statement; the text may name a path."""
    found = _OF_THE_FILES.search(str(error))
    if found is None:
        return None
    return StorageError(f"A file of '{found[1]}' is damaged or gone; restore the lake's files from a copy.")
