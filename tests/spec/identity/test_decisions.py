"""Design section 7, step 6: what a decision changes, in which order, until when."""

from __future__ import annotations

from typing import Any

from lib.tables import rows

TWO_ON_ONE = """
    record   | citizen_id | name | former_name | registered_on
    330100/1 | A          | 王芳 |             | 2001-01-01
    330100/2 | A          | 李雷 |             | 2002-01-01
    330100/3 | A          | 李磊 | 李雷        | 2001-01-01
"""
BEFORE = [("1", None, "A", "CONTESTED"), ("2 3", None, "A", "CONTESTED")]
PARTED = [("1", "A", None, "UNIQUE"), ("2 3", "B", None, "UNIQUE")]


def test_a_contested_number_is_parted_with_all_that_links_to_the_record(persons: Any, cases: Any) -> None:
    decision = """
        kind | record   | old | new
        11   | 330100/3 | A   | B
    """
    assert persons(TWO_ON_ONE) == BEFORE
    assert persons(TWO_ON_ONE, decision) == PARTED
    assert cases(TWO_ON_ONE, decision) == [("double_registration", "2 3", None)]


def test_a_person_id_survives_the_decision(identity: Any) -> None:
    decision = """
        kind | record   | old | new
        11   | 330100/3 | A   | B
    """
    before, after = identity(TWO_ON_ONE), identity(TWO_ON_ONE, decision)
    assert rows(before.person, "person_id", "record_no") == rows(after.person, "person_id", "record_no")


def test_a_wrong_number_is_corrected_and_its_case_closes(identity: Any, persons: Any) -> None:
    table = """
        record   | citizen_id | flags
        330100/1 | A          | citizen_id.birth_date household.odd
    """
    decision = """
        kind | record   | old | new | decision_no
        12   | 330100/1 | A   | B   | 7
    """
    found = identity(table, decision)
    assert persons(table, decision) == [("1", "B", None, "UNIQUE")]
    assert rows(found.records, "flags", "decision_no") == [(["household.odd"], "7")]
    assert rows(found.findings) == []
    assert [r[3] for r in rows(found.replaced, "as_of", "effective_on", "old_citizen_id", "decision_no")] == [
        "7"
    ]


def test_a_new_number_may_contradict_its_record_too(cases: Any) -> None:
    table = """
        record   | citizen_id | sex | birth_date
        330100/1 | A          | 1   | 1800-01-02
    """
    decision = """
        kind | record   | old | new
        12   | 330100/1 | A   | B
    """
    assert cases(table, decision) == [("wrong_number", "1", None)]


def test_an_empty_old_number_gives_one_to_the_named_record_alone(persons: Any, cases: Any) -> None:
    table = """
        record   | citizen_id | name
        330100/1 |            | 王芳
        330100/2 |            | 王芳
        330100/3 | C          | 王芳
    """
    decisions = """
        decision_no | kind | record   | old | new
        1           | 12   | 330100/1 |     | B
        2           | 12   | 330100/3 |     | D
    """
    assert persons(table, decisions) == [
        ("1", "B", None, "UNIQUE"), ("2", None, None, "NONE"), ("3", "C", None, "UNIQUE"),
    ]  # fmt: skip
    assert cases(table, decisions) == [("decision_not_applied", "3", "2")]


def test_one_person_under_two_numbers_becomes_one(persons: Any, identity: Any) -> None:
    table = """
        record   | citizen_id | name | former_name | birth_date | registered_on
        330100/1 | A          | 王芳 |             | 1800-01-01 | 2001-01-01
        330100/2 | A          | 王红 | 王芳        | 1800-01-01 | 2002-01-01
        330200/1 | B          | 汪芳 |             | 1801-01-01 | 2003-01-01
        330100/4 | B          | 李雷 |             | 1800-01-01 | 2000-01-01
        330100/5 |            | 王芳 |             | 1800-01-01 | 2000-01-01
    """
    decision = """
        kind | record   | other    | new
        90   | 330100/1 | 330200/1 | A
    """
    assert persons(table, decision) == [
        ("330200/1 1 2", "A", None, "UNIQUE"), ("4", "B", None, "UNIQUE"), ("5", None, None, "NONE"),
    ]  # fmt: skip
    assert len(rows(identity(table, decision).replaced)) == 1


def test_two_records_without_a_number_become_one_person(persons: Any) -> None:
    table = """
        record   | citizen_id | name | registered_on
        330100/1 |            | 王芳 | 2001-01-01
        330100/2 |            | 王红 | 2002-01-01
    """
    decisions = """
        decision_no | kind | record   | other    | old | new | effective_on
        1           | 90   | 330100/1 | 330100/2 |     | A   | 2015-01-01
        2           | 12   | 330100/1 |          | A   | B   | 2015-02-01
    """
    assert persons(table, decisions) == [("2 1", "B", None, "UNIQUE")]


