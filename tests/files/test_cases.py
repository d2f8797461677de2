"""Cases as the correction office works through them: found, looked into, decided; masked unless revealed."""

from __future__ import annotations

import csv
import json
from math import log2
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from lib.lakes import NEW_YEARS_EVE, publish, write

from popbase.control import read_small
from popbase.intake import manifest
from popbase.publish.publication import DeliveryRef
from popbase.search.comparisons import SECOND_NUMBERS
from popbase.search.model import stored

NUMBER, NAME = "33010019900101123X", "王小明"  # made up
NEW = "330100199001011248"  # made up
PLACE = {"region": "330100", "business_date": NEW_YEARS_EVE, "delivery_no": 1}

CASES = [
    {"case_id": "c0ffee01", "kind": "contested_number", "status": "open",
     "record_nos": ["330100/1", "440100/2"], "evidence": "name=differs;sex=agrees"},
    {"case_id": "c0ffee02", "kind": "same_person", "status": "open", "record_nos": ["330100/1", "330100/3"],
     "evidence": "name=agrees_rare;birth=agrees;sex=unknown;home=differs", "match_weight": 12.4},
    {"case_id": "beef0003", "kind": "double_registration", "status": "open",
     "record_nos": ["330100/3", "330100/4"], "evidence": "name=agrees"},
    {"case_id": "beef0004", "kind": "dead_and_live", "status": "closed", "record_nos": ["440100/2"],
     "evidence": None},
    {"case_id": "feed0005", "kind": "name_mismatch", "status": "open",
     "record_nos": ["330100/1", f"330100/tax:{NUMBER}|201512"], "evidence": "name=differs"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def lake(tmp_path: Path) -> Path:
    """One publication; its register said one thing of record 1, and an unpublished delivery says another."""
    usual = {"opened_on": NEW_YEARS_EVE, "closed_on": None, "decision_no": None, "match_weight": None}
    records = [{"region": r, "record_no": n, "role": "WINNER", "person_id": f"p{n}"}
               for r, n in (("330100", "1"), ("440100", "2"), ("330100", "3"))]  # fmt: skip
    persons = [{"person_id": f"p{n}", "id_status": "CONTESTED", "status": "REGISTERED"} for n in "123"]
    said = {"former_name": None, "sex": "1", "birth_date": None, "registered_area": "330102001001",
            "registered_on": None}  # fmt: skip
    register = [
        PLACE | {"record_no": "1", "citizen_id": NUMBER, "name": NAME} | said,
        PLACE | {"record_no": "1", "citizen_id": "", "name": "later", "delivery_no": 2} | said,
        PLACE | {"record_no": "3", "citizen_id": None, "name": "third"} | said,
    ]
    found = {"feed": "tax", "region": "330100", "record_key": f"{NUMBER}|201512", "finding": "name_mismatch",
             "citizen_id": NUMBER, "name": "王晓明", "birth_date": None, "sex": None, "area": "330102",
             "valid_from": NEW_YEARS_EVE}  # fmt: skip
    tables = {"base/id_case": [usual | case for case in CASES], "base/person_record": records,
              "base/person": persons, "base/sector_finding": [found]}  # fmt: skip
    versions = {name: write(tmp_path, name, pa.Table.from_pylist(rows)) for name, rows in tables.items()}
    write(tmp_path, "conformed/household_registration", pa.Table.from_pylist(register))
    seen = DeliveryRef(feed="household_registration", **PLACE)
    publish(tmp_path, versions, deliveries=(seen,))
    return tmp_path


def ids(told: str) -> list[str]:
    return [case["case_id"] for case in json.loads(told)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([], ["contested_number", "dead_and_live", "double_registration", "name_mismatch", "same_person"]),
        (["--open"], ["contested_number", "double_registration", "name_mismatch", "same_person"]),
        (["--kind", "same_person"], ["same_person"]),
        (["--region", "44"], ["contested_number", "dead_and_live"]),
        (["--since", "2016-01-01"], []),
    ],
    ids=["all", "open", "kind", "region", "since"],
)
def test_cases_are_found_by_what_the_office_asks_for(
    popbase: Any, asked: list[str], found: list[str]
) -> None:
    told = json.loads(popbase("cases", *asked, "--json").out or "[]")
    assert sorted(case["kind"] for case in told) == found


def test_a_kind_that_is_none_is_one_sentence(popbase: Any) -> None:
    ran = popbase("cases", "--kind", "nonsense")
    assert ran.code == 2
    assert "There is no kind of case 'nonsense'; there are contested_number" in ran.err


def test_a_case_is_shown_by_the_beginning_of_its_id_without_names_and_numbers(popbase: Any) -> None:
    ran = popbase("cases", "show", "c0ffee01")
    for words in ("contested_number", "differs", "330100", "440100", "CONTESTED", "--reveal"):
        assert words in ran.out
    assert NUMBER not in ran.out + ran.err
    assert NAME not in ran.out + ran.err
    assert ids(f"[{popbase('cases', 'show', 'beef0003', '--json').out}]") == ["beef0003"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [("c0f", "at least"), ("c0ffee", "More than one case"), ("abcd", "No case")],
    ids=["too short", "two", "none"],
)
def test_an_id_that_names_no_case_is_one_sentence(popbase: Any, asked: str, says: str) -> None:
    ran = popbase("cases", "show", asked)
    assert ran.code == 2
    assert says in ran.err


def test_names_and_numbers_are_shown_as_published_to_whom_is_written_down(popbase: Any, lake: Path) -> None:
    ran = popbase("cases", "show", "c0ffee01", "--reveal", "--reason", "appeal 12")
    assert NUMBER in ran.out
    assert NAME in ran.out
    assert "later" not in ran.out
    (look,) = read_small(str(lake), "control/audit")
    assert (look["what"], look["subjects"], look["reason"], look["publication"]) == (
        "case shown", ["c0ffee01"], "appeal 12", 1,
    )  # fmt: skip
    assert look["who"]
    assert NUMBER not in str(look)


def test_a_sectors_record_is_shown_without_the_number_that_it_may_be_known_by(popbase: Any) -> None:
    shown = popbase("cases", "show", "feed0005", "--json")
    assert (NUMBER in shown.out, NUMBER[:6] in shown.out.replace("330100", "")) == (False, False)
    ours, theirs = json.loads(shown.out)["records"]
    assert (ours["record_no"], ours["role"]) == ("1", "WINNER")
    assert (theirs["record_no"], theirs["role"]) == ("tax:*123X|201512", "SECTOR")
    told = popbase("cases", "show", "feed0005", "--reveal", "--reason", "Case 5 at the office", "--json")
    names = {row["record_no"]: (row["citizen_id"], row["name"]) for row in json.loads(told.out)["revealed"]}
    assert names == {"1": (NUMBER, NAME), f"tax:{NUMBER}|201512": (NUMBER, "王晓明")}


def test_without_a_reason_nothing_is_revealed(popbase: Any, lake: Path) -> None:
    ran = popbase("cases", "show", "c0ffee01", "--reveal")
    assert ran.code == 2
    assert NUMBER not in ran.out + ran.err
    assert read_small(str(lake), "control/audit") == []


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))


