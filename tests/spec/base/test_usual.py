"""statistics.md 7: where people usually live, by the evidence of the departments.

d is 31 December 2015. Everybody is registered here since 2000 as long as the table says nothing else.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from popbase.base.usual import usual_residence

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ON = date(2015, 12, 31)
PLACES = {
    "here": "330106001001", "next_village": "330106001002", "there": "330106002001", "third": "330106003001",
    "far": "440305001001", "county": "330106", "far_county": "440305",
}  # fmt: skip

# Who (a man born in 1980), and the evidence: what, where, since when, until when. A stay is a registration of
# residence. Then the rule, the area and the evidence that decided.
CASES = {
    "nobody knows anything": ("", "1 here NONE"),
    "registered in another village of the town": ("stay next_village 2015-11-01", "1 here residence_permit"),
    "away for half a year": ("stay there 2015-06-30", "2 there residence_permit"),
    "away a day less": ("stay there 2015-07-01", "3 here residence_permit"),
    "away for long and moved on last week": (
        "rent far 2014-01-01 2015-12-20; stay there 2015-12-24",
        "2 there residence_permit",
    ),
    "back home for a month in between": (
        "rent far 2014-01-01 2015-10-01; stay there 2015-11-01",
        "2 there residence_permit",
    ),
    "back home for 32 days in between": (
        "rent far 2014-01-01 2015-10-01; stay there 2015-11-02",
        "3 here residence_permit",
    ),
    "one after another, overlapping": (
        "rent far 2014-01-01 2015-12-01; rent third 2015-03-01 2015-06-01; stay there 2015-11-30",
        "2 there residence_permit",
    ),
    "registered here since autumn": (
        "here since 2015-09-01; stay there 2014-01-01 endorsed:2015-02-01",
        "3 here residence_permit",
    ),
    "registered here half a year": (
        "here since 2015-06-30; stay there 2014-01-01 endorsed:2015-02-01",
        "2 there residence_permit",
    ),
    "a registration that lapsed": ("stay there 2014-12-31", "1 here NONE"),
    "one endorsed within the year": ("stay there 2014-01-01 endorsed:2015-01-01", "2 there residence_permit"),
    "one that ended today": ("stay there 2015-01-02 left:2015-12-31", "1 here NONE"),
    "one that ends tomorrow": ("stay there 2015-01-02 left:2016-01-01", "2 there residence_permit"),
    "a dormitory": ("dorm there 2015-01-01", "2 there housing"),
    "a home of one's own is no evidence": ("own there 2010-01-01", "1 here NONE"),
    "a rent that ends today": ("rent there 2010-01-01 2015-12-31", "1 here NONE"),
    "insured in another county": ("job far_county 2015-01 2015-12", "2 far_county social_security"),
    "last paid in October": ("job far_county 2015-01 2015-10", "2 far_county social_security"),
    "last paid in September": ("job far_county 2015-01 2015-09", "1 here NONE"),
    "insured, no longer paid for": ("stopped far_county 2015-01 2015-10", "1 here NONE"),
    "insured where he is registered": ("job county 2015-01 2015-12", "1 here NONE"),
    "insured as a resident, not as an employee": ("tied far_county 2015-01 2015-12", "1 here NONE"),
    "a pupil at school elsewhere": ("born 2003; school there 2014-09-01", "2 there education"),
    "a pupil who left": ("born 2003; graduated there 2014-09-01 2015-07-01", "1 here NONE"),
    "of a child the school counts first": (
        "born 2003; school there 2014-09-01; stay third 2015-02-01",
        "2 there education",
    ),
    "of a student the registration": (
        "born 1996; school there 2014-09-01; stay third 2015-02-01",
        "2 third residence_permit",
    ),
    "a child of five": ("born 2010; school far 2014-09-01", "1 here NONE"),
    "a child of six": ("born 2009; school far 2014-09-01", "2 far education"),
    "of two registrations the one that began later": (
        "stay there 2015-02-01; stay third 2015-03-01",
        "2 third residence_permit",
    ),
    "of two of one day the smaller code": (
        "stay third 2015-02-01; stay there 2015-02-01",
        "2 there residence_permit",
    ),
    "registered there, rents here": (
        "stay there 2015-02-01; rent here 2010-01-01",
        "2 there residence_permit",
    ),
    "rents there, registered here": (
        "rent there 2010-01-01; stay here 2015-02-01",
        "1 here residence_permit",
    ),
    "in transit, lives there": ("in transit; stay there 2015-12-01", "1 there residence_permit"),
    "in transit, nobody knows where": ("in transit", "1 nowhere NONE"),
}  # fmt: skip
_FRAMES = {
    "residence_permit": "person_id string, residence_area string, registered_on date, endorsed_on date, "
                 "left_on date",
    "education": "person_id string, school_area string, enrolled_on date, status string, status_on date",
    "housing": "person_id string, area string, tenure string, held_from date, held_to date",
    "social_security": "person_id string, area string, insurance_kind string, pay_status string, "
                       "paid_from date, paid_to date",
    "tax": "person_id string, area string, period date",
}  # fmt: skip
_PERSON = "person_id string, registered_area string, registered_on date, status string, birth_date date"


def day(text: str) -> date:
    """YYYY-MM-DD, or the first of a YYYY-MM."""
    return date.fromisoformat(text if len(text) > 7 else f"{text}-01")


def record(who: str, told: str) -> tuple[str, tuple[Any, ...]]:
    """The sector's table and its row."""
    kind, place, since, *more = told.split()
    area, began = PLACES[place], day(since)
    marked = dict(word.split(":") for word in more if ":" in word)
    until = next((day(word) for word in more if ":" not in word), None)
    if kind == "stay":
        endorsed, left = (day(marked[name]) if name in marked else None for name in ("endorsed", "left"))
        return "residence_permit", (who, area, began, endorsed, left)
    if kind in ("school", "graduated"):
        return "education", (who, area, began, "07" if until else "01", until)
    if kind in ("rent", "dorm", "own"):
        return "housing", (who, area, kind.upper(), began, until)
    insured = {"job": ("110", "1"), "stopped": ("310", "2"), "tied": ("170", "1")}[kind]
    return "social_security", (who, area, *insured, began, until)


