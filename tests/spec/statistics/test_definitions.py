"""statistics.md 4 and 5: urban and rural from the list, agricultural by nature and by place."""

from __future__ import annotations

from datetime import date

import pytest
from lib.tables import parse_table
from spec.statistics.world import NO_DIVISIONS, NO_LIST, areas, places

from popbase import contracts
from popbase.errors import ContractError
from popbase.statistics.calendar import list_vintage
from popbase.statistics.places.areas import standing_of
from popbase.statistics.places.classification import (
    Definitions,
    Rule,
    non_agricultural_by_place,
    with_classes,
)

DIVISIONS = """
    code   | valid_from | level      | kind        | valid_to | successors    | name
    330000 | 1981       | PROVINCE   |             |          |               | 浙江省
    330100 | 1981       | PREFECTURE |             |          |               | 杭州市
    330106 | 1981       | COUNTY     | DISTRICT    |          |               | 西湖区
    330122 | 1981       | COUNTY     | COUNTY      |          |               | 桐庐县
    330182 | 1981       | COUNTY     | COUNTY_CITY |          |               | 建德市
    330109 | 1981       | COUNTY     | COUNTY      | 2013     | 330106        | 旧县
    330185 | 1981       | COUNTY     | COUNTY_CITY | 2010     | 330122;330182 | 旧市
    330111 | 1981       | COUNTY     | COUNTY      | 2016     | 330112        | 富阳县
    330112 | 2016       | COUNTY     | DISTRICT    |          |               | 富阳区
    441900 | 1988       | PREFECTURE |             |          |               | 东莞市
"""
LISTS = """
    code         | urban_rural | business_date
    330106001001 | 111         | 2014-12-31
    330106001002 | 210         | 2014-12-31
    330106101200 | 121         | 2014-12-31
    330106101201 | 220         | 2014-12-31
    330106102000 |             | 2014-12-31
    330106102001 | 112         | 2014-12-31
    330106102201 | 122         | 2014-12-31
    330106103201 | 220         | 2014-12-31
    330106103202 |             | 2014-12-31
    330106001001 | 220         | 2017-06-30
    330112001001 | 111         | 2017-06-30
"""


def classified(
    spark, year: int, codes: str, *, lists: str = LISTS, divisions: str = DIVISIONS
) -> list[object]:
    geography = places(spark, year, divisions=divisions, lists=lists)
    frame = with_classes(standing_of(areas(spark, codes), geography), geography)
    found = {row.registered_area: row.urban for row in frame.collect()}
    words = {True: "urban", False: "rural", None: "unclassified"}
    return [words[found[code]] for code in codes.split()]


def expected(text: str, column: str) -> tuple[str, list[str | None]]:
    lines = parse_table(text)
    return " ".join(str(line["registered"]) for line in lines), [line[column] for line in lines]


def test_urban_or_rural_is_the_class_of_the_village_then_of_its_town(spark):
    codes, found = expected(
        """
        registered   | is           | why
        330106001001 | urban        | 111
        330106001002 | rural        | 210
        330106101200 | urban        | 121
        330106001099 | unclassified | not listed, its town has both
        330106102099 | urban        | not listed, its town is all urban
        330106102000 | urban        | no village known, its town is all urban
        330106103202 | rural        | listed without a class, the town's classified villages are rural
        330106104001 | unclassified | nothing is known of its town
        330106000000 | unclassified | no town known
        330109001001 | urban        | abolished: under the single successor
        330109102099 | urban        | abolished: the successor's town
        330185001001 | unclassified | abolished, two successors
        """,
        "is",
    )
    assert classified(spark, 2015, codes) == found


def test_an_older_list_knows_a_county_by_its_older_code_and_a_newer_one_by_its_newer(spark):
    """330111 became 330112 in 2016: in force in 2015, but the list of 2017 has the new code."""
    newer = "\n".join(line for line in LISTS.splitlines() if "2014-12-31" not in line)
    assert classified(spark, 2015, "330111001001", lists=newer) == ["urban"]
    assert classified(spark, 2015, "330111001001") == ["unclassified"]


