"""statistics.md 6: the table T5, towns and their urban part; cities and counties by size."""

from __future__ import annotations

import pytest
from spec.statistics.world import NO_DIVISIONS, by_areas, report

from popbase.errors import ContractError
from popbase.statistics.identities import identities
from popbase.statistics.places.size import SizeClass, SizeClasses

DIVISIONS = """
    code   | valid_from | level      | kind        | valid_to | successors | name
    330000 | 1981       | PROVINCE   |             |          |            | 浙江省
    330100 | 1981       | PREFECTURE |             |          |            | 杭州市
    330106 | 1981       | COUNTY     | DISTRICT    |          |            | 西湖区
    330108 | 1996       | COUNTY     | DISTRICT    |          |            | 滨江区
    330122 | 1981       | COUNTY     | COUNTY      |          |            | 桐庐县
    330182 | 1992       | COUNTY     | COUNTY_CITY |          |            | 建德市
    440000 | 1981       | PROVINCE   |             |          |            | 广东省
    441900 | 1988       | PREFECTURE |             |          |            | 东莞市
    410000 | 1981       | PROVINCE   |             |          |            | 河南省
    411300 | 1994       | PREFECTURE |             |          |            | 南阳市
    411381 | 1994       | COUNTY     | COUNTY_CITY |          |            | 邓州市
"""
LISTS = """
    code         | urban_rural | business_date
    330122101001 | 121         | 2015-06-30
    330122101201 | 220         | 2015-06-30
"""
PEOPLE = """
    area         | nature | n
    330106001001 | 11     | 4
    330108001001 | 11     | 7
    330122101001 | 11     | 2
    330122101201 | 12     | 3
    330122102201 |        | 1
    330122201201 | 12     | 5
    330182001001 | 11     | 6
    441900101001 | 11     | 9
    330122000000 | 12     | 8
"""
# Classes small enough for people to be counted by hand.
CLASSES = SizeClasses(cities=(7, 10), counties=(10,))


@pytest.fixture(scope="module")
def cubes(_session):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SizeClasses, "read", lambda: CLASSES)
        options = {"divisions": DIVISIONS, "lists": LISTS}
        made = {year: report(_session, PEOPLE, year=year, **options) for year in (2014, 2015)}
        made["by digits"] = report(_session, PEOPLE, divisions=NO_DIVISIONS, lists=LISTS)
        return {name: _session.createDataFrame(cube.collect(), cube.schema) for name, cube in made.items()}


def of(cube, *measures: str, level: str):
    return by_areas(cube.where("`table` = 'T5'"), *measures, level=level)


def test_towns_are_townships_whose_seventh_digit_is_1(cubes):
    """Streets (001), a township (201) and who cannot be placed in any are none."""
    found = of(cubes[2015], "towns", "town_population", level="county")
    assert found == {
        "330106": (0, 0), "330108": (0, 0), "330122": (2, 6), "330182": (0, 0), "441900": (1, 9)
    }  # fmt: skip


def test_their_urban_part_is_by_the_list_and_in_the_old_form_by_the_official_columns(cubes):
    new = of(cubes[2015], "town_urban", "town_rural", "town_neither", level="county")["330122"]
    assert new == (2, 3, 1)  # the village of 330122102 is on no list
    told = ("town_agricultural", "town_non_agricultural", "town_neither")
    assert of(cubes[2014], *told, level="county")["330122"] == (4, 2, 0)


UNITS = {
    "county": {"330106": (0, 0, 0, 0), "330108": (0, 0, 0, 0), "330122": (0, 0, 1, 19),
               "330182": (1, 6, 0, 0), "441900": (1, 9, 0, 0)},
    "prefecture": {"330100": (2, 17, 1, 19), "441900": (1, 9, 0, 0)},
    "province": {"330000": (2, 17, 1, 19), "440000": (1, 9, 0, 0)},
    "nation": {"000000": (3, 26, 1, 19)},
}  # fmt: skip


@pytest.mark.parametrize("level", UNITS)
@pytest.mark.parametrize("divisions", [2015, "by digits"])
def test_districts_are_one_city_and_a_city_of_county_level_is_one_of_its_own(cubes, divisions, level):
    names = ("cities", "cities_population", "counties", "counties_population")
    assert of(cubes[divisions], *names, level=level) == UNITS[level]


def test_a_class_holds_its_lower_bound_and_not_its_upper_one(cubes):
    """Cities of 6, 9 and 11 people; a county of 19."""
    nation = cubes[2015].where("area_level = 'nation' AND `table` = 'T5' AND size(breakdowns) = 1").collect()
    found = {(row.measure, row.breakdowns["size"]): row.value for row in nation}
    assert found == {
        ("cities", "0-7"): 1, ("cities", "7-10"): 1, ("cities", "10+"): 1,
        ("cities_population", "0-7"): 6, ("cities_population", "7-10"): 9, ("cities_population", "10+"): 11,
        ("counties", "0-10"): 0, ("counties", "10+"): 1,
        ("counties_population", "0-10"): 0, ("counties_population", "10+"): 19,
    }  # fmt: skip


@pytest.mark.parametrize("year", [2014, 2015])
def test_the_identities_hold_whatever_classes_the_year_was_counted_by(cubes, year):
    (worst,) = identities(cubes[year]).selectExpr(
        "max(abs(sizes_difference)) AS sizes", "max(abs(towns_difference)) AS towns",
        "max(abs(children_difference)) AS children", "max(abs(bridge_difference)) AS bridge",
    ).collect()  # fmt: skip
    assert (worst.sizes, worst.towns, worst.children) == (0, 0, 0)
    assert worst.bridge == (0 if year == 2014 else None)


def test_the_bridge_counts_everybody_by_all_three_definitions(cubes):
    rows = cubes[2014].where("`table` = 'bridge' AND area_code = '330122' AND value > 0").collect()
    assert {
        (*(row.breakdowns[d] for d in ("nature", "place", "urban_rural")), row.value) for row in rows
    } == {
        ("non_agricultural", "non_agricultural", "urban", 2),
        ("agricultural", "agricultural", "rural", 3),
        ("unknown", "agricultural", "unclassified", 1),
        ("agricultural", "agricultural", "unclassified", 13),
    }
    assert cubes[2015].where("`table` = 'bridge'").isEmpty()


def test_the_bounds_configured_are_the_classes_of_the_notice():
    assert [size.code for size in SizeClasses.read().of("cities")] == [
        "0-200000", "200000-500000", "500000-1000000", "1000000-3000000", "3000000-5000000",
        "5000000-10000000", "10000000+",
    ]  # fmt: skip
    assert SizeClasses.read().of("counties")[0] == SizeClass(0, 100000)


@pytest.mark.parametrize(
    "text",
    ["", "cities: [1]", "cities: []\ncounties: [1]", "cities: [2, 1]\ncounties: [1]",
     "cities: [1, 1]\ncounties: [1]", "cities: [0]\ncounties: [1]", "cities: [a]\ncounties: [1]"],
)  # fmt: skip
def test_bounds_that_are_no_classes_are_refused_in_a_sentence(text, tmp_path, monkeypatch):
    from popbase import contracts

    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/size_classes.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(contracts, "home", lambda: tmp_path)
    with pytest.raises(ContractError, match=r"size_classes\.yaml"):
        SizeClasses.read()
