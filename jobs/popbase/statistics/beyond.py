"""The statistics that belong to no official form (statistics.md 6, "New statistics"), as rows of the cube."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from pyspark.sql import DataFrame

from popbase.session import settled
from popbase.statistics.calendar import Release
from popbase.statistics.cube import cube, standing
from popbase.statistics.forms import Told
from popbase.statistics.places.areas import Geography
from popbase.statistics.tally import Tallies, tallied
from popbase.statistics.topics import ages, cities, households, living, movement, numbers, sectors, signs

FORM = "BASE"
# Table -> the lowest level it is told of.
LOWEST = {
    ages.TABLE: "county", living.TABLE: "county", living.ORIGINS: "prefecture", households.TABLE: "county",
    sectors.TABLE: "county", numbers.TABLE: "county", cities.TABLE: "county", movement.LAG: "county",
    movement.SETTLED: "province", movement.DEATHS: "province",
}  # fmt: skip
# Figures that their children's do not add up to.
RATES = ("child_dependency", "old_dependency", "dependency", "share_60_on", "share_65_on", "urbanisation")
_Derived = Callable[[DataFrame], DataFrame]


def beyond(
    told: Told, places: Geography, *, release: Release, previous: DataFrame | None = None
) -> DataFrame:
    """Rows of `statistics/report`. `previous`: as for `forms`."""
    every = figures_of(told, places, release)
    return standing(cube(every, release=release, places=places, form=FORM), release, previous)


def figures_of(told: Told, places: Geography, release: Release) -> DataFrame:
    """One row is a figure of an area (`tally.FIGURE`)."""
    figures = settled(tallied(_counts(told, places, release), places, LOWEST))
    derived: Sequence[_Derived] = (
        ages.dependency, living.urbanisation, lambda known: cities.figures(known, places)
    )  # fmt: skip
    return reduce(DataFrame.unionByName, (derive(figures) for derive in derived), figures)


def _counts(told: Told, places: Geography, release: Release) -> list[Tallies]:
    on, since = release.reference_date, told.since
    life = signs.of(told.person, told.sectors, on)
    found = [
        ages.counts(told.person, on),
        living.counts(living.living(told.person, life, places, on)),
        households.counts(told.household),
        *sectors.counts(told.person, told.sectors, places, on),
    ]
    if told.cases is not None and since is not None:
        found.append(numbers.cases(told.cases, since.year))
    if told.unregistered is not None:
        found.append(numbers.sector_only(told.unregistered))
    if since is not None and since.steps is not None:
        found += movement.counts(since.steps, places, since.year)
    return found