@pytest.fixture(scope="module")
def usual(_session: SparkSession) -> dict[str, tuple[str | None, ...]]:
    """Name of the case -> rule, area and evidence found."""
    people: list[tuple[Any, ...]] = []
    rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _FRAMES}
    for name, (said, _) in CASES.items():
        born, since, status = 1980, day("2000-01-01"), "REGISTERED"
        for told in filter(None, said.split("; ")):
            if told.startswith("born "):
                born = int(told.removeprefix("born "))
            elif told.startswith("here since "):
                since = day(told.removeprefix("here since "))
            elif told == "in transit":
                status = "MOVED_OUT"
            else:
                table, row = record(name, told)
                rows[table].append(row)
        people.append((name, PLACES["here"], since, status, date(born, 6, 15)))
    sectors = {table: _session.createDataFrame(rows[table], schema) for table, schema in _FRAMES.items()}
    found = usual_residence(_session.createDataFrame(people, _PERSON), sectors, ON).collect()
    assert len(found) == len(people)
    assert all(row.usual_precision == (row.usual_area and str(len(row.usual_area))) for row in found)
    return {row.person_id: (row.usual_rule, row.usual_area, row.usual_evidence) for row in found}


@pytest.mark.parametrize("name", CASES)
def test_where_somebody_lives(usual: dict[str, tuple[str | None, ...]], name: str) -> None:
    rule, place, evidence = CASES[name][1].split()
    assert usual[name] == (rule, PLACES.get(place), evidence)


def test_who_is_neither_registered_nor_in_transit_lives_nowhere(spark: SparkSession) -> None:
    gone = [
        (status, PLACES["here"], ON, status, date(1980, 1, 1))
        for status in ("DEAD", "EMIGRATED", "MISSING", "IN_SERVICE", "CANCELLED")
    ]
    sectors = {table: spark.createDataFrame([], schema) for table, schema in _FRAMES.items()}
    assert usual_residence(spark.createDataFrame(gone, _PERSON), sectors, ON).isEmpty()


def test_a_registered_area_that_knows_no_village_is_cut_to_what_it_knows(spark: SparkSession) -> None:
    areas = {"330106001000": "330106001", "330106000000": "330106", "330106001001": "330106001001"}
    people = [(area, area, date(2000, 1, 1), "REGISTERED", date(1980, 1, 1)) for area in areas]
    sectors = {table: spark.createDataFrame([], schema) for table, schema in _FRAMES.items()}
    found = usual_residence(spark.createDataFrame(people, _PERSON), sectors, ON).collect()
    assert {row.person_id: row.usual_area for row in found} == areas
    assert {row.usual_precision for row in found} == {"9", "6", "12"}
