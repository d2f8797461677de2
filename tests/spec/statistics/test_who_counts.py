"""statistics.md 2: who is in the registered population, and who stands beside it."""

from __future__ import annotations

from lib.tables import rows, table
from pyspark.sql import functions as F
from spec.statistics.world import counted, households

from popbase.statistics.population import households_by_area


def test_only_the_registered_are_counted_and_the_others_stand_beside(spark):
    people = """
        status     | n
        REGISTERED | 5
        MOVED_OUT  | 4
        IN_SERVICE | 3
        EMIGRATED  | 2
        MISSING    | 1
        DEAD       | 7
        CANCELLED  | 6
    """
    assert counted(spark, people, "population", "in_transit", "in_service", "emigrated", "missing") == {
        "population": 5,
        "in_transit": 4,
        "in_service": 3,
        "emigrated": 2,
        "missing": 1,
    }


def test_the_standing_of_the_number_does_not_matter(spark):
    people = """
        id_status | number             | claimed
        UNIQUE    | 330106198001010014 |
        CONTESTED |                    | 330106198001010014
        FORMER    |                    | 330106198001010014
        NONE      |                    |
    """
    assert counted(spark, people, "population") == {"population": 4}


def test_sex_is_as_declared_else_the_seventeenth_digit_of_the_number(spark):
    people = """
        sex | number             | claimed            | counted as
        1   | 330106198001010022 |                    | male
        2   | 330106198001010014 |                    | female
        9   | 330106198001010014 |                    | male
        0   |                    | 330106198001010022 | female
        9   |                    | 330106198001010022 | female
        9   |                    |                    | sex_unknown
    """
    found = counted(spark, people, "male", "female", "sex_unknown")
    assert found == {"male": 2, "female": 3, "sex_unknown": 1}


def test_the_unsettled_are_inside_the_population_and_apart_by_reason(spark):
    people = """
        kind | reason | n
        10   |        | 3
        30   | 1      | 2
        30   | 8      | 1
        30   |        | 1
        10   | 2      | 1
             |        | 1
    """
    reasons = "population", "unsettled", "unsettled_1", "unsettled_2", "unsettled_8", "unsettled_unknown"
    assert list(counted(spark, people, *reasons).values()) == [9, 4, 2, 0, 1, 1]


def test_an_unsettled_child_beside_a_household_stands_in_no_household(spark):
    """A household's rows come from `base/household`, which holds no kind 30: T1 adds nothing to it."""
    homes = """
        household_id | registered_area | kind
        a            | 330106001001    | 10
        b            | 330106001001    | 10
        c            | 330106001001    | 20
        d            | 330106001001    | 90
        e            | 330106001001    |
        f            | 330106002001    | 10
    """
    assert rows(households_by_area(households(spark, homes))) == [
        ("330106001001", 5, 2, 1, 2),
        ("330106002001", 1, 1, 0, 0),
    ]


def test_a_death_record_beside_a_live_one_leaves_the_person_inside_and_is_counted_apart(spark):
    cases = table(
        spark,
        """
        kind                | status | records
        dead_and_live       | open   | 330100/A,330200/Z
        dead_and_live       | closed | 330100/B
        double_registration | open   | 330100/C
        """,
    ).select("kind", "status", F.split("records", ",").alias("record_nos"))
    people = """
        region | record_no
        330100 | A
        330100 | B
        330100 | C
        330200 | A
    """
    found = counted(spark, people, "population", "dead_and_live", cases=cases)
    assert found == {"population": 4, "dead_and_live": 1}


def test_converted_are_the_registered_whose_conversion_falls_in_the_year(spark):
    people = """
        converted_on | status     | counted
        2014-01-01   | REGISTERED | yes
        2014-12-31   | REGISTERED | yes
        2013-12-31   | REGISTERED | no
        2015-01-01   | REGISTERED | no
        2014-06-01   | MOVED_OUT  | no
                     | REGISTERED | no
    """
    assert counted(spark, people, "converted", year=2014) == {"converted": 2}


def test_by_nature_whoever_has_neither_is_unknown(spark):
    people = """
        nature | counted as
        11     | non_agricultural_nature
        21     | non_agricultural_nature
        12     | agricultural_nature
        22     | agricultural_nature
        10     | nature_unknown
        30     | nature_unknown
               | nature_unknown
    """
    found = counted(spark, people, "non_agricultural_nature", "agricultural_nature", "nature_unknown")
    assert list(found.values()) == [2, 2, 3]
