"""An older year's figures on the areas of a later one (statistics.md 4).

A figure follows its township only where the county's code has one heir. Which township of a county went
where when it was split or gave a part away is not delivered: there the areas concerned are NOT_COMPARABLE,
without a value, and the people stand in the `ZZ` of the smallest area that holds all heirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.statistics.cube import COLUMNS
from popbase.statistics.places.areas import rolled_up, with_path
from popbase.statistics.places.classification import MIXED
from popbase.statistics.places.divisions import Gazetteer
from popbase.statistics.places.tree import LEVELS, UNALLOCATED

_FIGURE = ("report_year", "form", "table", "list_vintage", "cut_off", "measure", "breakdown_entries")


@dataclass(frozen=True)
class Move:
    """Where a county's people of one year stand in a later one, and which areas that leaves incomplete."""

    code: str
    prefix: str
    blurred: frozenset[tuple[str, str]]


def moves(gazetteer: Gazetteer, *, since: int, until: int) -> Iterator[Move]:
    """One move a county (or prefecture without counties) in force in `since`."""
    for division in gazetteer.all_in_force(since):
        heirs = gazetteer.heirs(division.code, since, until)
        if len(heirs) == 1:
            yield Move(division.code, next(iter(heirs)), frozenset())
        else:
            prefix = _shared(heirs or {division.code})
            yield Move(division.code, prefix, frozenset(_blurred(heirs, prefix)))


def _shared(codes: set[str]) -> str:
    """The smallest prefecture or province that holds all of them; empty: the nation."""
    return next((code[:n] for n in (4, 2) for code in codes if len({c[:n] for c in codes}) == 1), "")


def _blurred(heirs: set[str], prefix: str) -> Iterator[tuple[str, str]]:
    for heir in heirs:
        yield "county", heir
        if len(prefix) < 4:
            yield "prefecture", heir[:4] + "00"
        if len(prefix) < 2:
            yield "province", heir[:2] + "0000"


def restated(t1: DataFrame, gazetteer: Gazetteer, *, since: int, until: int) -> DataFrame:
    """T1 of report year `since`, which stands on its own codes, on those in force in `until`."""
    spark = t1.sparkSession
    found = list(moves(gazetteer, since=since, until=until))
    prefixes = spark.createDataFrame([(m.code, m.prefix) for m in found], "code string, prefix string")
    blurred = sorted({area for move in found for area in move.blurred})
    gaps = spark.createDataFrame(blurred, "area_level string, area_code string")
    figures = rolled_up(with_path(_moved(t1, prefixes)), *_sums(), by=_FIGURE)
    return (
        _with_gaps(figures, F.broadcast(gaps))
        .withColumn("boundary_year", F.lit(until))
        .withColumn("breakdowns", F.map_from_entries("breakdown_entries"))
        .select(*COLUMNS)
    )


def _moved(t1: DataFrame, prefixes: DataFrame) -> DataFrame:
    """The township figures with the `prefix` they stand under now, ready for `with_path`."""
    code = F.col("area_code")
    stem = F.regexp_replace(code, f"{UNALLOCATED}$", "")
    return (
        t1.where(F.col("area_level") == LEVELS[-1])
        .join(F.broadcast(prefixes), on=F.substring(stem, 1, 6) == F.col("code"), how="left")
        .withColumns(
            {
                "prefix": F.coalesce("prefix", F.substring(stem, 1, 4)),
                "registered_area": F.rpad(stem, 12, "0"),
                "breakdown_entries": F.array_sort(F.map_entries("breakdowns")),
            }
        )
    )


def _sums() -> list[Column]:
    first, last = F.min("definition_id"), F.max("definition_id")
    approximate = F.max(F.col("status") == "APPROXIMATE")
    return [
        F.sum("value").alias("value"),
        F.when(first == last, first).otherwise(MIXED).alias("definition_id"),
        # FINAL, PRELIMINARY, REVISED: the alphabet puts the part that is least to be relied on last.
        F.max("release_status").alias("release_status"),
        F.when(approximate, "APPROXIMATE").otherwise("OK").alias("status"),
        F.lit(None).cast("double").alias("previous_value"),
    ]


def _with_gaps(figures: DataFrame, gaps: DataFrame) -> DataFrame:
    """Areas that are incomplete get every measure, without a value; so do the townships of such counties."""
    place = ["area_level", "area_code"]
    counties = gaps.where(F.col("area_level") == "county").select(F.col("area_code").alias("incomplete"))
    township = (F.col("area_level") == "township") & (F.length("area_code") == 9)
    known = figures.join(gaps, on=place, how="left_anti").join(
        counties, on=township & (F.substring("area_code", 1, 6) == F.col("incomplete")), how="left"
    )
    lost = F.col("incomplete").isNotNull()
    unallocated = F.col("area_code").endswith(UNALLOCATED)
    status = F.when(lost, "NOT_COMPARABLE").when(unallocated, "UNALLOCATED").otherwise(F.col("status"))
    kept = known.withColumns({"value": F.when(~lost, F.col("value")), "status": status}).drop("incomplete")
    nation = figures.where(F.col("area_level") == LEVELS[0]).drop(*place)
    blank = {"value": F.lit(None).cast("double"), "status": F.lit("NOT_COMPARABLE")}
    return kept.unionByName(nation.crossJoin(gaps).withColumns(blank))
