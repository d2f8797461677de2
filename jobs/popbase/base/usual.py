"""Where people usually live (statistics section 7; the notice's three cases, 国发〔2014〕51号 附注).

Departments' records are dated evidence of living somewhere: a registration of residence, a school, a rented
home or dormitory, insurance paid at a job. Ownership, taxes and insurance tied to the registration are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from popbase.base.changes import Step
from popbase.frames import completed_years
from popbase.identity.rules import is_registered

USUAL = ("usual_area", "usual_rule", "usual_evidence", "usual_precision")
RESIDENCE, SCHOOL, HOME, JOB = "residence_permit", "education", "housing", "social_security"
# In the order in which one counts before another; under 18 the school comes first.
ORDER = (RESIDENCE, SCHOOL, HOME, JOB)
NONE = "NONE"
_MINOR, _INFANT = 18, 6
_AWAY_MONTHS = 6
_GAP_DAYS = 31
_IN_TRANSIT = "MOVED_OUT"
_TOWNSHIP, _COUNTY = 9, 6
_EVIDENCE = "person_id string, kind string, area string, since date, until date"


def with_usual(person: DataFrame, sectors: Mapping[str, DataFrame], on: date) -> DataFrame:
    """`person` with USUAL on a date. Arguments as for `usual_residence`."""
    found = usual_residence(person, sectors, on)
    return person.drop(*USUAL).join(found, "person_id", how="left").select(*person.columns)


def usual_residence(person: DataFrame, sectors: Mapping[str, DataFrame], on: date) -> DataFrame:
    """One row is a registered person, or one in transit: person_id and USUAL on a date.

    `person`: base/person; `sectors`: feed -> rows of its base table. `usual_area` has 12, 9 or 6 digits,
    `usual_precision` says how many; who is in transit without evidence has none.
    """
    people = person.where(is_registered() | (F.col("status") == _IN_TRANSIT)).select(
        "person_id", "registered_area", "registered_on", "status",
        completed_years(F.col("birth_date"), F.lit(on)).alias("age"),
    )  # fmt: skip
    told = evidence(person.sparkSession, sectors, on)
    signs = told.join(people, "person_id").where(_counts())
    return people.join(_seen(signs, on), "person_id", how="left").select("person_id", *_decided(on))


def evidence(spark: SparkSession, sectors: Mapping[str, DataFrame], on: date) -> DataFrame:
    """One row is a time over which a record says that its person lived somewhere: person_id kind area since
    until (exclusive; null: open). Areas have 12 digits or 6.
    """
    told = [
        sectors[feed].select(
            "person_id", F.lit(feed).alias("kind"), F.col(sign.area).alias("area"),
            sign.since.alias("since"), sign.until.alias("until"), sign.counts.alias("counts"),
        ).where("counts").drop("counts")
        for feed, sign in _signs().items() if feed in sectors
    ]  # fmt: skip
    every = reduce(DataFrame.unionByName, told, spark.createDataFrame([], _EVIDENCE))
    known = F.col("person_id").isNotNull() & F.col("area").isNotNull()
    begun = F.col("since") <= F.lit(on)
    return every.where(known & begun & (F.col("until").isNull() | (F.col("until") > F.col("since"))))


def sign_falls_due(feed: str, step: Step) -> Column:
    """Whether what a record of the feed's base table says of living somewhere begins, ends, or lasts half a
    year, on a date that the step comes to.
    """
    sign = _signs().get(feed)
    if sign is None:
        return F.lit(False)
    lasts = F.add_months(sign.since, _AWAY_MONTHS)
    due = step.falls_due(sign.since, sign.until, lasts) & sign.counts & F.col("person_id").isNotNull()
    return F.coalesce(due, F.lit(False))


def person_falls_due(step: Step) -> Column:
    """Whether evidence comes to say something else of a row of base/person by its own dates."""
    was, now = (completed_years(F.col("birth_date"), F.lit(on)) for on in (step.was, step.now))
    grows_up = reduce(Column.__or__, ((was < age) & (now >= age) for age in (_INFANT, _MINOR)))
    settled_in = step.falls_due(F.add_months("registered_on", _AWAY_MONTHS))
    due = grows_up | (settled_in & (F.col("usual_evidence") != NONE))
    return F.coalesce(due & is_registered(), F.lit(False))


@dataclass(frozen=True)
class _Sign:
    """Where and over which time a record that `counts` says that its person lived."""

    area: str
    since: Column
    until: Column
    counts: Column


def _signs() -> dict[str, _Sign]:
    """By feed, in the order of its base table's columns."""
    always = F.lit(True)
    employed = F.col("insurance_kind").isin("110", "310") & F.col("paid_to").isNotNull()
    left_school = F.when(F.col("status") != "01", F.coalesce("status_on", "enrolled_on"))
    # What is being paid for still holds two months after the last month paid.
    months = F.when(F.col("pay_status") == "1", 3).otherwise(1)
    paid_until = F.add_months(F.trunc("paid_to", "month"), months)
    lapses = _a_year_after(F.greatest("registered_on", "endorsed_on"))
    lived_in = F.col("tenure").isin("RENT", "DORM")
    return {
        RESIDENCE: _Sign("residence_area", F.col("registered_on"), F.least(lapses, "left_on"), always),
        SCHOOL: _Sign("school_area", F.col("enrolled_on"), left_school, always),
        HOME: _Sign("area", F.col("held_from"), F.col("held_to"), lived_in),
        JOB: _Sign("area", F.coalesce("paid_from", "paid_to"), paid_until, employed),
    }


