"""Who is registered as living somewhere on a date (statistics.md 6, 8), by the residence permit bureaus.

People are counted, not registrations: of one number the registration that began last.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from popbase import contracts
from popbase.identity.rules import person_class
from popbase.statistics.calendar import RESIDENCE
from popbase.statistics.places.areas import Geography
from popbase.statistics.places.relations import with_relation
from popbase.statistics.population import SEXES, sex_by
from popbase.statistics.units import WEIGHT, count_where, weighing

DURATIONS = ("under_a_month", "to_a_year", "over_a_year")
REASONS = (
    "WORK", "FARM", "TRADE", "SERVICE", "DUTY", "STUDY", "MEDICAL", "NANNY", "JOIN", "VISIT", "TOUR", "OTHER",
)  # fmt: skip
DWELLINGS = ("HOTEL", "HOME", "WORKPLACE", "SITE", "RENTED", "BOAT", "OTHER")
SOURCES = ("same_province", "other_province", "hmt", "foreign")
UNKNOWN = "UNKNOWN"
STAYING = "staying"
# Dimension -> its parts; each part of the people who stay is a column of its own.
PARTS = {
    "sex": SEXES,
    "duration": DURATIONS,
    "reason": (*REASONS, UNKNOWN),
    "source": SOURCES,
    "dwelling": (*DWELLINGS, UNKNOWN),
}
REGISTERED, PERMITTED, WITHOUT = "residents_registered", "permits_valid", "half_year_without_permit"
_VALID = "1"


def staying_as(dimension: str, part: str) -> str:
    """The column of one part of the people who stay."""
    return f"{STAYING}_{dimension}_{part}".lower()


COUNTS = (
    STAYING, *(staying_as(dimension, part) for dimension, parts in PARTS.items() for part in parts),
    REGISTERED, PERMITTED, WITHOUT,
)  # fmt: skip


def staying_by_area(residence: DataFrame, places: Geography, *, on: date) -> DataFrame:
    """One row is an area with its people registered as living there. `residence`: the feed's state."""
    told = with_relation(_one_each(weighing(residence), on), "registered_area", "residence_area", places)
    from_elsewhere = F.col("source").isNotNull()
    conditions = {STAYING: from_elsewhere}
    for dimension, parts in PARTS.items():
        conditions |= {
            staying_as(dimension, part): from_elsewhere & (F.col(dimension) == part) for part in parts
        }
    long_here = F.add_months("registered_on", 6) <= F.lit(on)
    permitted = F.col("permitted")
    conditions |= {REGISTERED: F.lit(True), PERMITTED: permitted, WITHOUT: ~permitted & long_here}
    return (
        told.withColumns(_dimensions(on))
        .groupBy(F.col("residence_area").alias("registered_area"))
        .agg(*(count_where(belongs).alias(name) for name, belongs in conditions.items()))
    )


def _one_each(residence: DataFrame, on: date) -> DataFrame:
    is_open = F.expr(contracts.feed(RESIDENCE).counts_on(f"DATE'{on}'"))
    latest = Window.partitionBy("citizen_id").orderBy(
        *(F.col(name).desc() for name in ("registered_on", "updated_at", "region", "record_no"))
    )
    return (
        residence.where(is_open)
        .withColumn("turn", F.row_number().over(latest))
        .where("turn = 1")
        .withColumn("registered_area", F.rpad("registered_area", 12, "0"))
        .select(
            "citizen_id", "sex", "registered_area", "residence_area", "registered_on", "stay_reason",
            "dwelling_kind", WEIGHT, permit_valid(on).alias("permitted"),
        )
    )  # fmt: skip


def permit_valid(on: date) -> Column:
    """Whether a registration's permit is in force on a date (statistics.md 8).

    Without an end of its own it lasts until the first anniversary of its issue that comes after the last
    endorsement and a month: it is endorsed in the month before each.
    """
    issued = F.col("permit_issued_on")
    endorsed = F.add_months(F.coalesce("endorsed_on", "permit_issued_on"), 1)
    years = F.greatest(F.floor(F.months_between(endorsed, issued) / 12) + 1, F.lit(1)).cast("int")
    ends = F.coalesce("valid_to", F.add_months(issued, years * 12))
    day = F.lit(on)
    return F.coalesce((F.col("permit_status") == _VALID) & (issued <= day) & (day < ends), F.lit(False))


def _dimensions(on: date) -> dict[str, Column]:
    """Of somebody registered: `source` is none for who is of the same city, or of nobody knows where."""
    day, since = F.lit(on), F.col("registered_on")
    of_class = person_class(F.col("citizen_id"))
    elsewhere = F.col("relation").isin(*SOURCES[:2])
    return {
        "sex": sex_by(F.col("citizen_id")),
        "duration": F.when(F.add_months(since, 1) > day, DURATIONS[0])
        .when(F.add_months(since, 12) > day, DURATIONS[1])
        .otherwise(DURATIONS[2]),
        "reason": F.coalesce("stay_reason", F.lit(UNKNOWN)),
        "dwelling": F.coalesce("dwelling_kind", F.lit(UNKNOWN)),
        "source": F.when(of_class == "HMT", "hmt").when(of_class == "FOREIGN", "foreign")
        .when(elsewhere, F.col("relation")),
    }  # fmt: skip