@pytest.mark.parametrize(
    ("reference", "chosen", "approximate"),
    [
        (date(2018, 12, 31), date(2017, 6, 30), False),
        (date(2017, 6, 30), date(2017, 6, 30), False),
        (date(2016, 12, 31), date(2014, 12, 31), False),
        (date(2013, 12, 31), date(2014, 12, 31), True),
    ],
    ids=[
        "the newest before",
        "on the day",
        "not one that comes later",
        "none before: the oldest, approximate",
    ],
)
def test_the_list_is_the_newest_by_the_reference_date_else_the_oldest(spark, reference, chosen, approximate):
    geography = places(spark, reference.year, lists=LISTS)
    assert list_vintage([date(2017, 6, 30), date(2014, 12, 31)], reference) == chosen
    if reference.month == 12:
        assert (geography.list_vintage, geography.approximate) == (chosen, approximate)


def test_without_any_list_everybody_is_unclassified(spark):
    assert classified(spark, 2015, "330106001001", lists=NO_LIST) == ["unclassified"]


def by_place(spark, codes: str, *, divisions: str = DIVISIONS) -> list[str]:
    geography = places(spark, 2014, divisions=divisions, lists=LISTS)
    frame = with_classes(standing_of(areas(spark, codes), geography), geography)
    found = {r.registered_area: r.yes for r in frame.withColumn("yes", non_agricultural_by_place()).collect()}
    return ["non-agricultural" if found[code] else "agricultural" for code in codes.split()]


def test_by_place_streets_of_cities_and_the_seats_of_towns_are_non_agricultural(spark):
    codes, found = expected(
        """
        registered   | is               | why
        330106001201 | non-agricultural | 街道 in a district, whatever the village
        330182001001 | non-agricultural | 街道 in a county-level city
        441900001001 | non-agricultural | 街道 in a prefecture without counties
        330122001001 | agricultural     | 街道 in a county
        330106000000 | agricultural     | no township is known: 000 is no 街道
        330122101001 | non-agricultural | 镇, 居委会 001-199
        330122101199 | non-agricultural | 镇, 居委会 001-199
        330106101200 | non-agricultural | 镇, 村委会 that is 121
        330106101201 | agricultural     | 镇, 村委会 that is not
        330122101400 | agricultural     | 镇, neither
        330106201001 | agricultural     | 乡
        330109001001 | non-agricultural | the county became a district before the report's date
        330185001001 | non-agricultural | abolished, two successors: it was a county-level city
        """,
        "is",
    )
    assert by_place(spark, codes) == found


def test_by_place_before_the_first_list_of_divisions_the_county_part_decides(spark):
    codes, found = expected(
        """
        registered   | is
        330101001001 | non-agricultural
        330120001001 | non-agricultural
        330121001001 | agricultural
        330180001001 | agricultural
        330181001001 | non-agricultural
        330199001001 | non-agricultural
        441900001001 | non-agricultural
        """,
        "is",
    )
    assert by_place(spark, codes, divisions=NO_DIVISIONS) == found


@pytest.mark.parametrize(
    ("year", "province", "definition"),
    [
        (2002, "330000", "nature"),
        (2003, "330000", "place-2003"),
        (2014, "330000", "place-2003"),
        (2014, "640000", "nature"),
        (2002, "640000", "nature"),
    ],
)
def test_the_official_columns_follow_the_province_and_the_year(spark, year, province, definition):
    rules = (*Definitions.read().rules, Rule("nature", 2003, 2014, province="640000"))
    frame = spark.createDataFrame([(province,)], "province string")
    assert frame.select(Definitions(rules).official(year).alias("d")).collect()[0].d == definition


def test_a_year_that_no_definition_covers_is_refused():
    with pytest.raises(ContractError, match="report year 2015"):
        Definitions.read().of_year(2015)


@pytest.mark.parametrize(
    "text",
    ["", "nature", "- {definition: by hand, first_year: 0, last_year: 2014}", "- {definition: nature}"],
)
def test_definitions_that_cannot_be_used_are_refused(tmp_path, monkeypatch, text):
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/agricultural.yaml").write_text(text, "utf-8")
    monkeypatch.setattr(contracts, "home", lambda: tmp_path)
    with pytest.raises(ContractError, match=r"agricultural\.yaml"):
        Definitions.read()
