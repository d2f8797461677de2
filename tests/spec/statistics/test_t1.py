"""statistics.md 1 and 6: the table T1 as a whole."""

from __future__ import annotations

from datetime import date
from functools import reduce

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from spec.statistics.world import by_areas, final, report

from popbase.statistics.calendar import release
from popbase.statistics.cube import COLUMNS
from popbase.statistics.identities import identities
from popbase.statistics.places.classification import Definitions, Rule

DIVISIONS = """
    code   | valid_from | level      | kind        | valid_to | successors    | name
    330000 | 1981       | PROVINCE   |             |          |               | 浙江省
    330100 | 1981       | PREFECTURE |             |          |               | 杭州市
    330106 | 1981       | COUNTY     | DISTRICT    |          |               | 西湖区
    330182 | 1981       | COUNTY     | COUNTY_CITY |          |               | 建德市
    330185 | 1981       | COUNTY     | COUNTY_CITY | 2010     | 330106;330182 | 旧市
    640000 | 1981       | PROVINCE   |             |          |               | 宁夏回族自治区
    640200 | 1981       | PREFECTURE |             |          |               | 石嘴山市
    640202 | 1981       | COUNTY     | DISTRICT    |          |               | 大武口区
    441900 | 1988       | PREFECTURE |             |          |               | 东莞市
    440000 | 1981       | PROVINCE   |             |          |               | 广东省
"""
LISTS = """
    code         | urban_rural | business_date
    330106001001 | 111         | 2015-06-30
    330182101201 | 220         | 2015-06-30
"""
PEOPLE = """
    area         | sex | kind | reason | nature | status     | n
    330106001001 | 1   | 10   |        | 11     | REGISTERED | 3
    330182101201 | 2   | 30   | 2      | 12     | REGISTERED | 2
    330185001001 | 1   | 10   |        |        | REGISTERED | 1
    330106000000 | 2   | 10   |        | 21     | REGISTERED | 1
    441900001001 | 1   | 20   |        | 22     | REGISTERED | 4
    640202001001 | 1   | 10   |        | 12     | REGISTERED | 2
    640202001001 | 1   | 10   |        | 30     | REGISTERED | 1
    640202001001 | 1   | 10   |        | 12     | MOVED_OUT  | 5
"""
HOMES = """
    household_id | registered_area | kind
    a            | 330106001001    | 10
    b            | 441900001001    | 20
    c            | 330185001001    | 90
"""
BOTH = Definitions((*Definitions.read().rules, Rule("nature", 2003, 2014, province="640000")))


@pytest.fixture(scope="module")
def world(_session):
    """T1 of `PEOPLE`, computed once for each set of options."""
    known = {}

    def build(year: int, people: str = PEOPLE, **options):
        key = year, people, str(options)
        if key not in known:
            settings = {"divisions": DIVISIONS, "lists": LISTS, "homes": HOMES, "definitions": BOTH}
            cube = report(_session, people, year=year, **{**settings, **options})
            known[key] = _session.createDataFrame(cube.collect(), cube.schema)
        return known[key]

    return build


def test_the_new_form_over_five_levels_and_the_same_city_twice(world):
    cube = world(2015)
    found = {level: by_areas(cube, "population", "urban", "rural", "unclassified", level=level)
             for level in ("nation", "province", "prefecture", "county", "township")}  # fmt: skip
    assert cube.columns == list(COLUMNS)
    assert found["nation"] == {"000000": (14, 3, 2, 9)}
    assert found["province"] == {"330000": (7, 3, 2, 2), "440000": (4, 0, 0, 4), "640000": (3, 0, 0, 3)}
    assert found["prefecture"] == {"330100": (7, 3, 2, 2), "441900": (4, 0, 0, 4), "640200": (3, 0, 0, 3)}
    assert found["county"] == {
        "330106": (4, 3, 0, 1), "330182": (2, 0, 2, 0), "3301ZZ": (1, 0, 0, 1),
        "441900": (4, 0, 0, 4), "640202": (3, 0, 0, 3),
    }  # fmt: skip
    assert found["township"] == {
        "330106001": (3, 3, 0, 0), "330106ZZ": (1, 0, 0, 1), "330182101": (2, 0, 2, 0),
        "3301ZZ": (1, 0, 0, 1), "441900001": (4, 0, 0, 4), "640202001": (3, 0, 0, 3),
    }  # fmt: skip
    assert {row.form for row in cube.select("form").distinct().collect()} == {"URBAN_RURAL"}


