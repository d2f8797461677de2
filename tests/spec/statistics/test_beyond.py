"""statistics.md 6 and 7: the statistics that belong to no form, from people, steps and sectors in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F
from spec.statistics.world import final, persons, places, since, typed

from popbase.statistics.beyond import beyond
from popbase.statistics.forms import Told
from popbase.statistics.topics.cities import TIERS, with_tier

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DIVISIONS = """
    code   | valid_from | level      | kind        | valid_to | successors | name
    330000 | 1981       | PROVINCE   |             |          |            | 浙江省
    330100 | 1981       | PREFECTURE |             |          |            | 杭州市
    330106 | 1981       | COUNTY     | DISTRICT    |          |            | 西湖区
    330108 | 1996       | COUNTY     | DISTRICT    |          |            | 滨江区
    330122 | 1981       | COUNTY     | COUNTY      |          |            | 桐庐县
    330200 | 1981       | PREFECTURE |             |          |            | 宁波市
    330281 | 1985       | COUNTY     | COUNTY_CITY |          |            | 余姚市
    340000 | 1981       | PROVINCE   |             |          |            | 安徽省
    340100 | 1981       | PREFECTURE |             |          |            | 合肥市
    340103 | 1981       | COUNTY     | DISTRICT    |          |            | 庐阳区
"""
LIST = """
    code         | urban_rural | business_date
    330106001001 | 111         | 2015-01-01
    330106002001 | 112         | 2015-01-01
    330108001001 | 111         | 2015-01-01
    330122001001 | 111         | 2015-01-01
    330122200201 | 220         | 2015-01-01
    330281001001 | 121         | 2015-01-01
    340103001001 | 111         | 2015-01-01
"""
# Where they are registered and where they usually live, by which rule, and how many of them.
PEOPLE = """
  person_id | area         | usual_area   | usual_rule | usual_evidence   | birth_date | sex | status     | n
  a         | 330106001001 | 330106001001 | 1          | NONE             | 1980-05-05 | 1   | REGISTERED | 10
  b         | 330106001001 | 330106002001 | 2          | housing          | 2010-05-05 | 2   | REGISTERED | 5
  c         | 330106001001 | 330108001001 | 2          | residence_permit | 1945-05-05 | 1   | REGISTERED | 4
  d         | 330122200201 | 330106001001 | 2          | residence_permit | 1990-05-05 | 2   | REGISTERED | 3
  e         | 340103001001 | 330108       | 2          | social_security  | 1990-05-05 | 1   | REGISTERED | 2
  f         | 330122200201 | 330122200201 | 3          | housing          | 1900-05-05 | 2   | REGISTERED | 1
  g         | 340103001001 | 330281001001 | 1          | education        | 1990-05-05 | 1   | MOVED_OUT  | 1
  h         | 340103001001 |              | 1          | NONE             | 1990-05-05 | 1   | MOVED_OUT  | 1
  i         | 330106001001 |              |            |                  | 1990-05-05 | 1   | DEAD       | 7
"""
STEPS = """
    kind  | from         | to           | on         | occurred   | born       | basis | n
    MOVE  | 330122200201 | 330106001001 | 2015-03-01 |            | 1990-01-01 | JOB   | 3
    MOVE  | 340103001001 | 330281001001 | 2015-03-01 |            | 1990-01-01 | HOME  | 2
    MOVE  | 330106001001 | 330106002001 | 2015-03-01 |            | 1990-01-01 |       | 4
    MOVE  | 330106001001 | 330122200201 | 2015-03-01 |            | 1990-01-01 |       | 1
    BIRTH |              | 330106001001 | 2015-03-01 | 2015-02-20 | 2015-02-20 |       | 5
    BIRTH |              | 330106001001 | 2015-03-01 | 2014-11-20 | 2014-11-20 |       | 2
    BIRTH |              | 330106001001 | 2015-03-01 | 2010-11-20 | 2010-11-20 |       | 1
    DEATH | 330106001001 |              | 2015-03-01 | 2015-02-28 | 1940-03-01 |       | 1
    DEATH | 330106001001 |              | 2015-03-01 | 2015-03-01 | 1940-03-01 |       | 2
    BIRTH |              | 330106001001 | 2014-03-01 | 2014-02-20 | 2014-02-20 |       | 9
"""
HOMES = """
    household_id | registered_area | kind | size
    1            | 330106001001    | 10   | 3
    2            | 330106001001    | 10   | 9
    3            | 330106001001    | 20   | 40
