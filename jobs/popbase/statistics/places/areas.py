"""Where people are counted: from a registered area to its places in five levels (statistics.md 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.statistics.places.divisions import Division, Gazetteer
from popbase.statistics.places.tree import LEVELS, NATION, UNALLOCATED

_STANDING = "code string, prefix string, city boolean, district boolean, listed_as string"


@dataclass(frozen=True)
class Geography:
    """The codes in force on a reference date and the 城乡分类 list that goes with it.

    `standings`: see `divisions.Standing`; `classes`: code, class_code of the list chosen;
    `by_digits`: no `admin_division` was delivered yet.
    """

    boundary_year: int
    by_digits: bool
    standings: DataFrame
    classes: DataFrame
    list_vintage: date | None
    approximate: bool


def geography(
    admin_division: DataFrame, villages: DataFrame, *, reference_date: date, vintage: date | None
) -> Geography:
    """Reads the divisions to the driver.

    `admin_division`: the feed's state at the cut-off; `villages`: that of `statistical_division` at
    `vintage`, the date of the list chosen (`calendar.list_vintage`).
    """
    spark = admin_division.sparkSession
    divisions = gazetteer(admin_division)
    standings = divisions.standings(reference_date.year, vintage.year if vintage else None)
    rows = [(s.code, s.prefix, s.city, s.district, s.listed_as) for s in standings]
    return Geography(
        boundary_year=reference_date.year,
        by_digits=not divisions,
        standings=spark.createDataFrame(rows, _STANDING),
        classes=_classes(villages),
        list_vintage=vintage,
        approximate=vintage is not None and vintage > reference_date,
    )


def gazetteer(admin_division: DataFrame) -> Gazetteer:
    names = ("code", "valid_from", "level", "kind", "valid_to", "successors", "name")
    return Gazetteer(Division(*row) for row in admin_division.select(*names).collect())


def area_names(admin_division: DataFrame, villages: DataFrame, *, year: int) -> dict[str, str]:
    """area_code -> Chinese name, for workbooks: the list knows towns, the names of the divisions in force
    win above them. Frames as `geography` takes them."""
    code = F.col("code")
    listed = (
        villages.where(code.endswith("000"))
        .select(
            F.when(code.endswith("000000"), F.left(code, F.lit(6))).otherwise(F.left(code, F.lit(9))), "name"
        )
        .collect()
    )
    divisions = gazetteer(admin_division).all_in_force(year)
    # Sorted: of a code that two senders list, the same name wins every time.
    return dict(sorted(map(tuple, listed))) | {d.code: d.name for d in divisions if d.name}


def _classes(villages: DataFrame) -> DataFrame:
    """code, class_code: grouped, since a code that two senders list must not double its people."""
    return (
        villages.where(F.col("urban_rural").isNotNull())
        .groupBy("code")
        .agg(F.min(F.col("urban_rural").cast("int")).cast("string").alias("class_code"))
    )


def standing_of(areas: DataFrame, places: Geography) -> DataFrame:
    """`areas` (registered_area ...) with `prefix`, `city` and `listed_as`.

    `prefix` has six digits where the people stand in a county, four, two or none where only an area
    above it is known.
    """
    area = F.col("registered_area")
    if places.by_digits:
        return areas.withColumns(
            {
                "prefix": _prefix_by_digits(area),
                "city": _city_by_digits(area),
                "listed_as": F.lit(None).cast("string"),
            }
        )
    joined = areas
    for name, code in {
        "county": F.substring(area, 1, 6),
        "prefecture": F.concat(F.substring(area, 1, 4), F.lit("00")),
        "province": F.concat(F.substring(area, 1, 2), F.lit("0000")),
    }.items():
        standing = places.standings.alias(name)
        joined = joined.join(F.broadcast(standing), on=code == F.col(f"{name}.code"), how="left")
    prefix = F.coalesce(
        F.col("county.prefix"),
        F.substring("prefecture.prefix", 1, 4),
        F.substring("province.prefix", 1, 2),
        F.lit(""),
    )
    return joined.select(
        *areas.columns,
        prefix.alias("prefix"),
        F.coalesce(F.col("county.city"), F.lit(False)).alias("city"),
        F.col("county.listed_as").alias("listed_as"),
    )


def _prefix_by_digits(area: Column) -> Column:
    province, prefecture = F.substring(area, 1, 2), F.substring(area, 3, 2)
    county, town = F.substring(area, 5, 2), F.substring(area, 7, 3)
    return (
        F.when(province == "00", F.lit(""))
        .when(prefecture == "00", province)
        # County part 00 beside a township is written by prefectures without counties only.
        .when((county == "00") & (town == "000"), F.substring(area, 1, 4))
        .otherwise(F.substring(area, 1, 6))
    )


def _city_by_digits(area: Column) -> Column:
    county = F.substring(area, 5, 2)
    return (county <= "20") | (county >= "81")


def with_path(areas: DataFrame) -> DataFrame:
    """Adds one code a level; who cannot be placed below an area stands in its `ZZ` at every level below."""
    prefix, town = F.col("prefix"), F.substring("registered_area", 7, 3)
    depth = F.length(prefix)
    rest = F.concat(prefix, F.lit(UNALLOCATED))
    township = F.when(town == "000", rest).otherwise(F.concat(prefix, town))
    return areas.withColumns(
        {
            "nation": F.lit(NATION),
            "province": F.when(depth >= 2, F.concat(F.substring(prefix, 1, 2), F.lit("0000"))).otherwise(
                rest
            ),
            "prefecture": F.when(depth >= 4, F.concat(F.substring(prefix, 1, 4), F.lit("00"))).otherwise(
                rest
            ),
            "county": F.when(depth == 6, prefix).otherwise(rest),
            "township": F.when(depth == 6, township).otherwise(rest),
        }
    )


def with_kind(counties: DataFrame, places: Geography) -> DataFrame:
    """`counties`, by their six-digit `area_code`, with `district` and `city`, of which the first is one.

    By the division's kind; before one was delivered by its digits.
    """
    part = F.substring("area_code", 5, 2)
    if places.by_digits:
        district, city = part.between("01", "20"), (part >= "81") | (part == "00")
        return counties.withColumns({"district": district, "city": district | city})
    kinds = F.broadcast(places.standings.select(F.col("code").alias("area_code"), "district", "city"))
    return counties.join(kinds, "area_code", how="left").na.fill(False, ["district", "city"])


def rolled_up(townships: DataFrame, *aggregates: Column, by: Sequence[str] = ()) -> DataFrame:
    """One row an area of any level (and `by`), from rows that carry `with_path`'s codes."""
    place = [F.struct(F.lit(name).alias("area_level"), F.col(name).alias("area_code")) for name in LEVELS]
    return (
        townships.drop("area_level", "area_code")
        .withColumn("place", F.explode(F.array(*place)))
        .groupBy("place.area_level", "place.area_code", *by)
        .agg(*aggregates)
    )


def parent_code(level: str = "area_level", code: str = "area_code") -> Column:
    """The code of the area one level up; null above the nation."""
    at, own = F.col(level), F.col(code)
    stem = F.regexp_replace(own, f"{UNALLOCATED}$", "")
    split_at = F.get(F.array(*(F.lit(name) for name in LEVELS[1:])), (F.length(stem) / 2).cast("int"))
    return (
        F.when(at == "nation", F.lit(None).cast("string"))
        .when(own.endswith(UNALLOCATED), F.when(at == split_at, F.rpad(stem, 6, "0")).otherwise(own))
        .when(at == "province", F.lit(NATION))
        .when(at == "prefecture", F.rpad(F.substring(own, 1, 2), 6, "0"))
        .when(at == "county", F.rpad(F.substring(own, 1, 4), 6, "0"))
        .otherwise(F.substring(own, 1, 6))
    )
