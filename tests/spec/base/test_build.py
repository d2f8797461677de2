"""Every base table of a small country, with a department that no code knows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lib.tables import parse_table, rows, table

from popbase import contracts, table_contracts
from popbase.base.build import base_tables
from popbase.contracts import Contract
from popbase.schema import conform_to

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DAY = date(2015, 12, 31)
# Numbers by letter; none belongs to anybody: their birth date lies in 1800.
NUMBERS = {"A": "330102180001010011", "B": "330102180001010022", "C": "330102180001010033"}
STATE = {"region": "330100", "first_date": "2014-12-31", "anchor_region": "330100", "set_on": "2014-12-31"}
PERSON = {
    "sex": "1", "birth_date": "1800-01-01", "household_kind": "10", "registered_area": "330102001001",
    "updated_at": "2014-12-31", "from_date": "2014-12-31",
}  # fmt: skip

REGISTER = """
    record_no | citizen_id | name | household_no | relation_to_head | registered_on | to_date
    1         | A          | 王芳 | H1           | 02               | 2000-01-01    |
    2         | B          | 李明 | H1           | 10               | 2000-01-01    |
    3         | B          | 张伟 |              |                  | 2000-01-01    |
    4         | C          | 赵强 | H2           | 02               | 2000-01-01    | 2015-06-01
"""
EMPLOYMENT = """
    record_no | citizen_id | owner_name | held_from  | area
    1         | A          | 王芳       | 2015-01-01 | 330102001001
    2         | B          | 李明       | 2015-01-01 | 330102001001
    3         | C          | 赵强       | 2015-01-01 | 330102001001
"""


@pytest.fixture
def employment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Contract]:
    """A tenth feed: one more file beside the nine, which differs from the housing feed in its name."""
    for folder in ("schemas", "expectations"):
        shutil.copytree(contracts.home() / folder, tmp_path / folder)
    feeds = tmp_path / "schemas/feeds"
    text = (feeds / "housing.odcs.yaml").read_text(encoding="utf-8").replace("housing", "employment")
    (feeds / "employment.odcs.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(contracts, "home", lambda: tmp_path)
    table_contracts.table.cache_clear()
    yield contracts.feed("employment")
    table_contracts.table.cache_clear()
    contracts.feed.cache_clear()


def said(spark: SparkSession, contract: Contract, text: str, **given: str) -> DataFrame:
    """Rows of a feed with the columns of a state; a column that the text does not name is null."""
    found = [STATE | given | row for row in parse_table(text)]
    for row in found:
        row["citizen_id"] = NUMBERS.get(str(row.get("citizen_id")))
    types = {f.name: f.sql_type for f in contract.fields}
    types |= {"region": "string", "first_date": "date", "anchor_region": "string", "set_on": "date"}
    types |= {name: "date" for name in ("from_date", "to_date") if name in found[0]}
    told = "\n".join([" | ".join(types), *(" | ".join(row.get(n) or "" for n in types) for row in found)])
    return table(spark, told, **types).selectExpr("*", "CAST(array() AS array<string>) AS flags")


def test_every_table_keeps_its_contract_and_a_new_department_needs_no_code(
    spark: SparkSession, employment: Contract
) -> None:
    person = {
        "sex": "1",
        "birth_date": "1800-01-01",
        "household_kind": "10",
        "registered_area": "330102001001",
    }
    stood = {"updated_at": "2014-12-31", "from_date": "2014-12-31"}
    register = said(spark, contracts.feed("household_registration"), REGISTER, **person, **stood)
    nothing = "decision_no | from_date | to_date\n0 | 1900-01-01 | 1900-01-01"
    decisions = said(spark, contracts.feed("id_correction"), nothing).where("from_date > DATE'2000-01-01'")
    states = {"employment": said(spark, employment, EMPLOYMENT)}
    snapshots = spark.createDataFrame([], "feed string, region string, snapshot_on date")
    built = base_tables(register, decisions, states, snapshots, as_of=DAY)
    known = table_contracts.tables()
    told = {name: conform_to(frame, known[name]) for name, frame in built.items()}

    assert sorted(told) == [
        f"base/{name}" for name in ("employment", "event", "household", "id_case", "id_history", "person")
    ] + ["base/person_history", "base/person_record", "base/replaced_number", "base/unregistered"]
    assert rows(told["base/person"], "record_no", "id_status", "in_employment", "in_tax") == [
        ("1", "UNIQUE", True, False),
        ("2", "CONTESTED", False, False),
        ("3", "CONTESTED", False, False),
    ]
    assert rows(told["base/employment"], "record_no", "match_status") == [
        ("1", "MATCHED"), ("2", "CONTESTED"), ("3", "NOT_IN_REGISTER"),
    ]  # fmt: skip
    assert rows(told["base/household"], "household_id", "size") == [("330100/H1", 2)]
    assert rows(told["base/unregistered"], "citizen_id", "feeds") == [(NUMBERS["C"], ["employment"])]
    contested = told["base/id_case"].where("kind = 'contested_number'")
    assert rows(contested, "status", "opened_on") == [("open", date(2014, 12, 31))]
    assert rows(told["base/id_history"], "citizen_id", "valid_from", "valid_to") == [
        (NUMBERS["A"], date(2014, 12, 31), None), (NUMBERS["C"], date(2014, 12, 31), date(2015, 6, 1)),
    ]  # fmt: skip
