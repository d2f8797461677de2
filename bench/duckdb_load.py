"""The peer of the full load: the same files to the same tables, by hand in DuckDB.

    .venv/bin/python bench/duckdb_load.py LANDING OUT

Reads are native CSV on what is plain; what is not (see `duckdb_lines`) and every row that is refused, flagged
or not made of characters that NFKC leaves alone is read again with care, and judged by the same SQL.
"""

# ruff: noqa: S608 - the SQL is put together from contracts and our own paths, never from what was sent

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from duckdb_lines import MIB, Part, Record, Sent, as_source, deliveries, inspect, lines_at, rebuilt, records
from duckdb_rules import IS_ODD, MACROS, SEPARATOR, judged, key_hash

from popbase import contracts
from popbase.contracts import DECISIONS, Contract
from popbase.intake.area_codes import in_force

THREADS = 2
MEMORY = "6GB"
PERSON = Path(__file__).with_name("duckdb_person.sql")
FORM = "FORMAT parquet, COMPRESSION snappy, PER_THREAD_OUTPUT true"  # Spark's codec
GOOD = "NOT odd AND len(reasons) = 0"


def main() -> None:
    landing, out = map(Path, sys.argv[1:])
    stages: dict[str, float] = {}
    (out / "scratch").mkdir(parents=True)
    with duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY}) as db:
        prepare(db, out)
        with timed(stages, "intake"):
            counts = [count for feed in contracts.feed_names() for count in load(db, landing, out, feed)]
        with timed(stages, "person"):
            person(db, out)
    (out / "result.json").write_text(json.dumps({"stages": stages, "deliveries": counts}), "utf-8")


def prepare(db: duckdb.DuckDBPyConnection, out: Path) -> None:
    db.execute("SET TimeZone = 'Etc/GMT-8'")  # which is +08:00
    db.execute("SET preserve_insertion_order = false")
    db.execute(f"SET temp_directory = '{out / 'scratch'}'")
    db.execute(MACROS)
    db.execute("CREATE TABLE area (code BIGINT, first INTEGER, last INTEGER)")
    codes = ", ".join(f"({code}, {first}, {last})" for code, (first, last) in in_force().items())
    db.execute(f"INSERT INTO area VALUES {codes}")


def load(db: duckdb.DuckDBPyConnection, landing: Path, out: Path, feed: str) -> list[dict[str, Any]]:
    """One feed's deliveries to `conformed/` and `quarantine/`; returns their counts."""
    contract, sent = contracts.feed(feed), deliveries(landing, feed)
    _require_simple(feed, sent)
    parts = inspected(sent, contract, out / "scratch")
    if not any(part.rows for part in parts):
        return [counted(delivery, 0, 0, 0) for delivery in sent]
    day = sent[0].manifest["business_date"]
    judge_plain(db, contract, parts, day=day)
    judge_odd(db, contract, parts, day=day)
    superseded = settle(db, contract)
    write(db, contract, sent, out)
    return counts(db, sent, superseded)


def _require_simple(feed: str, sent: Sequence[Sent]) -> None:
    """What the peer was not written for must stop it, or it would win by doing less."""
    if {d.manifest["kind"] for d in sent} != {"snapshot"} or len({d.folder.parent.name for d in sent}) > 1:
        raise ValueError(f"{feed}: the peer loads the snapshots of one day")
    if feed == DECISIONS and any(delivery.rows for delivery in sent):
        raise ValueError(f"{feed}: the peer applies no decisions")


def inspected(sent: Sequence[Sent], contract: Contract, scratch: Path) -> list[Part]:
    """Every file against its manifest, two at a time; a delivery that popbase would reject stops the peer."""
    jobs = [(delivery, entry) for delivery in sent for entry in delivery.manifest["files"]]
    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(lambda job: inspect(job[0], job[1], scratch), jobs))
    if {part.header for part in parts} - {tuple(f.header for f in contract.fields)}:
        raise ValueError(f"{contract.feed}: the peer wants the contract's columns, in its order")
    return parts


def judge_plain(
    db: duckdb.DuckDBPyConnection, contract: Contract, parts: Sequence[Part], *, day: str
) -> None:
    """Table `judged`: what the CSV reader makes of the lines it can be trusted with."""
    columns = ", ".join(f"'{f.header}': 'VARCHAR'" for f in contract.fields)
    texts = ", ".join(f'"{f.header}" AS t_{f.name}' for f in contract.fields)
    cells = ", ".join(f"coalesce(\"{f.header}\", '')" for f in contract.fields)
    place = " ".join(f"WHEN '{part.path}' THEN {part.place}" for part in parts)
    db.execute(f"""CREATE OR REPLACE VIEW plain AS
        SELECT (CASE filename {place} END)::INTEGER AS place,
            NULL::VARCHAR AS raw, NULL::VARCHAR AS unreadable,
            concat_ws('{SEPARATOR}', {cells}) AS sent, {texts}
        FROM read_csv({[str(part.path) for part in parts]}, columns = {{{columns}}}, header = true,
            delim = ',', quote = '"', escape = '"', comment = '', new_line = '\\n', auto_detect = false,
            strict_mode = true, max_line_size = {MIB}, buffer_size = {32 * MIB}, filename = true,
            store_rejects = true, rejects_limit = 0)""")
    db.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    rows = judged(contract, "plain", day=day)
    db.execute(f"CREATE OR REPLACE TABLE judged AS SELECT *, {IS_ODD} AS odd FROM ({rows})")


