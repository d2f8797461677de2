"""statistics.md 1, 3 and 6: the table T3, births and deaths of the year and their rates."""

from __future__ import annotations

import pytest
from spec.statistics.world import by_areas, parts, report, since

PEOPLE = """
    area         | n
    330106001001 | 13
"""
BEFORE = """
    area         | n
    330106001001 | 10
"""
STEPS = """
    kind  | to           | from         | on         | occurred   | known      | sex | number             | n
    BIRTH | 330106001001 |              | 2015-03-01 | 2015-02-20 |            | 1   |                    | 2
    BIRTH | 330106001001 |              | 2015-03-01 | 2014-12-30 |            | 2   |                    | 1
    BIRTH | 330106001001 |              | 2015-03-01 | 2015-02-20 |            | 9   | 330106201502200028 | 1
    BIRTH | 330106001001 |              | 2015-03-01 | 2015-02-20 |            | 0   |                    | 1
    DEATH |              | 330106001001 | 2015-05-01 | 2015-04-30 |            | 2   |                    | 1
    DEATH |              | 330106001001 | 2015-01-05 | 2014-12-24 |            | 1   |                    | 1
    BIRTH | 330106001001 |              | 2014-12-01 | 2014-11-30 | 2015-02-03 | 1   |                    | 1
    BIRTH | 330106001001 |              | 2016-01-10 | 2015-12-30 | 2016-01-10 | 1   |                    | 1
    DEATH |              | 330106001001 | 2016-01-12 | 2016-01-11 | 2016-01-12 | 1   |                    | 1
"""


@pytest.fixture(scope="module")
def cube(_session):
    made = report(_session, PEOPLE, since=since(_session, BEFORE, STEPS))
    return _session.createDataFrame(made.collect(), made.schema)


def test_births_count_by_registration_and_by_sex_as_the_number_says_where_the_register_does_not(cube):
    assert parts(cube, "T3", "births") == {"": 5, "male": 2, "female": 2, "sex_unknown": 1}


def test_deaths_count_by_the_end_of_registration(cube):
    assert parts(cube, "T3", "deaths") == {"": 2, "male": 1, "female": 1, "sex_unknown": 0}


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("births_born_before", 1), ("deaths_died_before", 1),
        # By the date it occurred: the birth registered in January after the year too.
        ("births_occurred", 5), ("deaths_occurred", 1),
        ("natural_increase", 3), ("average_population", 11.5),
        # 5, 2 and 3 of 11.5 people.
        ("birth_rate", 434.78), ("death_rate", 173.91), ("natural_rate", 260.87),
    ],
)  # fmt: skip
def test_what_is_told_of_them(cube, measure, value):
    assert parts(cube, "T3", measure) == {"": value}


def test_what_was_told_after_its_years_cut_off_is_of_no_years_births_and_changes_the_stock(cube):
    assert parts(cube, "components", "late_in") == {"": 1}


ROUNDED = """
    kind  | to           | from         | on         | n
    DEATH |              | 330106001001 | 2015-05-01 | {deaths}
"""


@pytest.mark.parametrize(("deaths", "people", "rate"), [(1, 16, 62.5), (1, 64, 15.63), (3, 64, 46.88)])
def test_rates_are_rounded_half_up_to_two_decimals(spark, deaths, people, rate):
    """1 / 64 is 15.625 per mille, 3 / 64 is 46.875."""
    stock = f"area | n\n330106001001 | {people}"
    made = report(spark, stock, since=since(spark, stock, ROUNDED.format(deaths=deaths)))
    assert parts(made, "T3", "death_rate") == {"": rate}


def test_where_nobody_lives_or_lived_there_is_no_rate(spark):
    """The village's only birth has moved on within the year."""
    steps = """
        kind  | to           | from         | on
        BIRTH | 330106001001 |              | 2015-03-01
        MOVE  | 330106002001 | 330106001001 | 2015-04-01
    """
    people = "area\n330106002001"
    nobody = "area | status\n330106001001 | DEAD"
    made = report(spark, people, since=since(spark, nobody, steps))
    found = by_areas(made.where("`table` = 'T3'"), "births", "death_rate", level="township")
    assert found == {"330106001": (1, None), "330106002": (0, 0)}


def test_without_the_year_before_nothing_of_it_is_known(spark):
    rows = report(spark, PEOPLE).where("`table` IN ('T3', 'T4', 'components')").collect()
    assert {(row.value, row.status) for row in rows} == {(None, "NO_PRIOR")}
    assert {row.table for row in rows} == {"T3", "T4", "components"}