"""
TAX = """
    person_id | match_status    | region | period     | area   | record_no
    a         | MATCHED         | 330100 | 2015-11-01 | 330106 | 1
    a         | MATCHED         | 330100 | 2015-10-01 | 330106 | 2
    e         | MATCHED         | 330100 | 2013-01-01 | 330108 | 3
              | NOT_IN_REGISTER | 330100 | 2015-11-01 | 330108 | 4
"""


@pytest.fixture(scope="module")
def cube(_session: SparkSession) -> DataFrame:
    spark = _session
    people = persons(spark, PEOPLE)
    between = since(spark, "area\n330106001001", STEPS)
    assert between.steps is not None
    tax = typed(spark, TAX, period="date")
    told = Told(
        people,
        typed(spark, HOMES, size="bigint"),
        sectors={"tax": tax},
        since=between,
    )
    found = beyond(told, places(spark, divisions=DIVISIONS, lists=LIST), release=final())
    return found.withColumn("part", F.array_join(F.transform(
        F.array_sort(F.map_entries("breakdowns")), lambda e: F.concat_ws("=", e["key"], e["value"])
    ), ";")).localCheckpoint()  # fmt: skip


def figures(cube: DataFrame, table: str, measure: str, level: str) -> dict[tuple[str, str], Any]:
    """(area, part) -> the value of a measure at one level, without zeros."""
    rows = cube.where(
        (F.col("table") == table) & (F.col("measure") == measure) & (F.col("area_level") == level)
    )
    return {(row.area_code, row.part): row.value for row in rows.collect() if row.value}


def nation(cube: DataFrame, table: str, measure: str) -> dict[str, Any]:
    return {part: value for (_, part), value in figures(cube, table, measure, "nation").items()}


def test_they_are_of_no_form(cube: DataFrame) -> None:
    assert {row.form for row in cube.select("form").distinct().collect()} == {"BASE"}


def test_ages_in_single_years_five_years_and_broad_groups(cube: DataFrame) -> None:
    single = nation(cube, "age", "population")
    assert single["age=35"] == 10
    assert single["age=100+"] == 1
    assert single["age=5;sex=female"] == 5
    assert sum(value for part, value in single.items() if "sex" not in part) == 25
    five = nation(cube, "age", "population_by_five_years")
    assert (five["age=35-39"], five["age=5-9"], five["age=100+"]) == (10, 5, 1)
    assert nation(cube, "age", "population_by_broad_group") == {
        "age=0-14": 5, "age=15-59": 15, "age=15-64": 15, "age=60+": 5, "age=65+": 5,
    }  # fmt: skip
    assert nation(cube, "age", "dependency") == {"": 66.67}
    assert nation(cube, "age", "share_60_on") == {"": 20.0}


USUAL = {
    # everybody registered or in transit, each once
    "residents": 27,
    # b c d e of another township; b has moved within a county, c between districts of a city
    "separated": 14, "floating": 5, "separated_away": 14,
    "residents_in_transit": 2,
    # 111, 112, 121; the county alone, and nowhere, are in no class
    "residents_urban": 23, "residents_rural": 1, "residents_unclassified": 3,
    "core_residents": 22,
    "county_only_residents": 2,
    # who paid taxes in the last 24 months is alive
    "without_sign_of_life": 15,
    "urbanisation": 95.83,
}  # fmt: skip


@pytest.mark.parametrize("measure", USUAL)
def test_who_lives_where(cube: DataFrame, measure: str) -> None:
    assert nation(cube, "usual", measure)[""] == USUAL[measure]


def test_residents_by_rule_and_evidence_and_how_far_they_live_from_where_they_are_registered(
    cube: DataFrame,
) -> None:
    residents = nation(cube, "usual", "residents")
    assert {part: n for part, n in residents.items() if part.startswith("rule")} == {
        "rule=1": 12, "rule=2": 14, "rule=3": 1,
    }  # fmt: skip
    assert residents["evidence=NONE"] == 11
    told = nation(cube, "usual", "separated")
    assert {part: n for part, n in told.items() if part} == {
        "relation=same_county": 5, "relation=same_prefecture": 7, "relation=other_province": 2,
    }  # fmt: skip


def test_people_are_counted_where_they_live_and_away_where_they_are_registered(cube: DataFrame) -> None:
    here = figures(cube, "usual", "residents", "county")
    assert {area: n for (area, part), n in here.items() if not part} == {
        "330106": 18, "330108": 6, "330122": 1, "330281": 1, "ZZ": 1,
    }  # fmt: skip
    away = figures(cube, "usual", "separated_away", "county")
    assert {area: n for (area, part), n in away.items() if not part} == {
        "330106": 9, "330122": 3, "340103": 2,
    }  # fmt: skip
    assert figures(cube, "origin", "residents", "prefecture") == {
        ("330100", "origin=330100"): 12, ("330100", "origin=340100"): 2,
    }  # fmt: skip


def test_a_citys_districts_are_one_city_and_a_county_is_none(cube: DataFrame) -> None:
    def told(measure: str) -> dict[tuple[str, str], float]:
        rows = cube.where((F.col("table") == "city") & (F.col("measure") == measure)).collect()
        return {(row.area_level, row.area_code): row.value for row in rows if row.value}

    assert told("city_residents_low") == {("prefecture", "330100"): 22}
    assert told("city_residents_high") == {("prefecture", "330100"): 24}
    tiers = figures(cube, "city", "city_residents_low", "prefecture")
    assert set(tiers) == {("330100", "points_scheme=MUST_NOT;tier=SMALL_II")}


def test_moves_by_origin_births_and_deaths_by_delay_and_age(cube: DataFrame) -> None:
    assert figures(cube, "origin", "moves", "prefecture") == {
        ("330100", "origin=330100"): 8, ("330200", "origin=340100"): 2,
    }  # fmt: skip
    assert nation(cube, "lag", "births") == {"lag=0-30": 5, "lag=91-365": 2, "lag=366+": 1}
    assert nation(cube, "lag", "deaths") == {"lag=0-30": 3}
    assert nation(cube, "deaths", "deaths") == {"age=74;sex=male": 1, "age=75;sex=male": 2}


def test_who_settled_in_towns_came_from_the_country_or_from_a_town_elsewhere(cube: DataFrame) -> None:
    assert nation(cube, "settled", "settled") == {
        "": 5, "origin=rural": 3, "origin=urban": 2, "basis=JOB": 3, "basis=HOME": 2,
    }  # fmt: skip
    assert figures(cube, "settled", "settled", "county") == {}


def test_family_households_by_size(cube: DataFrame) -> None:
    found = nation(cube, "household_size", "family_households")
    assert found == {"": 2, "size=3": 1, "size=7+": 1}


def test_a_sector_counts_its_records_and_once_each_person_active_there(cube: DataFrame) -> None:
    assert nation(cube, "sectors", "records") == {
        "sector=tax": 4, "match_status=MATCHED;sector=tax": 3,
        "match_status=NOT_IN_REGISTER;sector=tax": 1,
    }  # fmt: skip
    people = nation(cube, "sectors", "persons")
    assert people["sector=tax"] == 10  # the ten lines that are called a
    assert people["sector=tax;urban_rural=urban"] == 10
    assert people["age=35-59;sector=tax;sex=male"] == 10


BOUNDS = {
    0: "SMALL_II", 199_999: "SMALL_II", 200_000: "SMALL_I", 499_999: "SMALL_I", 500_000: "MEDIUM",
    999_999: "MEDIUM", 1_000_000: "LARGE_II", 2_999_999: "LARGE_II", 3_000_000: "LARGE_I",
    4_999_999: "LARGE_I", 5_000_000: "VERY_LARGE", 9_999_999: "VERY_LARGE", 10_000_000: "SUPER_LARGE",
}  # fmt: skip
DEPENDS = {
    "SMALL_II": ("MUST_NOT", None), "SMALL_I": ("MUST_NOT", None), "MEDIUM": ("MUST_NOT", "3"),
    "LARGE_II": ("MUST_NOT", "5"), "LARGE_I": ("MAY", "5"), "VERY_LARGE": ("MUST", None),
    "SUPER_LARGE": ("MUST", None),
}  # fmt: skip


def test_every_bound_of_every_tier_and_what_depends_on_it(spark: SparkSession) -> None:
    sizes = spark.createDataFrame([(size,) for size in BOUNDS], "people bigint")
    told = {row.people: row.tier for row in sizes.withColumn("tier", with_tier(F.col("people"))).collect()}
    assert {size: tier["tier"] for size, tier in told.items()} == BOUNDS
    found = {t["tier"]: (t["points_scheme"], t.get("insurance_years_cap")) for t in told.values()}
    assert found == DEPENDS
    assert [tier.code for tier in TIERS] == list(DEPENDS)
