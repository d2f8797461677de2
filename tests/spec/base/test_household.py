"""The register's households: who belongs, who is the head."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from lib.lakes import NEW_YEARS_EVE, publish, write
from lib.tables import parse_table, rows, table
from pyspark.sql import functions as F

from popbase.base.household import households
from popbase.publish.reader import Reader

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


def test_the_household_of_a_past_date_is_made_by_the_same_rule(spark: SparkSession, tmp_path: Path) -> None:
    """What a reader sees as of a date, made in SQL, of people in every mixture that the rule looks at."""
    mixed = product(
        ("", "10", "02"), ("2015-01-01", "2015-01-02"), ("REGISTERED", "DEAD"), ("10", "30"), ("H1", "", "H2")
    )
    told = [
        f"p{n} | {97 * n % 101} | {relation} | {updated} | {status} | {kind} | {house} | 3301{n:08}"
        for n, (relation, updated, status, kind, house) in enumerate(mixed)
    ]
    columns = "person_id | record_no | relation_to_head | updated_at | status | household_kind | household_id"
    text = "\n".join([f"{columns} | registered_area | as_of", *(f"{line} | 2015-12-31" for line in told)])
    members: DataFrame = table(spark, text, updated_at="timestamp", as_of="date")
    names = ("household_id", "head", "size", "kind", "registered_area")
    assert of_a_past_date(members, tmp_path, names) == sorted(rows(households(members), *names))


def of_a_past_date(members: DataFrame, lake: Path, names: Sequence[str]) -> list[tuple[object, ...]]:
    history = members.withColumns({"valid_from": F.col("as_of"), "valid_to": F.lit(None).cast("date")})
    tables = {"base/person_history": history.toArrow()}
    tables |= {name: pa.table({"opened_on": [NEW_YEARS_EVE]}) for name in ("base/id_case", "base/id_history")}
    told = publish(lake, {name: write(lake, name, content) for name, content in tables.items()})
    with Reader(str(lake), told, on=NEW_YEARS_EVE) as reader:
        (answer,) = reader.run(f"SELECT {', '.join(names)} FROM base.household")
        return sorted(answer.rows)
