"""Delta tables without Spark: delta-rs opens them, DuckDB and Arrow read them.

No JVM and no Spark session: `popbase status` answers while a night is running.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from popbase.clock import DUCKDB_ZONE
from popbase.contracts import Contract
from popbase.control import exists, opened, reachable
from popbase.errors import StorageError
from popbase.intake.ledger import LEDGER
from popbase.publish.rows import Rows
from popbase.storage import reached, store

# DuckDB's own words, before those of whoever reads the files.
_OF_THE_FILES = re.compile(r"reading the stream registered as '([\w.]+)' failed")


def open_table(lake: str, table: str, version: int | None = None) -> Rows:
    """The table's rows as something DuckDB scans; columns and filters reach the files."""
    delta = opened(lake, table, version)
    with reachable(table):
        return Rows(delta)


def feeds_with_ledger(lake: str) -> list[str]:
    """Feeds of which at least one delivery was judged."""
    with reached(LEDGER):
        names = sorted(store(lake).folders(LEDGER))
    return [name for name in names if exists(lake, f"{LEDGER}/{name}")]


def key_text(contract: Contract, of: str = "") -> str:
    """SQL: a record's key, its fields joined by `|`; `of` is the alias of its table, with the dot."""
    fields = ", ".join(f'{of}"{field.name}"::VARCHAR' for field in contract.key)
    return f"concat_ws('|', {fields})"


def query(sql: str, parameters: Mapping[str, Any] | None = None, **sources: Any) -> list[dict[str, Any]]:
    """Rows of popbase's own questions; `sources` are the tables that the SQL names."""
    with _over(sources) as connection:
        cursor = connection.execute(sql, parameters or {})
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def arrow(sql: str, **sources: Any) -> pa.Table:
    """The same as a table, for more questions."""
    with _over(sources) as connection:
        return connection.sql(sql).to_arrow_table()


@contextmanager
def _over(sources: Mapping[str, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"SET TimeZone = '{DUCKDB_ZONE}'")
        for name, source in sources.items():
            connection.register(name, source)
        try:
            yield connection
        except duckdb.Error as error:
            raise damaged(error) or error from None


def damaged(error: duckdb.Error) -> StorageError | None:
    """What to say where it was a table's file that failed and not the statement; the text may name a path."""
    found = _OF_THE_FILES.search(str(error))
    if found is None:
        return None
    return StorageError(f"A file of '{found[1]}' is damaged or gone; restore the lake's files from a copy.")
