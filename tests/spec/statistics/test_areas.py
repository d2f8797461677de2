"""statistics.md 4: on which area's row a registered area is counted."""

from __future__ import annotations

import pytest
from lib.tables import parse_table
from spec.statistics.world import NO_DIVISIONS, areas, places, typed

from popbase.statistics.places.areas import area_names, parent_code, standing_of, with_path
from popbase.statistics.places.tree import LEVELS, Area

DIVISIONS = """
    code   | valid_from | level      | kind        | valid_to | successors           | name
    330000 | 1981       | PROVINCE   |             |          |                      | 浙江省
    330100 | 1981       | PREFECTURE |             |          |                      | 杭州市
    330106 | 1981       | COUNTY     | DISTRICT    |          |                      | 西湖区
    330122 | 1981       | COUNTY     | COUNTY      |          |                      | 桐庐县
    330184 | 1994       | COUNTY     | COUNTY_CITY | 2001     | 330110               | 余杭市
    330110 | 2001       | COUNTY     | DISTRICT    |          |                      | 余杭区
    330125 | 1981       | COUNTY     | COUNTY      | 1994     | 330184               | 余杭县
    330113 | 2021       | COUNTY     | DISTRICT    |          |                      | 临平区
    320000 | 1981       | PROVINCE   |             |          |                      | 江苏省
    320500 | 1983       | PREFECTURE |             |          |                      | 苏州市
    320505 | 2000       | COUNTY     | DISTRICT    |          |                      | 虎丘区
    320586 | 1995       | COUNTY     | COUNTY_CITY | 2000     | 320506;320507        | 吴县市
    440000 | 1981       | PROVINCE   |             |          |                      | 广东省
    441900 | 1988       | PREFECTURE |             |          |                      | 东莞市
    110000 | 1981       | PROVINCE   |             |          |                      | 北京市
    110105 | 1981       | COUNTY     | DISTRICT    |          |                      | 朝阳区
    510000 | 1981       | PROVINCE   |             |          |                      | 四川省
"""


def stand(spark, codes: str, *, divisions: str = DIVISIONS) -> list[tuple[str, ...]]:
    frame = with_path(standing_of(areas(spark, codes), places(spark, 2015, divisions=divisions)))
    found = {row.registered_area: row for row in frame.collect()}
    return [tuple(found[code][level] for level in LEVELS[1:]) for code in codes.split()]


def expected(text: str) -> tuple[str, list[tuple[str, ...]]]:
    """The codes of a table's first column, and what the other columns say of them."""
    lines = parse_table(text)
    codes = " ".join(str(line["registered"]) for line in lines)
    return codes, [tuple(str(line[level]) for level in LEVELS[1:]) for line in lines]


def test_people_are_counted_on_the_codes_in_force(spark):
    codes, found = expected("""
        registered   | province | prefecture | county | township  | why
        330106001001 | 330000   | 330100     | 330106 | 330106001 | in force
        330184001001 | 330000   | 330100     | 330110 | 330110001 | abolished, one successor
        330125102201 | 330000   | 330100     | 330110 | 330110102 | a chain of single successors
        320586100001 | 320000   | 320500     | 3205ZZ | 3205ZZ    | abolished, two successors
        330113001001 | 330000   | 330100     | 3301ZZ | 3301ZZ    | not yet in force, no successor
        330199001001 | 330000   | 330100     | 3301ZZ | 3301ZZ    | never was a code
        110105001001 | 110000   | 110100     | 110105 | 110105001 | a prefecture that only digits know
    """)
    assert stand(spark, codes) == found


def test_who_cannot_be_placed_stands_in_the_zz_of_the_last_area_that_is_known(spark):
    codes, found = expected("""
        registered   | province | prefecture | county | township  | why
        330106000000 | 330000   | 330100     | 330106 | 330106ZZ  | no township
        330100000000 | 330000   | 330100     | 3301ZZ | 3301ZZ    | no county
        330000000000 | 330000   | 33ZZ       | 33ZZ   | 33ZZ      | no prefecture
        330006001001 | 330000   | 33ZZ       | 33ZZ   | 33ZZ      | prefecture 00
        510700001001 | 510000   | 51ZZ       | 51ZZ   | 51ZZ      | prefecture unknown
        990106001001 | ZZ       | ZZ         | ZZ     | ZZ        | province unknown
    """)
    assert stand(spark, codes) == found


def test_a_prefecture_without_counties_is_its_own_county(spark):
    codes, found = expected("""
        registered   | province | prefecture | county | township  | why
        441900100001 | 440000   | 441900     | 441900 | 441900100 | undivided
        441900000000 | 440000   | 441900     | 441900 | 441900ZZ  | undivided, no township
        441901100001 | 440000   | 441900     | 4419ZZ | 4419ZZ    | no such county there
    """)
    assert stand(spark, codes) == found


def test_before_the_first_list_the_digits_decide(spark):
    codes, found = expected("""
        registered   | province | prefecture | county | township
        330184001001 | 330000   | 330100     | 330184 | 330184001
        441900100001 | 440000   | 441900     | 441900 | 441900100
        330100000000 | 330000   | 330100     | 3301ZZ | 3301ZZ
        330006001001 | 330000   | 33ZZ       | 33ZZ   | 33ZZ
        330106000001 | 330000   | 330100     | 330106 | 330106ZZ
        000000000000 | ZZ       | ZZ         | ZZ     | ZZ
    """)
    assert stand(spark, codes, divisions=NO_DIVISIONS) == found


@pytest.mark.parametrize("divisions", [DIVISIONS, NO_DIVISIONS], ids=["by list", "by digits"])
def test_every_area_has_its_parent_one_level_up(spark, divisions):
    codes = "330106001001 330106000000 330100000000 330006001001 441900100001 441901100001 990106001001"
    path = standing_of(areas(spark, codes), places(spark, 2015, divisions=divisions))
    for row in with_path(path).collect():
        pairs = list(zip(LEVELS, (row[level] for level in LEVELS), strict=True))
        frame = spark.createDataFrame(pairs, "area_level string, area_code string")
        parents = [r.parent for r in frame.select(parent_code().alias("parent")).collect()]
        assert parents == [None, *(row[level] for level in LEVELS[:-1])]
        # The workbook walks the same tree without Spark.
        assert [a.parent.code if a.parent else None for a in (Area(*pair) for pair in pairs)] == parents


def test_names_come_from_the_divisions_and_below_them_from_the_list(spark):
    admin = typed(spark, DIVISIONS, valid_from="bigint", valid_to="bigint")
    villages = typed(
        spark,
        """
        code         | name     | urban_rural
        110100000000 | 市辖区   |
        330106000000 | 旧名     |
        330106001000 | 西溪街道 |
        330106001001 | 某居委会 | 111
        """,
    )
    names = area_names(admin, villages, year=2015)
    assert names["110100"] == "市辖区"
    assert names["330106"] == "西湖区"
    assert names["330106001"] == "西溪街道"
    assert "330184" not in names  # no longer in force
    assert not any(len(code) == 12 for code in names)