def test_a_revoked_decision_never_was_and_a_revocation_cannot_be_revoked(persons: Any, cases: Any) -> None:
    decisions = """
        decision_no | kind | record   | old | new | revokes | effective_on
        1           | 11   | 330100/2 | A   | B   |         | 2015-01-01
        2           | 99   |          |     |     | 1       | {}
        3           | 99   |          |     |     | 2       | 2015-03-01
    """
    assert persons(TWO_ON_ONE, decisions.format("2015-02-01")) == BEFORE
    assert persons(TWO_ON_ONE, decisions.format("2016-02-01")) == PARTED
    assert [c[0] for c in cases(TWO_ON_ONE, decisions.format("2015-02-01"))] == [
        "contested_number", "double_registration",
    ]  # fmt: skip


def test_a_decision_repeated_or_already_carried_out_is_applied(persons: Any, cases: Any) -> None:
    table = """
        record   | citizen_id | name
        330100/1 | A          | 王芳
        330100/2 | B          | 李雷
        330100/3 | A          | 李雷
    """
    decisions = """
        decision_no | kind | record   | old | new | effective_on
        1           | 11   | 330100/2 | A   | B   | 2015-01-01
        2           | 11   | 330100/2 | A   | B   | 2015-02-01
    """
    assert persons(table, decisions) == [("1", "A", None, "UNIQUE"), ("3 2", "B", None, "UNIQUE")]
    assert cases(table, decisions) == [("double_registration", "2 3", None)]


def test_what_finds_nothing_to_apply_to_opens_a_case(persons: Any, cases: Any) -> None:
    table = """
        record   | citizen_id | name
        330100/1 | A          | 王芳
    """
    decisions = """
        decision_no | kind | record   | other    | old | new
        1           | 12   | 330100/1 |          | C   | B
        2           | 12   | 330100/9 |          | A   | B
        3           | 12   | 330100/1 |          | A   |
        4           | 90   | 330100/8 | 330100/9 |     | B
        5           | 11   |          |          | A   | B
        6           | 12   | 330100/1 |          |     | B
    """
    assert persons(table, decisions) == [("1", "A", None, "UNIQUE")]
    assert cases(table, decisions) == [
        ("decision_not_applied", "", "5"),
        ("decision_not_applied", "1", "1"),
        ("decision_not_applied", "1", "3"),
        ("decision_not_applied", "1", "6"),
        ("decision_not_applied", "8 9", "4"),
        ("decision_not_applied", "9", "2"),
    ]


def test_decisions_apply_by_day_then_number_as_text(persons: Any, cases: Any) -> None:
    table = """
        record   | citizen_id
        330100/1 | A
        330100/2 | E
    """
    decisions = """
        decision_no | kind | record   | old | new | effective_on
        9           | 12   | 330100/1 | B   | C   | 2015-01-02
        10          | 12   | 330100/1 | A   | B   | 2015-01-02
        1           | 12   | 330100/1 | C   | D   | 2015-01-03
        8           | 12   | 330100/2 | E   | F   | 2015-01-02
        70          | 12   | 330100/2 | F   | G   | 2015-01-02
    """
    assert persons(table, decisions) == [("1", "D", None, "UNIQUE"), ("2", "F", None, "UNIQUE")]
    assert cases(table, decisions) == [("decision_not_applied", "2", "70")]


def test_a_decision_to_come_is_not_yet_in_force(persons: Any, cases: Any) -> None:
    decision = """
        kind | record   | old | new | effective_on
        11   | 330100/2 | A   | B   | 2016-01-02
    """
    assert persons(TWO_ON_ONE, decision) == BEFORE
    assert "decision_not_applied" not in [c[0] for c in cases(TWO_ON_ONE, decision)]


def test_a_record_that_changed_bureau_is_found_by_its_first_one(persons: Any) -> None:
    table = """
        record   | citizen_id | anchor_region
        330200/1 | A          | 330100
        330200/2 | C          | 330100
        330100/2 | D          | 330100
    """
    decisions = """
        decision_no | kind | record   | old | new
        1           | 12   | 330100/1 | A   | B
        2           | 12   | 330100/2 | D   | E
    """
    assert persons(table, decisions) == [
        ("2", "E", None, "UNIQUE"), ("330200/1", "B", None, "UNIQUE"), ("330200/2", "C", None, "UNIQUE"),
    ]  # fmt: skip


def test_a_cancelled_record_follows_its_person(persons: Any) -> None:
    table = """
        record   | citizen_id | name | ended_on   | end_reason
        330100/1 | A          | 王芳 |            |
        330100/2 | A          | 王芳 | 2015-01-01 | 4
    """
    decision = """
        kind | record   | old | new
        12   | 330100/1 | A   | B
    """
    assert persons(table, decision) == [("1", "B", None, "UNIQUE")]


def test_a_decision_that_two_bureaus_deliver_counts_once(persons: Any) -> None:
    decisions = """
        decision_no | kind | region | record   | old | new | updated_at
        1           | 11   | 330100 | 330100/2 | A   | C   | 2015-01-01
        1           | 11   | 330200 | 330100/2 | A   | B   | 2015-01-02
    """
    assert persons(TWO_ON_ONE, decisions) == PARTED
