"""What DuckDB reads of a table is the same whatever it asks for, with deletion vectors and without."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from deltalake import WriterProperties, write_deltalake
from lib.lakes import delete_by_vector

from popbase.publish.tables import open_table, query

PEOPLE = 1000
DELETED = [0, 99, 100, 101, 500, 999]  # at the bounds of groups and within
FIRST = date(2015, 1, 1)
ROWS = [
    {
        "person_id": f"p{n:04}",
        "area": f"3301{n % 7:02}",
        "since": FIRST + timedelta(days=n % 90),
        "until": None if n % 3 else FIRST + timedelta(days=n % 90 + 30),
        "flags": [f"f{n}"] if n % 5 == 0 else [],
        "name": None if n % 11 == 0 else f"name {n}",
    }
    for n in range(PEOPLE)
]
QUESTIONS = [
    "SELECT * FROM t",
    "SELECT count(*) FROM t",
    "SELECT count(*), max(name) FROM t WHERE area LIKE '330103%'",
    "SELECT * FROM t WHERE person_id = 'p0101' OR person_id = 'p0102'",
    "SELECT name, flags FROM t WHERE person_id IN ('p0099', 'p0098', 'nobody')",
    "SELECT flags FROM t WHERE since <= DATE '2015-02-01' AND (until IS NULL OR until > DATE '2015-02-01')",
    "SELECT person_id FROM t WHERE name IS NULL AND area >= '330102' ORDER BY person_id DESC LIMIT 3",
    "SELECT a.name, b.area FROM t a JOIN t b USING (person_id) WHERE b.since = DATE '2015-01-05'",
    "SELECT * FROM t WHERE area = 'nowhere'",
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of ten row groups, and then the same without what a deletion vector hides."""
    root = tmp_path_factory.mktemp("lake")
    schema = pa.schema([
        ("person_id", pa.string()), ("area", pa.string()), ("since", pa.date32()), ("until", pa.date32()),
        ("flags", pa.list_(pa.string())), ("name", pa.string()),
    ])  # fmt: skip
    groups = WriterProperties(max_row_group_size=100)
    write_deltalake(f"{root}/t", pa.Table.from_pylist(ROWS, schema), writer_properties=groups)
    delete_by_vector(root, "t", DELETED)
    return root


def in_order(rows: list[Any]) -> list[str]:
    return sorted(map(str, rows))


@pytest.mark.parametrize("sql", QUESTIONS)
@pytest.mark.parametrize("version", [0, 1])
def test_an_answer_is_that_over_the_rows_in_memory(lake: Path, sql: str, version: int) -> None:
    left = [row for n, row in enumerate(ROWS) if version == 0 or n not in DELETED]
    table = open_table(str(lake), "t", version)
    with duckdb.connect() as plain:
        plain.register("t", pa.Table.from_pylist(left, table.schema))
        expected = [tuple(row) for row in plain.execute(sql).fetchall()]
    assert in_order([tuple(row.values()) for row in query(sql, t=table)]) == in_order(expected)


def test_only_the_filters_column_is_read_where_no_row_is_left(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[list[str]] = []

    class Watched(ds.ParquetFileFragment):
        def __init__(self, part: Any) -> None:
            self._part = part

        def to_table(self, *, columns: list[str], **more: Any) -> pa.Table:
            read.append(columns)
            return self._part.to_table(columns=columns, **more)

    from popbase.publish import rows

    groups = rows._groups
    monkeypatch.setattr(rows, "_groups", lambda *of: ((Watched(p), at) for p, at in groups(*of)))
    assert query("SELECT * FROM t WHERE name = 'name 0 of nobody'", t=open_table(str(lake), "t")) == []
    assert {tuple(columns) for columns in read} <= {("name",)}
