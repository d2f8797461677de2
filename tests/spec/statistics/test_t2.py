"""statistics.md 6: the table T2, ages by sex, in completed years at the year's end."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import functions as F
from spec.statistics.world import counted, report

from popbase.frames import completed_years
from popbase.statistics.population import AGES, by_age

# The group in which somebody is counted at the end of 2015.
BORN = {
    "2015-12-31": "0-17",
    "1998-01-01": "0-17",
    "1997-12-31": "18-34",
    "1981-01-01": "18-34",
    "1980-12-31": "35-59",
    "1956-01-01": "35-59",
    "1955-12-31": "60+",
    "1880-02-29": "60+",
    "2016-01-05": "0-17",  # a mistake in the register, and still a person
}


def test_each_is_in_the_group_of_his_completed_years(spark):
    people = "\n".join(["birth_date | sex", *(f"{day} | 1" for day in BORN)])
    columns = [by_age("population", group) for group in AGES]
    found = counted(spark, people, *columns)
    ages = list(BORN.values())
    assert found == {by_age("population", group): ages.count(group) for group in AGES}


def test_a_leap_day_completes_a_year_on_the_first_of_march(spark):
    """29 February 1996: 17 until the end of February 2014, and 18 from then on."""
    born = spark.sql("SELECT DATE'1996-02-29' AS birth_date")
    days = (date(2014, 2, 28), date(2014, 3, 1), date(2016, 2, 28), date(2016, 2, 29))
    (row,) = born.select(*(completed_years(F.col("birth_date"), F.lit(day)) for day in days)).collect()
    assert list(row) == [17, 18, 19, 20]


PEOPLE = """
    birth_date | sex | number             | status     | n
    2010-05-05 | 1   | 330106201005050014 | REGISTERED | 2
    1990-05-05 | 2   | 330106199005050024 | REGISTERED | 1
    1990-05-05 | 9   | 330106199005050034 | REGISTERED | 1
    1990-05-05 | 0   |                    | REGISTERED | 1
    1950-05-05 | 1   | 330106195005050014 | DEAD       | 4
"""


@pytest.mark.parametrize(("year", "form"), [(2014, "LEGACY"), (2015, "URBAN_RURAL")])
def test_both_forms_show_the_registered_by_age_and_sex(spark, year, form):
    cube = report(spark, PEOPLE, year=year).where("`table` = 'T2' AND area_level = 'nation'").collect()
    assert {row.form for row in cube} == {form}
    found = {(row.measure, row.breakdowns["age"]): row.value for row in cube}
    assert {key: value for key, value in found.items() if value} == {
        ("population", "0-17"): 2, ("male", "0-17"): 2,
        ("population", "18-34"): 3, ("male", "18-34"): 1, ("female", "18-34"): 1,
        ("sex_unknown", "18-34"): 1,
    }  # fmt: skip
    assert len(found) == 16
