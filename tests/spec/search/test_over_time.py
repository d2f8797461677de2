"""Proposals over nights: decided, undone and late; and a night's few find what a look at everybody finds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lib import case_lake, stories

from popbase.base.build import write_base
from popbase.base.changes import Step
from popbase.base.update import update_base
from popbase.control import read_small
from popbase.lake import Lake
from popbase.search.nightly import search_all, search_changed
from popbase.sources import Sources

if TYPE_CHECKING:
    from lib.sent import Sent
    from pyspark.sql import SparkSession

# Records 1 and 2 are one person; 5 comes late, for a day on which 1 and 2 were there. 6 and 7 are another: 6
# moves, and one night later 8 moves in with 6, which changes nothing of what 6 was before.
REGISTER = """
day        | record_no | citizen_id | name     | birth_date | household_no | registered_on
2015-12-01 | 1         | A          | 欧阳海青 | 1980-01-01 | h1           | 1980-02-05
2015-12-01 | 2         | B          | 欧阳海青 | 1980-01-01 | h2           | 1980-02-09
2015-12-01 | 3         | C          | 王芳     | 1950-03-03 | h1           | 1990-05-05
2015-12-01 | 6         | F          | 欧阳海南 | 1981-01-01 | h6           | 1981-02-05
2015-12-01 | 7         | G          | 欧阳海南 | 1981-01-01 | h8           | 1981-02-09
2015-12-01 | 8         | H          | 王芳     | 1951-03-03 | h9           | 1990-05-05
2015-12-02 | 6         | F          | 欧阳海南 | 1981-01-01 | h7           | 1981-02-05
2015-12-03 | 8         | H          | 王芳     | 1951-03-03 | h7           | 1990-05-05
2015-12-03 | 3         | C          | 王芳     | 1950-03-03 | h2           | 1990-05-05
"""
LATE = """
region | day        | record_no | citizen_id | name     | birth_date | household_no | registered_on
330200 | 2015-12-01 | 5         | E          | 欧阳海青 | 1980-01-01 | h5           | 1980-02-11
"""
# A record that carries P instead of A, until it is mended.
INSURED = """
day        | person_no | insurance_kind | citizen_id | name
2015-12-01 | s1        | 110            | P          | 欧阳海青
2015-12-03 | s1        | 110            | A          | 欧阳海青
"""
CONFIRMED = """
day | decision_no | kind | register_region | record_no | other_region | other_record_no | new_citizen_id | effective_on
2015-12-02 | D1 | 90 | 330100 | 1 | 330100 | 2 | A | 2015-12-02
"""  # noqa: E501
REVOKED = """
day        | decision_no | kind | revokes | effective_on
2015-12-03 | D2          | 99   | D1      | 2015-12-03
"""
DAYS = [date(2015, 12, day) for day in (1, 2, 3, 4)]


def nights() -> list[list[Sent]]:
    """What comes on each day; the late delivery on the last."""
    register = stories.deliveries(REGISTER)
    decisions = [
        *stories.deliveries(CONFIRMED, "id_correction"),
        *stories.deliveries(REVOKED, "id_correction"),
    ]
    insured = stories.deliveries(INSURED, "social_security")
    told = [
        [s for s in [*register, *decisions, *insured] if s.delivery.business_date == day] for day in DAYS[:3]
    ]
    return [*told, stories.deliveries(LATE)]


pytestmark = pytest.mark.long
Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def by_night(_session: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> list[Tables]:
    """After each night that makes anew only whom something concerns."""
    lake = Lake(_session, str(tmp_path_factory.mktemp("nights")))
    found, made = [], None
    for day, sent in zip(DAYS, nights(), strict=True):
        case_lake.take_in(lake.root, sent)
        sources = Sources.now(lake)
        if made is None:
            write_base(sources, as_of=day)
            search_all(sources, day)
        else:
            search_changed(lake, update_base(Step(made, sources, DAYS[DAYS.index(day) - 1], day)), day)
        sources.forget()
        made = Sources.at(lake, sources.ledgers)
        found.append(tables(lake))
    return found


def whole(session: SparkSession, root: Path) -> Tables:
    """All that the nights brought, made at once."""
    lake = Lake(session, str(root))
    case_lake.take_in(lake.root, [s for night in nights() for s in night])
    sources = Sources.now(lake)
    write_base(sources, as_of=DAYS[-1])
    search_all(sources, DAYS[-1])
    return tables(lake)


def tables(lake: Lake) -> Tables:
    names = ("person", "id_history", "id_case", "person_history", "sector_finding")
    return {name: sorted(read_small(lake.root, f"base/{name}"), key=repr) for name in names}


def proposals(found: Tables) -> list[tuple[str, ...]]:
    return sorted(
        ("+".join(c["record_nos"]), c["status"], str(c["opened_on"]), str(c["closed_on"]))
        for c in found["id_case"]
        if c["kind"] == "same_person"
    )


def test_a_mistyped_number_is_proposed_until_it_is_mended(by_night: list[Tables]) -> None:
    told = [[c for c in found["id_case"] if c["kind"] == "mistyped_number"] for found in by_night]
    shown = [[(c["status"], str(c["closed_on"])) for c in cases] for cases in told]
    assert shown == [[("open", "None")]] * 2 + [[("closed", "2015-12-03")]] * 2
    assert told[0][0]["record_nos"] == ["330100/1", "330100/social_security:s1|110"]


ONE_AND_TWO = "330100/1+330100/2"
SIX_AND_SEVEN = ("330100/6+330100/7", "open", "2015-12-01", "None")
TURNS = [(ONE_AND_TWO, "closed", "2015-12-01", "2015-12-02"), (ONE_AND_TWO, "open", "2015-12-03", "None")]


def test_a_proposal_waits_until_it_is_decided_and_comes_back_when_that_is_undone(
    by_night: list[Tables],
) -> None:
    assert proposals(by_night[0]) == [(ONE_AND_TWO, "open", "2015-12-01", "None"), SIX_AND_SEVEN]
    assert proposals(by_night[1]) == [*TURNS[:1], SIX_AND_SEVEN]
    assert proposals(by_night[2]) == [*TURNS, SIX_AND_SEVEN]


def test_an_undone_decision_leaves_persons_as_they_were_and_the_time_between_in_the_history(
    by_night: list[Tables],
) -> None:
    before, decided, after = (
        [{**row, "household_id": None} for row in found["person"] if row["record_no"] in "12"]
        for found in by_night[:3]
    )
    assert (len(decided), after) == (1, before)
    carried = {
        (row["citizen_id"][-4:], str(row["valid_from"]), str(row["valid_to"]))
        for row in by_night[2]["id_history"]
        if row["person_id"] == decided[0]["person_id"] and row["citizen_id"]
    }
    other = next(row for row in before if row["person_id"] != decided[0]["person_id"])
    away = [
        (str(row["valid_from"]), str(row["valid_to"]))
        for row in by_night[2]["person_history"]
        if row["person_id"] == other["person_id"]
    ]
    assert len(carried) == 1
    assert away == [("2015-12-01", "2015-12-02"), ("2015-12-03", "None")]


def test_a_late_record_is_proposed_from_its_own_day_on(by_night: list[Tables]) -> None:
    later = [row for row in proposals(by_night[3]) if row not in (*TURNS, SIX_AND_SEVEN)]
    assert {refs for refs, *_ in later} == {"330100/1+330200/5", "330100/2+330200/5"}
    assert {opened for _, _, opened, _ in later} <= {"2015-12-01", "2015-12-03"}


def test_nights_one_by_one_leave_what_all_at_once_leave(
    spark: SparkSession, tmp_path: Path, by_night: list[Tables]
) -> None:
    assert whole(spark, tmp_path) == by_night[-1]
