"""What must hold inside the forms: one row an area, every difference of which is 0 (statistics.md 6)."""

from __future__ import annotations

from functools import reduce
from operator import add

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.session import settled
from popbase.statistics import beyond, forms
from popbase.statistics.flows import BEFORE
from popbase.statistics.places.areas import parent_code
from popbase.statistics.places.classification import MIXED
from popbase.statistics.places.tree import LEVELS
from popbase.statistics.tables import components, t1, t3
from popbase.statistics.tables.equations import ANY_SIZE, Term, name_of, terms
from popbase.statistics.topics import cities

_AREA = ("report_year", "form", "boundary_year", "area_level", "area_code")
_TERM = "figure string, identity string, equation string, factor double, only_form string, only_level string"
# Neither rates nor what crosses an area's own bound add up; and a city of several districts is in no county.
_NOT_ADDITIVE = (
    *t3.RATES, *beyond.RATES, *cities.MEASURES, "net", "cities", "cities_population",
)  # fmt: skip
# Begin at the county, which its townships do not add up to.
_COUNTIES = ("counties", "counties_population")
# What the equations that are not linear are between.
_OFFICIAL = (*t1.OFFICIAL, "nature_unknown", "population")
_COUNTED = {name: name_of((t3.TABLE, name, "")) for name in (*t3.EVENTS, *t3.RATES)} | {
    name: name_of((components.TABLE, name, "")) for name in (BEFORE, "population")
}


def identities(cube: DataFrame) -> DataFrame:
    """Area columns and `<identity>_difference` columns; null where the form has no such identity."""
    figures = settled(_figures(cube))
    joined = _not_linear(_wide(figures))
    for checked in (_linear(figures), _of_children(figures)):
        joined = joined.join(checked, on=[*_AREA], how="left")
    derived = F.coalesce("derived_difference", F.lit(0.0)) + F.col("rates_difference")
    return joined.withColumn("derived_difference", derived).drop("rates_difference")


def _figures(cube: DataFrame) -> DataFrame:
    """One row is a figure of the forms, with its name."""
    pairs = F.array_sort(F.map_entries("breakdowns"))
    parts = F.transform(pairs, lambda pair: F.concat_ws("=", pair["key"], pair["value"]))
    no_prior = (F.col("status") == "NO_PRIOR").alias("no_prior")
    levels = F.create_map(*(F.lit(text) for pair in beyond.LOWEST.items() for text in pair))
    deepest = F.coalesce(F.try_element_at(levels, F.col("table")), F.lit(LEVELS[-1]))
    lowest = (F.col("area_level") == deepest).alias("lowest")
    return (
        cube.where(F.col("table").isin(*forms.TABLES, *beyond.LOWEST))
        .withColumn("figure", F.concat_ws("|", "table", "measure", F.array_join(parts, ";")))
        .select(*_AREA, "figure", "measure", "value", "definition_id", no_prior, lowest)
    )


def _linear(figures: DataFrame) -> DataFrame:
    """Of each identity the sum of what its equations are off; a figure whose row is missing counts as 0.

    An equation that needs the year before says nothing where that is not known.
    """
    told = terms()
    spark = figures.sparkSession
    known = F.broadcast(spark.createDataFrame(told, _TERM))
    holds = F.col("only_form").isNull() | (F.col("only_form") == F.col("form"))
    here = F.col("only_level").isNull() | (F.col("only_level") == F.col("area_level"))
    off = F.when(~F.max("no_prior"), F.abs(F.sum(F.col("factor") * F.col("value"))))
    by_size = F.regexp_replace("figure", r"\|size=.*", f"|{ANY_SIZE}")
    equations = (
        figures.withColumn("figure", by_size)
        .join(known, "figure")
        .where(holds & here)
        .groupBy(*_AREA, "identity", "equation")
        .agg(off.alias("off"))
    )
    return equations.groupBy(*_AREA).agg(*(_difference(name) for name in _identities(told)))


def _identities(told: list[Term]) -> list[str]:
    return list(dict.fromkeys(term.identity for term in told))


def _difference(identity: str) -> Column:
    return F.sum(F.when(F.col("identity") == identity, F.col("off"))).alias(f"{identity}_difference")


def _wide(figures: DataFrame) -> DataFrame:
    """One row an area, one column a figure of the equations that are not linear."""
    value, figure = F.col("value"), F.col("figure")
    official = {name: name_of((t1.TABLE, name, "")) for name in _OFFICIAL}
    told = {f"official_{name}": of for name, of in official.items()} | _COUNTED
    totals = {name: F.sum(F.when(figure == of, value)) for name, of in told.items()}
    sums = [F.coalesce(total, F.lit(0.0)).alias(name) for name, total in totals.items()]
    definition = F.max(F.when(figure == official["agricultural"], F.col("definition_id")))
    by_nature = F.when(F.col("definition_id") == "nature", F.col("official_nature_unknown"))
    return (
        figures.groupBy(*_AREA)
        .agg(*sums, definition.alias("definition_id"))
        .withColumn("in_neither", F.coalesce(by_nature, F.lit(0.0)))
    )


def _not_linear(areas: DataFrame) -> DataFrame:
    """The official columns, by whichever definition; and the rates.

    Where the official columns follow the nature, those of whom it is unknown are in neither; an area of
    several definitions has them from its children.
    """
    below = _under_parents(areas).groupBy(*_AREA).agg(F.sum("in_neither").alias("below"))
    neither = F.when(F.col("definition_id") == MIXED, F.coalesce("below", F.lit(0.0)))
    official = (F.col(f"official_{name}") for name in t1.OFFICIAL)
    off = reduce(add, official) + F.coalesce(neither, "in_neither") - F.col("official_population")
    rates = t3.derived()
    apart = (F.abs(F.col(name) - F.coalesce(rates[name], F.lit(0.0))) for name in t3.RATES)
    return areas.join(below, on=[*_AREA], how="left").select(
        *_AREA,
        F.when(F.col("form") == "LEGACY", off).alias("agricultural_difference"),
        reduce(add, apart).alias("rates_difference"),
    )


def _of_children(figures: DataFrame) -> DataFrame:
    """What each area differs from its children's sums by; the lowest have none to compare with."""
    adding = figures.where(~F.col("measure").isin(*_NOT_ADDITIVE)).select(
        *_AREA, "figure", "measure", "value", "lowest"
    )
    counted_here = (F.col("area_level") == "county") & F.col("measure").isin(*_COUNTIES)
    own = adding.where(~F.col("lowest") & ~counted_here)
    negated = own.withColumn("value", -F.col("value"))
    compared = negated.unionByName(_under_parents(adding)).groupBy(*_AREA, "figure")
    off = compared.agg(F.abs(F.coalesce(F.sum("value"), F.lit(0.0))).alias("off"))
    return off.groupBy(*_AREA).agg(F.sum("off").alias("children_difference"))


def _under_parents(rows: DataFrame) -> DataFrame:
    """The rows of areas under the key of the area one level up."""
    levels = F.array(*map(F.lit, LEVELS))
    above = (F.array_position(levels, F.col("area_level")) - 2).cast("int")
    parents = {"area_code": parent_code(), "area_level": F.get(levels, above)}
    return rows.withColumns(parents).where(F.col("area_code").isNotNull())
