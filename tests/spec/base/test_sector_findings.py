"""What is wrong with the numbers that sectors carry, over time: text tables; letters stand for numbers."""

from __future__ import annotations

from datetime import date
from functools import reduce
from typing import TYPE_CHECKING

import pytest
from lib.tables import parse_table, rows, table

from popbase import contracts, table_contracts
from popbase.base.sector import active
from popbase.base.sector_case import MOST_RECORDS, sector_cases
from popbase.base.sector_finding import findings, told

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from popbase.contracts import Contract

DAY = date(2015, 12, 31)

PEOPLE = """
    record | number | id_status | status     | name           | from  | to
    1      | A      | UNIQUE    | REGISTERED | 古丽·买买提 | 11-01 |
    2      | B      | UNIQUE    | REGISTERED | 王芳           | 11-01 | 11-10
    2      | B      | UNIQUE    | DEAD       | 王芳           | 11-10 |
    3      | C      | UNIQUE    | REGISTERED | 李明           | 11-01 | 11-20
    3      | C      | CONTESTED | REGISTERED | 李明           | 11-20 | 12-01
    4      | C      | CONTESTED | REGISTERED | 赵强           | 11-20 | 12-01
    3      | C      | UNIQUE    | REGISTERED | 李明           | 12-01 |
    4      | D      | UNIQUE    | REGISTERED | 赵强           | 12-01 |
    5      | E      | FORMER    | DEAD       | 张伟           | 11-01 |
"""
REPLACED = """
    old | new | effective_on | decision_no | from  | to
    F   | A   | 2015-11-01   | 2015-7      | 11-05 | 12-10
"""
# Records of housing, what they say and when; what is wrong with them, and whom the register means.
HOUSES = """
    record | number | name          | from  | to    | held_to    | finding         | since | until | means
    h1     | A      | 古丽・买买提    | 11-01 |       |            |                 |       |       |
    h2     | A      | 王芳        | 11-01 | 11-15 |            | name_mismatch | 11-01 | 11-15 | 330100/1
    h3     | Z      | 王芳        | 11-03 |       |            | not_in_register | 11-03 |       |
    h4     | B      | 王芳        | 11-01 |       |            | dead_but_active | 11-10 |       | 330100/2
    h5     | B      | 王芳        | 11-01 |       | 2015-11-12 | dead_but_active | 11-10 | 11-12 | 330100/2
    h6     | B      | 王芳        | 11-01 |       | 2015-11-05 |                 |       |       |
    h7     | B      | 王方        | 11-12 |       |            | name_mismatch | 11-12 |       | 330100/2
    h8     | C      | 李明        | 11-01 |       |            |                 |       |       |
    h9     | D      | 赵强        | 11-01 |       |            | not_in_register | 11-01 | 12-01 |
    h10    | E      | 张伟        | 11-01 |       |            | not_in_register | 11-01 |       |
    h11    | F      | 古丽·买买提    | 11-05 | 12-10 |            | former_number | 11-05 | 12-10 |
    h12    | F      | 古丽·买买提    | 12-10 |       |            | not_in_register | 12-10 |       |
    h13    |        | 王芳        | 11-01 |       |            |                 |       |       |
    h14    | A      | 王芳        | 01-02 |       |            |                 |       |       |
"""


def number(letter: str | None) -> str | None:
    return letter and f"33010218000101{ord(letter):03d}X"


def day(text: str | None) -> str | None:
    """Days of this year, and of January in the next."""
    return text and f"{'2016' if text.startswith('01') else '2015'}-{text}"


def people(spark: SparkSession) -> DataFrame:
    given = []
    for r in parse_table(PEOPLE):
        unique = r["id_status"] == "UNIQUE"
        carried, claimed = (number(r["number"]), None) if unique else (None, number(r["number"]))
        shown = (r["record"], "330100", carried, claimed, r["id_status"], r["status"], r["name"])
        given.append((*shown, day(r["from"]), day(r["to"])))
    columns = "record_no region citizen_id claimed_citizen_id id_status status name valid_from valid_to"
    return spark.createDataFrame(given, ", ".join(f"{name} string" for name in columns.split())).selectExpr(
        "* EXCEPT (valid_from, valid_to)", "DATE(valid_from) AS valid_from", "DATE(valid_to) AS valid_to"
    )


def replaced(spark: SparkSession) -> DataFrame:
    given = [
        (
            number(r["old"]),
            number(r["new"]),
            r["effective_on"],
            r["decision_no"],
            day(r["from"]),
            day(r["to"]),
        )
        for r in parse_table(REPLACED)
    ]
    columns = ["old_citizen_id", "new_citizen_id", "effective_on", "decision_no", "valid_from", "valid_to"]
    frame = spark.createDataFrame(given, ", ".join(f"{name} string" for name in columns))
    return frame.withColumns({name: frame[name].cast("date") for name in (columns[2], *columns[4:])})


