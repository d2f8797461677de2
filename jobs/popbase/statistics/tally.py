"""Counts by any breakdown, from frames that hold few rows an area: from what is counted to figures of areas.

The forms have fixed columns and are one wide row an area; statistics beyond them are counted long, one row a
figure, so that ages, sectors or origins may be as many as they are. Until it is done a figure is a number and
the codes of its breakdowns: names of tables and measures would be moved with every row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.session import settled
from popbase.statistics.places.areas import Geography, standing_of, with_path
from popbase.statistics.places.tree import LEVELS, UNALLOCATED

# Where it is not known in which area somebody counts: in the nation alone.
NOWHERE = "000000000000"
FIGURE = ("table", "area_code", "area_level", "measure", "breakdowns", "value", "definition_id", "status")
_CODES = ("code_0", "code_1", "code_2")
_NAMES = (
    "tally int, table string, measure string, dimensions array<string>, definition_id string, "
    "by_list boolean, depth int"
)


@dataclass(frozen=True)
class Tally:
    """How a row counts: its `n`, in the 12-digit code of `area`, where it does.

    `by`: dimension -> code, its column or a column's name, of at most three.
    """

    table: str
    measure: str
    area: str
    where: Column | None = None
    definition: str = "registered"
    by_list: bool = False
    by: Mapping[str, Column | str] | None = None

    @property
    def dimensions(self) -> list[str]:
        return sorted(self.by or {})


@dataclass(frozen=True)
class Tallies:
    """One row of `counts` is a row's count in one of `told`, by its place there."""

    counts: DataFrame
    told: Sequence[Tally]


def tallies(rows: DataFrame, told: Iterable[Tally]) -> Tallies:
    """The rows' counts; `rows` have an `n`."""
    every = list(told)
    entries = F.array(*(_entry(place, tally) for place, tally in enumerate(every)))
    counted = rows.select(F.explode(F.array_compact(entries)).alias("entry")).select("entry.*")
    return Tallies(counted, every)


def _entry(place: int, tally: Tally) -> Column:
    codes = [_column((tally.by or {})[name]).cast("string") for name in tally.dimensions]
    padded = [*codes, *(F.lit(None).cast("string") for _ in range(len(_CODES) - len(codes)))]
    entry = F.struct(
        F.lit(place).alias("tally"),
        *(code.alias(name) for name, code in zip(_CODES, padded, strict=True)),
        F.coalesce(tally.area, F.lit(NOWHERE)).alias("area"),
        F.col("n").cast("double").alias("value"),
    )
    return entry if tally.where is None else F.when(tally.where, entry)


def _column(part: Column | str) -> Column:
    return F.col(part) if isinstance(part, str) else part


def tallied(told: Iterable[Tallies], places: Geography, lowest: Mapping[str, str]) -> DataFrame:
    """One row is a figure, FIGURE, of an area of any level down to its table's `lowest`."""
    frames: list[DataFrame] = []
    every: list[Tally] = []
    for one in told:
        frames.append(one.counts.withColumn("tally", F.col("tally") + len(every)))
        every += one.told
    key = ("tally", *_CODES)
    counted = reduce(DataFrame.union, frames)
    added = settled(counted.groupBy(*key, "area").agg(F.sum("value").alias("value")))
    areas = added.select(F.col("area").alias("registered_area")).distinct()
    placed = with_path(standing_of(areas, places)).select(F.col("registered_area").alias("area"), *LEVELS)
    place = [F.struct(F.lit(name).alias("area_level"), F.col(name).alias("area_code")) for name in LEVELS]
    names = F.broadcast(_names(added, every, lowest))
    held = F.explode(F.slice(F.array(*place), F.lit(1), F.col("depth"))).alias("place")
    depths = names.select("tally", "depth")
    rolled = (
        added.join(placed, "area")
        .join(depths, "tally")
        .select(*key, "value", held)
        .groupBy(*key, "place.area_level", "place.area_code")
        .agg(F.sum("value").alias("value"))
    )
    codes = F.slice(F.array(*_CODES), F.lit(1), F.size("dimensions"))
    named = rolled.join(names.drop("depth"), "tally")
    told_apart = {"breakdowns": F.map_from_arrays("dimensions", codes), "status": _status(places)}
    return named.withColumns(told_apart).select(*FIGURE)


def _names(rows: DataFrame, every: Sequence[Tally], lowest: Mapping[str, str]) -> DataFrame:
    told = [
        (n, t.table, t.measure, t.dimensions, t.definition, t.by_list, LEVELS.index(lowest[t.table]) + 1)
        for n, t in enumerate(every)
    ]
    return rows.sparkSession.createDataFrame(told, _NAMES)


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
