"""statistics.md 3 and 6: the table T4, moves in and out by where their other end lies."""

from __future__ import annotations

import pytest
from spec.statistics.world import by_areas, parts, report, since

from popbase.statistics.identities import identities
from popbase.statistics.places.relations import RELATIONS

DIVISIONS = """
    code   | valid_from | level      | kind     | valid_to | successors | name
    330000 | 1981       | PROVINCE   |          |          |            | 浙江省
    330100 | 1981       | PREFECTURE |          |          |            | 杭州市
    330106 | 1981       | COUNTY     | DISTRICT |          |            | 西湖区
    330108 | 1996       | COUNTY     | DISTRICT |          |            | 滨江区
    330109 | 1981       | COUNTY     | COUNTY   | 2015     | 330108     | 旧县
    330200 | 1981       | PREFECTURE |          |          |            | 宁波市
    330203 | 1981       | COUNTY     | DISTRICT |          |            | 海曙区
    440000 | 1981       | PROVINCE   |          |          |            | 广东省
    441900 | 1988       | PREFECTURE |          |          |            | 东莞市
"""
HERE = "330106001001"
ENDS = {
    "330106001002": "same_county",
    "330106002001": "same_county",
    "330108001001": "same_prefecture",
    "330203001001": "same_province",
    "441900101001": "other_province",
    "330106000000": "same_county",  # the county is known, the village is not
    "330100000000": "unknown",
    "440000000000": "other_province",
    "330000000000": "unknown",
    "": "unknown",
}


@pytest.mark.parametrize("way", ["in", "out"])
def test_a_move_counts_by_the_relation_of_its_two_ends(spark, way):
    here, there = ("to", "from") if way == "in" else ("from", "to")
    kind = f"TRANSIT_{way.upper()}"
    lines = [f"{kind} | {HERE} | {code} | 2015-06-01" for code in ENDS]
    steps = "\n".join([f"kind | {here} | {there} | on", *lines])
    made = report(spark, f"area\n{HERE}", divisions=DIVISIONS, since=since(spark, f"area\n{HERE}", steps))
    told = list(ENDS.values())
    assert parts(made, "T4", way) == {"": len(told), **{r: told.count(r) for r in RELATIONS}}


def test_ends_are_compared_on_the_codes_of_the_year(spark):
    """330109 became a part of 330108 in the year: from there to 330108 nobody left the county."""
    steps = """
        kind | from         | to           | on
        MOVE | 330109001001 | 330108001001 | 2015-06-01
    """
    people = "area\n330108001001"
    made = report(spark, people, divisions=DIVISIONS, since=since(spark, people, steps))
    assert parts(made, "T4", "in")["same_county"] == 1


STEPS = """
    kind        | from         | to           | on         | one_sided | n
    MOVE        | 330106001001 | 330106002001 | 2015-06-01 |           | 1
    MOVE        | 330106001001 | 330108001001 | 2015-06-01 |           | 2
    MOVE        | 330203001001 | 330106001001 | 2015-06-01 |           | 4
    MOVE        | 330203001001 | 330106001001 | 2015-06-01 | yes       | 8
    TRANSIT_OUT | 330106001001 | 441900101001 | 2015-06-01 | yes       | 16
    TRANSIT_OUT | 330106001001 |              | 2015-06-01 | yes       | 32
"""


@pytest.fixture(scope="module")
def cube(_session):
    """Stocks before are as many as the steps take away, and so many more that nobody is missing."""
    before = "area | n\n330106001001 | 100\n330203001001 | 10"
    after = "area | n\n330106001001 | 61\n330106002001 | 1\n330108001001 | 2\n330203001001 | 6"
    made = report(_session, after, divisions=DIVISIONS, since=since(_session, before, STEPS))
    return _session.createDataFrame(made.collect(), made.schema)


def test_a_move_of_one_end_counts_there_alone_and_all_others_at_both(cube):
    found = by_areas(cube.where("`table` = 'T4'"), "in", "out", level="county")
    assert found == {"330106": (13, 51), "330108": (2, 0), "330203": (0, 4)}


def test_net_is_what_crossed_an_areas_own_bound(cube):
    """Within it, leaving one village for another cancels out; 32 left for nobody knows where."""
    of = {level: by_areas(cube.where("`table` = 'T4'"), "net", level=level)
          for level in ("township", "county", "prefecture", "province", "nation")}  # fmt: skip
    assert of == {
        "township": {"330106001": (12 - 51,), "330106002": (1,), "330108001": (2,), "330203001": (-4,)},
        "county": {"330106": (12 - 50,), "330108": (2,), "330203": (-4,)},
        "prefecture": {"330100": (12 - 48,), "330200": (-4,)},
        "province": {"330000": (-48,)},
        "nation": {"000000": (-32,)},
    }


def test_flows_lead_from_the_last_stock_to_this_one_in_every_area(cube):
    checked = identities(cube).collect()
    differences = {name: max(abs(row[name] or 0) for row in checked) for name in checked[0].asDict()
                   if name.endswith("_difference")}  # fmt: skip
    assert {name: value for name, value in differences.items() if value} == {}
