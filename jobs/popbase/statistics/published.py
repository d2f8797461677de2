"""The public face of a report year (statistics.md 9): perturbed counts, and rates made of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.session import settled
from popbase.statistics import beyond, forms
from popbase.statistics.calendar import Release
from popbase.statistics.cube import COLUMNS
from popbase.statistics.disclosure import WITHHELD, shown, with_keys
from popbase.statistics.flows import BEFORE
from popbase.statistics.forms import Told
from popbase.statistics.noise import LEAST
from popbase.statistics.places.areas import Geography
from popbase.statistics.places.size import KINDS
from popbase.statistics.places.tree import LEVELS, NATION, UNALLOCATED
from popbase.statistics.tables import components, t1, t3, t5
from popbase.statistics.topics import ages, cities, living, numbers, sectors

TABLE, AREAS = "published/figure", "published/area"
TABLES = (TABLE, AREAS)
_UNPLACED = "未能划入下级"
_NATION = "全国"
# Not counts of people, households or events: what they differ by, and what is a mean of two of them.
_DERIVED = (*forms.DIFFERENCES, *t3.RATES, *beyond.RATES, "average_population")
_AREAS = (t5.TOWNS, *KINDS)  # numbers of areas, which are no secret
_TOTALS = (
    (t1.TABLE, "population"), (components.TABLE, "population"), (components.TABLE, BEFORE),
    (living.TABLE, "residents"),
)  # fmt: skip
_CELL = ("table", "area_level", "area_code", "measure")


def published(cube: DataFrame, told: Told, places: Geography, *, release: Release, key: bytes) -> DataFrame:
    """Rows of `published/figure`, the year's. `cube`: its exact rows, made of the same `told`."""
    weighed = with_keys(told, key)
    keys = reduce(DataFrame.unionByName, (
        figures(weighed, places, release).select(*_CELL, _parts(), F.col("value").alias("keys"))
        for figures in (forms.figures_of, beyond.figures_of)
    ))  # fmt: skip
    exact = cube.where(_is_public()).withColumn("parts", _parts())
    joined = exact.join(keys, [*_CELL, "parts"], how="left")
    counts = settled(_as_shown(joined).select(*COLUMNS))
    return counts.unionByName(_rates(counts))


def areas(figures: DataFrame, names: Mapping[str, str]) -> DataFrame:
    """Rows of `published/area`: the areas of a year's figures, by `names` (area_code -> Chinese name)."""
    named = {**names, NATION: _NATION}
    told = figures.sparkSession.createDataFrame(sorted(named.items()), "area_code string, name string")
    every = figures.select("report_year", "area_level", "area_code").distinct()
    unplaced = F.when(F.col("area_code").endswith(UNALLOCATED), _UNPLACED)
    name = F.coalesce(unplaced, "name", "area_code").alias("name")
    joined = every.join(F.broadcast(told), "area_code", how="left")
    return joined.select("report_year", "area_level", "area_code", name)


def _parts() -> Column:
    """Maps cannot be compared, their sorted entries can; a city's say what follows from its size."""
    entries = F.array_sort(F.map_entries("breakdowns"))
    told = F.when(F.col("table") != cities.TABLE, entries)
    return F.to_json(F.coalesce(told, F.slice(entries, 1, 0))).alias("parts")


def _is_public() -> Column:
    """Neither differences nor what tells of the register's own faults."""
    of_records = (F.col("table") == sectors.TABLE) & (F.col("measure") == "records")
    hidden = F.col("measure").isin(*_DERIVED) | (F.col("table") == numbers.TABLE) | of_records
    return ~hidden


def _as_shown(cells: DataFrame) -> DataFrame:
    value, keys = F.col("value"), F.coalesce("keys", F.lit(0.0))
    public = F.when(stays_exact(), value).otherwise(shown(value, keys))
    withheld = value.isNotNull() & public.isNull()
    told = cells.withColumns({
        "value": public,
        "status": F.when(withheld, WITHHELD).otherwise(F.col("status")),
        "previous_value": F.lit(None).cast("double"),
    })  # fmt: skip
    # Long tables have no rows of zeros: there a row that says it is withheld would tell that it is none.
    return told.where((F.col("status") != WITHHELD) | (F.col("form") != beyond.FORM))


def stays_exact() -> Column:
    """Totals of the registered and the usual population, from the county up; and numbers of areas."""
    total = reduce(Column.__or__, ((F.col("table") == t) & (F.col("measure") == m) for t, m in _TOTALS))
    whole = (F.size("breakdowns") == 0) & (F.col("area_level") != LEVELS[-1])
    return (whole & total) | F.col("measure").isin(*_AREAS)


def too_small() -> Column:
    """Of a published row, whether it shows a count that should be withheld."""
    is_rate = F.col("measure").isin(*t3.RATES, *beyond.RATES)
    return F.coalesce(~stays_exact() & ~is_rate & (F.col("value") < LEAST), F.lit(False))


def _rates(counts: DataFrame) -> DataFrame:
    """Of noisy counts; none where one of them is withheld."""
    area = [
        c for c in COLUMNS if c not in ("table", "measure", "breakdowns", "value", "status", "definition_id")
    ]
    wide = counts.where(F.size("breakdowns") == 0)

    def figure(table: str, measure: str) -> Column:
        return F.max(F.when((F.col("table") == table) & (F.col("measure") == measure), F.col("value")))

    births, deaths = (figure(t3.TABLE, name) for name in t3.EVENTS)
    everyone = figure(components.TABLE, BEFORE) + figure(components.TABLE, "population")
    natural = {
        "birth_rate": births, "death_rate": deaths, "natural_rate": births - deaths,
    }  # fmt: skip
    of_forms = (
        wide.where(F.col("form") != beyond.FORM)
        .groupBy(*area)
        .agg(*(F.round(F.try_divide(of * 2000, everyone), 2).alias(name) for name, of in natural.items()))
    )
    cells = [F.struct(F.lit(name).alias("measure"), F.col(name).alias("value")) for name in natural]
    told = of_forms.select(*area, F.explode(F.array(*cells)).alias("cell")).select(*area, "cell.*")
    rates = told.withColumns({
        "table": F.lit(t3.TABLE), "breakdowns": F.create_map().cast("map<string,string>"),
        "definition_id": F.lit("registered"), "status": F.lit("OK"),
    })  # fmt: skip
    others = counts.where(F.col("form") == beyond.FORM)
    same = others.select(*(c for c in area if c not in ("area_code", "area_level"))).distinct()
    derived = [rate(others, strict=True) for rate in (ages.dependency, living.urbanisation)]
    beside = reduce(DataFrame.unionByName, derived).crossJoin(F.broadcast(same))
    return rates.unionByName(beside).where("value IS NOT NULL").select(*COLUMNS)
