"""How two areas lie to each other, on the codes of the report's year (statistics.md 6)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.statistics.places.areas import Geography, standing_of, with_kind, with_path
from popbase.statistics.places.tree import UNALLOCATED

# From the nearest.
RELATIONS = ("same_county", "same_prefecture", "same_province", "other_province", "unknown")
_PATH = ("province", "prefecture", "county")


def with_relation(rows: DataFrame, one: str, other: str, places: Geography) -> DataFrame:
    """`rows` with `relation`, one of RELATIONS: that of the 12-digit codes in these two columns; and
    `one_city`: both lie in districts of one city, or in one county.
    """
    ends = rows.select(F.explode(F.array(one, other)).alias("registered_area")).na.drop().distinct()
    paths = with_kind(
        with_path(standing_of(ends, places)).withColumn("area_code", F.col("county")).drop("city"), places
    )
    placed = paths.select("registered_area", F.struct(*_PATH, "district").alias("path"))
    joined = rows
    for end in (one, other):
        there = placed.select(F.col("registered_area").alias(end), F.col("path").alias(f"{end}_path"))
        joined = joined.join(there, end, how="left")
    of_one_city = F.col(f"{one}_path.district") & F.col(f"{other}_path.district")
    told = joined.withColumn("relation", _relation(one, other))
    relation = F.col("relation")
    one_city = (relation == "same_county") | ((relation == "same_prefecture") & of_one_city)
    return told.select(*rows.columns, "relation", F.coalesce(one_city, F.lit(False)).alias("one_city"))


def _relation(one: str, other: str) -> Column:
    def at(level: str) -> tuple[Column, Column]:
        return F.col(f"{one}_path.{level}"), F.col(f"{other}_path.{level}")

    def known(level: str) -> Column:
        here, there = at(level)
        return F.coalesce(~here.endswith(UNALLOCATED) & ~there.endswith(UNALLOCATED), F.lit(False))

    def differ(level: str) -> Column:
        here, there = at(level)
        return known(level) & (here != there)

    return (
        F.when(differ("province"), "other_province")
        .when(differ("prefecture"), "same_province")
        .when(differ("county"), "same_prefecture")
        .when(known("county"), "same_county")
        .otherwise("unknown")
    )
