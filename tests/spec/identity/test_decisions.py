"""Design section 7, step 6: what a decision changes, in which order, until when."""

from __future__ import annotations

import pytest
from spec.identity.registers import Case, Cases, letter

TWO_ON_ONE = """
    record   | citizen_id | name | former_name | registered_on
    330100/1 | A          | 王芳 |             | 2001-01-01
    330100/2 | A          | 李雷 |             | 2002-01-01
    330100/3 | A          | 李磊 | 李雷        | 2001-01-01
"""
CONTESTED = [("1", None, "A", "CONTESTED"), ("2 3", None, "A", "CONTESTED")]
ITS_CASES = [("contested_number", "1 2 3", None), ("double_registration", "2 3", None)]
PARTED = [("1", "A", None, "UNIQUE"), ("2 3", "B", None, "UNIQUE")]
DOUBLE = [("double_registration", "2 3", None)]
REVOKED = """
    decision_no | kind | record   | old | new | revokes | effective_on
    1           | 11   | 330100/2 | A   | B   |         | 2015-01-01
    2           | 99   |          |     |     | 1       | {}
    3           | 99   |          |     |     | 2       | 2015-03-01
"""

CASES = {
    "without_a_decision_two_contest_a_number": Case(
        TWO_ON_ONE,
        None,
        CONTESTED, ITS_CASES,
    ),
    "a_contested_number_is_parted_with_all_that_links_to_the_record": Case(
        TWO_ON_ONE,
        """
        kind | record   | old | new
        11   | 330100/3 | A   | B
        """,
        PARTED, DOUBLE,
    ),
    "a_decision_to_come_is_not_yet_in_force": Case(
        TWO_ON_ONE,
        """
        kind | record   | old | new | effective_on
        11   | 330100/2 | A   | B   | 2016-02-01
        """,
        CONTESTED, ITS_CASES,
    ),
    "a_decision_that_two_bureaus_deliver_counts_once": Case(
        TWO_ON_ONE,
        """
        decision_no | kind | region | record   | old | new | updated_at
        1           | 11   | 330100 | 330100/2 | A   | C   | 2015-01-01
        1           | 11   | 330200 | 330100/2 | A   | B   | 2015-01-02
        """,
        PARTED, DOUBLE,
    ),
    "a_revoked_decision_never_was": Case(TWO_ON_ONE, REVOKED.format("2015-02-01"), CONTESTED, ITS_CASES),
    "a_revocation_to_come_is_not_yet_in_force": Case(
        TWO_ON_ONE, REVOKED.format("2016-02-01"), PARTED, DOUBLE
    ),
    "a_wrong_number_is_corrected_and_its_case_closes": Case(
        """
        record   | citizen_id | flags
        330100/1 | A          | citizen_id.birth_date household.odd
        """,
        """
        kind | record   | old | new | decision_no
        12   | 330100/1 | A   | B   | 7
        """,
        [("1", "B", None, "UNIQUE")], [],
    ),
    "a_new_number_may_contradict_its_record_too": Case(
        """
        record   | citizen_id | sex | birth_date
        330100/1 | A          | 1   | 1800-01-02
        """,
        """
        kind | record   | old | new
        12   | 330100/1 | A   | B
        """,
        [("1", "B", None, "UNIQUE")], [("wrong_number", "1", None)],
    ),
    "an_empty_old_number_gives_one_to_the_named_record_alone": Case(
        """
        record   | citizen_id | name
        330100/1 |            | 王芳
        330100/2 |            | 王芳
        330100/3 | C          | 王芳
        """,
        """
        decision_no | kind | record   | old | new
        1           | 12   | 330100/1 |     | B
        2           | 12   | 330100/3 |     | D
        """,
        [("1", "B", None, "UNIQUE"), ("2", None, None, "NONE"), ("3", "C", None, "UNIQUE")],
        [("decision_not_applied", "3", "2")],
    ),
    "one_person_under_two_numbers_becomes_one": Case(
        """
        record   | citizen_id | name | former_name | birth_date | registered_on
        330100/1 | A          | 王芳 |             | 1800-01-01 | 2001-01-01
        330100/2 | A          | 王红 | 王芳        | 1800-01-01 | 2002-01-01
        330200/1 | B          | 汪芳 |             | 1801-01-01 | 2003-01-01
        330100/4 | B          | 李雷 |             | 1800-01-01 | 2000-01-01
        330100/5 |            | 王芳 |             | 1800-01-01 | 2000-01-01
        """,
        """
        kind | record   | other    | new
        90   | 330100/1 | 330200/1 | A
        """,
        [("330200/1 1 2", "A", None, "UNIQUE"), ("4", "B", None, "UNIQUE"), ("5", None, None, "NONE")],
        [("double_registration", "1 2 330200/1", None), ("wrong_number", "330200/1", None)],
    ),
    "two_records_without_a_number_become_one_person": Case(
        """
        record   | citizen_id | name | registered_on
        330100/1 |            | 王芳 | 2001-01-01
        330100/2 |            | 王红 | 2002-01-01
        """,
        """
        decision_no | kind | record   | other    | old | new | effective_on
        1           | 90   | 330100/1 | 330100/2 |     | A   | 2015-01-01
        2           | 12   | 330100/1 |          | A   | B   | 2015-02-01
        """,
        [("2 1", "B", None, "UNIQUE")], [("double_registration", "1 2", None)],
    ),
    "a_decision_repeated_or_already_carried_out_is_applied": Case(
        """
        record   | citizen_id | name
        330100/1 | A          | 王芳
        330100/2 | B          | 李雷
        330100/3 | A          | 李雷
        """,
        """
        decision_no | kind | record   | old | new | effective_on
        1           | 11   | 330100/2 | A   | B   | 2015-01-01
        2           | 11   | 330100/2 | A   | B   | 2015-02-01
        """,
        [("1", "A", None, "UNIQUE"), ("3 2", "B", None, "UNIQUE")],
        [("double_registration", "2 3", None)],
    ),
    "what_finds_nothing_to_apply_to_opens_a_case": Case(
        """
        record   | citizen_id | name
        330100/1 | A          | 王芳
        """,
        """
        decision_no | kind | record   | other    | old | new
        1           | 12   | 330100/1 |          | C   | B
        2           | 12   | 330100/9 |          | A   | B
        3           | 12   | 330100/1 |          | A   |
        4           | 90   | 330100/8 | 330100/9 |     | B
        5           | 11   |          |          | A   | B
        6           | 12   | 330100/1 |          |     | B
        """,
        [("1", "A", None, "UNIQUE")],
        [
            ("decision_not_applied", "", "5"),
            ("decision_not_applied", "1", "1"),
            ("decision_not_applied", "1", "3"),
            ("decision_not_applied", "1", "6"),
            ("decision_not_applied", "8 9", "4"),
            ("decision_not_applied", "9", "2"),
        ],
    ),
    "decisions_apply_by_day_then_number_as_text": Case(
        """
        record   | citizen_id
        330100/1 | A
        330100/2 | E
        """,
        """
        decision_no | kind | record   | old | new | effective_on
        9           | 12   | 330100/1 | B   | C   | 2015-01-02
        10          | 12   | 330100/1 | A   | B   | 2015-01-02
        1           | 12   | 330100/1 | C   | D   | 2015-01-03
        8           | 12   | 330100/2 | E   | F   | 2015-01-02
        70          | 12   | 330100/2 | F   | G   | 2015-01-02
        """,
        [("1", "D", None, "UNIQUE"), ("2", "F", None, "UNIQUE")],
        [("decision_not_applied", "2", "70")],
    ),
    "a_record_that_changed_bureau_is_found_by_its_first_one": Case(
        """
        record   | citizen_id | anchor_region | first_date
        330200/1 | A          | 330100        | 2014-01-01
        330200/2 | C          | 330100        | 2014-01-01
        330100/2 | D          | 330100        | 2015-01-01
        """,
        """
        decision_no | kind | record   | old | new
        1           | 12   | 330100/1 | A   | B
        2           | 12   | 330100/2 | D   | E
        """,
        [("2", "E", None, "UNIQUE"), ("330200/1", "B", None, "UNIQUE"), ("330200/2", "C", None, "UNIQUE")],
        [],
    ),
    "a_cancelled_record_follows_its_person": Case(
        """
        record   | citizen_id | name | ended_on   | end_reason
        330100/1 | A          | 王芳 |            |
        330100/2 | A          | 王芳 | 2015-01-01 | 4
        """,
        """
        kind | record   | old | new
        12   | 330100/1 | A   | B
        """,
        [("1", "B", None, "UNIQUE")],
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_of_records_and_decisions_come_persons_and_findings(name: str, cases: Cases) -> None:
    assert cases.persons(name) == CASES[name].persons
    assert cases.findings(name) == CASES[name].findings


def test_a_person_id_survives_the_decision(cases: Cases) -> None:
    before, after = (
        cases.rows("person", name, "person_id", "record_no")
        for name in (
            "without_a_decision_two_contest_a_number",
            "a_contested_number_is_parted_with_all_that_links_to_the_record",
        )
    )
    assert before == after


def test_what_intake_said_of_the_old_number_goes_with_it(cases: Cases) -> None:
    found = cases.rows("records", "a_wrong_number_is_corrected_and_its_case_closes", "flags", "decision_no")
    assert found == [(["household.odd"], "7")]


REPLACED = {
    "a_wrong_number_is_corrected_and_its_case_closes": ["A B 7"],
    "one_person_under_two_numbers_becomes_one": ["B A 1"],
    "a_contested_number_is_parted_with_all_that_links_to_the_record": [],
    "decisions_apply_by_day_then_number_as_text": ["A B 10", "B C 9", "C D 1", "E F 8"],
}


@pytest.mark.parametrize("name", REPLACED)
def test_a_number_that_was_replaced_is_named_with_its_decision(name: str, cases: Cases) -> None:
    found = cases.rows("replaced", name, "old_citizen_id", "new_citizen_id", "decision_no")
    assert [f"{letter(old)} {letter(new)} {decision}" for old, new, decision in found] == REPLACED[name]