def judge_odd(db: duckdb.DuckDBPyConnection, contract: Contract, parts: Sequence[Part], *, day: str) -> None:
    """Adds to `judged` what was cut out, what the reader rejected, and the odd rows once more."""
    odd = as_source([*_unread(db, parts), *_odd(db)], contract)
    db.register("odd_rows", odd)
    rows = judged(contract, "odd_rows", day=day)
    db.execute(f"INSERT INTO judged SELECT *, false AS odd FROM ({rows})")
    db.unregister("odd_rows")


def _unread(db: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> Iterator[Record]:
    rejected = db.execute("""SELECT DISTINCT file_path, line_byte_position
        FROM reject_errors JOIN reject_scans USING (scan_id, file_id)""").fetchall()
    for part in parts:
        offsets = [offset for path, offset in rejected if path == str(part.path)]
        lines = [*part.cut, *lines_at(part.path, offsets)]
        yield from records(part.place, lines, len(part.header))


def _odd(db: duckdb.DuckDBPyConnection) -> Iterator[Record]:
    for place, sent in db.execute("SELECT place, sent FROM judged WHERE odd").fetchall():
        yield rebuilt(place, sent)


def settle(db: duckdb.DuckDBPyConnection, contract: Contract) -> dict[int, int]:
    """Of good rows with one key in one delivery the last stays; returns how many went, by place."""
    keys, key = ", ".join(f.name for f in contract.key), key_hash(contract)
    gone = db.execute(f"""
        WITH repeated AS (SELECT {key} AS h FROM judged WHERE {GOOD} GROUP BY h HAVING count(*) > 1),
        ranked AS (
            SELECT rowid AS id, row_number() OVER (
                PARTITION BY place, {keys} ORDER BY {contract.updated_at.name} DESC, sha256(sent) DESC) AS n
            FROM judged WHERE {GOOD} AND {key} IN (SELECT h FROM repeated))
        DELETE FROM judged WHERE rowid IN (SELECT id FROM ranked WHERE n > 1) RETURNING place""").fetchall()
    taken = [place for (place,) in gone]
    return {place: taken.count(place) for place in set(taken)}


def write(db: duckdb.DuckDBPyConnection, contract: Contract, sent: Sequence[Sent], out: Path) -> None:
    fields = ", ".join(f.name for f in contract.fields)
    tables = {
        "conformed": f"SELECT {fields}, 'U' AS op, flags FROM judged WHERE {GOOD}",
        "quarantine": "SELECT key, reasons, raw FROM judged WHERE NOT odd AND len(reasons) > 0",
    }
    for area, rows in tables.items():
        for delivery in sent:
            # One by one: PARTITION_BY costs twice as much as all rows together (measured).
            folder = out / area / contract.feed / delivery.partition
            folder.parent.mkdir(parents=True)
            db.execute(f"COPY ({rows} AND place = {delivery.place}) TO '{folder}' ({FORM})")


def counts(
    db: duckdb.DuckDBPyConnection, sent: Sequence[Sent], superseded: dict[int, int]
) -> list[dict[str, Any]]:
    rows = db.execute(f"""SELECT place, count(*) FILTER ({GOOD}), count(*) FILTER (len(reasons) > 0)
        FROM judged WHERE NOT odd GROUP BY place""").fetchall()
    found = {place: (accepted, refused) for place, accepted, refused in rows}
    return [counted(d, *found.get(d.place, (0, 0)), superseded.get(d.place, 0)) for d in sent]


def counted(delivery: Sent, accepted: int, refused: int, superseded: int) -> dict[str, Any]:
    """The delivery's line of the ledger; raises where rows went missing or too many were refused."""
    place = {name: delivery.manifest[name] for name in ("feed", "region", "business_date", "delivery_no")}
    if delivery.rows != accepted + refused + superseded:
        raise ValueError(f"{place}: {delivery.rows} rows sent, {accepted + refused + superseded} judged")
    if refused > delivery.rows * contracts.feed(place["feed"]).max_quarantine_share:
        raise ValueError(f"{place}: more rows refused than a delivery may have")
    return place | {
        "rows_received": delivery.rows, "rows_accepted": accepted,
        "rows_quarantined": refused, "rows_superseded": superseded,
    }  # fmt: skip


def person(db: duckdb.DuckDBPyConnection, out: Path) -> None:
    for statement in PERSON.read_text("utf-8").format(out=out).split(";\n"):
        db.execute(statement)


@contextmanager
def timed(stages: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    stages[name] = time.perf_counter() - started


if __name__ == "__main__":
    main()
