"""statistics.md 6 and 8: the table T6, people registered as living where they are not registered."""

from __future__ import annotations

from datetime import date

import pytest
from lib.tables import parse_table
from spec.statistics.world import by_areas, parts, report

from popbase.statistics.population import SEXES
from popbase.statistics.staying import DURATIONS, DWELLINGS, PARTS, REASONS, SOURCES, permit_valid

DIVISIONS = """
    code   | valid_from | level      | kind     | valid_to | successors | name
    330000 | 1981       | PROVINCE   |          |          |            | 浙江省
    330100 | 1981       | PREFECTURE |          |          |            | 杭州市
    330106 | 1981       | COUNTY     | DISTRICT |          |            | 西湖区
    330108 | 1996       | COUNTY     | DISTRICT |          |            | 滨江区
    330200 | 1981       | PREFECTURE |          |          |            | 宁波市
    330203 | 1981       | COUNTY     | DISTRICT |          |            | 海曙区
    340000 | 1981       | PROVINCE   |          |          |            | 安徽省
    340100 | 1981       | PREFECTURE |          |          |            | 合肥市
"""
PEOPLE = "area\n330106001001"
# Who is named nothing else is a man from another province who came to Xihu in spring.
RESIDENT = {
    "person": None, "sex": "1", "from": "340100", "area": "330106001001", "since": "2014-04-01",
    "left_on": None, "reason": "WORK", "dwelling": "RENTED", "status": None, "issued": None,
    "endorsed": None, "valid_to": None, "record_no": None,
}  # fmt: skip
NAMES = {
    "person": "citizen_id", "from": "registered_area", "area": "residence_area", "since": "registered_on",
    "reason": "stay_reason", "dwelling": "dwelling_kind", "status": "permit_status",
    "issued": "permit_issued_on", "endorsed": "endorsed_on",
}  # fmt: skip
_DATES = ("registered_on", "left_on", "permit_issued_on", "endorsed_on", "valid_to")


def residence(spark, text: str):
    """The feed's state, a registration a line; `person`: who is meant, else everybody is somebody else."""
    rows = []
    for number, row in enumerate(parse_table(text)):
        told = RESIDENT | {"record_no": f"R{number}", "person": f"34010119800101{number:04d}"} | row
        rows.append(tuple(told[name] for name in RESIDENT))
    frame = spark.createDataFrame(rows, ", ".join(f"{NAMES.get(name, name)} string" for name in RESIDENT))
    dates = {name: frame[name].cast("date") for name in _DATES}
    return frame.withColumns(dates).selectExpr("*", "'330100' AS region", "registered_on AS updated_at")


def staying(spark, text: str, **options):
    told = residence(spark, text)
    return report(spark, PEOPLE, year=2014, divisions=DIVISIONS, residence_permit=told, **options)


def by_dimension(cube) -> dict[str, dict[str, float]]:
    """Dimension -> part -> people of the nation who stay; 0 is left out."""
    rows = cube.where("`table` = 'T6' AND area_level = 'nation' AND value <> 0").collect()
    found = {dimension: {} for dimension in ("", *PARTS)}
    for row in rows:
        dimension, part = next(iter(row.breakdowns.items()), ("", ""))
        found[dimension][part] = row.value
    return found


EVERYBODY = """
    person             | sex | from         | since      | left_on    | reason | dwelling
    340101198001010014 | 1   | 340101001001 | 2014-12-01 |            | WORK   | RENTED
    340101198001010022 | 2   | 340100       | 2014-11-30 |            | TRADE  | SITE
    330203198001010014 | 9   | 330203001    | 2014-01-01 |            |        |
    810000198001010014 | 1   |              | 2013-12-31 |            | STUDY  | HOTEL
    911000198001010022 | 2   | 330106       | 2013-12-31 | 2015-01-01 | OTHER  | OTHER
    330106198001010014 | 1   | 330108001001 | 2014-01-01 |            | WORK   | RENTED
    330106198001010022 | 2   | 330106001001 | 2014-01-01 |            | WORK   | RENTED
    340101198001010030 | 1   | 340100       | 2014-01-01 | 2014-12-31 | WORK   | RENTED
    340101198001010049 | 1   | 340100       | 2015-01-01 |            | WORK   | RENTED
    340101198001010057 | 1   |              | 2014-01-01 |            | WORK   | RENTED
"""


