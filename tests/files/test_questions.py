"""What people ask at night and by day: answered whole, and without a citizen's data."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from lib.lakes import MADE_AT, NEW_YEARS_EVE, judgement, publish, write, write_ledger, write_quarantine

from popbase.publish import report_page
from popbase.publish.run_report import NightReport

NUMBER = "33010019900101123X"  # made up


def test_the_last_judgment_of_a_delivery_is_the_one_shown(popbase: Any, tmp_path: Path) -> None:
    first = judgement(status="rejected", reason="file.bytes", rows_accepted=0, rows_received=0)
    again = judgement(judged_at=MADE_AT.replace(hour=9))
    write_ledger(tmp_path, first, again, judgement("housing", business_date=NEW_YEARS_EVE.replace(day=30)))
    found = json.loads(popbase("deliveries", "--json").out)
    assert [(d["feed"], d["status"]) for d in found] == [("tax", "accepted"), ("housing", "accepted")]
    assert len(json.loads(popbase("deliveries", "--json", "--date", "2015-12-30").out)) == 1


def test_a_refused_delivery_is_listed_with_the_sentence_for_its_sender(popbase: Any, tmp_path: Path) -> None:
    write_ledger(tmp_path, judgement(status="rejected", reason="file.bytes", detail="'a.csv' has 1 byte."))
    assert popbase("deliveries").out.endswith("tax 330100 2015-12-31 001: file.bytes, 'a.csv' has 1 byte.\n")


def refuse_three(lake: Path) -> None:
    write_ledger(lake, judgement(rows_accepted=8, rows_quarantined=2))
    row = {"key": f"secret|{NUMBER}", "raw": f"secret,{NUMBER}"}
    write_quarantine(
        lake,
        "tax",
        row | {"reasons": ["citizen_id.bad_check", "name.required"]},
        row | {"reasons": ["citizen_id.bad_check"]},
        row | {"reasons": ["op.code"], "delivery_no": 9},  # of a run that ended early: not in the ledger
    )


def test_refused_rows_are_counted_by_reason_and_leftovers_are_not(popbase: Any, tmp_path: Path) -> None:
    refuse_three(tmp_path)
    found = json.loads(popbase("quarantine", "tax", "--json").out)
    assert [(r["reason"], r["rows"]) for r in found] == [("citizen_id.bad_check", 2), ("name.required", 1)]
    assert popbase("quarantine", "tax", "--date", "2015-12-30").out == "No row was refused.\n"


def test_a_refused_row_shows_its_text_only_when_revealed(popbase: Any, tmp_path: Path) -> None:
    refuse_three(tmp_path)
    for more in ([], ["--json"]):
        hidden = popbase("quarantine", "tax", "--rows", "5", "--reason", "name.required", *more)
        assert "330100" in hidden.out
        assert NUMBER not in hidden.out + hidden.err
        assert NUMBER in popbase("quarantine", "tax", "--rows", "5", "--reveal", *more).out


def with_cases(lake: Path) -> None:
    cases = [
        {"case_id": "c1", "kind": "contested_number", "status": "open", "opened_on": NEW_YEARS_EVE},
        {"case_id": "c2", "kind": "dead_and_live", "status": "closed", "opened_on": NEW_YEARS_EVE},
    ]
    rows = pa.Table.from_pylist([case | {"closed_on": None, "evidence": NUMBER} for case in cases])
    publish(lake, {"base/id_case": write(lake, "base/id_case", rows)})


def test_status_is_whole_after_a_night_and_before_any(popbase: Any, tmp_path: Path) -> None:
    assert "Readers see nothing yet." in popbase("status").out
    with_cases(tmp_path)
    held = NightReport(NEW_YEARS_EVE, MADE_AT, MADE_AT, "held", 1, why="A gate failed.")
    report_page.write(held, tmp_path)
    shown = popbase("status").out
    for words in (
        "publication 1",
        "NOT PUBLISHED",
        "Open cases: 1 contested_number.",
        "popbase night --date",
    ):
        assert words in shown
    found = json.loads(popbase("status", "--json").out)
    assert found["last_night"]["outcome"] == "held"
    assert found["open_cases"] == {"contested_number": 1}


def test_publications_are_listed_the_current_one_first(popbase: Any, tmp_path: Path) -> None:
    for version in (1, 2):
        publish(tmp_path, {"base/person": version}, warnings=("sex_ratio",))
    assert [p["seq"] for p in json.loads(popbase("publications", "--json").out)] == [2, 1]
    assert "sex_ratio" in popbase("publications").out


# SQL ------------------------------------------------------------------------------------------------------


@pytest.fixture
def people(tmp_path: Path) -> Path:
    names = pa.table({"person_id": ["a", "b"], "name": ["王\x1b[31m", "=1+1"]})
    publish(tmp_path, {"base/person": write(tmp_path, "base/person", names)})
    return tmp_path


def test_answers_come_as_a_table_json_or_csv(popbase: Any, people: Path) -> None:
    sql = "SELECT person_id, DATE '2015-12-31' AS day FROM base.person ORDER BY 1"
    assert json.loads(popbase("open", "--json", "-c", sql).out)[1] == {"person_id": "b", "day": "2015-12-31"}
    assert popbase("open", "--csv", "-c", sql).out.splitlines() == [
        "person_id,day", "a,2015-12-31", "b,2015-12-31",
    ]  # fmt: skip
    shown = popbase("open", "--limit", "1", "-c", sql).out
    assert "2015-12-31" in shown
    assert "1 more" in shown


def test_json_carries_what_json_has_no_words_for(popbase: Any, people: Path) -> None:
    sql = (
        "SELECT 1.50::DECIMAL(18,2) AS d, 1 / 0 AS i, map {DATE '2015-12-31': 1} AS m, "
        "TIMESTAMPTZ '2016-01-01 00:00+00' AS t"
    )
    assert json.loads(popbase("open", "--json", "-c", sql).out) == [
        {"d": "1.50", "i": None, "m": {"2015-12-31": 1}, "t": "2016-01-01T08:00:00+08:00"}
    ]


def test_a_name_cannot_steer_the_terminal(popbase: Any, people: Path) -> None:
    shown = popbase("open", "-c", "SELECT name FROM base.person").out
    assert "\x1b" not in shown
    assert "王" in shown


def test_statements_are_read_from_a_pipe_up_to_the_first_mistake(
    popbase: Any, people: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    piped = tmp_path / "piped.sql"
    piped.write_text("SELECT 'first'\n AS a;\nSELECT nope;\nSELECT 'third'")
    with piped.open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        ran = popbase("open")
    assert "first" in ran.out
    assert "third" not in ran.out
    assert ran.code == 2
