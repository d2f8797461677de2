"""Sector records and the persons they mean: text tables; letters stand for citizen numbers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from lib.tables import parse_table, rows, table

from popbase import contracts
from popbase.base.build import with_sightings
from popbase.base.sector import active, holders, matched, sightings
from popbase.base.unregistered import unregistered

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DAY = date(2015, 12, 31)
HOUSING = contracts.feed("housing")
NO_DECISIONS = "old | new | effective_on | decision_no\n- | - | 2015-01-01 | 1"


def number(letter: str | None) -> str | None:
    """Eighteen characters a letter; the check character does not matter here."""
    return letter and f"33010218000101{ord(letter):03d}X"


def people(spark: SparkSession, text: str) -> DataFrame:
    """person | number | id_status | name."""
    found = []
    for r in parse_table(text):
        claims = r["id_status"] in ("CONTESTED", "FORMER")
        carried, claimed = (None, number(r["number"])) if claims else (number(r["number"]), None)
        found.append((r["person"], carried, claimed, r["id_status"], r["name"]))
    columns = "person_id string, citizen_id string, claimed_citizen_id string, id_status string, name string"
    return spark.createDataFrame(found, columns)


def decided(spark: SparkSession, text: str) -> DataFrame:
    """old | new | effective_on | decision_no."""
    found = [
        (number(r["old"]), number(r["new"]), date.fromisoformat(str(r["effective_on"])), r["decision_no"])
        for r in parse_table(text)
        if r["old"] != "-"
    ]
    columns = "old_citizen_id string, new_citizen_id string, effective_on date, decision_no string"
    return spark.createDataFrame(found, columns)


def housing(spark: SparkSession, text: str) -> DataFrame:
    """record_no | number | owner_name, and any other column of the contract or `first_date`."""
    given = parse_table(text)
    for row in given:
        row["citizen_id"] = number(row.pop("number"))
    told = "\n".join([" | ".join(given[0]), *(" | ".join(v or "" for v in row.values()) for row in given)])
    frame = table(spark, told, held_from="date", held_to="date", first_date="date", set_on="date")
    dates = {"held_from", "held_to", "first_date", "set_on"}
    absent = {f.name for f in HOUSING.fields} | {"region", "first_date", "set_on"}
    nulls = (
        f"CAST(NULL AS {'date' if n in dates else 'string'}) AS {n}"
        for n in sorted(absent - set(frame.columns))
    )
    return frame.selectExpr("*", *nulls, "CAST(array() AS array<string>) AS flags")


def status_of(
    spark: SparkSession, person: str, records: str, replaced: str = NO_DECISIONS
) -> list[tuple[object, ...]]:
    who = holders(people(spark, person), decided(spark, replaced))
    found = matched(housing(spark, records), HOUSING, who)
    return rows(found, "record_no", "match_status", "person_id")


PEOPLE = """
    person | number | id_status | name
    p1     | A      | UNIQUE    | 阿依古丽·买买提
    p2     | B      | CONTESTED | 王芳
    p3     | B      | CONTESTED | 王芳
    p4     | C      | FORMER    | 李明
    p5     |        | NONE      | 张伟
    p6     | D      | UNIQUE    | 李明
    p7     | D      | FORMER    | 赵强
