"""What must hold inside the forms: one row an area, every difference of which is 0 (statistics.md 6)."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import get_args

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.statistics import t1, t2
from popbase.statistics.areas import parent_code
from popbase.statistics.calendar import Form
from popbase.statistics.classification import MIXED
from popbase.statistics.population import AGES, BY_SEX, by_age
from popbase.statistics.tree import LEVELS

_AREA = ("report_year", "form", "boundary_year", "area_level", "area_code")

# Of both forms; their breakdowns are looked at apart.
_MEASURES = tuple(dict.fromkeys(m.name for form in get_args(Form) for m in t1.measures(form)))
_AGES = tuple(measure.column for measure in t2.measures())


def identities(cube: DataFrame) -> DataFrame:
    """Area columns and `<identity>_difference` columns; null where the form has no such identity."""
    areas = _wide(cube.where(F.col("table").isin(t1.TABLE, t2.TABLE)))
    children = _of_children(areas)
    joined = areas.join(children, on=[*_AREA], how="left")
    return joined.select(
        *_AREA, *(column.alias(f"{name}_difference") for name, column in _differences().items())
    )


def _differences() -> dict[str, Column]:
    legacy, population = F.col("form") == "LEGACY", _sum("population")
    mixed = F.col("definition_id") == MIXED
    unknown = F.when(mixed, _sum("children_official_unknown")).otherwise(_sum("official_unknown"))
    households = _sum("family_households", "collective_households", "other_households")
    official = _sum("agricultural", "non_agricultural") + unknown
    nature = _sum("agricultural_nature", "non_agricultural_nature", "nature_unknown")
    place = _sum("agricultural_place", "non_agricultural_place")
    urban_rural = _sum("urban", "rural", "unclassified")
    apart = [F.abs(_sum(f"children_{name}") - _sum(name)) for name in (*_MEASURES, *_AGES)]
    ages = [F.abs(_sum(*(by_age(name, group) for group in AGES)) - _sum(name)) for name in BY_SEX]
    everyone, *sexes = BY_SEX
    one_age = [_sum(*(by_age(sex, age) for sex in sexes)) - _sum(by_age(everyone, age)) for age in AGES]
    return {
        "households": households - _sum("households"),
        "sex": _sum("male", "female", "sex_unknown") - population,
        "unsettled_reasons": _sum("unsettled_reasons") - _sum("unsettled"),
        "agricultural": F.when(legacy, official - population),
        "nature": F.when(legacy, nature - population),
        "place": F.when(legacy, place - population),
        "urban_rural": F.when(~legacy, urban_rural - population),
        "ages": reduce(add, ages),
        "sex_by_age": reduce(add, map(F.abs, one_age)),
        # A township has no children to compare with.
        "children": F.when(F.col("area_level") != LEVELS[-1], reduce(add, apart)),
    }


def _wide(cube: DataFrame) -> DataFrame:
    """One row an area, one column a measure; a measure of the other form is null."""
    is_t1, total = F.col("table") == t1.TABLE, F.size("breakdowns") == 0
    measure, value = F.col("measure"), F.col("value")
    values = [F.sum(F.when(is_t1 & total & (measure == name), value)).alias(name) for name in _MEASURES]
    age = F.when(~is_t1, F.col("breakdowns")["age"])
    values += [
        F.sum(F.when((measure == m.name) & (age == m.breakdowns["age"]), value)).alias(m.column)
        for m in t2.measures()
    ]
    reasons = F.sum(F.when(is_t1 & ~total & (measure == "unsettled"), value))
    definition = F.max(F.when(measure == "agricultural", F.col("definition_id")))
    by_nature = F.when(F.col("definition_id") == "nature", F.col("nature_unknown"))
    return (
        cube.groupBy(*_AREA)
        .agg(*values, reasons.alias("unsettled_reasons"), definition.alias("definition_id"))
        .withColumn("official_unknown", by_nature)
    )


def _of_children(areas: DataFrame) -> DataFrame:
    """The sums of each area's children under the area's own key."""
    below = F.array_position(F.array(*map(F.lit, LEVELS)), F.col("area_level"))
    parents = areas.withColumns(
        {
            "area_code": parent_code(),
            "area_level": F.get(F.array(*map(F.lit, LEVELS)), (below - 2).cast("int")),
        }
    ).where(F.col("area_code").isNotNull())
    summed = (*_MEASURES, *_AGES, "official_unknown")
    return parents.groupBy(*_AREA).agg(*(F.sum(name).alias(f"children_{name}") for name in summed))


def _sum(*measures: str) -> Column:
    """A measure whose row is missing counts as 0: a null difference would pass every gate."""
    return reduce(add, (F.coalesce(name, F.lit(0.0)) for name in measures))
