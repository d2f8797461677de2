"""Age by sex in single years and in the groups of yearbooks (statistics.md 6): the pyramid of an area."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.frames import completed_years
from popbase.identity.rules import is_registered
from popbase.statistics.population import sex
from popbase.statistics.tally import Tallies, Tally, ratios, tallies, total
from popbase.statistics.units import WEIGHT, count, weighing

TABLE = "age"
OLDEST = 100
LAST = f"{OLDEST}+"
# The groups of which ratios are made; they overlap.
GROUPS = {"0-14": (0, 14), "15-59": (15, 59), "15-64": (15, 64), "60+": (60, None), "65+": (65, None)}


def counts(person: DataFrame, on: date) -> Tallies:
    """The registered population by single years, five-year groups and broad groups, each by sex and whole."""
    years = completed_years(F.col("birth_date"), F.lit(on))
    aged = (
        weighing(person)
        .where(is_registered())
        .select("registered_area", WEIGHT, sex().alias("sex"), F.greatest(years, F.lit(0)).alias("years"))
    )
    return tallies(aged.groupBy("registered_area", "sex", "years").agg(count()), _entries())


def _entries() -> Iterator[Tally]:
    years = F.col("years")
    five = (years - years % 5).cast("int")
    groups = {
        "single": F.when(years >= OLDEST, LAST).otherwise(years.cast("string")),
        "five": F.when(years >= OLDEST, LAST).otherwise(
            F.concat_ws("-", five.cast("string"), (five + 4).cast("string"))
        ),
    }
    for name, group in groups.items():
        measure = "population" if name == "single" else "population_by_five_years"
        yield Tally(TABLE, measure, "registered_area", by={"age": group})
        yield Tally(TABLE, measure, "registered_area", by={"age": group, "sex": "sex"})
    for name, (least, most) in GROUPS.items():
        inside = (years >= least) if most is None else years.between(least, most)
        yield Tally(
            TABLE, "population_by_broad_group", "registered_area", where=inside, by={"age": F.lit(name)}
        )


def dependency(figures: DataFrame, *, strict: bool = False) -> DataFrame:
    """Of an area the young, the old and both per hundred of working age, and the share of the old.

    `strict`: none where a figure is missing, else it counts as 0.
    """

    def group(name: str) -> Column:
        return total(TABLE, "population_by_broad_group", strict=strict, age=name)

    everybody = group("0-14") + group("15-59") + group("60+")
    return ratios(figures, TABLE, {
        "child_dependency": (group("0-14"), group("15-64")),
        "old_dependency": (group("65+"), group("15-64")),
        "dependency": (group("0-14") + group("65+"), group("15-64")),
        "share_60_on": (group("60+"), everybody),
        "share_65_on": (group("65+"), everybody),
    })  # fmt: skip
