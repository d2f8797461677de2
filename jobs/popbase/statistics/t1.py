"""T1, households and population (statistics.md 6): the legacy form to 2014, the urban/rural one from 2015.

Persons are read once, into one row a registered area; that area alone decides class, place and the five
levels, so all else happens on a frame of areas.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.statistics.areas import Geography, rolled_up, standing_of, with_path
from popbase.statistics.calendar import Form, Release
from popbase.statistics.classification import MIXED, Definitions, non_agricultural_by_place, with_classes
from popbase.statistics.cube import Measure, cube, figures, revised
from popbase.statistics.population import BESIDE, UNSETTLED_REASONS, households_by_area, persons_by_area
from popbase.statistics.tree import LEVELS

TABLE = "T1"

_HOUSEHOLDS = ("households", "family_households", "collective_households", "other_households")
_PERSONS = ("population", "male", "female", "sex_unknown", "unsettled")
_NATURE = ("agricultural_nature", "non_agricultural_nature", "nature_unknown")
_PLACE = ("agricultural_place", "non_agricultural_place")
_OFFICIAL = ("agricultural", "non_agricultural")
_CLASSES = ("urban", "rural", "unclassified")
_REASONS = {f"unsettled_{code}": code for code in (*UNSETTLED_REASONS, "unknown")}
_COUNTED = (*_HOUSEHOLDS, *_PERSONS, *_REASONS, *_NATURE, "converted", *BESIDE, "dead_and_live")


def t1(
    person: DataFrame,
    household: DataFrame,
    places: Geography,
    *,
    release: Release,
    cases: DataFrame | None = None,
    previous: DataFrame | None = None,
    definitions: Definitions | None = None,
) -> DataFrame:
    """The table of one report year as rows of `statistics/report`.

    `person`, `household`: the base judged at the release's reference date from what was delivered by its
    cut-off; `cases`: `base/id_case`; `previous`: the year's T1 rows of the last publication; `definitions`:
    else those that popbase is configured with.
    """
    counted = _by_registered_area(person, household, cases, release)
    townships = _townships(with_classes(standing_of(counted, places), places))
    if release.form == "LEGACY":
        townships = _with_official(townships, (definitions or Definitions.read()).official(release.year))
    rows = cube(
        figures(_areas(townships), measures(release.form), places), TABLE, release=release, places=places
    )
    if release.status == "REVISED" and previous is not None:
        return revised(rows, previous)
    return rows


def _by_registered_area(
    person: DataFrame, household: DataFrame, cases: DataFrame | None, release: Release
) -> DataFrame:
    """Persons and households of one area may be two rows here: the townships add them up."""
    persons = persons_by_area(person, cases, reference_date=release.reference_date)
    counted = persons.unionByName(households_by_area(household), allowMissingColumns=True)
    return counted.na.fill(0, list(_COUNTED))


def _townships(areas: DataFrame) -> DataFrame:
    people, urban = F.col("population"), F.col("urban")
    by_place = non_agricultural_by_place()
    classified = with_path(areas).withColumns(
        {
            "urban": _where(urban, people),
            "rural": _where(~urban, people),
            "unclassified": _where(urban.isNull(), people),
            "non_agricultural_place": _where(by_place, people),
            "agricultural_place": _where(~by_place, people),
        }
    )
    summed = (*_COUNTED, *_CLASSES, *_PLACE)
    return classified.groupBy(*LEVELS).agg(*(F.sum(name).alias(name) for name in summed))


def _where(condition: Column, people: Column) -> Column:
    return F.when(condition, people).otherwise(F.lit(0))


def _with_official(townships: DataFrame, definition: Column) -> DataFrame:
    by_nature = F.col("definition_id") == "nature"
    return townships.withColumn("definition_id", definition).withColumns(
        {
            name: F.when(by_nature, F.col(f"{name}_nature")).otherwise(F.col(f"{name}_place"))
            for name in _OFFICIAL
        }
    )


def _areas(townships: DataFrame) -> DataFrame:
    counts = [c for c in townships.columns if c not in (*LEVELS, "definition_id")]
    aggregates = [F.sum(name).alias(name) for name in counts]
    if "definition_id" in townships.columns:
        # The nation may add provinces that follow different definitions.
        first, last = F.min("definition_id"), F.max("definition_id")
        aggregates.append(F.when(first == last, first).otherwise(MIXED).alias("definition_id"))
    return rolled_up(townships, *aggregates)


def measures(form: Form) -> list[Measure]:
    """What the form holds, in its order."""
    always = [
        *(Measure(name, name, "register-household") for name in _HOUSEHOLDS),
        *(Measure(name, name, "registered") for name in _PERSONS),
        *(Measure("unsettled", column, "registered", {"reason": code}) for column, code in _REASONS.items()),
    ]
    beside = [
        *(Measure(name, name, "beside-registered") for name in BESIDE),
        Measure("dead_and_live", "dead_and_live", "registered"),
    ]
    return always + (_legacy() if form == "LEGACY" else _urban_rural()) + beside


def _legacy() -> list[Measure]:
    return [
        *(Measure(name, name, None) for name in _OFFICIAL),
        Measure("converted", "converted", "registered"),
        *(Measure(name, name, "nature") for name in _NATURE),
        *(Measure(name, name, "place-2003") for name in _PLACE),
    ]


def _urban_rural() -> list[Measure]:
    return [Measure(name, name, "urban-rural-2015", by_list=True) for name in _CLASSES]