def test_the_old_form_follows_each_province_s_definition_and_says_which(world):
    cube = world(2014)
    official = by_areas(cube, "agricultural", "non_agricultural", level="province")
    both = by_areas(cube, "agricultural_nature", "non_agricultural_nature", "nature_unknown",
                    "agricultural_place", "non_agricultural_place", level="province")  # fmt: skip
    assert both == {"330000": (2, 4, 1, 3, 4), "440000": (4, 0, 0, 0, 4), "640000": (2, 0, 1, 0, 3)}
    assert official == {"330000": (3, 4), "440000": (0, 4), "640000": (2, 0)}
    ids = cube.where("measure = 'agricultural' AND area_level IN ('nation', 'province')")
    assert {row.area_code: row.definition_id for row in ids.collect()} == {
        "000000": "mixed", "330000": "place-2003", "440000": "place-2003", "640000": "nature",
    }  # fmt: skip


def test_the_two_forms_never_share_a_year(world):
    old, new = (
        {r.measure for r in world(year).where("`table` = 'T1'").select("measure").distinct().collect()}
        for year in (2014, 2015)
    )
    assert old - new == {
        "agricultural", "non_agricultural", "converted", "agricultural_nature", "non_agricultural_nature",
        "nature_unknown", "agricultural_place", "non_agricultural_place",
    }  # fmt: skip
    assert new - old == {"urban", "rural", "unclassified"}


def test_a_figure_says_when_its_area_or_its_list_is_not_what_it_seems(world):
    """In 2014 the oldest list is of 2015: what rests on it is approximate, the rest is not."""
    cube = world(2014)
    of_counties = cube.where("area_level = 'county' AND `table` = 'T1'").collect()
    figures = {(r.area_code, r.measure): r.status for r in of_counties}
    assert figures["330106", "population"] == "OK"
    assert figures["330106", "agricultural_nature"] == "OK"
    assert figures["330106", "agricultural_place"] == "APPROXIMATE"
    assert figures["330106", "agricultural"] == "APPROXIMATE"
    assert figures["640202", "agricultural"] == "OK"  # by nature
    assert figures["3301ZZ", "population"] == "UNALLOCATED"
    assert {r.list_vintage for r in cube.collect()} == {date(2015, 6, 30)}
    assert {r.status for r in world(2015).where("measure = 'urban' AND area_code = '330106'").collect()} == {
        "OK"
    }


@pytest.mark.parametrize("year", [2014, 2015], ids=["old form", "new form"])
def test_the_identities_hold_in_every_area(world, year):
    checked = identities(world(year))
    differences = [c for c in checked.columns if c.endswith("_difference")]
    found = checked.select([F.max(F.abs(F.col(c))).alias(c) for c in differences]).collect()[0].asDict()
    applies = {name: value for name, value in found.items() if value is not None}
    assert set(applies.values()) == {0.0}
    other_form = {"urban_rural"} if year == 2014 else {"agricultural", "nature", "place", "staying", "bridge"}
    without_prior = {"tables", "events_by_sex", "moves", "residual"}
    of_no_form = {"pyramid", "usual", "sectors"}
    empty = other_form | without_prior | of_no_form
    assert set(found) - set(applies) == {f"{name}_difference" for name in empty}