"""


def test_a_record_is_matched_when_number_and_match_name_are_a_persons(spark: SparkSession) -> None:
    records = """
        record_no | number | owner_name
        1         | A      | 阿依古丽・买买提
        2         | A      | 王芳
        3         | D      | 李明
        4         | D      | 赵强
    """
    assert status_of(spark, PEOPLE, records) == [
        ("1", "MATCHED", "p1"),
        ("2", "NAME_MISMATCH", None),
        ("3", "MATCHED", "p6"),
        ("4", "NAME_MISMATCH", None),
    ]


def test_a_record_that_finds_nobody_says_why(spark: SparkSession) -> None:
    records = """
        record_no | number | owner_name
        1         |        | 张伟
        2         | B      | 王芳
        3         | C      | 李明
        4         | Z      | 李明
    """
    assert status_of(spark, PEOPLE, records) == [
        ("1", "NO_NUMBER", None),
        ("2", "CONTESTED", None),
        ("3", "NOT_IN_REGISTER", None),
        ("4", "NOT_IN_REGISTER", None),
    ]


def test_a_replaced_number_is_looked_up_under_its_new_one_and_so_on(spark: SparkSession) -> None:
    replaced = """
        old | new | effective_on | decision_no
        X   | Y   | 2015-01-01   | 1
        Y   | A   | 2014-01-01   | 2
        C   | D   | 2015-01-01   | 3
    """
    records = """
        record_no | number | owner_name
        1         | X      | 阿依古丽买买提
        2         | Y      | 阿依古丽买买提
        3         | C      | 李明
    """
    who = holders(people(spark, PEOPLE), decided(spark, replaced))
    found = matched(housing(spark, records), HOUSING, who)
    assert rows(found, "record_no", "match_status", "person_id", "flags") == [
        ("1", "MATCHED", "p1", ["former_number"]),
        ("2", "MATCHED", "p1", ["former_number"]),
        ("3", "MATCHED", "p6", ["former_number"]),
    ]


def test_a_replaced_number_that_somebody_carries_now_is_looked_up_as_it_is(spark: SparkSession) -> None:
    replaced = "old | new | effective_on | decision_no\nA | D | 2015-01-01 | 1\nB | D | 2015-01-01 | 2"
    records = "record_no | number | owner_name\n1 | A | 李明\n2 | B | 李明"
    assert status_of(spark, PEOPLE, records, replaced) == [
        ("1", "NAME_MISMATCH", None),
        ("2", "CONTESTED", None),
    ]


def test_of_several_decisions_on_a_number_the_last_in_order_counts(spark: SparkSession) -> None:
    replaced = """
        old | new | effective_on | decision_no
        X   | A   | 2015-01-02   | 9
        X   | D   | 2015-01-02   | 10
        X   | B   | 2015-01-01   | 99
    """
    records = "record_no | number | owner_name\n1 | X | 阿依古丽·买买提"
    assert status_of(spark, PEOPLE, records, replaced) == [("1", "MATCHED", "p1")]


def test_decisions_that_lead_in_a_ring_lead_nowhere(spark: SparkSession) -> None:
    replaced = """
        old | new | effective_on | decision_no
        X   | Y   | 2015-01-01   | 1
        Y   | Z   | 2015-01-01   | 2
        Z   | X   | 2015-01-01   | 3
    """
    records = "record_no | number | owner_name\n1 | X | 李明"
    assert status_of(spark, PEOPLE, records, replaced) == [("1", "NOT_IN_REGISTER", None)]


def test_a_person_is_in_a_sector_with_an_active_record_of_their_own(spark: SparkSession) -> None:
    person = people(spark, PEOPLE)
    records = """
        record_no | number | owner_name     | held_from  | held_to
        1         | A      | 阿依古丽·买买提 | 2015-12-31 |
        2         | D      | 李明           | 2010-01-01 | 2015-12-31
        3         | D      | 赵强           | 2010-01-01 |
        4         | B      | 王芳           | 2010-01-01 |
        5         |        | 张伟           | 2010-01-01 |
    """
    who = holders(person, decided(spark, NO_DECISIONS))
    seen = sightings([(HOUSING, housing(spark, records))], who, as_of=DAY)
    told = rows(with_sightings(person, seen), "person_id", "in_housing", "in_tax")
    assert told == [(f"p{n}", n == 1, False) for n in range(1, 8)]


@pytest.mark.parametrize(
    ("paid_to", "holds"), [("2015-10-01", True), ("2015-09-01", False), ("2015-12-01", True)]
)
def test_insurance_is_active_while_paid_to_two_months_before(
    spark: SparkSession, paid_to: str, holds: bool
) -> None:
    paid = table(spark, f"pay_status | paid_to\n1 | {paid_to}", paid_to="date")
    assert rows(paid.select(active(contracts.feed("social_security"), DAY))) == [(holds,)]


def test_a_number_that_only_sectors_know_is_listed_once_with_who_saw_it_and_when(spark: SparkSession) -> None:
    records = """
        record_no | number | owner_name | area         | first_date | set_on     | region
        1         | Z      | 李明       | 330102001001 | 2015-01-02 | 2015-01-02 | 330100
        2         | Z      | 李明       | 330102001001 | 2014-12-31 | 2015-07-01 | 330100
        3         | Z      | 王芳       | 330101001001 | 2015-06-01 | 2015-06-01 | 330200
        4         | A      | 王芳       | 330101001001 | 2015-06-01 | 2015-06-01 | 330100
        5         | Y      | 王芳       |              | 2015-06-01 | 2015-06-01 | 330200
    """
    snapshots = "feed | region | snapshot_on\nhousing | 330200 | 2015-08-01\ntax | 330100 | 2015-09-01"
    newest = table(spark, snapshots, snapshot_on="date")
    who = holders(people(spark, PEOPLE), decided(spark, NO_DECISIONS))
    found = unregistered([(HOUSING, matched(housing(spark, records), HOUSING, who))], newest)
    areas = ["330101001001", "330102001001"]
    assert rows(found, "citizen_id", "feeds", "areas", "first_seen", "last_seen") == [
        (number("Y"), ["housing"], [], date(2015, 6, 1), date(2015, 8, 1)),
        (number("Z"), ["housing"], areas, date(2014, 12, 31), date(2015, 8, 1)),
    ]
