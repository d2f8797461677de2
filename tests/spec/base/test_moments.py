"""Judging people at the dates of their own group finds what judging everyone every day finds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest
from lib.tables import rows
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.base.moments import moments
from popbase.base.spans import standing
from popbase.identity.histories import id_cases, id_history, quiet_numbers
from popbase.identity.persons import alone_on, resolve

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CASES = 60
DAYS = [date(2015, 1, 1) + timedelta(days=n) for n in range(7)]
LAST = DAYS[-1]
SPAN = (
    "region string, record_no string, citizen_id string, name string, former_name string, sex string, "
    "birth_date date, household_no string, household_kind string, hukou_nature string, "
    "relation_to_head string, registered_area string, registered_on date, converted_on date, "
    "unsettled_reason string, ended_on date, end_reason string, updated_at timestamp, flags array<string>, "
    "first_date date, anchor_region string, from_date date, to_date date"
)
DECISION = (
    "decision_no string, kind string, register_region string, record_no string, other_region string, "
    "other_record_no string, old_citizen_id string, new_citizen_id string, revokes string, "
    "effective_on date, updated_at date, region string, from_date date, to_date date"
)


def periods(chance: random.Random) -> Iterator[tuple[date, date | None]]:
    """Versions of one record over time: some follow each other, some leave a gap, the last may stand."""
    bounds = sorted(chance.sample(DAYS, chance.randint(1, 4)))
    for start, end in zip(bounds, [*bounds[1:], None], strict=True):
        if chance.random() < 0.9:
            yield start, end or chance.choice([None, LAST if start < LAST else None])


def register_of(case: int) -> list[tuple[Any, ...]]:
    chance = random.Random(f"register-{case}")
    numbers = [f"3301{case:04d}000101{n:03d}0" for n in range(3)]
    found: list[tuple[Any, ...]] = []
    for record in range(chance.randint(1, 4)):
        versions = list(periods(chance))
        number = chance.choice([*numbers, None])
        for start, end in versions:
            if chance.random() < 0.2:
                number = chance.choice([*numbers, None])
            ended_on = chance.choice([None, None, None, *DAYS])
            found.append((
                f"{case:06d}", str(record), number, chance.choice("甲乙"), chance.choice([None, None, "甲"]),
                "1", date(2000, 1, 1), None, "10", None, None, "330102001001",
                chance.choice([DAYS[0], *DAYS]), None, None, ended_on, ended_on and chance.choice("1347"),
                None, chance.choice([[], [], [], ["citizen_id.sex"]]), versions[0][0], f"{case:06d}",
                start, end,
            ))  # fmt: skip
    return found


def decisions_of(case: int) -> list[tuple[Any, ...]]:
    chance = random.Random(f"decisions-{case}")
    numbers = [f"3301{case:04d}000101{n:03d}0" for n in range(3)]
    found: list[tuple[Any, ...]] = []
    for n in range(chance.choice([0, 0, 1, 2, 3])):
        kind = chance.choice(["11", "12", "12", "90", "99"])
        record, other = str(chance.randint(0, 4)), str(chance.randint(0, 3))
        both = (f"{case:06d}", other) if kind == "90" else (None, None)
        start = chance.choice(DAYS[:4])
        found.append((
            f"{case}-{n}", kind, f"{case:06d}", record, *both, chance.choice([*numbers, None]),
            chance.choice([*numbers, None]), f"{case}-{chance.randint(0, 2)}" if kind == "99" else None,
            chance.choice(DAYS), start, "000000", start, chance.choice([None, None, DAYS[5]]),
        ))  # fmt: skip
    return found


def every_day(spans: DataFrame) -> DataFrame:
    days = zip(DAYS, [*DAYS[1:], None], strict=True)
    states = (
        standing(spans, day).withColumn("until", F.lit(following).cast("date")) for day, following in days
    )
    return reduce(DataFrame.unionByName, states)


@pytest.mark.long
def test_the_dates_of_a_group_are_all_dates_that_matter_to_it(spark: SparkSession) -> None:
    register = spark.createDataFrame(
        [row for case in range(CASES) for row in register_of(case)], SPAN
    ).cache()
    decisions = spark.createDataFrame([row for case in range(CASES) for row in decisions_of(case)], DECISION)
    when = moments(register, decisions)
    found = resolve(when.records, when.decisions)
    expected = resolve(every_day(register), every_day(decisions))
    assert rows(id_cases(found.findings, LAST)) == rows(id_cases(expected.findings, LAST))
    numbers = id_history(found.records, LAST).unionByName(quiet_numbers(alone_on(when.quiet), LAST))
    assert rows(numbers) == rows(id_history(expected.records, LAST))


def test_a_number_that_nobody_shares_needs_no_judging(spark: SparkSession) -> None:
    plain = (
        "330100", "1", "330102180001010014", "甲", None, "1", date(1800, 1, 1), None, "10", None, None,
        "330102001001", date(2000, 1, 1), None, None, None, None, None, [], DAYS[0], "330100", DAYS[0], None,
    )  # fmt: skip
    when = moments(spark.createDataFrame([plain], SPAN), spark.createDataFrame([], DECISION))
    assert when.records.isEmpty()
    assert rows(when.quiet, "citizen_id", "as_of", "until") == [("330102180001010014", DAYS[0], None)]
