"""Where people usually live beside where they are registered (statistics.md 6, 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.base.usual import NONE, ORDER
from popbase.session import cut_off
from popbase.statistics.places.areas import Geography, standing_of, with_path
from popbase.statistics.places.classification import by_class, with_classes
from popbase.statistics.places.relations import with_relation
from popbase.statistics.tally import NOWHERE, Tallies, Tally, ratios, tallies, total
from popbase.statistics.units import WEIGHT, count, weighing

TABLE, ORIGINS = "usual", "origin"
# 城区: the classes that tell the size of a city.
CORE = ("111", "112")
# So long without any sign of life.
SILENT_MONTHS = 24
# The residency index, above which all are told together.
MOST = 3.0
RULES = ("1", "2", "3")
EVIDENCE = (*ORDER, NONE)


def living(person: DataFrame, life: DataFrame, places: Geography, on: date) -> DataFrame:
    """One row is a registered area and a usual one (12 digits; NOWHERE where it is not known), the rule and
    the evidence, signs of life, how these areas lie, the usual one's class, the prefecture of registration
    (`origin`), and `n` people.

    `person`: base/person on the date; `life`: `signs.of`.
    """
    seen = F.col("last_sign") >= F.add_months(F.lit(on), -SILENT_MONTHS)
    silent = ~F.coalesce(seen, F.lit(False))
    told = (
        weighing(person.where("usual_rule IS NOT NULL"))
        .join(life, "person_id", how="left")
        .select(
            "registered_area",
            WEIGHT,
            F.rpad(F.coalesce("usual_area", F.lit("")), 12, "0").alias("usual_place"),
            F.col("usual_rule").alias("rule"),
            F.col("usual_evidence").alias("evidence"),
            (F.col("status") == "REGISTERED").alias("registered"),
            silent.alias("silent"),
            F.least(F.coalesce("score", F.lit(0.0)), F.lit(MOST)).alias("score"),
        )
    )
    counted = cut_off(told.groupBy(*told.drop(WEIGHT).columns).agg(count()))
    areas = counted.select(F.col("usual_place").alias("registered_area")).distinct()
    classes = with_classes(standing_of(areas, places), places).select(
        F.col("registered_area").alias("usual_place"), "class_code", "urban"
    )
    homes = with_path(standing_of(counted.select("registered_area").distinct(), places))
    origins = homes.select("registered_area", F.col("prefecture").alias("origin"))
    related = with_relation(counted, "registered_area", "usual_place", places)
    return cut_off(
        related.join(classes, "usual_place", how="left").join(origins, "registered_area", how="left")
    )


def counts(people: DataFrame) -> Tallies:
    """The figures of `living`. What ends in `_away`, and what signs of life say, is counted where people are
    registered, all else where they live.
    """
    return tallies(people, _entries())


def _entries() -> Iterator[Tally]:
    here, home = "usual_place", "registered_area"
    registered = F.col("registered")
    apart = registered & (F.col("rule") == "2")
    floating = apart & ~F.col("one_city")
    yield _usual("residents", here)
    for name, of_class in by_class().items():
        yield _usual(f"residents_{name}", here, where=of_class, by_list=True)
    for rule in RULES:
        yield _usual("residents", here, where=F.col("rule") == rule, by={"rule": F.lit(rule)})
    for kind in EVIDENCE:
        yield _usual("residents", here, where=F.col("evidence") == kind, by={"evidence": F.lit(kind)})
    yield _usual("residents_in_transit", here, where=~registered)
    yield _usual("separated", here, where=apart)
    yield _usual("separated", here, where=apart, by={"relation": "relation"})
    yield _usual("floating", here, where=floating)
    yield _usual("separated_away", home, where=apart)
    yield _usual("separated_away", home, where=apart, by={"relation": "relation"})
    yield _usual("without_sign_of_life", home, where=registered & F.col("silent"))
    yield _usual("residency_index", home, where=registered, by={"score": F.format_number("score", 1)})
    origin = {"origin": "origin"}
    yield Tally(ORIGINS, "residents", here, where=apart, definition="usual", by=origin)
    core = F.coalesce(F.col("class_code").isin(*CORE), F.lit(False))
    yield _usual("core_residents", here, where=core, by_list=True)
    unplaced = F.substring(here, 7, 6) == "000000"
    yield _usual("county_only_residents", here, where=unplaced & (F.col(here) != NOWHERE))


def _usual(
    measure: str,
    area: str,
    *,
    where: Column | None = None,
    by_list: bool = False,
    by: Mapping[str, Column | str] | None = None,
) -> Tally:
    return Tally(TABLE, measure, area, where=where, definition="usual", by_list=by_list, by=by)


def urbanisation(figures: DataFrame, *, strict: bool = False) -> DataFrame:
    """Of an area's usual residents those in urban areas, per hundred of those whose area has a class.

    `strict`: none where a figure is missing, else it counts as 0.
    """

    def residents(name: str) -> Column:
        return total(TABLE, f"residents_{name}", strict=strict)

    classified = residents("urban") + residents("rural")
    return ratios(figures, TABLE, {"urbanisation": (residents("urban"), classified)})
