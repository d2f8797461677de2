"""T5 (statistics.md 6): towns, whole and their urban part; cities and counties by size.

A city is the districts of a prefecture together, a city of county level, or a prefecture without counties;
all other divisions of county level are counties here.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.statistics.calendar import Form
from popbase.statistics.cube import Measure
from popbase.statistics.places.areas import Geography, with_kind
from popbase.statistics.places.size import KINDS, SizeClass, SizeClasses, parts
from popbase.statistics.places.tree import LEVELS, NATION

TABLE = "T5"
TOWNS, PEOPLE = "towns", "town_population"
# Of the people of towns, the parts by the form's own definition.
TOWNS_BY: dict[Form, dict[str, str]] = {
    "LEGACY": {"town_agricultural": "agricultural", "town_non_agricultural": "non_agricultural"},
    "URBAN_RURAL": {"town_urban": "urban", "town_rural": "rural"},
}
REST = "town_neither"


def measures(form: Form, classes: SizeClasses) -> list[Measure]:
    """What the form's T5 holds, in its order."""
    definition = None if form == "LEGACY" else "urban-rural-2015"
    by_list = form == "URBAN_RURAL"
    return [
        *(Measure(TABLE, name, name, "registered") for name in (TOWNS, PEOPLE)),
        *(Measure(TABLE, name, name, definition, by_list=by_list) for name in (*TOWNS_BY[form], REST)),
        *(Measure(TABLE, name, name, "registered") for kind in KINDS for name in _told(kind)),
        *(
            Measure(TABLE, name, _column(name, size), "registered", {"size": size.code})
            for kind, size in parts(classes)
            for name in _told(kind)
        ),
    ]


def _told(kind: str) -> tuple[str, str]:
    """How many there are, and how many people they have."""
    return kind, f"{kind}_population"


def _column(measure: str, size: SizeClass) -> str:
    return f"{measure}_from_{size.least}"


def towns(form: Form) -> dict[str, Column]:
    """Of a township with its counts, what it adds to the towns: a town's seventh digit is 1."""
    people = F.col("population")
    is_town = (F.length("township") == 9) & (F.substring("township", 7, 1) == "1") & (people > 0)
    found = {TOWNS: F.lit(1), PEOPLE: people}
    found |= {name: F.col(of) for name, of in TOWNS_BY[form].items()}
    told = {name: F.when(is_town, count).otherwise(0) for name, count in found.items()}
    rest = told[PEOPLE] - sum((told[name] for name in TOWNS_BY[form]), F.lit(0))
    return {**told, REST: rest}


def with_units(areas: DataFrame, places: Geography, classes: SizeClasses) -> DataFrame:
    """`areas` with the cities and counties that lie in each, and their people, whole and by size."""
    units = _by_area(_units(areas, places))
    counts: dict[str, Column] = {}
    for kind in KINDS:
        number, people = _told(kind)
        mine = F.col("kind") == kind
        counts |= {number: F.count_if(mine), people: F.sum(F.when(mine, F.col("people")))}
        for size in classes.of(kind):
            within = mine & _within(size)
            counts[_column(number, size)] = F.count_if(within)
            counts[_column(people, size)] = F.sum(F.when(within, F.col("people")))
    place = ["area_level", "area_code"]
    told = units.groupBy(*place).agg(*(F.coalesce(c, F.lit(0)).alias(name) for name, c in counts.items()))
    return areas.join(told, place, how="left").na.fill(0, list(counts))


def _within(size: SizeClass) -> Column:
    people = F.col("people")
    least = people >= size.least
    return least if size.below is None else least & (people < size.below)


def _units(areas: DataFrame, places: Geography) -> DataFrame:
    """One row is a city or county with people: kind, unit_level, unit_code, people."""
    counties = areas.where((F.col("area_level") == "county") & F.col("area_code").rlike(r"^\d{6}$"))
    known = with_kind(counties.where("population > 0"), places)
    district = F.col("district")
    return known.groupBy(
        F.when(district | F.col("city"), "cities").otherwise("counties").alias("kind"),
        F.when(district, "prefecture").otherwise("county").alias("unit_level"),
        F.when(district, F.rpad(F.substring("area_code", 1, 4), 6, "0"))
        .otherwise(F.col("area_code"))
        .alias("unit_code"),
    ).agg(F.sum("population").alias("people"))


def _by_area(units: DataFrame) -> DataFrame:
    """One row is a unit in one of the areas that hold it."""
    code = F.col("unit_code")
    codes = {
        "nation": F.lit(NATION),
        "province": F.rpad(F.substring(code, 1, 2), 6, "0"),
        "prefecture": F.rpad(F.substring(code, 1, 4), 6, "0"),
        "county": F.when(F.col("unit_level") == "county", code),
    }
    places = [
        F.struct(F.lit(level).alias("area_level"), codes[level].alias("area_code")) for level in LEVELS[:-1]
    ]
    return (
        units.withColumn("place", F.explode(F.array(*places)))
        .select("kind", "people", "place.*")
        .where("area_code IS NOT NULL")
    )