def _a_year_after(day: Column) -> Column:
    """The first day of which the day a year before is not before `day`: of 29 February that is 1 March."""
    year = F.add_months(day, 12)
    return F.when(F.day(year) < F.day(day), F.date_add(year, 1)).otherwise(year)


def _counts() -> Column:
    """What knows the county alone counts only where it is another than the registered one."""
    return (F.length("area") == 12) | ~_same(_COUNTY)


def _elsewhere() -> Column:
    """In another township than the registered one."""
    return ~_same(_TOWNSHIP)


def _same(digits: int) -> Column:
    return F.substring("area", 1, digits) == F.substring("registered_area", 1, digits)


def _seen(signs: DataFrame, on: date) -> DataFrame:
    """One row is a person with evidence: `area` and `kind` of what counts first on the date, if any holds;
    `away_since`, the first day of the unbroken run of evidence elsewhere that lasts.
    """
    in_time = Window.partitionBy("person_id").orderBy("since", "end")
    before = in_time.rowsBetween(Window.unboundedPreceding, -1)
    end = F.coalesce("until", F.lit(date.max))
    told = signs.withColumns({"end": end, "away_until": F.when(_elsewhere(), end)})
    follows = F.col("since") <= F.date_add(F.max("away_until").over(before), _GAP_DAYS)
    breaks = (_elsewhere() & ~F.coalesce(follows, F.lit(False))).cast("int")
    parted = told.withColumn("breaks", breaks).withColumn("run", F.sum("breaks").over(in_time))
    holds = F.col("end") > F.lit(on)
    runs = parted.groupBy("person_id", "run").agg(
        F.min(F.when(holds, _first())).alias("best"),
        F.min(F.when(_elsewhere(), F.col("since"))).alias("since"),
        F.max("away_until").alias("away_until"),
    )
    lasting = F.when(F.col("away_until") > F.lit(on), F.col("since"))
    people = runs.groupBy("person_id").agg(F.min("best").alias("best"), F.max(lasting).alias("away_since"))
    return people.select("person_id", "away_since", "best.area", "best.kind")


def _first() -> Column:
    """The least of these structs is the evidence that counts first: by its kind, then the latest start, then
    the smallest code.
    """
    school_first = (F.col("kind") == SCHOOL) & (F.col("age") < _MINOR)
    place = F.when(school_first, 0)
    for order, kind in enumerate(ORDER, start=1):
        place = place.when(F.col("kind") == kind, order)
    return F.struct(place.alias("order"), (-F.unix_date("since")).alias("latest"), "area", "kind")


def _decided(on: date) -> tuple[Column, ...]:
    """USUAL, of a person with the evidence that counts first (`area`, `kind`) and `away_since`."""
    area, kind = F.col("area"), F.col("kind")
    pending = F.col("status") == _IN_TRANSIT
    away = F.coalesce(~pending & _elsewhere() & (F.col("age") >= _INFANT), F.lit(False))
    left = F.add_months(F.greatest("away_since", "registered_on"), _AWAY_MONTHS)
    resides_there = away & (left <= F.lit(on))
    rule = F.when(resides_there, "2").when(away, "3").otherwise("1")
    shown = pending | away | F.coalesce(~_elsewhere(), F.lit(False))
    code = F.when(pending | resides_there, area).otherwise(F.col("registered_area"))
    usual = F.when(F.length(code) == 12, F.regexp_replace(code, "(000){1,2}$", "")).otherwise(code)
    return (
        usual.alias("usual_area"),
        rule.alias("usual_rule"),
        F.coalesce(F.when(shown, kind), F.lit(NONE)).alias("usual_evidence"),
        F.length(usual).cast("string").alias("usual_precision"),
    )
