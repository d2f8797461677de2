"""The forms of a report year (statistics.md 6): the legacy ones to 2014, the urban/rural ones from 2015.

Persons are read once, into one row a registered area; that area alone decides class, place and the five
levels, so all else happens on a frame of areas. What happened since the last report comes from `flows`, as
counts of the same areas. What each table shows of it, its own module says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.session import cut_off
from popbase.statistics import staying
from popbase.statistics.calendar import RESIDENCE, Form, Release
from popbase.statistics.cube import Measure, cube, figures, standing
from popbase.statistics.flows import COUNTS, flows_by_area
from popbase.statistics.places.areas import Geography, rolled_up, standing_of, with_path
from popbase.statistics.places.classification import MIXED, Definitions, by_class, by_place, with_classes
from popbase.statistics.places.size import SizeClasses
from popbase.statistics.places.tree import LEVELS
from popbase.statistics.population import (
    AGES,
    BESIDE,
    BY_SEX,
    by_age,
    households_by_area,
    persons_by_area,
)
from popbase.statistics.since import Since
from popbase.statistics.staying import staying_by_area
from popbase.statistics.tables import bridge, components, t1, t2, t3, t4, t5, t6
from popbase.statistics.tables.t1 import CLASSES, HOUSEHOLDS, NATURE, OFFICIAL, PERSONS, PLACE, REASONS

TABLES = tuple(t.TABLE for t in (t1, t2, t3, t4, t5, t6, components, bridge))
# What may be below zero.
DIFFERENCES = ("natural_increase", "natural_rate", "net", "corrections", "change", "residual")

_AGES = tuple(by_age(name, group) for name in BY_SEX for group in AGES)
_COUNTED = (
    *HOUSEHOLDS, *PERSONS, *REASONS, *NATURE, "converted", *BESIDE, "dead_and_live", *_AGES,
    *staying.COUNTS, *COUNTS,
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What a report counts: the base judged at its reference date from what was delivered by its cut-off.

    `sectors`: feed -> rows of its base table; `cases`: `base/id_case`; `unregistered`: its table; `since`:
    none where the year before is not known.
    """

    person: DataFrame
    household: DataFrame
    cases: DataFrame | None = None
    sectors: Mapping[str, DataFrame] = field(default_factory=dict)
    unregistered: DataFrame | None = None
    since: Since | None = None


def forms(
    told: Told,
    places: Geography,
    *,
    release: Release,
    previous: DataFrame | None = None,
    definitions: Definitions | None = None,
) -> DataFrame:
    """The tables of one report year as rows of `statistics/report`.

    `previous`: the year's rows of the last publication; `definitions`: else those that popbase is configured
    with.
    """
    cells = figures_of(told, places, release, definitions)
    return standing(cube(cells, release=release, places=places), release, previous)


def figures_of(
    told: Told, places: Geography, release: Release, definitions: Definitions | None = None
) -> DataFrame:
    """One row is a figure of an area (`cube.figures`)."""
    counted = _by_registered_area(told, places, release)
    classes = SizeClasses.read()
    townships = _townships(with_classes(standing_of(counted, places), places))
    if release.form == "LEGACY":
        townships = _with_official(townships, (definitions or Definitions.read()).official(release.year))
    areas = t5.with_units(cut_off(_areas(townships.withColumns(t5.towns(release.form)))), places, classes)
    prior = told.since is not None
    return figures(areas, measures(release.form, classes), places, prior=prior)


def _by_registered_area(told: Told, places: Geography, release: Release) -> DataFrame:
    """One area may be several rows here: the townships add them up."""
    on, since = release.reference_date, told.since
    counted = [
        persons_by_area(told.person, told.cases, reference_date=on),
        households_by_area(told.household),
    ]
    if (residence := told.sectors.get(RESIDENCE)) is not None:
        counted.append(staying_by_area(residence, places, on=on))
    if since is not None:
        counted.append(since.stock)
    if since is not None and since.steps is not None:
        counted.append(flows_by_area(since.steps, places, since.year))
    every = reduce(partial(DataFrame.unionByName, allowMissingColumns=True), counted)
    missing = [name for name in _COUNTED if name not in every.columns]
    return every.withColumns(dict.fromkeys(missing, F.lit(0))).na.fill(0, list(_COUNTED))


def _townships(areas: DataFrame) -> DataFrame:
    belongs = by_class() | {f"{name}_place": within for name, within in by_place().items()}
    people = F.col("population")
    counts = {name: F.when(within, people).otherwise(0) for name, within in belongs.items()}
    classified = with_path(areas).withColumns(counts | bridge.counts())
    summed = (*_COUNTED, *CLASSES, *PLACE, *bridge.COUNTS)
    return classified.groupBy(*LEVELS).agg(*(F.sum(name).alias(name) for name in summed))


def _with_official(townships: DataFrame, definition: Column) -> DataFrame:
    by_nature = F.col("definition_id") == "nature"
    return townships.withColumn("definition_id", definition).withColumns(
        {
            name: F.when(by_nature, F.col(f"{name}_nature")).otherwise(F.col(f"{name}_place"))
            for name in OFFICIAL
        }
    )


def _areas(townships: DataFrame) -> DataFrame:
    counts = [c for c in townships.columns if c not in (*LEVELS, "definition_id")]
    aggregates = [F.sum(name).alias(name) for name in counts]
    if "definition_id" in townships.columns:
        # The nation may add provinces that follow different definitions.
        first, last = F.min("definition_id"), F.max("definition_id")
        aggregates.append(F.when(first == last, first).otherwise(MIXED).alias("definition_id"))
    summed = rolled_up(townships, *aggregates)
    return summed.withColumns(t3.derived() | t4.derived() | components.derived())


def measures(form: Form, classes: SizeClasses | None = None) -> list[Measure]:
    """What all tables of the form hold, in their order; `classes`: else the configured ones."""
    return [
        *t1.measures(form), *t2.measures(), *t3.measures(), *t4.measures(),
        *t5.measures(form, classes or SizeClasses.read()), *t6.measures(form), *components.measures(),
        *(bridge.measures() if form == "LEGACY" else ()),
    ]  # fmt: skip
