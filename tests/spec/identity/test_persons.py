"""Design section 7, steps 1-4 and 7: links, survivorship, contested numbers, person ids."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any

from lib.tables import rows


def the_id(region: str, record_no: str) -> str:
    return sha256(f"person|{region}|{record_no}".encode()).hexdigest()[:32]


def test_records_with_one_number_and_name_are_one_person(persons: Any) -> None:
    assert persons("""
        record   | citizen_id | name            | registered_on
        330100/1 | A          | 阿依古丽·买买提 | 2001-01-01
        330200/1 | A          | 阿依古丽•买买提 | 2002-01-01
        330100/2 | B          | 阿依古丽·买买提 | 2001-01-01
    """) == [("2", "B", None, "UNIQUE"), ("330200/1 1", "A", None, "UNIQUE")]


def test_former_names_link_along_a_chain(persons: Any) -> None:
    assert persons("""
        record   | citizen_id | name | former_name | registered_on
        330100/1 | A          | 王芳 |             | 2001-01-01
        330100/2 | A          | 王红 | 王芳        | 2002-01-01
        330100/3 | A          | 王丽 | 王红        | 2003-01-01
    """) == [("3 1 2", "A", None, "UNIQUE")]


def test_a_shared_former_name_or_none_does_not_link(persons: Any) -> None:
    found = persons("""
        record   | citizen_id | name | former_name
        330100/1 | A          | 王芳 | 王静
        330100/2 | A          | 王红 | 王静
        330100/3 | B          | 李芳 |
        330100/4 | B          | 李红 |
    """)
    assert [(p[0], p[3]) for p in found] == [(r, "CONTESTED") for r in "1234"]


def test_different_birth_dates_do_not_link_even_through_a_former_name(persons: Any) -> None:
    found = persons("""
        record   | citizen_id | name | former_name | birth_date
        330100/1 | A          | 王芳 |             | 1800-01-01
        330100/2 | A          | 王芳 |             | 1800-01-02
        330100/3 | A          | 王红 | 王芳        | 1800-01-02
    """)
    assert [(p[0], p[3]) for p in found] == [("1", "CONTESTED"), ("3 2", "CONTESTED")]


def test_the_winner_is_live_then_latest_registered_then_updated_then_greatest(persons: Any) -> None:
    found = persons("""
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
    """)
    assert [p[0] for p in found] == ["2 1", "3 4", "330200/4 5", "7 6", "9 8"]


def test_three_live_people_on_one_number_keep_a_row_each_and_only_claim_it(persons: Any, cases: Any) -> None:
    table = """
        record   | citizen_id | name
        330100/1 | A          | 王芳
        330100/2 | A          | 王芳
        330100/3 | A          | 李雷
        330200/4 | A          | 张伟
    """
    assert persons(table) == [
        ("2 1", None, "A", "CONTESTED"), ("3", None, "A", "CONTESTED"), ("330200/4", None, "A", "CONTESTED"),
    ]  # fmt: skip
    assert cases(table) == [
        ("contested_number", "1 2 3 330200/4", None), ("double_registration", "1 2", None),
    ]  # fmt: skip


def test_one_who_ended_beside_a_live_one_is_former(persons: Any, cases: Any) -> None:
    table = """
        record   | citizen_id | name | ended_on   | end_reason | registered_on
        330100/1 | A          | 王芳 |            |            | 2000-01-01
        330100/2 | A          | 李雷 | 2015-01-01 | 1          | 2010-01-01
    """
    assert persons(table) == [("1", "A", None, "UNIQUE"), ("2", None, "A", "FORMER")]
    assert cases(table) == [("former_conflict", "1 2", None)]


def test_with_nobody_live_the_number_stays_with_who_ended_last(persons: Any) -> None:
    assert persons("""
        record   | citizen_id | name | ended_on   | end_reason | registered_on
        330100/1 | A          | 王芳 | 2015-06-01 | 1          | 2000-01-01
        330100/2 | A          | 李雷 | 2015-01-01 | 3          | 2010-01-01
        330100/3 | A          | 张伟 | 2014-01-01 | 3          | 2010-01-01
    """) == [("1", "A", None, "UNIQUE"), ("2", None, "A", "FORMER"), ("3", None, "A", "FORMER")]


def test_one_live_beside_two_contesting_and_one_former(persons: Any) -> None:
    assert persons("""
        record   | citizen_id | name | ended_on   | end_reason
        330100/1 | A          | 王芳 |            |
        330100/2 | A          | 李雷 |            |
        330100/3 | A          | 张伟 | 2014-01-01 | 3
    """) == [("1", None, "A", "CONTESTED"), ("2", None, "A", "CONTESTED"), ("3", None, "A", "FORMER")]


def test_a_record_cancelled_as_double_or_mistaken_takes_no_part(persons: Any, cases: Any) -> None:
    table = """
        record   | citizen_id | name | ended_on   | end_reason
        330100/1 | A          | 王芳 |            |
        330100/2 | A          | 王芳 | 2015-01-01 | 4
        330100/3 | A          | 李雷 | 2015-01-01 | 7
        330100/4 | B          | 李雷 | 2015-01-01 | 4
        330100/5 | C          | 李雷 | 2017-01-01 | 7
        330100/6 | C          | 王芳 | 2015-01-01 | 9
    """
    assert persons(table) == [
        ("1", "A", None, "UNIQUE"), ("4", "B", None, "UNIQUE"),
        ("5", "C", None, "UNIQUE"), ("6", None, "C", "FORMER"),
    ]  # fmt: skip
    assert cases(table) == [("former_conflict", "5 6", None)]


def test_a_cancelled_record_does_not_link_two_others(persons: Any) -> None:
    found = persons("""
        record   | citizen_id | name | former_name | ended_on   | end_reason
        330100/1 | A          | 王芳 |             |            |
        330100/2 | A          | 王红 | 王芳        | 2015-01-01 | 7
        330100/3 | A          | 王丽 | 王红        |            |
    """)
    assert found == [("1", None, "A", "CONTESTED"), ("3", None, "A", "CONTESTED")]


def test_when_all_are_cancelled_they_stand_for_the_person(identity: Any) -> None:
    found = identity("""
        record   | citizen_id | ended_on   | end_reason
        330100/1 | A          | 2015-01-01 | 4
        330100/2 | A          | 2015-02-01 | 7
    """)
    assert rows(found.person, "record_no", "status", "id_status") == [("2", "CANCELLED", "UNIQUE")]


def test_without_a_number_each_record_is_a_person(persons: Any) -> None:
    assert persons("""
        record   | citizen_id | ended_on   | end_reason
        330100/1 |            |            |
        330100/2 |            | 2015-01-01 | 7
    """) == [("1", None, None, "NONE"), ("2", None, None, "NONE")]


def test_only_records_registered_by_the_date_are_candidates(persons: Any) -> None:
    assert persons("""
        record   | citizen_id | registered_on
        330100/1 | A          | 2016-01-01
        330100/2 | A          | 2016-01-02
    """) == [("1", "A", None, "UNIQUE")]


def test_the_status_says_how_the_last_record_ended(identity: Any) -> None:
    found = identity("""
        record   | citizen_id | ended_on   | end_reason
        330100/1 | A          | 2015-01-01 | 1
        330100/2 | B          | 2015-01-01 | 2
        330100/3 | C          | 2015-01-01 | 3
        330100/4 | D          | 2015-01-01 | 5
        330100/5 | E          | 2015-01-01 | 6
        330100/6 | F          | 2016-01-01 | 9
        330100/7 | G          | 2016-01-02 | 1
        330100/8 | H          | 2015-01-01 |
    """)
    assert [s for _, s in rows(found.person, "record_no", "status")] == [
        "DEAD", "MISSING", "MOVED_OUT", "IN_SERVICE", "EMIGRATED", "CANCELLED", "REGISTERED", "CANCELLED",
    ]  # fmt: skip


def test_a_death_beside_a_live_record_opens_a_case_and_counts_as_live(identity: Any, cases: Any) -> None:
    table = """
        record   | citizen_id | ended_on   | end_reason
        330100/1 | A          | 2015-01-01 | 1
        330100/2 | A          |            |
        330100/3 | B          | 2015-01-01 | 3
        330100/4 | B          |            |
    """
    assert cases(table) == [("dead_and_live", "1 2", None)]
    assert rows(identity(table).person, "record_no", "status") == [("2", "REGISTERED"), ("4", "REGISTERED")]


def test_a_number_at_odds_with_its_record_opens_a_case_without_values(identity: Any) -> None:
    found = identity("""
        record   | citizen_id | flags
        330100/1 | A          | citizen_id.sex citizen_id.birth_date
        330100/2 | B          | citizen_id.birth_date
        330100/3 | C          | citizen_id.age
    """)
    assert rows(found.findings, "kind", "record_nos", "evidence") == [
        ("wrong_number", ["330100/1"], "sex=differs;birth_date=differs"),
        ("wrong_number", ["330100/2"], "birth_date=differs"),
    ]


def test_evidence_says_which_fields_agree(identity: Any) -> None:
    found = identity("""
        record   | citizen_id | name | sex | birth_date
        330100/1 | A          | 王芳 | 2   | 1800-01-01
        330100/2 | A          | 李雷 | 1   | 1800-01-01
    """)
    evidence = "name=differs;sex=differs;birth_date=agrees;registered_area=agrees"
    assert rows(found.findings, "kind", "evidence") == [("contested_number", evidence)]


def test_the_person_is_named_after_the_record_that_first_carried_it(identity: Any) -> None:
    found = identity("""
        record   | citizen_id | first_date | anchor_region | registered_on
        330200/1 | A          | 2014-02-01 | 330100        | 2009-01-01
        330100/2 | A          | 2014-03-01 |               | 2010-01-01
        330100/3 | B          | 2014-02-01 |               | 2009-01-01
        330100/4 | B          | 2014-02-01 |               | 2010-01-01
        330100/5 |            | 2014-02-01 |               | 2010-01-01
    """)
    assert rows(found.person, "record_no", "person_id") == [
        ("2", the_id("330100", "1")), ("4", the_id("330100", "3")), ("5", the_id("330100", "5")),
    ]  # fmt: skip


def test_a_bureau_that_sends_its_old_record_numbers_again_names_someone_else(identity: Any) -> None:
    found = identity("""
        record   | citizen_id | first_date | anchor_region
        330200/1 | A          | 2014-02-01 | 330100
        330100/1 | B          | 2015-03-01 | 330100
        330300/1 | C          | 2014-01-01 | 330300
    """)
    ids = dict(rows(found.person, "region", "person_id"))
    assert (ids["330200"], ids["330300"]) == (the_id("330100", "1"), the_id("330300", "1"))
    assert ids["330100"] == the_id("330100@2015-03-01", "1")


def test_the_person_shows_the_winner(identity: Any) -> None:
    (found,) = identity("""
        record   | citizen_id         | registered_on | household_no | ended_on   | end_reason
        330100/1 | 810000180001010014 | 2009-01-01    | H9           |            |
        330200/2 | 810000180001010014 | 2010-01-01    |              | 2015-01-01 | 3
    """).person.collect()
    assert (found.person_class, found.household_id, found.region, found.registered_on) == (
        "HMT", "330100/H9", "330100", date(2009, 1, 1),
    )  # fmt: skip


def test_a_number_with_thousands_of_records_costs_its_names(identity: Any) -> None:
    lines = "\n".join(
        f"330100/{i} | A | 王{i % 700} | {f'王{i % 700 - 1}' if i % 700 else ''}" for i in range(3000)
    )
    found = identity(f"record | citizen_id | name | former_name\n{lines}")
    assert rows(found.person, "record_no", "id_status") == [("999", "UNIQUE")]


def test_many_dates_at_once_are_each_as_if_alone(identity: Any) -> None:
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
