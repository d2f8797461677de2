"""Whether both sides made the same of the same files: EXCEPT ALL both ways, every column."""

# ruff: noqa: S608 - the SQL is put together from contracts and our own paths, never from what was sent

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from popbase import contracts, table_contracts
from popbase.publish.tables import open_table

PLACE = "region, business_date, delivery_no"
# Java breaks base64 into lines of 76 characters, Python does not.
RAW = "CASE WHEN starts_with(raw, 'base64:') THEN replace(raw, chr(13) || chr(10), '') ELSE raw END"
REFUSED = f"{PLACE}, key, list_sort(reasons) AS reasons, {RAW} AS raw"
ROWS = "rows_received, rows_accepted, rows_quarantined, rows_superseded"
COUNTS = f"feed, {PLACE}, {ROWS}"
HIVE_TYPES = "{'region': VARCHAR, 'business_date': DATE, 'delivery_no': INTEGER}"
HIVE = f"hive_partitioning = true, hive_types = {HIVE_TYPES}"

Differences = dict[str, tuple[int, int]]


def differences(lake: Path, out: Path) -> Differences:
    """Table -> rows that only popbase has, and only DuckDB; the tables that are equal are left out."""
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'Etc/GMT-8'")
        _require_trouble(db, lake)
        found = {
            "person": _differing(
                db, _persons(db, lake, "ours"), _columns(f"FROM read_parquet('{out}/person/*')")
            ),
            "quarantine": _differing(db, _ours(db, lake, "quarantine", REFUSED), _refused(out)),
            "deliveries": _differing(db, _ours(db, lake, "control/delivery", COUNTS), _counts(out)),
        }
    return {table: rows for table, rows in found.items() if any(rows)}


def differing_persons(lake: Path, other: Path) -> Differences:
    """The same of two lakes' persons alone."""
    with duckdb.connect() as db:
        rows = _differing(db, _persons(db, lake, "ours"), _persons(db, other, "others"))
    return {"person from GB18030": rows} if any(rows) else {}


def _require_trouble(db: duckdb.DuckDBPyConnection, lake: Path) -> None:
    """Tables that are equal because nothing was refused would prove nothing."""
    counts = _ours(db, lake, "control/delivery", "rows_quarantined, rows_superseded")
    sums = _one(db, f"SELECT sum(rows_quarantined), sum(rows_superseded) FROM ({counts})")
    if not all(sums):
        raise ValueError("the data had no rows to refuse or to supersede")


def _ours(db: duckdb.DuckDBPyConnection, lake: Path, area: str, columns: str) -> str:
    """The rows of one area's tables of all feeds, with the feed."""
    tables = []
    for feed in contracts.feed_names():
        if (lake / area / feed).is_dir():
            name = f"{area.replace('/', '_')}_{feed}"
            db.register(name, open_table(str(lake), f"{area}/{feed}"))
            told = columns if "feed" in columns else f"'{feed}' AS feed, {columns}"
            tables.append(f"SELECT {told} FROM {name}")
    return " UNION ALL ".join(tables)


def _persons(db: duckdb.DuckDBPyConnection, lake: Path, name: str) -> str:
    db.register(name, open_table(str(lake), "base/person"))
    return _columns(f"FROM {name}")


def _columns(source: str) -> str:
    told = ", ".join(
        f"list_sort({c.name}) AS {c.name}" if c.type.startswith("array") else c.name
        for c in table_contracts.table("person").columns
    )
    return f"SELECT {told} {source}"


def _refused(out: Path) -> str:
    return " UNION ALL ".join(
        f"SELECT '{folder.name}' AS feed, {REFUSED} FROM read_parquet('{folder}/*/*/*/*.parquet', {HIVE})"
        for folder in sorted((out / "quarantine").iterdir())
        if any(folder.rglob("*.parquet"))
    )


def _counts(out: Path) -> str:
    told = f"(SELECT unnest(deliveries, recursive := true) FROM read_json('{out}/result.json'))"
    place = "region::VARCHAR, business_date::DATE, delivery_no::INTEGER"
    return f"SELECT feed, {place}, {ROWS} FROM {told}"


def _differing(db: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> tuple[int, int]:
    db.execute(f"CREATE OR REPLACE TABLE wanted AS {ours}")
    db.execute(f"CREATE OR REPLACE TABLE found AS {theirs}")
    pairs = (("wanted", "found"), ("found", "wanted"))
    only = [_one(db, f"SELECT count(*) FROM (FROM {a} EXCEPT ALL FROM {b})")[0] for a, b in pairs]
    return only[0], only[1]


def _one(db: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    return tuple(db.execute(sql).fetchall()[0])
