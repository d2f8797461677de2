"""Sectors' records whose number is probably another's, mistyped: which are proposed, and whose it is."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from lib.tables import parse_table

from popbase import table_contracts
from popbase.identity.findings import MISTYPED
from popbase.search.comparisons import MISTYPED_NUMBERS
from popbase.search.model import stored
from popbase.search.proposals import mistyped, mistyped_of_changed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

ON = date(2015, 12, 31)

# All numbers are made up: nobody was born in that county on such a day.
PEOPLE = """
    record | number            | name     | birth_date | sex | from       | to
    1      | 33010218010506011 | 欧阳海青 | 1801-05-06 | 1   | 2014-01-01 |
    2      | 33010218020607022 | 王芳     | 1802-06-07 | 2   | 2014-01-01 |
    3      | 33010218030708033 | 欧阳海南 | 1803-07-08 | 1   | 2015-06-01 | 2015-09-01
    4      | 33010218040809044 | 李雷     | 1804-08-09 | 2   | 2014-01-01 |
"""
# What a sector says, and whom it probably means: nobody, where `means` is empty.
RECORDS = """
    key | finding         | number            | name     | birth_date | sex | area   | means | verdicts
    a   | not_in_register | 33010218010506081 | 欧阳海青 |            |     |        | 1     | digits=one_digit
    b   | not_in_register | 33010218010560011 | 欧阳海青 |            |     |        | 1     | digits=exchanged
    c   | name_mismatch   | 33010218010506018 | 欧阳海青 | 1801-05-06 | 1   | 330102 | 1     | birth=unknown;sex=agrees;county=agrees
    d   | not_in_register | 33010218020907022 | 王芳     | 1802-06-07 | 2   | 330102 | 2     | birth=agrees;sex=agrees
    e   | not_in_register | 33010218020907022 | 王小方   | 1802-06-07 | 2   | 330102 | 2     | name=surname;birth=agrees
    f   | not_in_register | 33090218020607022 | 王小方   | 1802-06-07 | 2   | 330102 |       |
    g   | not_in_register | 33010218010508081 | 欧阳海青 | 1801-05-08 | 1   | 330102 |       |
    h   | not_in_register | 33010218020907022 | 赵方     | 1802-06-07 | 2   | 330102 |       |
    i   | not_in_register | 33010218020607029 | 王小方   | 1802-06-07 | 1   | 330102 |       |
    j   | former_number   | 33010218010506081 | 欧阳海青 | 1801-05-06 | 1   | 330102 |       |
    k   | not_in_register | 33010218030708083 | 欧阳海南 | 1803-07-08 | 1   | 330102 | 3     | birth=unknown
    l   | name_mismatch   | 33010218040809044 | 李明     | 1804-08-09 | 2   | 330102 |       |
"""  # noqa: E501


def _frame(spark: SparkSession, table: str, told: list[dict[str, str | None]]) -> DataFrame:
    """Rows of a table with the columns of its contract; what is not told is null."""
    types = {c.name: c.type for c in table_contracts.tables()[table].columns}
    rows = [tuple(row.get(name) for name in types) for row in told]
    frame = spark.createDataFrame(rows, ", ".join(f"{name} string" for name in types))
    given = {name for row in told for name in row}
    kinds = {name: kind if name in given else "string" for name, kind in types.items()}
    return frame.selectExpr(*(f"CAST({name} AS {kind}) AS {name}" for name, kind in kinds.items()))


def history(spark: SparkSession) -> DataFrame:
    told = [
        {"person_id": f"p{r['record']}", "region": "330100", "record_no": r["record"], "status": "REGISTERED",
         "citizen_id": f"{r['number']}X", "name": r["name"], "birth_date": r["birth_date"], "sex": r["sex"],
         "registered_area": "330102001001", "registered_on": "1999-01-01", "household_kind": "10",
         "valid_from": r["from"], "valid_to": r["to"]}
        for r in parse_table(PEOPLE)
    ]  # fmt: skip
    return _frame(spark, "base/person_history", told)


def findings(spark: SparkSession) -> DataFrame:
    told = [
        {"feed": "education", "region": "330200", "record_key": r["key"], "finding": r["finding"],
         "citizen_id": f"{r['number']}X", "name": r["name"], "birth_date": r["birth_date"], "sex": r["sex"],
         "area": r["area"], "valid_from": "2015-02-01"}
        for r in parse_table(RECORDS)
    ]  # fmt: skip
    return _frame(spark, "base/sector_finding", told)


@pytest.fixture(scope="module")
def found(_session: SparkSession) -> dict[str, Row]:
    cases = mistyped(stored(MISTYPED_NUMBERS), findings(_session), history(_session), ON)
    assert cases is not None
    return {"+".join(row["record_nos"]): row for row in cases.collect()}


def refs(key: str, record: str) -> str:
    return f"330100/{record}+330200/education:{key}"


def test_what_is_proposed(found: dict[str, Row]) -> None:
    told = [r for r in parse_table(RECORDS) if r["means"]]
    expected = {refs(str(r["key"]), str(r["means"])): r["verdicts"] for r in told}
    assert set(found) == set(expected)
    for key, verdicts in expected.items():
        assert set(str(verdicts).split(";")) <= set(found[key]["evidence"].split(";")), key
        assert found[key]["kind"] == MISTYPED


def test_a_proposal_holds_while_both_rows_do(found: dict[str, Row]) -> None:
    held = {key: (row["opened_on"], row["closed_on"]) for key, row in found.items()}
    assert held[refs("a", "1")] == (date(2015, 2, 1), None)
    assert held[refs("k", "3")] == (date(2015, 6, 1), date(2015, 9, 1))


@pytest.mark.parametrize(
    ("records", "people"),
    [("record_key < 'd'", "false"), ("false", "record_no = '2'"), ("record_key = 'e'", "record_no < '3'")],
)
def test_a_nights_few_find_what_a_look_at_all_finds(
    spark: SparkSession, found: dict[str, Row], records: str, people: str
) -> None:
    every, everybody = findings(spark).localCheckpoint(), history(spark).localCheckpoint()
    changed, theirs = every.where(records), everybody.where(people)
    cases = mistyped_of_changed(stored(MISTYPED_NUMBERS), changed, every, theirs, everybody, ON)
    keys = {f"330200/education:{row.record_key}" for row in changed.collect()}
    mine = keys | {f"330100/{row.record_no}" for row in theirs.collect()}
    expected = {key: row for key, row in found.items() if mine & set(key.split("+"))}
    assert cases is not None
    assert {"+".join(row["record_nos"]): row for row in cases.collect()} == expected


def test_where_no_number_is_near_there_is_nothing_to_write(spark: SparkSession) -> None:
    nobody = findings(spark).where("record_key = 'l'")
    assert mistyped(stored(MISTYPED_NUMBERS), nobody, history(spark), ON) is None
