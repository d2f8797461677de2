"""What differs between two publications: of each table how many rows, and which deliveries made it so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from popbase import table_contracts
from popbase.publish.publication import DeliveryRef, Publication
from popbase.publish.tables import open_table, query


@dataclass(frozen=True)
class TableDiff:
    """One table. `added`, `removed`: keys that only the later or the earlier one has; `changed`: keys of both
    whose rows differ. Where a table has no contract here, whole rows are compared, and none has changed."""

    table: str
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class Diff:
    """`came`, `gone`: deliveries that only the later or the earlier publication is made from."""

    tables: tuple[TableDiff, ...]
    came: tuple[DeliveryRef, ...]
    gone: tuple[DeliveryRef, ...]


def diff(lake: str, before: Publication, after: Publication) -> Diff:
    """Of the tables whose versions differ, those whose rows do. No Spark, and counts alone (invariant I5)."""
    names = sorted({*before.tables, *after.tables})
    moved = [name for name in names if before.tables.get(name) != after.tables.get(name)]
    compared = (_table(lake, name, before.tables.get(name), after.tables.get(name)) for name in moved)
    one, other = set(before.deliveries), set(after.deliveries)
    return Diff(
        tables=tuple(t for t in compared if t.added or t.removed or t.changed),
        came=_sorted(other - one),
        gone=_sorted(one - other),
    )


def _sorted(deliveries: set[DeliveryRef]) -> tuple[DeliveryRef, ...]:
    return tuple(sorted(deliveries, key=lambda d: (d.feed, d.business_date, d.region, d.delivery_no)))


def _table(lake: str, table: str, before: int | None, after: int | None) -> TableDiff:
    versions = {"before": before, "after": after}
    sources = {name: open_table(lake, table, at) for name, at in versions.items() if at is not None}
    if len(sources) < 2:
        (name,) = sources
        (row,) = query(f"SELECT count(*) AS n FROM {name}", None, **sources)  # noqa: S608 - one of two words
        rows = {"before": 0, "after": 0, name: row["n"]}
        return TableDiff(table, rows["before"], rows["after"], rows["after"], rows["before"], 0)
    columns = [c["column_name"] for c in query("DESCRIBE before", None, **sources)]
    later = {c["column_name"] for c in query("DESCRIBE after", None, **sources)}
    contract = table_contracts.tables().get(table)
    sql = _sql(contract.key if contract else (), [column for column in columns if column in later])
    (row,) = query(sql, None, **sources)
    return TableDiff(table, **row)


def _sql(key: Sequence[str], columns: Sequence[str]) -> str:
    """Keys by their columns' names, which are the contract's; without one, rows are their own keys.

    `columns`: those that both have; a contract may have gained one in between.
    """
    rows, names = (", ".join(f'"{name}"' for name in some) for some in (columns, key))
    new = f"SELECT {rows} FROM after EXCEPT ALL SELECT {rows} FROM before"  # noqa: S608 - columns of ours
    old = f"SELECT {rows} FROM before EXCEPT ALL SELECT {rows} FROM after"  # noqa: S608
    added, removed, changed = new, old, "SELECT 1 WHERE false"
    if key:
        same = " AND ".join(f'a."{name}" IS NOT DISTINCT FROM b."{name}"' for name in key)
        added = f"FROM after a WHERE NOT EXISTS (FROM before b WHERE {same})"
        removed = f"FROM before a WHERE NOT EXISTS (FROM after b WHERE {same})"
        changed = f"SELECT {names} FROM ({new}) INTERSECT SELECT {names} FROM before"  # noqa: S608
    counts = {"rows_before": "FROM before", "rows_after": "FROM after"}
    counts |= {"added": added, "removed": removed, "changed": changed}
    columns_counted = (f"(SELECT count(*) FROM ({sql})) AS {name}" for name, sql in counts.items())  # noqa: S608
    return f"SELECT {', '.join(columns_counted)}"
