"""What happened to the population of an area in a year (statistics.md 3): from its last stock to this one.

One step of a person counts in the year whose stock it changes. Mostly that is the year of its date; what the
register dates in an earlier year, but was delivered after that year's cut-off, stands apart as late.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.base.event import Period
from popbase.statistics.places.areas import Geography
from popbase.statistics.places.relations import RELATIONS, with_relation
from popbase.statistics.population import SEXES, sex_by
from popbase.statistics.units import count_where, weighing

# What a step of this kind is called where it enters an area, and where it leaves one.
ENTERS = {
    "BIRTH": "births",
    "LATE_REGISTRATION": "late_registrations",
    "MOVE": "moved_in",
    "TRANSIT_IN": "transit_in",
    "DISCHARGE": "discharged",
    "RETURN": "returned",
    "RECODED_IN": "recoded_in",
    "RESTORE": "restored",
    "SPLIT": "split",
    "APPEARED": "appeared",
}
LEAVES = {
    "DEATH": "deaths",
    "MOVE": "moved_out",
    "TRANSIT_OUT": "transit_out",
    "MISSING": "went_missing",
    "ENLIST": "enlisted",
    "EMIGRATE": "went_abroad",
    "OTHER": "otherwise_ended",
    "RECODED_OUT": "recoded_out",
    "CANCEL_DUPLICATE": "cancelled_duplicate",
    "CANCEL_ERROR": "cancelled_error",
    "MERGE": "merged",
    "VANISHED": "vanished",
}
LATE_IN, LATE_OUT = "late_in", "late_out"
BEFORE = "population_before"
# Kind -> the measures of when it happened: before the year, and in it by whenever it was told.
BEFORE_THE_YEAR = {"BIRTH": "births_born_before", "DEATH": "deaths_died_before"}
OCCURRED = {"BIRTH": "births_occurred", "DEATH": "deaths_occurred"}


def by_relation(direction: str, relation: str) -> str:
    return f"{direction}_{relation}"


def by_sex(measure: str, sex: str) -> str:
    return f"{measure}_{sex}"


# Every column that is counted by area.
COUNTS = (
    BEFORE, *ENTERS.values(), LATE_IN, *LEAVES.values(), LATE_OUT,
    *BEFORE_THE_YEAR.values(), *OCCURRED.values(),
    *(by_sex(measure, sex) for measure in ("births", "deaths") for sex in SEXES),
    *(by_relation(direction, relation) for direction in ("in", "out") for relation in RELATIONS),
)  # fmt: skip


def flows_by_area(steps: DataFrame, places: Geography, year: Period) -> DataFrame:
    """One row is a registered area and a direction, with the measures of what entered or left it.

    `steps`: `event.transitions` of the year; a move of which one end alone stands in the register counts
    there alone.
    """
    told = with_relation(weighing(steps).withColumns(_dated(year)), "from_area", "to_area", places)
    moves = F.col("kind") == "MOVE"
    entered = _counted(told, "to_area", ENTERS, LATE_IN, "in", F.lit(True))
    left = _counted(told, "from_area", LEAVES, LATE_OUT, "out", ~(moves & F.col("one_sided")))
    return entered.unionByName(left, allowMissingColumns=True)


def _dated(year: Period) -> dict[str, Column]:
    """`counts`: it changes the year's stock; `late`: it is dated before the year."""
    return {
        "counts": F.col("known_on") <= F.lit(year.until),
        "late": F.col("event_on") <= F.lit(year.since),
        "occurred": F.coalesce(year.has(F.col("occurred_on")), F.lit(False)),
        "happened_before": F.coalesce(F.col("occurred_on") <= F.lit(year.since), F.lit(False)),
    }


def _counted(
    told: DataFrame, area: str, kinds: dict[str, str], late: str, direction: str, both: Column
) -> DataFrame:
    kind, sex = F.col("kind"), sex_by(F.col("citizen_id"))
    counts, in_time = F.col("counts"), F.col("counts") & ~F.col("late")
    measures = {measure: in_time & (kind == of) for of, measure in kinds.items()}
    for of in ("BIRTH", "DEATH"):
        if of in kinds:
            measures |= {by_sex(kinds[of], s): in_time & (kind == of) & (sex == s) for s in SEXES}
            measures[BEFORE_THE_YEAR[of]] = in_time & (kind == of) & F.col("happened_before")
            measures[OCCURRED[of]] = (kind == of) & F.col("occurred")
    migrates = in_time & kind.isin("MOVE", f"TRANSIT_{direction.upper()}")
    measures |= {by_relation(direction, r): migrates & (F.col("relation") == r) for r in RELATIONS}
    measures[late] = counts & F.col("late")
    return (
        told.where(kind.isin(*kinds) & both)
        .groupBy(F.col(area).alias("registered_area"))
        .agg(*(count_where(belongs).alias(name) for name, belongs in measures.items()))
    )
