"""statistics.md 4: an older year on today's areas."""

from __future__ import annotations

from spec.statistics.world import NO_LIST, report, typed

from popbase.statistics.places.areas import gazetteer
from popbase.statistics.places.series import restated

DIVISIONS = """
    code   | valid_from | level      | kind     | valid_to | successors    | name
    330000 | 1981       | PROVINCE   |          |          |               | 浙江省
    330100 | 1981       | PREFECTURE |          |          |               | 杭州市
    330106 | 1981       | COUNTY     | DISTRICT |          |               | 西湖区
    330183 | 1981       | COUNTY     | COUNTY   | 2016     | 330111        | 富阳市
    330111 | 2016       | COUNTY     | DISTRICT |          |               | 富阳区
    330110 | 2001       | COUNTY     | DISTRICT |          | 330113[2021]  | 余杭区
    330113 | 2021       | COUNTY     | DISTRICT |          |               | 临平区
    330200 | 1981       | PREFECTURE |          |          |               | 宁波市
    330204 | 1981       | COUNTY     | DISTRICT | 2016     | 330203;330212 | 江东区
    330203 | 1981       | COUNTY     | DISTRICT |          |               | 海曙区
    330212 | 1981       | COUNTY     | DISTRICT |          |               | 鄞州区
"""
PEOPLE = """
    area         | n
    330106001001 | 1
    330183101001 | 2
    330110001001 | 4
    330204001001 | 8
    330203002001 | 16
    330100000000 | 32
"""


def test_only_areas_whose_townships_can_be_followed_have_a_value(spark):
    cube = report(spark, PEOPLE, year=2015, divisions=DIVISIONS, lists=NO_LIST)
    codes = gazetteer(typed(spark, DIVISIONS, valid_from="bigint", valid_to="bigint"))
    t1 = restated(cube, codes, since=2015, until=2024).where("measure = 'population' AND `table` = 'T1'")
    today = t1.collect()
    found = {(row.area_level, row.area_code): (row.value, row.status) for row in today}
    assert {area: of for area, of in found.items() if area[0] != "township"} == {
        ("nation", "000000"): (63, "OK"),
        ("province", "330000"): (63, "OK"),
        ("prefecture", "330100"): (39, "OK"),
        ("prefecture", "330200"): (24, "OK"),
        ("county", "330106"): (1, "OK"),
        ("county", "330111"): (2, "OK"),  # one heir
        ("county", "330110"): (None, "NOT_COMPARABLE"),  # gave a part away
        ("county", "330113"): (None, "NOT_COMPARABLE"),  # got it
        ("county", "330203"): (None, "NOT_COMPARABLE"),  # got a part of 330204
        ("county", "330212"): (None, "NOT_COMPARABLE"),
        ("county", "3301ZZ"): (36, "UNALLOCATED"),
        ("county", "3302ZZ"): (8, "UNALLOCATED"),
    }
    assert found["township", "330111101"] == (2, "OK")
    assert found["township", "330203002"] == (None, "NOT_COMPARABLE")
    assert {row.boundary_year for row in today} == {2024}