def test_a_template_has_a_row_for_each_decision_that_cases_ask_for(popbase: Any, tmp_path: Path) -> None:
    out = tmp_path / "decide.csv"
    told = popbase("cases", "template", "--out", str(out)).out
    assert told.endswith("open cases 2. Left out, as departments mend them and no decision does: 2.\n")
    rows = rows_of(out)
    assert [(r["类别"], r["登记机关区划"], r["人员编号"], r["另一人员编号"]) for r in rows] == [
        ("11", "330100", "1", ""), ("11", "440100", "2", ""), ("90", "330100", "1", "3"),
    ]  # fmt: skip
    assert not any(row["原号码"] for row in rows)
    assert popbase("cases", "template", "--out", str(out)).code == 2


def test_a_template_filled_in_is_a_delivery_that_intake_takes(popbase: Any, tmp_path: Path) -> None:
    out, landing = tmp_path / "decide.csv", tmp_path / "landing"
    popbase("cases", "template", "--out", str(out), "--reveal", "--reason", "decisions of the month")
    first, *undecided = rows_of(out)
    assert first["原号码"] == NUMBER
    decided = first | {"决定编号": "D1", "新号码": NEW, "生效日期": "2016-01-01", "决定机关": "公安局"}
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, list(first))
        table.writeheader()
        table.writerows([decided, *undecided])
    words = ("cases", "deliver", str(out), "--date", "2016-01-01", "--landing", str(landing))
    assert popbase(*words).out.startswith("id_correction/000000/2016-01-01/001: decisions 1.")
    assert popbase(*words).out.startswith("id_correction/000000/2016-01-01/002: decisions 1.")
    folder = landing / "id_correction/000000/2016-01-01/001"
    told = manifest.Manifest.model_validate(json.loads((folder / "manifest.json").read_text()))
    assert [(f.rows, f.bytes) for f in told.files] == [(1, (folder / "part-0001.csv").stat().st_size)]
    (row,) = rows_of(folder / "part-0001.csv")
    assert (row["操作"], row["决定编号"], row["原号码"], row["新号码"]) == ("U", "D1", NUMBER, NEW)
    assert row["更新时间"]


def test_a_table_that_decides_nothing_is_no_delivery(popbase: Any, tmp_path: Path) -> None:
    out = tmp_path / "decide.csv"
    popbase("cases", "template", "--out", str(out))
    ran = popbase("cases", "deliver", str(out), "--date", "2016-01-01", "--landing", str(tmp_path / "l"))
    assert ran.code == 2
    assert "decides nothing" in ran.err
    assert "There is no file" in popbase("cases", "deliver", "none.csv", "--date", "2016-01-01").err
    assert not (tmp_path / "l").exists()


def test_a_proposal_shows_what_each_field_weighs(popbase: Any) -> None:
    told = json.loads(popbase("cases", "show", "c0ffee02", "--json").out)
    assert [(row["field"], row["records"]) for row in told["weights"]] == [
        ("before", "any two rows"), ("name", "agrees_rare"), ("birth", "agrees"), ("sex", "unknown"),
        ("home", "differs"),
    ]  # fmt: skip
    model = stored(SECOND_NUMBERS)
    verdicts = ("agrees_rare", "agrees", "differs")
    levels = [
        next(level for level in model.of_field(field) if level.label == verdict)
        for field, verdict in zip(("name", "birth", "home"), verdicts, strict=True)
    ]
    expected = log2(model.prior / (1 - model.prior)) + sum(log2(level.m / level.u) for level in levels)
    assert float(told["weights"][-1]["total"]) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("ending", ["svg", "html"])
def test_a_proposals_weights_are_drawn_without_a_network(popbase: Any, tmp_path: Path, ending: str) -> None:
    popbase("cases", "show", "c0ffee02", "--chart", str(tmp_path / f"weights.{ending}"))
    drawn = (tmp_path / f"weights.{ending}").read_text("utf-8")
    assert "agrees_rare" in drawn
    assert "https://cdn" not in drawn


def test_what_is_no_proposal_has_no_weights(popbase: Any, tmp_path: Path) -> None:
    assert popbase("cases", "show", "c0ffee01", "--chart", str(tmp_path / "x.svg")).code == 2
    assert json.loads(popbase("cases", "show", "c0ffee01", "--json").out)["weights"] == []
