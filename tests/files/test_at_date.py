"""The world on a date as known now: histories answer, what has none is named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from lib.lakes import NEW_YEARS_EVE, delete_by_vector, publish, write

from popbase.errors import PublicationError, UsageError
from popbase.publish.publication import Publication
from popbase.publish.reader import Reader

MEMBER = {
    "person_id": "p1", "citizen_id": None, "name": "王", "record_no": "1", "household_id": "330100/H1",
    "household_kind": "10", "relation_to_head": None, "registered_area": "330102001001",
    "status": "REGISTERED", "updated_at": datetime(2015, 1, 1, tzinfo=UTC),
    "valid_from": date(2015, 1, 1), "valid_to": None,
}  # fmt: skip
HISTORY = pa.schema([
    *((name, pa.string()) for name in list(MEMBER)[:9]),
    ("updated_at", pa.timestamp("us", tz="UTC")), ("valid_from", pa.date32()), ("valid_to", pa.date32()),
])  # fmt: skip
CASE = {"case_id": "c1", "status": "open", "opened_on": date(2015, 3, 1), "closed_on": None}
CASES = pa.schema([
    ("case_id", pa.string()), ("status", pa.string()), ("opened_on", pa.date32()), ("closed_on", pa.date32())
])  # fmt: skip
IDS = pa.schema([("person_id", pa.string()), ("valid_from", pa.date32()), ("valid_to", pa.date32())])
MARCH, JUNE = date(2015, 3, 31), date(2015, 6, 1)


def published(
    lake: Path,
    history: list[dict[str, Any]],
    cases: list[dict[str, Any]] | None = None,
    ids: list[dict[str, Any]] | None = None,
) -> Publication:
    rows = {
        "base/person_history": pa.Table.from_pylist([MEMBER | row for row in history], HISTORY),
        "base/id_case": pa.Table.from_pylist([CASE | row for row in cases or []], CASES),
        "base/id_history": pa.Table.from_pylist(ids or [], IDS),
        "base/tax": pa.table({"person_id": ["p1"]}),
        "statistics/report": pa.table({"value": [1]}),
    }
    return publish(lake, {table: write(lake, table, content) for table, content in rows.items()})


def on(lake: Path, publication: Publication, day: date, sql: str) -> list[tuple[Any, ...]]:
    with Reader(str(lake), publication, on=day) as reader:
        return [row for answer in reader.run(sql) for row in answer.rows]


def test_a_person_is_as_on_the_date_with_the_first_day_in_and_the_last_out(tmp_path: Path) -> None:
    moved = [
        {"name": "before", "valid_to": JUNE},
        {"name": "after", "valid_from": JUNE},
        {"person_id": "p2", "name": "later", "valid_from": date(2016, 2, 1)},
    ]
    told = published(tmp_path, moved)
    names = "SELECT name FROM base.person"
    assert on(tmp_path, told, MARCH, names) == [("before",)]
    assert on(tmp_path, told, JUNE, names) == [("after",)]
    assert on(tmp_path, told, NEW_YEARS_EVE, names) == [("after",)]
    assert on(tmp_path, told, date(1949, 10, 1), names) == []
    assert "valid_from" not in {row[0] for row in on(tmp_path, told, MARCH, "DESCRIBE base.person")}


def test_a_person_changed_since_by_a_deletion_vector_is_read_once(tmp_path: Path) -> None:
    told = published(tmp_path, [{"name": "old"}, {"name": "new"}])
    tables = {**told.tables, "base/person_history": delete_by_vector(tmp_path, "base/person_history", [0])}
    assert on(tmp_path, publish(tmp_path, tables), JUNE, "SELECT name FROM base.person") == [("new",)]


def test_a_case_closed_since_is_open_and_one_opened_since_is_not_there(tmp_path: Path) -> None:
    cases = [
        {"case_id": "closed", "status": "closed", "closed_on": date(2015, 3, 31)},
        {"case_id": "closes", "status": "closed", "closed_on": JUNE},
        {"case_id": "opens", "opened_on": JUNE},
    ]
    told = published(tmp_path, [], cases)
    sql = "SELECT case_id, status, closed_on FROM base.id_case ORDER BY 1"
    assert on(tmp_path, told, MARCH, sql) == [("closed", "closed", MARCH), ("closes", "open", None)]


def test_a_number_is_told_while_it_holds(tmp_path: Path) -> None:
    ids = [
        {"person_id": "a", "valid_from": date(2015, 1, 1), "valid_to": JUNE},
        {"person_id": "b", "valid_from": JUNE, "valid_to": None},
    ]
    told = published(tmp_path, [], ids=ids)
    assert [row[0] for row in on(tmp_path, told, MARCH, "FROM base.id_history")] == ["a"]
    assert [row[0] for row in on(tmp_path, told, JUNE, "FROM base.id_history")] == ["b"]


def test_a_household_is_of_those_registered_on_the_date(tmp_path: Path) -> None:
    people = [
        {"person_id": "head", "record_no": "9", "relation_to_head": "02", "household_kind": "20"},
        {"person_id": "first", "record_no": "1", "valid_to": JUNE},
        {"person_id": "dead", "record_no": "0", "status": "DEAD"},
        {"person_id": "unsettled", "record_no": "0", "household_kind": "30"},
        {"person_id": "alone", "household_id": None},
    ]
    told = published(tmp_path, people)
    sql = "SELECT household_id, head, kind, size, registered_area FROM base.household"
    assert on(tmp_path, told, MARCH, sql) == [("330100/H1", "head", "20", 2, "330102001001")]
    assert on(tmp_path, told, JUNE, "SELECT size FROM base.household") == [(1,)]


def test_what_has_no_history_is_named_with_what_has(tmp_path: Path) -> None:
    told = published(tmp_path, [{}])
    for table in ("base.tax", "statistics.report", "base.person_history"):
        with pytest.raises(UsageError, match=rf"{table} has no history.* base.person, base.id_history"):
            on(tmp_path, told, MARCH, f"SELECT * FROM {table}")
    tables = {"base.household", "base.id_case", "base.id_history", "base.person"}
    assert {row[0] for row in on(tmp_path, told, MARCH, "SHOW TABLES")} == tables


def test_a_date_after_the_publications_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2016-01-01 lies after 2015-12-31"):
        on(tmp_path, published(tmp_path, []), date(2016, 1, 1), "SELECT 1")


def test_a_publication_from_before_there_were_histories_says_so(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match="has no base/"):
        on(tmp_path, publish(tmp_path, {"base/person": 0}), MARCH, "FROM base.person")


def test_the_command_answers_as_of_a_date(popbase: Any, tmp_path: Path) -> None:
    published(tmp_path, [{"name": "before", "valid_to": JUNE}, {"name": "after", "valid_from": JUNE}])
    told = popbase("open", "--as-of", "2015-03-31", "--csv", "-c", "SELECT name FROM base.person")
    assert (told.code, told.out.splitlines()) == (0, ["name", "before"])
