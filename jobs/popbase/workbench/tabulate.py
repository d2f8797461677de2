"""A table of people by whatever they differ in, as it may leave: with the noise of every published table.

Who asks names dimensions, not SQL: what comes out is counts of registered people alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from popbase.clock import DUCKDB_ZONE
from popbase.errors import UsageError
from popbase.publish.publication import Publication
from popbase.publish.tables import open_table
from popbase.statistics.noise import KEYS, LEAST, added

# Dimension -> its code in SQL over base/person, `on` being the business date. The oldest are told together.
DIMENSIONS: Mapping[str, str] = {
    "sex": "sex",
    "birth_year": "CASE WHEN year(on_date) - year(birth_date) >= 90 THEN '90 years and over'"
    " ELSE CAST(year(birth_date) AS VARCHAR) END",
    "province": "left(registered_area, 2) || '0000'",
    "prefecture": "left(registered_area, 4) || '00'",
    "county": "left(registered_area, 6)",
    "usual_province": "left(usual_area, 2) || '0000'",
    "usual_prefecture": "left(usual_area, 4) || '00'",
    "usual_rule": "usual_rule",
    "usual_evidence": "usual_evidence",
    "household_kind": "household_kind",
    "household_size": "CASE WHEN size >= 8 THEN '8 and over' ELSE CAST(size AS VARCHAR) END",
    "registered_year": "CAST(year(registered_on) AS VARCHAR)",
}
# Totals by these stay exact, as they are published.
_AREAS = frozenset({"province", "prefecture", "county"})
_PEOPLE = """
    SELECT p.person_id, {dimensions}
    FROM (SELECT *, CAST($day AS DATE) AS on_date FROM person WHERE status = 'REGISTERED') p
    LEFT JOIN (SELECT household_id, size FROM household) USING (household_id)
"""


def tabulate(lake: str, publication: Publication, by: Sequence[str], *, key: bytes) -> list[dict[str, Any]]:
    """One row is a cell that may be shown: its dimensions, and `persons` with noise.

    Cells of fewer than ten, and empty ones, are left out alike. Raises UsageError for an unknown dimension.
    """
    unknown = [name for name in by if name not in DIMENSIONS]
    if unknown or len(set(by)) < len(by):
        raise UsageError(f"Tables are made by some of these, each once: {', '.join(DIMENSIONS)}.")
    told = ", ".join(f'{DIMENSIONS[name]} AS "{name}"' for name in by) or "1 AS whole"
    with duckdb.connect(":memory:") as db:
        db.execute(f"SET TimeZone = '{DUCKDB_ZONE}'")
        for table in ("person", "household"):
            db.register(table, open_table(lake, f"base/{table}", publication.tables[f"base/{table}"]))
        day = publication.business_date.isoformat()
        people: pa.Table = db.sql(_PEOPLE.format(dimensions=told), params={"day": day}).to_arrow_table()
        keyed = people.append_column("unit_key", pa.array(_keys(people["person_id"], key), pa.int16()))
        names = ", ".join(f'"{name}"' for name in by)
        columns = ", ".join(filter(None, [names, "count(*)", "sum(unit_key)"]))
        counted = db.from_arrow(keyed).aggregate(columns, names)
        cells = counted.order(names).fetchall() if by else counted.fetchall()
    return list(_shown(cells, by))


def _keys(people: pa.ChunkedArray, key: bytes) -> list[int]:
    """Of every person the last byte of HMAC-SHA-256 of 'P' and its id (`statistics/disclosure.py`)."""
    return [hmac.digest(key, f"P{person}".encode(), "sha256")[-1] for person in people.to_pylist()]


def _shown(cells: Sequence[tuple[Any, ...]], by: Sequence[str]) -> Iterator[dict[str, Any]]:
    exact = _AREAS.issuperset(by)
    for *codes, count, keys in cells:
        noisy = count if exact else count + added(int(keys) % KEYS)
        if noisy >= LEAST or exact:
            yield dict(zip(by, codes, strict=True)) | {"persons": noisy}