def test_who_stays_is_registered_open_and_from_another_city_or_from_abroad(spark):
    """The sixth and seventh are of the same city, the eighth has left, the ninth comes in the new year, and
    nobody knows whence the tenth is."""
    assert by_dimension(staying(spark, EVERYBODY)) == {
        "": {"": 5},
        "sex": {"male": 3, "female": 2},
        "duration": {"under_a_month": 1, "to_a_year": 2, "over_a_year": 2},
        "reason": {"WORK": 1, "TRADE": 1, "UNKNOWN": 1, "STUDY": 1, "OTHER": 1},
        "source": {"other_province": 2, "same_province": 1, "hmt": 1, "foreign": 1},
        "dwelling": {"RENTED": 1, "SITE": 1, "UNKNOWN": 1, "HOTEL": 1, "OTHER": 1},
    }


def test_every_reason_dwelling_and_source_has_a_column_of_its_own():
    assert {
        "sex": SEXES, "duration": DURATIONS, "source": SOURCES,
        "reason": (*REASONS, "UNKNOWN"), "dwelling": (*DWELLINGS, "UNKNOWN"),
    } == PARTS  # fmt: skip
    assert (len(REASONS), len(DWELLINGS), len(DURATIONS)) == (12, 7, 3)


def test_a_person_is_counted_once_where_he_registered_last(spark):
    cube = staying(spark, """
        person             | area         | since
        340101198001010014 | 330106001001 | 2013-02-01
        340101198001010014 | 330203001001 | 2014-02-01
        340101198001010022 | 330106001001 | 2014-02-01
    """)  # fmt: skip
    assert by_areas(cube, "staying", level="county") == {"330106": (1,), "330203": (1,)}


def test_the_new_form_counts_registrations_valid_permits_and_who_is_here_long_without(spark):
    """Half a year before the year's end is 30 June: then it is complete."""
    told = residence(spark, """
        since      | from   | status | issued     | valid_to   | left_on
        2015-01-01 | 340100 | 1      | 2015-09-01 |            |
        2015-01-01 | 330106 | 1      | 2015-09-01 |            |
        2015-01-01 | 340100 | 2      | 2015-09-01 |            |
        2015-01-01 | 340100 | 1      | 2014-09-01 | 2015-09-01 |
        2015-06-30 | 340100 |        |            |            |
        2015-07-01 | 340100 |        |            |            |
        2015-01-01 | 340100 | 1      | 2015-09-01 |            | 2015-12-31
    """)  # fmt: skip
    cube = report(spark, PEOPLE, divisions=DIVISIONS, residence_permit=told)
    names = ("residents_registered", "permits_valid", "half_year_without_permit")
    assert [parts(cube, "T6", name)[""] for name in names] == [6, 2, 3]


PERMITS = {
    "issued a year ago to the day, never endorsed": ("1", "2014-06-15", None, None, False),
    "issued a year ago but a day": ("1", "2014-06-16", None, None, True),
    "endorsed in the month before its anniversary": ("1", "2013-07-10", "2014-06-20", None, True),
    "endorsed so for this year": ("1", "2013-06-20", "2014-06-01", None, True),
    "and not again for the next": ("1", "2013-06-15", "2014-06-01", None, False),
    "endorsed too early for the next year": ("1", "2013-06-15", "2014-05-01", None, False),
    "with an end of its own": ("1", "2015-06-01", None, "2015-06-15", False),
    "with an end that lies ahead": ("1", "2010-06-01", None, "2015-06-16", True),
    "issued later": ("1", "2015-06-16", None, None, False),
    "issued today": ("1", "2015-06-15", None, None, True),
    "withdrawn": ("2", "2015-06-01", None, None, False),
    "never issued": ("1", None, None, None, False),
}


def test_a_permit_is_valid_until_the_anniversary_after_its_last_endorsement(spark):
    schema = "name string, permit_status string, permit_issued_on string, endorsed_on string, valid_to string"
    permits = spark.createDataFrame([(name, *told[:4]) for name, told in PERMITS.items()], schema)
    dates = {name: permits[name].cast("date") for name in ("permit_issued_on", "endorsed_on", "valid_to")}
    told = permits.withColumns(dates).select("name", permit_valid(date(2015, 6, 15)).alias("valid"))
    assert {row.name: row.valid for row in told.collect()} == {n: p[4] for n, p in PERMITS.items()}


def test_without_the_feed_nobody_stays(spark):
    cube = report(spark, PEOPLE, year=2014, divisions=DIVISIONS)
    assert by_dimension(cube) == {dimension: {} for dimension in ("", *PARTS)}
    assert parts(cube, "T6", "staying")[""] == pytest.approx(0)
