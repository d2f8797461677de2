"""Who counts (statistics.md 2): persons and households, counted once, by registered area."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.frames import completed_years
from popbase.identity.rules import UNSETTLED, is_registered, record_ref
from popbase.statistics.places.classification import nature
from popbase.statistics.units import WEIGHT, count_where, weighing

UNSETTLED_REASONS = ("1", "2", "3", "4", "5", "6", "7", "8")

# Status of the people that stand beside the registered population, never inside it.
BESIDE = {
    "in_transit": "MOVED_OUT",
    "in_service": "IN_SERVICE",
    "emigrated": "EMIGRATED",
    "missing": "MISSING",
}

# The ages of T2 (statistics.md 6) by their last completed year; who is born later than the date counts with
# the youngest, and the last group has no end.
_LAST_YEARS = {"0-17": 17, "18-34": 34, "35-59": 59}
_OLDEST = "60+"
AGES = (*_LAST_YEARS, _OLDEST)
SEXES = ("male", "female", "sex_unknown")
BY_SEX = ("population", *SEXES)

# What the forms need of base/person: everything else is pruned at the scan.
PERSON_COLUMNS = (
    "registered_area", "status", "sex", "birth_date", "citizen_id", "claimed_citizen_id", "household_kind",
    "unsettled_reason", "hukou_nature", "converted_on", "region", "record_no",
)  # fmt: skip


def sex() -> Column:
    """Of a person one of SEXES, by the number carried or claimed where the register declares none."""
    return sex_by(F.coalesce("citizen_id", "claimed_citizen_id"))


def sex_by(number: Column) -> Column:
    """One of SEXES as declared; 0 and 9 take the number's 17th digit."""
    male, female, unknown = SEXES
    declared, digit = F.col("sex"), F.substring(number, 17, 1)
    return (
        F.when(declared == "1", male)
        .when(declared == "2", female)
        .when(digit.isin("1", "3", "5", "7", "9"), male)
        .otherwise(F.when(number.isNotNull(), female).otherwise(unknown))
    )


def age_group(reference_date: date) -> Column:
    """One of AGES, by completed years at the date."""
    years = completed_years(F.col("birth_date"), F.lit(reference_date))
    up_to = (F.when(years <= last, group) for group, last in _LAST_YEARS.items())
    return F.coalesce(*up_to, F.lit(_OLDEST))


def by_age(measure: str, group: str) -> str:
    """The column that counts a measure's people of an age group."""
    return f"{measure}_{group.replace('-', '_').replace('+', '_on')}"


def inside(reference_date: date) -> dict[str, Column]:
    """Measure -> whether a registered person is in it."""
    by_sex = {"population": F.lit(True)} | {name: sex() == name for name in SEXES}
    group = age_group(reference_date)
    unsettled = F.coalesce(F.col("household_kind") == UNSETTLED, F.lit(False))
    reason = F.col("unsettled_reason")
    new_year = date(reference_date.year, 1, 1)
    return {
        **by_sex,
        **{by_age(name, age): who & (group == age) for name, who in by_sex.items() for age in AGES},
        "unsettled": unsettled,
        **{f"unsettled_{code}": unsettled & (reason == code) for code in UNSETTLED_REASONS},
        "unsettled_unknown": unsettled & (reason.isNull() | ~reason.isin(*UNSETTLED_REASONS)),
        "converted": F.col("converted_on").between(F.lit(new_year), F.lit(reference_date)),
        **nature(),
        "dead_and_live": F.col("dead_and_live"),
    }


def persons_by_area(person: DataFrame, cases: DataFrame | None, *, reference_date: date) -> DataFrame:
    """One row a registered area: the only aggregate that reads persons."""
    registered = is_registered()
    counts = {name: registered & belongs for name, belongs in inside(reference_date).items()}
    counts |= {name: F.col("status") == status for name, status in BESIDE.items()}
    return (
        _with_dead_and_live(weighing(person).select(*PERSON_COLUMNS, WEIGHT), cases)
        .where(F.col("status").isin("REGISTERED", *BESIDE.values()))
        .groupBy("registered_area")
        .agg(*(count_where(belongs).alias(name) for name, belongs in counts.items()))
    )


def _with_dead_and_live(person: DataFrame, cases: DataFrame | None) -> DataFrame:
    """Marks persons whose winning record stands in an open case of that kind."""
    if cases is None:
        return person.withColumn("dead_and_live", F.lit(False))
    records = (
        cases.where((F.col("kind") == "dead_and_live") & (F.col("status") == "open"))
        .select(F.explode("record_nos").alias("record"))
        .distinct()
        .select("record", F.lit(True).alias("found"))
    )
    # A handful of cases: broadcast, so that the persons are not moved for them.
    return person.join(F.broadcast(records), on=record_ref() == F.col("record"), how="left").select(
        *person.columns, F.coalesce("found", F.lit(False)).alias("dead_and_live")
    )


def households_by_area(household: DataFrame) -> DataFrame:
    """One row a registered area; a kind that is neither family nor collective is counted as other."""
    kind = F.coalesce(F.col("kind"), F.lit(""))
    return (
        weighing(household)
        .groupBy("registered_area")
        .agg(
            count_where(F.lit(True)).alias("households"),
            count_where(kind == "10").alias("family_households"),
            count_where(kind == "20").alias("collective_households"),
            count_where(~kind.isin("10", "20")).alias("other_households"),
        )
    )
