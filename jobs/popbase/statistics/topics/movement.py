"""Who moved from where to where, how long births and deaths take to be registered, and who settled in towns
(statistics.md 6): from the steps of a year (`event.transitions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.base.event import Period
from popbase.frames import completed_years
from popbase.session import cut_off
from popbase.statistics.places.areas import Geography, standing_of, with_path
from popbase.statistics.places.classification import with_classes
from popbase.statistics.population import sex_by
from popbase.statistics.tally import Tallies, Tally, tallies
from popbase.statistics.units import WEIGHT, weighing

ORIGINS, LAG, SETTLED, DEATHS = "origin", "lag", "settled", "deaths"
# The last day of a class of delay, from the event to its registration.
LAGS = {"0-30": 30, "31-90": 90, "91-365": 365}
LATEST = "366+"
BASES = ("JOB", "HOME", "POINTS", "FAMILY", "GRADUATE", "SKILL", "RETURNEE", "OTHER")
_OLDEST = 100


def counts(steps: DataFrame, places: Geography, year: Period) -> list[Tallies]:
    """Moves by prefecture of origin, deaths by age and sex, delays, and settlement."""
    told = _placed(weighing(steps).where(_in_time(year)), places)
    return [tallies(told.withColumn("n", F.col(WEIGHT)), _entries())]


def _in_time(year: Period) -> Column:
    return (F.col("known_on") <= F.lit(year.until)) & (F.col("event_on") > F.lit(year.since))


def _placed(steps: DataFrame, places: Geography) -> DataFrame:
    """`steps` with `<end>_path` and `<end>_urban` of both their ends."""
    ends = (
        steps.select(F.explode(F.array("from_area", "to_area")).alias("registered_area")).na.drop().distinct()
    )
    standing = standing_of(ends, places)
    paths = with_path(standing).select("registered_area", "prefecture", "county")
    classes = with_classes(standing, places).select("registered_area", "urban")
    known = cut_off(paths.join(classes, "registered_area", how="left"))
    joined = steps
    for end in ("from", "to"):
        there = known.select(
            F.col("registered_area").alias(f"{end}_area"),
            *(F.col(name).alias(f"{end}_{name}") for name in ("prefecture", "county", "urban")),
        )
        joined = joined.join(there, f"{end}_area", how="left")
    return joined


def _entries() -> Iterator[Tally]:
    kind = F.col("kind")
    moved = (kind == "MOVE") & F.col("from_area").isNotNull() & F.col("to_area").isNotNull()
    yield _tally(ORIGINS, "moves", "to_area", where=moved, by={"origin": "from_prefecture"})
    yield from _lags()
    died = kind == "DEATH"
    years = completed_years(F.col("birth_date"), F.coalesce("occurred_on", "event_on"))
    age = F.when(years >= _OLDEST, f"{_OLDEST}+").otherwise(F.greatest(years, F.lit(0)).cast("string"))
    sex = sex_by(F.col("citizen_id"))
    yield _tally(DEATHS, "deaths", "from_area", where=died, by={"age": age, "sex": sex})
    yield from _settled(moved)


def _lags() -> Iterator[Tally]:
    days = F.datediff("event_on", "occurred_on")
    lag = F.coalesce(*(F.when(days <= last, name) for name, last in LAGS.items()), F.lit(LATEST))
    for kind, measure, area in (("BIRTH", "births", "to_area"), ("DEATH", "deaths", "from_area")):
        known = (F.col("kind") == kind) & F.col("occurred_on").isNotNull()
        yield _tally(LAG, measure, area, where=known, by={"lag": lag})


def _settled(moved: Column) -> Iterator[Tally]:
    """Into an urban village from a rural one, or from an urban one in another county; no target, no ranking:
    the notice (2.1) forbids to cascade it.
    """
    came_to_town = moved & F.coalesce(F.col("to_urban"), F.lit(False))
    other_county = F.col("from_county") != F.col("to_county")
    origin = F.when(~F.col("from_urban"), "rural").when(F.col("from_urban") & other_county, "urban")
    counts = came_to_town & origin.isNotNull()
    basis = F.when(F.col("settle_basis").isin(*BASES), F.col("settle_basis")).otherwise("UNKNOWN")
    parts: tuple[dict[str, Column | str], ...] = ({}, {"origin": origin}, {"basis": basis})
    for by in parts:
        yield _tally(SETTLED, "settled", "to_area", where=counts, by_list=True, by=by)


def _tally(
    table: str, measure: str, area: str, *, where: Column, by_list: bool = False,
    by: Mapping[str, Column | str] | None = None,
) -> Tally:  # fmt: skip
    return Tally(table, measure, area, where=where, by_list=by_list, by=by)
