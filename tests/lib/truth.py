"""The generator's truth beside what the night made of the deliveries: counts of what differs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from popbase.publish.publication import Publications
from popbase.publish.tables import open_table

LEDGER = [
    "feed",
    "region",
    "business_date",
    "delivery_no",
    "status",
    "reason",
    "rows_received",
    "rows_accepted",
    "rows_quarantined",
    "rows_superseded",
    "rows_withheld",
]


def differing_persons(lake: Path, truth: Path, business_date: date) -> tuple[int, int]:
    """(rows of the truth that `base/person` lacks, rows it has too many), all columns of the truth alike."""
    expected = pq.read_table(truth / "expected" / business_date.isoformat() / "person.parquet")
    publication = Publications(lake).as_of(business_date)
    people = open_table(str(lake), "base/person", publication.tables["base/person"])
    columns = [name for name in expected.column_names if name != "flags"]
    chosen = ", ".join([*columns, "array_to_string(list_sort(flags), ',') AS flags"])
    return _differences(
        f"SELECT {chosen} FROM expected", f"SELECT {chosen} FROM people", expected=expected, people=people
    )


def differing_refusals(lake: Path, truth: Path) -> tuple[int, int]:
    """(planted bad rows in no quarantine, refused rows nobody planted), by delivery, key and reasons."""
    planted = pq.read_table(truth / "world" / "planted.parquet")
    line = "region, business_date, delivery_no, key, array_to_string(list_sort(reasons), ',') AS reasons"
    feeds = sorted(p.name for p in (lake / "quarantine").iterdir())
    tables = {feed: open_table(str(lake), f"quarantine/{feed}") for feed in feeds}
    refused = " UNION ALL ".join(f"SELECT '{feed}' AS feed, {line} FROM {feed}" for feed in feeds)
    return _differences(f"SELECT feed, {line} FROM planted", refused, planted=planted, **tables)


def differing_judgements(lake: Path, truth: Path, business_date: date) -> tuple[int, int]:
    """(deliveries judged otherwise than the truth says, judgments that the truth does not know)."""
    expected = pq.read_table(truth / "expected" / business_date.isoformat() / "deliveries.parquet")
    feeds = sorted(p.name for p in (lake / "control/delivery").iterdir())
    tables = {feed: open_table(str(lake), f"control/delivery/{feed}") for feed in feeds}
    chosen = ", ".join(f"CAST({name} AS VARCHAR)" for name in LEDGER)
    judged = " UNION ALL ".join(f"SELECT {chosen} FROM {feed}" for feed in feeds)
    return _differences(f"SELECT {chosen} FROM expected", judged, expected=expected, **tables)


def _differences(expected_sql: str, actual_sql: str, **tables: object) -> tuple[int, int]:
    with duckdb.connect() as db:
        for name, rows in tables.items():
            db.register(name, rows)
        db.sql(f"CREATE TABLE wanted AS {expected_sql}")
        db.sql(f"CREATE TABLE found AS {actual_sql}")
        missing = db.sql("SELECT count(*) FROM (FROM wanted EXCEPT ALL FROM found)").fetchall()[0][0]
        surplus = db.sql("SELECT count(*) FROM (FROM found EXCEPT ALL FROM wanted)").fetchall()[0][0]
    return int(missing), int(surplus)


def usual_agreement(lake: Path, truth: Path, on: date) -> tuple[int, int]:
    """Of the registered people with evidence of where they live: at how many base/person agrees with where
    they do, and how many there are.

    By the three cases: who left less than half a year ago, and a child under six, is where it is registered.
    """
    publication = Publications(lake).as_of(on)
    known = ("base/person", "base/person_record")
    people, told = (open_table(str(lake), name, publication.tables[name]) for name in known)
    persons, records = (pq.read_table(truth / "world" / f"{name}.parquet") for name in ("persons", "records"))
    with duckdb.connect() as db:
        for name, rows in {"p": people, "r": told, "lives": persons, "mine": records}.items():
            db.register(name, rows)
        ((agree, every),) = db.execute(
            """
            WITH who AS (
                SELECT DISTINCT p.*, lives.lives_in, lives.away_since
                FROM p JOIN r USING (person_id)
                JOIN mine ON mine.region = r.region AND mine.record_no = r.record_no
                JOIN lives ON lives.person = mine.person
                WHERE p.status = 'REGISTERED' AND p.usual_evidence <> 'NONE' AND r.role = 'WINNER'
            ), placed AS (
                SELECT usual_area, CASE
                    WHEN away_since IS NULL OR date_diff('day', birth_date, $d) < 6 * 365.25
                        OR greatest(away_since, registered_on) + INTERVAL 6 MONTH > $d
                    THEN registered_area ELSE lives_in END AS truly
                FROM who
            )
            SELECT count(*) FILTER (WHERE starts_with(truly, usual_area)), count(*) FROM placed
            """,
            {"d": on},
        ).fetchall()
    return int(agree), int(every)