def spans(spark: SparkSession, contract: Contract, given: list[dict[str, str | None]]) -> DataFrame:
    """Versions of records with the contract's columns; what is not given is null."""
    types = {f.name: f.sql_type for f in contract.fields}
    types |= {"region": "string", "from_date": "date", "to_date": "date"}
    told = "\n".join([" | ".join(types), *(" | ".join(row.get(n) or "" for n in types) for row in given)])
    return table(spark, told, **types)


def houses(text: str = HOUSES) -> list[dict[str, str | None]]:
    return [
        {"record_no": r["record"], "citizen_id": number(r["number"]), "owner_name": r["name"],
         "held_from": "2010-01-01", "held_to": r["held_to"], "area": "330102001001", "region": "330100",
         "from_date": day(r["from"]), "to_date": day(r["to"])}
        for r in parse_table(text)
    ]  # fmt: skip


def found(spark: SparkSession, given: list[dict[str, str | None]], on: date = DAY) -> DataFrame:
    contract = contracts.feed("housing")
    said = told([(contract, spans(spark, contract, given))])
    return findings(said, people(spark), replaced(spark), on)


def test_what_is_wrong_with_each_record_and_when(spark: SparkSession) -> None:
    expected = [
        (r["record"], r["finding"], r["means"], *(d and date.fromisoformat(str(day(d)))
         for d in (r["since"], r["until"])))
        for r in parse_table(HOUSES) if r["finding"]
    ]  # fmt: skip
    shown = ("record_key", "finding", "register_record", "valid_from", "valid_to")
    assert rows(found(spark, houses()), *shown) == sorted(expected, key=repr)


def test_what_begins_later_is_not_known_yet_and_what_ends_later_is_open(spark: SparkSession) -> None:
    shown = ("record_key", "valid_to")
    assert rows(found(spark, houses(), date(2015, 11, 9)), *shown) == sorted(
        [("h10", None), ("h11", None), ("h2", None), ("h3", None), ("h9", None)]
    )


CASES = """
    record | number | name | from  | to    | held_to
    h1     | Z      | 王芳 | 11-01 | 11-10 |
    h2     | Z      | 李明 | 11-05 | 11-20 |
    h3     | Z      | 李明 | 12-01 |       |
    h4     | Y      | 李明 | 11-01 |       |
    h5     | A      | 王芳 | 11-01 |       |
    h6     | A      | 李明 | 11-03 |       |
"""


def test_a_case_is_about_all_records_that_say_the_same_of_a_number(spark: SparkSession) -> None:
    cases = sector_cases(found(spark, houses(CASES)))
    assert rows(cases, "kind", "status", "opened_on", "closed_on", "record_nos", "evidence") == sorted([
        ("not_in_register", "closed", date(2015, 11, 1), date(2015, 11, 20), ["330100/housing:h2"],
         "register=missing"),
        ("not_in_register", "open", date(2015, 12, 1), None, ["330100/housing:h3"], "register=missing"),
        ("not_in_register", "open", date(2015, 11, 1), None, ["330100/housing:h4"], "register=missing"),
        ("name_mismatch", "open", date(2015, 11, 1), None,
         ["330100/1", "330100/housing:h5", "330100/housing:h6"], "name=differs"),
    ], key=repr)  # fmt: skip


def test_a_case_keeps_its_id_when_records_come_and_go(spark: SparkSession) -> None:
    before = sector_cases(found(spark, houses(CASES), date(2015, 11, 4)))
    after = sector_cases(found(spark, houses(CASES)))
    assert {row.case_id for row in before.collect()} < {row.case_id for row in after.collect()}


def test_a_dummy_number_names_so_many_records_and_no_more(spark: SparkSession) -> None:
    every = [row | {"record_no": f"h{n}"} for n in range(MOST_RECORDS + 1) for row in houses(CASES)[:1]]
    (case,) = sector_cases(found(spark, every)).collect()
    assert len(case.record_nos) == MOST_RECORDS


@pytest.mark.parametrize("contract", table_contracts.sectors(), ids=lambda contract: contract.feed)
def test_a_contract_says_the_same_of_a_date_and_of_all_dates(spark: SparkSession, contract: Contract) -> None:
    """`active_from` and `active_until` are the dates on which `active_when` turns."""
    codes = {"status": "01", "pay_status": "1"}
    dates = {"held_from": "2015-03-05", "held_to": "2015-07-09", "registered_on": "2015-03-05",
             "left_on": "2015-07-09", "paid_to": "2015-04-01", "period": "2015-04-01"}  # fmt: skip
    state = spans(spark, contract, [codes | dates])
    begins, ends = (contract.active_from or "DATE'2010-01-01'", contract.active_until or "DATE'2030-01-01'")
    (turns,) = state.selectExpr(f"date({begins}) AS begins", f"date({ends}) AS ends").collect()
    days = [date(2015, month, d) for month in range(1, 13) for d in (1, 4, 5, 8, 9, 28)] + [date(2016, 4, 1)]
    counts = reduce(lambda rows, on: rows.withColumn(f"{on}", active(contract, on)), days, state)
    (row,) = counts.select(*(f"`{on}`" for on in days)).collect()
    assert [bool(value) for value in row] == [turns.begins <= on < turns.ends for on in days]
