"""What a statistician waits for: one person's history and one area's count at a past date, without Spark.

    .venv/bin/python bench/reading.py [--persons 5000000] [--scratch DIR]

Made-up histories in sixteen files in no order, thirty columns wide; Spark then deletes one row in 250, so
that every file has a deletion vector as after a night's MERGE. Each question is put to a reader opened
anew, as `popbase open` does; the first time counts, and Python's own start does not. Exit code 1 when one
of them takes a second or longer.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import deltalake
import duckdb
import pyarrow as pa
from popbase_load import JARS

from popbase.control import TABLE_PROPERTIES
from popbase.publish.publication import Publication
from popbase.publish.reader import Reader
from popbase.session import spark_session
from popbase.settings import Settings

TARGET = 1.0
FILES = 16
BUSINESS_DATE, PAST = date(2016, 6, 30), date(2015, 6, 1)
TABLE = "base/person_history"

# One row of `range` is a person over a time; every hash is another, so that no column follows from others.
_PEOPLE = """
SELECT md5('p' || i) AS person_id,
  CASE WHEN i % 50 > 0 THEN '330' || lpad((hash(i) % 100000000000000)::VARCHAR, 14, '0') || 'X' END AS citizen_id,
  CAST(NULL AS VARCHAR) AS claimed_citizen_id,
  CASE WHEN i % 50 > 0 THEN 'UNIQUE' ELSE 'NONE' END AS id_status, 'CITIZEN' AS person_class,
  chr((19968 + hash(i, 1) % 20000)::INT) || chr((19968 + hash(i, 2) % 20000)::INT) AS name,
  CAST(NULL AS VARCHAR) AS former_name,
  (1 + hash(i, 4) % 2)::VARCHAR AS sex, DATE '1930-01-01' + (hash(i, 5) % 31000)::INT AS birth_date,
  '33' || lpad((hash(i, 6) % 90)::VARCHAR, 4, '0') AS region, lpad(i::VARCHAR, 12, '0') AS record_no,
  '33' || lpad((hash(i, 6) % 90)::VARCHAR, 4, '0') || '/' || lpad((i // 3)::VARCHAR, 10, '0') AS household_id,
  '10' AS household_kind, lpad((hash(i, 7) % 40)::VARCHAR, 2, '0') AS relation_to_head, '12' AS hukou_nature,
  '33' || lpad((hash(i, 6) % 90)::VARCHAR, 4, '0') || lpad((hash(i, 8) % 600)::VARCHAR, 6, '0') AS registered_area,
  DATE '1990-01-01' + (hash(i, 9) % 9000)::INT AS registered_on, CAST(NULL AS DATE) AS converted_on,
  'REGISTERED' AS status, CASE WHEN i % 20 = 0 THEN DATE '2015-01-01' + (hash(i, 5) % 300)::INT END AS ended_on,
  CASE WHEN i % 20 = 0 THEN '1' END AS end_reason, CAST(NULL AS VARCHAR) AS unsettled_reason,
  CAST(NULL AS VARCHAR) AS usual_area, '1' AS usual_rule, 'NONE' AS usual_evidence, '12' AS usual_precision,
  TIMESTAMPTZ '2010-01-01 00:00:00+00' + to_seconds((hash(i, 10) % 150000000)::INT) AS updated_at,
  CASE WHEN i % 7 = 0 THEN ['citizen_id.sex'] ELSE []::VARCHAR[] END AS flags,
  DATE '2014-12-31' + (hash(i, 11) % 4 * 90)::INT AS valid_from,
  CASE WHEN i % 20 = 0 THEN DATE '2016-01-01' + (hash(i, 5) % 300)::INT END AS valid_to
FROM range($first, $last) AS t(i) ORDER BY hash(i, 99)
"""  # noqa: E501

QUESTIONS = {
    "a person by id": "FROM base.person_history WHERE person_id = md5('p123457')",
    "a person by number": "FROM base.person_history WHERE citizen_id = '{number}'",
    "a person on a date": "FROM base.person WHERE person_id = md5('p123457')",
    "an area's count on a date": "SELECT count(*) FROM base.person WHERE registered_area LIKE '330012%'",
    "a household on a date": "FROM base.household WHERE household_id = '{household}'",
}


def main() -> None:
    given = _arguments()
    with tempfile.TemporaryDirectory(dir=given.scratch, prefix="reading-") as scratch:
        publication = made(scratch, given.persons)
        took = asked(scratch, publication)
    out = Path(__file__).parent / "out" / "reading.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"persons": given.persons, "wall and CPU s": took}, indent=2) + "\n", "utf-8")
    print(f"{given.persons:,} persons\n\n| question | wall s | CPU s |\n|---|---|---|")
    for question, (wall, cpu) in took.items():
        print(f"| {question} | {wall:.2f} | {cpu:.2f} |")
    sys.exit(max(wall for wall, _ in took.values()) >= TARGET)


def made(lake: str, persons: int) -> Publication:
    with duckdb.connect() as db:
        for n in range(FILES):
            part = {"first": persons * n // FILES, "last": persons * (n + 1) // FILES}
            rows = db.sql(_PEOPLE, params=part).to_arrow_table()
            deltalake.write_deltalake(f"{lake}/{TABLE}", rows, mode="append", configuration=TABLE_PROPERTIES)
    for table in ("base/id_history", "base/id_case"):
        deltalake.write_deltalake(f"{lake}/{table}", pa.table({"opened_on": [BUSINESS_DATE]}))
    delete(lake)
    versions = {
        TABLE: deltalake.DeltaTable(f"{lake}/{TABLE}").version(),
        "base/id_history": 0,
        "base/id_case": 0,
    }
    at = datetime(2016, 7, 1, tzinfo=UTC)
    return Publication(
        seq=1, business_date=BUSINESS_DATE, created_at=at, tables=versions, deliveries=(), code_version="0"
    )


def delete(lake: str) -> None:
    """Rows here and there, by deletion vectors."""
    spark = spark_session(Settings(landing="", lake=lake, jars=str(JARS)))
    table = f"delta.`{lake}/{TABLE}`"
    spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES (delta.enableDeletionVectors = true)")
    spark.sql(f"DELETE FROM {table} WHERE pmod(xxhash64(person_id), 250) = 7")  # noqa: S608 - a folder of ours
    spark.stop()


def asked(lake: str, publication: Publication) -> dict[str, tuple[float, float]]:
    someone = "SELECT citizen_id, household_id FROM base.person_history WHERE person_id = md5('p123457')"
    with Reader(lake, publication) as reader:
        (answer,) = reader.run(someone)
        ((number, household),) = answer.rows
    known = {"number": number, "household": household}
    return {name: seconds(lake, publication, sql.format(**known)) for name, sql in QUESTIONS.items()}


def seconds(lake: str, publication: Publication, sql: str) -> tuple[float, float]:
    """Wall and CPU."""
    on = None if "person_history" in sql else PAST
    wall, cpu = time.perf_counter(), time.process_time()
    with Reader(lake, publication, on=on) as reader:
        found = [row for answer in reader.run(sql) for row in answer.rows]
    took = time.perf_counter() - wall, time.process_time() - cpu
    if not found:
        raise ValueError(f"Nothing was found: {sql}")
    return took


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--persons", type=int, default=5_000_000)
    parser.add_argument("--scratch", default=None, help="where the tables lie meanwhile")
    return parser.parse_args()


if __name__ == "__main__":
    main()