BREAKS = {
    ("male", "township"): {"sex", "children"},
    ("population", "nation"): {"sex", "agricultural", "nature", "place", "children"},
    ("households", "nation"): {"households", "children"},
    ("agricultural", "nation"): {"agricultural", "children"},
    ("nature_unknown", "nation"): {"nature", "children"},
    ("agricultural_place", "nation"): {"place", "children"},
    ("unsettled", "nation"): {"unsettled_reasons", "children"},
    ("in_transit", "county"): {"children"},
    ("population", "nation", "T2"): {"ages", "sex_by_age", "children"},
    ("male", "county", "T2"): {"ages", "sex_by_age", "children"},
}


@pytest.mark.parametrize("how", ["one more", "row missing"])
def test_an_identity_fails_when_one_figure_is_off(world, how):
    """Each break gets a report year of its own, so that one pass over all of them tells what it breaks."""
    broken = [
        _broken(world(2014), *at, how=how).withColumn("report_year", F.lit(year))
        for year, at in enumerate(BREAKS)
    ]
    checked = identities(reduce(DataFrame.unionByName, broken))
    names = [c for c in checked.columns if c.endswith("_difference")]
    worst = checked.groupBy("report_year").agg(*(F.max(F.abs(F.col(c))).alias(c) for c in names)).collect()
    found = {row.report_year: {c.removesuffix("_difference") for c in names if row[c]} for row in worst}
    for year, (at, expected) in enumerate(BREAKS.items()):
        assert found[year] >= expected, at


def _broken(cube: DataFrame, measure: str, level: str, table: str = "T1", *, how: str) -> DataFrame:
    """Of T1 a total, of T2 the people of 18 to 34."""
    part = F.coalesce(F.col("breakdowns")["age"], F.lit(""))
    broken_down = part == "18-34" if table == "T2" else F.size("breakdowns") == 0
    figure = (F.col("measure") == measure) & (F.col("area_level") == level) & (F.col("table") == table)
    off = figure & broken_down
    if how == "row missing":
        return cube.where(~(off & (F.col("value") > 0)))
    return cube.withColumn("value", F.col("value") + F.when(off, 1.0).otherwise(0.0))


def test_after_the_cut_off_only_what_changed_is_revised_and_keeps_the_old_value(world, spark):
    published = world(2015)
    late = PEOPLE.replace("330182101201 | 2   | 30   | 2      | 12     | REGISTERED | 2",
                          "330106001001 | 2   | 10   |        | 12     | REGISTERED | 1")  # fmt: skip
    revision = release(2015, date(2016, 3, 1), released=True)
    cube = world(2015, late, release=revision, previous=published)
    counties = cube.where("area_level = 'county' AND `table` = 'T1'")
    rows = counties.where("measure IN ('population', 'urban', 'in_transit')").collect()
    found = {(r.area_code, r.measure): (r.value, r.release_status, r.previous_value) for r in rows}
    assert found["330106", "population"] == (5, "REVISED", 4)
    assert found["330106", "urban"] == (4, "REVISED", 3)
    assert found["441900", "population"] == (4, "FINAL", None)
    # The area that lost its last person stays, as a zero.
    assert found["330182", "population"] == (0, "REVISED", 2)
    assert {r.cut_off for r in cube.select("cut_off").distinct().collect()} == {date(2016, 1, 25)}
    again = world(2015, late, release=revision, previous=cube)
    assert _same(again, cube)


def _same(left, right) -> bool:
    def plain(frame):
        return sorted(str(sorted(r.asDict().items(), key=str)) for r in frame.collect())

    return plain(left) == plain(right)


def test_before_the_cut_off_figures_are_preliminary_and_at_it_final(world):
    early = world(2015, release=release(2015, date(2016, 1, 24)))
    assert {(r.release_status, r.cut_off) for r in early.collect()} == {("PRELIMINARY", date(2016, 1, 24))}
    assert {(r.release_status, r.cut_off) for r in world(2015).collect()} == {("FINAL", date(2016, 1, 25))}
    assert final(2015).reference_date == date(2015, 12, 31)
