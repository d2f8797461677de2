"""Design section 7, steps 1-4 and 7: links, survivorship, contested numbers, person ids."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from hashlib import sha256

import pytest
from lib.tables import rows
from spec.identity.registers import Case, Cases

from popbase.identity.persons import Identity

CASES = {
    "records_with_one_number_and_name_are_one_person": Case(
        """
        record   | citizen_id | name            | registered_on
        330100/1 | A          | 阿依古丽·买买提 | 2001-01-01
        330200/1 | A          | 阿依古丽•买买提 | 2002-01-01
        330100/2 | B          | 阿依古丽·买买提 | 2001-01-01
        """,
        None,
        [("2", "B", None, "UNIQUE"), ("330200/1 1", "A", None, "UNIQUE")],
        [("double_registration", "1 330200/1", None)],
    ),
    "former_names_link_along_a_chain": Case(
        """
        record   | citizen_id | name | former_name | registered_on
        330100/1 | A          | 王芳 |             | 2001-01-01
        330100/2 | A          | 王红 | 王芳        | 2002-01-01
        330100/3 | A          | 王丽 | 王红        | 2003-01-01
        """,
        None,
        [("3 1 2", "A", None, "UNIQUE")],
        [("double_registration", "1 2 3", None)],
    ),
    "a_shared_former_name_or_none_does_not_link": Case(
        """
        record   | citizen_id | name | former_name
        330100/1 | A          | 王芳 | 王静
        330100/2 | A          | 王红 | 王静
        330100/3 | B          | 李芳 |
        330100/4 | B          | 李红 |
        """,
        None,
        [
            ("1", None, "A", "CONTESTED"), ("2", None, "A", "CONTESTED"),
            ("3", None, "B", "CONTESTED"), ("4", None, "B", "CONTESTED"),
        ],
        [("contested_number", "1 2", None), ("contested_number", "3 4", None)],
    ),
    "different_birth_dates_do_not_link_even_through_a_former_name": Case(
        """
        record   | citizen_id | name | former_name | birth_date
        330100/1 | A          | 王芳 |             | 1800-01-01
        330100/2 | A          | 王芳 |             | 1800-01-02
        330100/3 | A          | 王红 | 王芳        | 1800-01-02
        """,
        None,
        [("1", None, "A", "CONTESTED"), ("3 2", None, "A", "CONTESTED")],
        [("contested_number", "1 2 3", None), ("double_registration", "2 3", None)],
    ),
    "the_winner_is_live_then_latest_registered_then_updated_then_greatest": Case(
        """
        record   | citizen_id | registered_on | updated_at | ended_on   | end_reason
        330100/1 | A          | 2009-01-01    | 2015-01-01 | 2015-01-01 | 3
        330100/2 | A          | 2001-01-01    | 2015-01-01 |            |
        330100/3 | B          | 2001-01-01    | 2003-01-01 |            |
        330100/4 | B          | 2001-01-01    | 2002-01-01 |            |
        330100/5 | C          | 2001-01-01    | 2002-01-01 |            |
        330200/4 | C          | 2001-01-01    | 2002-01-01 |            |
        330100/6 | D          | 2001-01-01    | 2002-01-01 | 2017-01-01 | 3
        330100/7 | D          | 2001-01-01    | 2002-01-01 |            |
        330100/8 | E          | 2009-01-01    | 2002-01-01 | 2010-01-01 | 3
        330100/9 | E          | 2001-01-01    | 2002-01-01 | 2011-01-01 | 3
        """,
        None,
        [
            ("2 1", "A", None, "UNIQUE"), ("3 4", "B", None, "UNIQUE"), ("330200/4 5", "C", None, "UNIQUE"),
            ("7 6", "D", None, "UNIQUE"), ("9 8", "E", None, "UNIQUE"),
        ],
        [
            ("double_registration", "3 4", None), ("double_registration", "5 330200/4", None),
            ("double_registration", "6 7", None),
        ],
    ),
    "three_live_people_on_one_number_keep_a_row_each_and_only_claim_it": Case(
        """
        record   | citizen_id | name
        330100/1 | A          | 王芳
        330100/2 | A          | 王芳
        330100/3 | A          | 李雷
        330200/4 | A          | 张伟
        """,
        None,
        [
            ("2 1", None, "A", "CONTESTED"), ("3", None, "A", "CONTESTED"),
            ("330200/4", None, "A", "CONTESTED"),
        ],
        [("contested_number", "1 2 3 330200/4", None), ("double_registration", "1 2", None)],
    ),
    "one_who_ended_beside_a_live_one_is_former": Case(
        """
        record   | citizen_id | name | ended_on   | end_reason | registered_on
        330100/1 | A          | 王芳 |            |            | 2000-01-01
        330100/2 | A          | 李雷 | 2015-01-01 | 1          | 2010-01-01
        """,
        None,
        [("1", "A", None, "UNIQUE"), ("2", None, "A", "FORMER")],
        [("former_conflict", "1 2", None)],
    ),
    "with_nobody_live_the_number_stays_with_who_ended_last": Case(
        """
        record   | citizen_id | name | ended_on   | end_reason | registered_on
        330100/1 | A          | 王芳 | 2015-06-01 | 1          | 2000-01-01
        330100/2 | A          | 李雷 | 2015-01-01 | 3          | 2010-01-01
        330100/3 | A          | 张伟 | 2014-01-01 | 3          | 2010-01-01
        """,
        None,
        [("1", "A", None, "UNIQUE"), ("2", None, "A", "FORMER"), ("3", None, "A", "FORMER")],
        [("former_conflict", "1 2 3", None)],
    ),
    "one_former_beside_two_who_contest": Case(
        """
        record   | citizen_id | name | ended_on   | end_reason
        330100/1 | A          | 王芳 |            |
        330100/2 | A          | 李雷 |            |
        330100/3 | A          | 张伟 | 2014-01-01 | 3
        """,
        None,
        [("1", None, "A", "CONTESTED"), ("2", None, "A", "CONTESTED"), ("3", None, "A", "FORMER")],
        [("contested_number", "1 2", None), ("former_conflict", "1 2 3", None)],
    ),
    "a_record_cancelled_as_double_or_mistaken_takes_no_part": Case(
        """
        record   | citizen_id | name | ended_on   | end_reason
        330100/1 | A          | 王芳 |            |
        330100/2 | A          | 王芳 | 2015-01-01 | 4
        330100/3 | A          | 李雷 | 2015-01-01 | 7
        330100/4 | B          | 李雷 | 2015-01-01 | 4
        330100/5 | C          | 李雷 | 2017-01-01 | 7
        330100/6 | C          | 王芳 | 2015-01-01 | 9
        """,
        None,
        [
            ("1", "A", None, "UNIQUE"), ("4", "B", None, "UNIQUE"),
            ("5", "C", None, "UNIQUE"), ("6", None, "C", "FORMER"),
        ],
        [("former_conflict", "5 6", None)],
    ),
    "a_cancelled_record_does_not_link_two_others": Case(
        """
        record   | citizen_id | name | former_name | ended_on   | end_reason
        330100/1 | A          | 王芳 |             |            |
        330100/2 | A          | 王红 | 王芳        | 2015-01-01 | 7
        330100/3 | A          | 王丽 | 王红        |            |
        """,
        None,
        [("1", None, "A", "CONTESTED"), ("3", None, "A", "CONTESTED")],
        [("contested_number", "1 3", None)],
    ),
    "when_all_are_cancelled_they_stand_for_the_person": Case(
        """
        record   | citizen_id | ended_on   | end_reason
        330100/1 | A          | 2015-01-01 | 4
        330100/2 | A          | 2015-02-01 | 7
        """,
        None,
        [("2 1", "A", None, "UNIQUE")],
        [],
    ),
    "without_a_number_each_record_is_a_person": Case(
        """
        record   | citizen_id | ended_on   | end_reason
        330100/1 |            |            |
        330100/2 |            | 2015-01-01 | 7
        """,
        None,
        [("1", None, None, "NONE"), ("2", None, None, "NONE")],
        [],
    ),
    "only_records_registered_by_the_date_are_candidates": Case(
        """
        record   | citizen_id | registered_on
        330100/1 | A          | {today}
        330100/2 | A          | {tomorrow}
        """,
        None,
        [("1", "A", None, "UNIQUE")],
        [],
    ),
    "the_status_says_how_the_last_record_ended": Case(
        """
        record   | citizen_id | ended_on   | end_reason
        330100/1 | A          | 2015-01-01 | 1
        330100/2 | B          | 2015-01-01 | 2
        330100/3 | C          | 2015-01-01 | 3
        330100/4 | D          | 2015-01-01 | 5
        330100/5 | E          | 2015-01-01 | 6
        330100/6 | F          | {today}    | 9
        330100/7 | G          | {tomorrow} | 1
        330100/8 | H          | 2015-01-01 |
        """,
        None,
        [(str(number), letter, None, "UNIQUE") for number, letter in enumerate("ABCDEFGH", start=1)],
        [],
    ),
    "a_death_beside_a_live_record_opens_a_case_and_counts_as_live": Case(
        """
        record   | citizen_id | ended_on   | end_reason
        330100/1 | A          | 2015-01-01 | 1
        330100/2 | A          |            |
        330100/3 | B          | 2015-01-01 | 3
        330100/4 | B          |            |
        """,
        None,
        [("2 1", "A", None, "UNIQUE"), ("4 3", "B", None, "UNIQUE")],
        [("dead_and_live", "1 2", None)],
    ),
    "a_number_at_odds_with_its_record_opens_a_case_without_values": Case(
        """
        record   | citizen_id | flags
        330100/1 | A          | citizen_id.sex citizen_id.birth_date
        330100/2 | B          | citizen_id.birth_date
        330100/3 | C          | citizen_id.age
        """,
        None,
        [("1", "A", None, "UNIQUE"), ("2", "B", None, "UNIQUE"), ("3", "C", None, "UNIQUE")],
        [("wrong_number", "1", None), ("wrong_number", "2", None)],
    ),
    "evidence_says_which_fields_agree": Case(
        """
        record   | citizen_id | name | sex | birth_date
        330100/1 | A          | 王芳 | 2   | 1800-01-01
        330100/2 | A          | 李雷 | 1   | 1800-01-01
        """,
        None,
        [("1", None, "A", "CONTESTED"), ("2", None, "A", "CONTESTED")],
        [("contested_number", "1 2", None)],
    ),
    "the_person_is_named_after_the_record_that_first_carried_it": Case(
        """
        record   | citizen_id | first_date | anchor_region | registered_on
        330200/1 | A          | 2014-02-01 | 330100        | 2009-01-01
        330100/2 | A          | 2014-03-01 |               | 2010-01-01
        330100/3 | B          | 2014-02-01 |               | 2009-01-01
        330100/4 | B          | 2014-02-01 |               | 2010-01-01
        330100/5 |            | 2014-02-01 |               | 2010-01-01
        """,
        None,
        [("2 330200/1", "A", None, "UNIQUE"), ("4 3", "B", None, "UNIQUE"), ("5", None, None, "NONE")],
        [("double_registration", "2 330200/1", None), ("double_registration", "3 4", None)],
    ),
    "a_bureau_that_sends_its_old_record_numbers_again_names_someone_else": Case(
        """
        record   | citizen_id | first_date | anchor_region
        330200/1 | A          | 2014-02-01 | 330100
        330100/1 | B          | 2015-03-01 | 330100
        330300/1 | C          | 2014-01-01 | 330300
        """,
        None,
        [("1", "B", None, "UNIQUE"), ("330200/1", "A", None, "UNIQUE"), ("330300/1", "C", None, "UNIQUE")],
        [],
    ),
    "the_person_shows_the_winner": Case(
        """
        record   | citizen_id         | registered_on | household_no | ended_on   | end_reason
        330100/1 | 810000180001010014 | 2009-01-01    | H9           |            |
        330200/2 | 810000180001010014 | 2010-01-01    |              | 2015-01-01 | 3
        """,
        None,
        [("1 330200/2", "A", None, "UNIQUE")],
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_of_records_come_persons_and_findings(name: str, cases: Cases) -> None:
    assert cases.persons(name) == CASES[name].persons
    assert cases.findings(name) == CASES[name].findings


STATUSES = {
    "the_status_says_how_the_last_record_ended": [
        "DEAD", "MISSING", "MOVED_OUT", "IN_SERVICE", "EMIGRATED", "CANCELLED", "REGISTERED", "CANCELLED",
    ],
    "a_death_beside_a_live_record_opens_a_case_and_counts_as_live": ["REGISTERED", "REGISTERED"],
    "when_all_are_cancelled_they_stand_for_the_person": ["CANCELLED"],
}  # fmt: skip


@pytest.mark.parametrize("name", STATUSES)
def test_the_winner_says_the_status(name: str, cases: Cases) -> None:
    assert [s for _, s in cases.rows("person", name, "record_no", "status")] == STATUSES[name]


EVIDENCE = {
    "a_number_at_odds_with_its_record_opens_a_case_without_values": [
        "birth_date=differs", "sex=differs;birth_date=differs",
    ],
    "evidence_says_which_fields_agree": [
        "name=differs;sex=differs;birth_date=agrees;registered_area=agrees"
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", EVIDENCE)
def test_evidence_names_fields_and_no_values(name: str, cases: Cases) -> None:
    assert [evidence for (evidence,) in cases.rows("findings", name, "evidence")] == EVIDENCE[name]


def the_id(region: str, record_no: str) -> str:
    return sha256(f"person|{region}|{record_no}".encode()).hexdigest()[:32]


PERSON_IDS = {
    "the_person_is_named_after_the_record_that_first_carried_it": [
        ("330100/2", the_id("330100", "1")),
        ("330100/4", the_id("330100", "3")),
        ("330100/5", the_id("330100", "5")),
    ],
    "a_bureau_that_sends_its_old_record_numbers_again_names_someone_else": [
        ("330100/1", the_id("330100@2015-03-01", "1")),
        ("330200/1", the_id("330100", "1")),
        ("330300/1", the_id("330300", "1")),
    ],
}


@pytest.mark.parametrize("name", PERSON_IDS)
def test_a_person_is_named_after_a_record(name: str, cases: Cases) -> None:
    found = cases.rows("person", name, "region", "record_no", "person_id")
    assert [(f"{region}/{record_no}", person) for region, record_no, person in found] == PERSON_IDS[name]


def test_the_person_shows_the_winner(cases: Cases) -> None:
    shown = ("person_class", "household_id", "region", "registered_on")
    found = cases.rows("person", "the_person_shows_the_winner", *shown)
    assert found == [("HMT", "330100/H9", "330100", date(2009, 1, 1))]


def test_a_number_with_thousands_of_records_costs_its_names(identity: Callable[..., Identity]) -> None:
    lines = "\n".join(
        f"330100/{i} | A | 王{i % 700} | {f'王{i % 700 - 1}' if i % 700 else ''}" for i in range(3000)
    )
    found = identity(f"record | citizen_id | name | former_name\n{lines}")
    assert rows(found.person, "record_no", "id_status") == [("999", "UNIQUE")]


def test_many_dates_at_once_are_each_as_if_alone(identity: Callable[..., Identity]) -> None:
    line = "{} | A | {} | {} | {}"
    days = {
        day: "\n".join([line.format("330100/1", "王芳", day, ""), line.format("330100/2", "李雷", day, end)])
        for day, end in {"2015-01-01": "", "2015-06-01": "2015-02-01", "2016-01-01": "2015-02-01"}.items()
    }
    head = "record | citizen_id | name | as_of | ended_on\n"
    decision = "kind | record | old | new | effective_on | as_of\n"
    orders = {day: f"12 | 330100/2 | A | B | 2015-12-01 | {day}" for day in days}
    together = identity(head + "\n".join(days.values()), decision + "\n".join(orders.values()))
    apart = [identity(head + days[day], decision + orders[day]) for day in days]
    for table in ("person", "findings", "replaced"):
        assert rows(getattr(together, table)) == sorted(
            (row for one in apart for row in rows(getattr(one, table))), key=repr
        )
    assert len(rows(together.person)) == 6
