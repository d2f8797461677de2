"""The register's households: who belongs, who is the head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lib.tables import parse_table, rows, table

from popbase.base.household import households

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MEMBER = {
    "person_id": None, "household_id": "330100/H1", "record_no": None, "relation_to_head": None,
    "updated_at": "2015-01-01", "status": "REGISTERED", "household_kind": "10",
    "registered_area": "330102001001", "as_of": "2015-12-31",
}  # fmt: skip


def of(spark: SparkSession, text: str) -> list[tuple[object, ...]]:
    given = [MEMBER | row for row in parse_table(text)]
    told = "\n".join([" | ".join(MEMBER), *(" | ".join(row[n] or "" for n in MEMBER) for row in given)])
    members: DataFrame = table(spark, told, updated_at="timestamp", as_of="date")
    return rows(households(members), "household_id", "head", "size", "kind", "registered_area")


def test_the_head_is_the_member_with_relation_02(spark: SparkSession) -> None:
    found = of(spark, """
        person_id | record_no | relation_to_head | household_kind | registered_area
        p1        | 1         | 10               | 20             | 330102001002
        p2        | 2         | 02               | 10             | 330102001001
    """)  # fmt: skip
    assert found == [("330100/H1", "p2", 2, "10", "330102001001")]


def test_of_several_heads_the_latest_updated_then_the_smallest_record_counts(spark: SparkSession) -> None:
    found = of(spark, """
        person_id | record_no | relation_to_head | updated_at
        p1        | 1         | 02               | 2015-01-01
        p3        | 3         | 02               | 2015-01-02
        p2        | 2         | 02               | 2015-01-02
    """)  # fmt: skip
    assert [row[1] for row in found] == ["p2"]


def test_without_a_head_the_smallest_record_stands_for_the_household(spark: SparkSession) -> None:
    found = of(spark, """
        person_id | record_no | relation_to_head | updated_at
        p2        | 2         |                  | 2015-01-01
        p1        | 1         | 10               | 2014-01-01
    """)  # fmt: skip
    assert [row[1] for row in found] == ["p1"]


def test_the_unsettled_the_ended_and_those_without_household_belong_to_none(spark: SparkSession) -> None:
    found = of(spark, """
        person_id | record_no | household_id | household_kind | status
        p1        | 1         | 330100/H1    | 10             | REGISTERED
        p2        | 2         | 330100/H1    | 30             | REGISTERED
        p3        | 3         | 330100/H1    | 10             | DEAD
        p4        | 4         |              | 10             | REGISTERED
        p5        | 5         | 330100/H2    | 30             | REGISTERED
    """)  # fmt: skip
    assert [row[:3] for row in found] == [("330100/H1", "p1", 1)]
