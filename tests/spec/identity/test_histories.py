"""What held from when to when: cases open and close, numbers and ids change hands (design section 7)."""

from __future__ import annotations

from datetime import date
from typing import Any

from lib.tables import rows

from popbase.identity.histories import id_cases, id_history

D1, D2, D3, D4 = (date(2015, month, 1) for month in (1, 2, 3, 4))
CONTEST = """
    record   | citizen_id | name | as_of      | until
    330100/1 | A          | 王芳 | 2015-01-01 | 2015-02-01
    330100/2 | A          | 李雷 | 2015-01-01 | 2015-02-01
    330100/1 | A          | 王芳 | 2015-02-01 | 2015-03-01
    330100/2 | {}         | 李雷 | 2015-02-01 | 2015-03-01
    330100/1 | A          | 王芳 | 2015-03-01 |
    330100/2 | {}         | 李雷 | 2015-03-01 |
"""


def test_a_case_closes_on_the_first_date_on_which_it_ceases(identity: Any) -> None:
    findings = identity(CONTEST.format("A", "B")).findings
    shown = ("kind", "status", "opened_on", "closed_on")
    assert rows(id_cases(findings, D4), *shown) == [("contested_number", "closed", D1, D3)]
    assert rows(id_cases(findings, D2), *shown) == [("contested_number", "open", D1, None)]


def test_a_case_that_comes_back_is_another_one(identity: Any) -> None:
    found = id_cases(identity(CONTEST.format("B", "A")).findings, D4)
    assert rows(found, "opened_on", "closed_on") == [(D1, D2), (D3, None)]
    assert len(set(rows(found, "case_id"))) == 2


def test_a_case_keeps_its_id_when_its_records_move(identity: Any) -> None:
    found = identity("""
        record   | citizen_id | name | anchor_region | as_of      | until
        330100/1 | A          | 王芳 |               | 2015-01-01 | 2015-02-01
        330100/2 | A          | 李雷 |               | 2015-01-01 | 2015-02-01
        330200/1 | A          | 王芳 | 330100        | 2015-02-01 |
        330100/2 | A          | 李雷 |               | 2015-02-01 |
    """)
    shown = rows(id_cases(found.findings, D4), "opened_on", "closed_on", "record_nos")
    assert shown == [(D1, None, ["330100/2", "330200/1"])]


def test_the_numbers_a_person_carried_stand_in_time(identity: Any) -> None:
    found = identity(
        """
        record   | citizen_id | as_of      | until
        330100/1 | A          | 2015-01-01 | 2015-02-01
        330100/1 | A          | 2015-02-01 | 2015-03-01
        330100/1 | A          | 2015-03-01 |
        """,
        """
        decision_no | kind | record   | old | new | effective_on | as_of
        7           | 12   | 330100/1 | A   | B   | 2015-03-01   | 2015-02-01
        7           | 12   | 330100/1 | A   | B   | 2015-03-01   | 2015-03-01
        """,
    )
    history = id_history(found.records, D4)
    assert rows(history, "valid_from", "valid_to", "decision_no") == [(D1, D3, None), (D3, None, "7")]
    assert len(set(rows(history, "citizen_id"))) == 2


def test_a_contested_number_is_nobodys(identity: Any) -> None:
    history = id_history(identity(CONTEST.format("B", "A")).records, D4)
    assert rows(history, "valid_from", "valid_to") == [(D2, D3), (D2, D3)]


def test_ids_that_became_one_person_lead_to_it_until_they_part(identity: Any) -> None:
    records = """
        record   | citizen_id | name | as_of      | until      | first_date
        330100/1 | A          | 王芳 | 2015-01-01 | 2015-02-01 | 2014-01-01
        330100/2 | B          | 王红 | 2015-01-01 | 2015-02-01 | 2014-02-01
        330100/1 | A          | 王芳 | 2015-02-01 | 2015-03-01 | 2014-01-01
        330100/2 | B          | 王红 | 2015-02-01 | 2015-03-01 | 2014-02-01
        330100/1 | A          | 王芳 | 2015-03-01 |            | 2014-01-01
        330100/2 | B          | 王红 | 2015-03-01 |            | 2014-02-01
    """
    decisions = """
        decision_no | kind | record   | other    | new | revokes | effective_on | as_of
        5           | 90   | 330100/1 | 330100/2 | A   |         | 2015-02-01   | 2015-01-01
        5           | 90   | 330100/1 | 330100/2 | A   |         | 2015-02-01   | 2015-02-01
        5           | 90   | 330100/1 | 330100/2 | A   |         | 2015-02-01   | 2015-03-01
        6           | 99   |          |          |     | 5       | 2015-03-01   | 2015-03-01
    """
    found = identity(records, decisions)
    former = id_history(found.records, D4).where("former_person_id IS NOT NULL")
    pair = rows(former, "valid_from", "valid_to", "decision_no", "person_id", "former_person_id")
    first, second = (
        p.person_id for p in found.person.where("as_of = '2015-01-01'").sort("record_no").collect()
    )
    assert pair == [(D2, D3, "5", first, second)]


def test_the_id_of_a_cancelled_first_record_leads_to_what_is_left(identity: Any) -> None:
    found = identity("""
        record   | citizen_id | as_of      | until      | first_date | ended_on   | end_reason
        330100/1 | A          | 2015-01-01 | 2015-02-01 | 2014-01-01 |            |
        330100/2 | A          | 2015-01-01 | 2015-02-01 | 2014-02-01 |            |
        330100/1 | A          | 2015-02-01 |            | 2014-01-01 | 2015-02-01 | 4
        330100/2 | A          | 2015-02-01 |            | 2014-02-01 |            |
    """)
    former = id_history(found.records, D4).where("former_person_id IS NOT NULL")
    ids = [p.person_id for p in found.person.sort("as_of").collect()]
    assert rows(former, "person_id", "former_person_id", "valid_from", "valid_to") == sorted(
        [(ids[0], ids[1], D1, D2), (ids[1], ids[0], D2, None)]
    )
