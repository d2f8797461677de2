"""City tiers by the residents of 城区 and what depends on them (国发〔2014〕51号; statistics.md 7).

Counties and banners have no tier: the people of their 城区 are told beside, as adjacent.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.statistics.places.areas import Geography, with_kind
from popbase.statistics.tally import FIGURE, total
from popbase.statistics.topics import living

TABLE = "city"
MEASURES = ("city_residents_low", "city_residents_high", "adjacent_core_residents")


@dataclass(frozen=True)
class Tier:
    """From `least` residents of the 城区, and below the next tier's. `points`: whether settlement by points
    must, may or must not be; `insurance_years`: how many years may be asked at most.
    """

    code: str
    least: int
    points: str
    insurance_years: int | None = None


TIERS = (
    Tier("SMALL_II", 0, "MUST_NOT"),
    Tier("SMALL_I", 200_000, "MUST_NOT"),
    Tier("MEDIUM", 500_000, "MUST_NOT", 3),
    Tier("LARGE_II", 1_000_000, "MUST_NOT", 5),
    Tier("LARGE_I", 3_000_000, "MAY", 5),
    Tier("VERY_LARGE", 5_000_000, "MUST"),
    Tier("SUPER_LARGE", 10_000_000, "MUST"),
)


def figures(figures: DataFrame, places: Geography) -> DataFrame:
    """FIGURE of every city and county: 城区 residents, and with people who cannot be placed below the county;
    a city's breakdowns name its tier and what follows from it.
    """
    counties = figures.where((F.col("area_level") == "county") & F.col("area_code").rlike(r"^\d{6}$"))
    core = counties.groupBy("area_code").agg(
        total(living.TABLE, "core_residents").alias("low"),
        total(living.TABLE, "county_only_residents").alias("unplaced"),
    )
    units = _units(with_kind(core, places))
    low, city = F.col("low"), F.col("is_city")
    cells = F.array(
        F.when(city, _cell("city_residents_low", low, with_tier(low))),
        F.when(city, _cell("city_residents_high", low + F.col("unplaced"))),
        F.when(~city, _cell("adjacent_core_residents", low)),
    )
    return (
        units.select("area_level", "area_code", F.explode(F.array_compact(cells)).alias("cell"))
        .select("area_level", "area_code", "cell.*")
        .withColumns({
            "table": F.lit(TABLE), "definition_id": F.lit("usual"),
            "status": F.when(F.lit(places.approximate), "APPROXIMATE").otherwise("OK"),
        })
        .select(*FIGURE)
    )  # fmt: skip


def _units(counties: DataFrame) -> DataFrame:
    """The districts of a prefecture together are one city; every other division stands alone."""
    district, code = F.col("district"), F.col("area_code")
    return counties.groupBy(
        F.when(district, "prefecture").otherwise("county").alias("area_level"),
        F.when(district, F.rpad(F.substring(code, 1, 4), 6, "0")).otherwise(code).alias("area_code"),
        F.col("city").alias("is_city"),
    ).agg(F.sum("low").alias("low"), F.sum("unplaced").alias("unplaced"))


def _cell(measure: str, value: Column, breakdowns: Column | None = None) -> Column:
    nothing = F.create_map().cast("map<string,string>")
    told = nothing if breakdowns is None else breakdowns
    return F.struct(
        F.lit(measure).alias("measure"), told.alias("breakdowns"), value.cast("double").alias("value")
    )


def with_tier(residents: Column) -> Column:
    """The breakdowns of a city of so many: tier, points_scheme, insurance_years_cap where there is one."""
    told = F.lit(None).cast("map<string,string>")
    for tier in reversed(TIERS):
        words = {"tier": tier.code, "points_scheme": tier.points}
        if tier.insurance_years:
            words["insurance_years_cap"] = str(tier.insurance_years)
        pairs = F.create_map(*(F.lit(text) for pair in sorted(words.items()) for text in pair))
        told = F.coalesce(told, F.when(residents >= tier.least, pairs))
    return told
