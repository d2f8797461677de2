"""Two lakes compared by what their newest publications show."""

from __future__ import annotations

import duckdb

from popbase.publish.publication import Publications
from popbase.publish.tables import open_table


def differing_tables(here: str, there: str) -> dict[str, tuple[int, int]]:
    """Tables whose rows are not the same: how many only the one has, and how many only the other."""
    one, other = (Publications(lake).current() for lake in (here, there))
    assert one is not None
    assert other is not None
    assert (one.business_date, set(one.deliveries)) == (other.business_date, set(other.deliveries))
    assert set(one.tables) == set(other.tables)
    found = {t: _differences(t, (here, one.tables[t]), (there, other.tables[t])) for t in one.tables}
    return {table: rows for table, rows in found.items() if rows != (0, 0)}


def _differences(table: str, one: tuple[str, int], other: tuple[str, int]) -> tuple[int, int]:
    # What a figure was before is a fact of the publications in between, and those may be others.
    but = " EXCLUDE (previous_value)" if table == "statistics/report" else ""
    counted = "SELECT count(*) FROM (SELECT *{0} FROM {1} EXCEPT ALL SELECT *{0} FROM {2})"
    with duckdb.connect(":memory:") as connection:
        for name, (lake, version) in {"a": one, "b": other}.items():
            connection.register(name, open_table(lake, table, version))
        (mine,), (its,) = (
            connection.sql(counted.format(but, *pair)).fetchall()[0] for pair in (("a", "b"), ("b", "a"))
        )
    return mine, its
