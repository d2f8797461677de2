"""Counts by any breakdown, from frames that hold few rows an area: from what is counted to figures of areas.

The forms have fixed columns and are one wide row an area; statistics beyond them are counted long, one row a
figure, so that ages, sectors or origins may be as many as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.statistics.places.areas import Geography, standing_of, with_path
from popbase.statistics.places.tree import LEVELS, UNALLOCATED

# Where it is not known in which area somebody counts: in the nation alone.
NOWHERE = "000000000000"
_NAME = ("table", "measure", "parts", "definition_id", "by_list")
FIGURE = ("table", "area_code", "area_level", "measure", "breakdowns", "value", "definition_id", "status")


def tally(
    table: str,
    measure: str,
    area: str,
    *,
    where: Column | None = None,
    lowest: str = "county",
    definition: str = "registered",
    by_list: bool = False,
    by: Mapping[str, Column | str] | None = None,
) -> Column:
    """How a row counts: its `n`, in the 12-digit code of `area`, down to the `lowest` level; null where
    it does not. `by`: dimension -> code, its column or a column's name.
    """
    told = [
        F.struct(F.lit(name).alias("key"), _column(part).cast("string").alias("value"))
        for name, part in sorted((by or {}).items())
    ]
    nothing = F.array().cast("array<struct<key: string, value: string>>")
    entry = F.struct(
        F.lit(table).alias("table"), F.lit(measure).alias("measure"),
        (F.array(*told) if told else nothing).alias("parts"),
        F.lit(definition).alias("definition_id"), F.lit(by_list).alias("by_list"),
        F.coalesce(area, F.lit(NOWHERE)).alias("area"),
        F.lit(LEVELS.index(lowest) + 1).alias("depth"), F.col("n").cast("double").alias("value"),
    )  # fmt: skip
    return entry if where is None else F.when(where, entry)


def _column(part: Column | str) -> Column:
    return F.col(part) if isinstance(part, str) else part


def tallies(rows: DataFrame, entries: Iterable[Column]) -> DataFrame:
    """One row is a row's count in a figure: the fields of `tally`."""
    counted = F.explode(F.array_compact(F.array(*entries))).alias("entry")
    return rows.select(counted).select("entry.*")


def tallied(counts: Iterable[DataFrame], places: Geography) -> DataFrame:
    """One row is a figure, FIGURE, of an area of any level down to its lowest. `counts`: of `tallies`."""
    every = reduce(DataFrame.unionByName, counts)
    added = every.groupBy(*_NAME, "area", "depth").agg(F.sum("value").alias("value"))
    areas = added.select(F.col("area").alias("registered_area")).distinct()
    placed = with_path(standing_of(areas, places)).select(F.col("registered_area").alias("area"), *LEVELS)
    place = [F.struct(F.lit(name).alias("area_level"), F.col(name).alias("area_code")) for name in LEVELS]
    held = F.explode(F.slice(F.array(*place), F.lit(1), F.col("depth"))).alias("place")
    return (
        added.join(placed, "area")
        .select(*_NAME, "value", held)
        .groupBy(*_NAME, "place.area_level", "place.area_code")
        .agg(F.sum("value").alias("value"))
        .withColumns({"breakdowns": F.map_from_entries("parts"), "status": _status(places)})
        .select(*FIGURE)
    )


def _status(places: Geography) -> Column:
    approximate = F.lit(places.approximate) & F.col("by_list")
    return (
        F.when(F.col("area_code").endswith(UNALLOCATED), "UNALLOCATED")
        .when(approximate, "APPROXIMATE")
        .otherwise("OK")
    )


def ratios(figures: DataFrame, table: str, told: Mapping[str, tuple[Column, Column]]) -> DataFrame:
    """Rates of an area as figures: name -> (numerator, denominator), per cent to two decimals.

    `told` is written in `total` and its like, over the figures of an area.
    """
    rates = {name: F.round(F.try_divide(of * 100, by), 2) for name, (of, by) in told.items()}
    areas = figures.groupBy("area_level", "area_code").agg(*(r.alias(name) for name, r in rates.items()))
    cells = [F.struct(F.lit(name).alias("measure"), F.col(name).alias("value")) for name in rates]
    return (
        areas.select("area_level", "area_code", F.explode(F.array(*cells)).alias("cell"))
        .select(
            F.lit(table).alias("table"), "area_code", "area_level", "cell.measure",
            F.create_map().cast("map<string,string>").alias("breakdowns"), "cell.value",
            F.lit("rate").alias("definition_id"),
            F.when(F.col("area_code").endswith(UNALLOCATED), "UNALLOCATED").otherwise("OK").alias("status"),
        )
        .where("value IS NOT NULL")
    )  # fmt: skip


def total(table: str, measure: str, *, strict: bool = False, **parts: str) -> Column:
    """The figure of an area's group: 0 where it has none, or null if `strict`."""
    wanted = (F.col("table") == table) & (F.col("measure") == measure)
    wanted &= F.size("breakdowns") == len(parts)
    for name, code in parts.items():
        wanted &= F.coalesce(F.col("breakdowns")[name] == code, F.lit(False))
    found = F.sum(F.when(wanted, F.col("value")))
    return found if strict else F.coalesce(found, F.lit(0.0))
