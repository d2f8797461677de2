"""The generator's plain model of rules and persons: the sentences of design sections 4, 6 and 7 by hand."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import pytest

from popbase import contracts
from popbase.generate import judge, numbers
from popbase.generate.deliver import Delivery, Row
from popbase.generate.resolve import Record, Register, in_force, person_id
from popbase.generate.state import state, verdict

DAY = date(2015, 12, 31)
NUMBER, OTHER = numbers.complete("33010219850307001"), numbers.complete("33010219850307003")


def cells(**changes: str | None) -> dict[str, str | None]:
    """A register row that breaks no rule, but for `changes`."""
    return {
        "record_no": "1", "citizen_id": NUMBER, "name": "王芳", "sex": "1", "birth_date": "1985-03-07",
        "household_kind": "10", "registered_area": "330102001001", "registered_on": "1990-01-01",
        "updated_at": "2015-01-01 10:00:00",
    } | changes  # fmt: skip


def judged(**changes: str | None) -> judge.Judged:
    return judge.judge(contracts.feed(contracts.REGISTER), cells(**changes), business_date=DAY)


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ()),
        ({"citizen_id": "1234"}, ("citizen_id.malformed",)),
        ({"citizen_id": numbers.complete("33010219850230001")}, ("citizen_id.bad_date",)),
        ({"citizen_id": NUMBER[:17] + ("1" if NUMBER[17] != "1" else "2")}, ("citizen_id.bad_check",)),
        ({"citizen_id": numbers.complete("71000019850307001")}, ("citizen_id.unknown_area",)),
        ({"name": "\u3000", "updated_at": "gestern"}, ("name.required", "updated_at.format")),
        ({"sex": "3"}, ("sex.code",)),
        ({"end_reason": "8"}, ("end_reason.code",)),
    ],
)
def test_a_row_is_refused_with_every_rule_it_breaks(
    changes: dict[str, str | None], reasons: tuple[str, ...]
) -> None:
    assert judged(**changes).reasons == reasons


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({"citizen_id": numbers.shortened(NUMBER)}, ("citizen_id.upgraded",)),
        ({"citizen_id": numbers.full_width(NUMBER)}, ()),
        ({"sex": "2"}, ("citizen_id.sex",)),
        ({"birth_date": "19850308"}, ("citizen_id.birth_date",)),
        ({"hukou_nature": "99"}, ("hukou_nature.code",)),
        ({"citizen_id": numbers.complete("33011119850307001"), "registered_on": "2013-12-31"},
         ("citizen_id.area_not_in_force",)),
        ({"citizen_id": numbers.complete("33010218950307001"), "birth_date": "1895-03-07"}, ()),
        ({"citizen_id": numbers.complete("33010218940307001"), "birth_date": "1894-03-07"},
         ("citizen_id.age",)),
    ],
)  # fmt: skip
def test_what_is_only_odd_is_accepted_with_a_flag(
    changes: dict[str, str | None], flags: tuple[str, ...]
) -> None:
    assert judged(**changes).reasons == ()
    assert judged(**changes).flags == flags


def test_of_a_deleted_row_only_key_and_time_are_judged() -> None:
    contract = contracts.feed(contracts.REGISTER)
    row = judge.judge(contract, cells(name=None, sex="7"), business_date=DAY, op="D", changes=True)
    assert row.accepted


def test_names_match_whatever_separator_and_private_character() -> None:
    assert judge.match_name("阿迪力·买买提") == judge.match_name("阿迪力•买买提 ")
    assert judge.match_name("王䶮") == judge.match_name("王\ue863")


def record(no: str, **changes: Any) -> Record:
    values = {
        "citizen_id": NUMBER, "name": "王芳", "former_name": None, "birth_date": date(1985, 3, 7),
        "registered_on": date(1990, 1, 1), "ended_on": None, "end_reason": None,
        "updated_at": date(2015, 1, 1),
    } | changes  # fmt: skip
    return Record("330100", no, values, (), date(2014, 12, 31))


def standing(
    *records: Record, decisions: tuple[dict[str, Any], ...] = ()
) -> list[tuple[str, str | None, str, str]]:
    """(winner, number, id_status, status) of each person."""
    register = Register(records, DAY)
    for decision in in_force(decisions, DAY):
        register.apply(decision)
    return sorted((p.winner.record_no, p.number, p.id_status, p.status) for p in register.persons())


def test_one_person_registered_twice_is_one_person() -> None:
    later = record("2", registered_on=date(2001, 1, 1), name="王方", former_name="王芳")
    assert standing(record("1"), later) == [("2", NUMBER, "UNIQUE", "REGISTERED")]


def test_two_living_people_on_one_number_are_contested() -> None:
    assert [row[2] for row in standing(record("1"), record("2", name="李强"))] == ["CONTESTED", "CONTESTED"]


def test_the_dead_beside_the_living_is_former() -> None:
    dead = record("2", name="李强", ended_on=date(2015, 1, 1), end_reason="1")
    assert standing(record("1"), dead) == [
        ("1", NUMBER, "UNIQUE", "REGISTERED"),
        ("2", NUMBER, "FORMER", "DEAD"),
    ]


def test_a_cancelled_record_takes_no_part() -> None:
    cancelled = record("2", name="李强", ended_on=date(2015, 1, 1), end_reason="4")
    assert standing(record("1"), cancelled) == [("1", NUMBER, "UNIQUE", "REGISTERED")]
    assert standing(cancelled) == [("2", NUMBER, "UNIQUE", "CANCELLED")]


def decision(no: str, kind: str, **facts: Any) -> dict[str, Any]:
    blank = dict.fromkeys(
        [
            "register_region",
            "record_no",
            "other_region",
            "other_record_no",
            "old_citizen_id",
            "new_citizen_id",
            "revokes",
        ]
    )
    return {**blank, "decision_no": no, "kind": kind, "effective_on": date(2015, 6, 1), **facts}


RENUMBER = decision(
    "1", "11", register_region="330100", record_no="2", old_citizen_id=NUMBER, new_citizen_id=OTHER
)


def test_a_decision_gives_one_of_two_a_number_of_its_own() -> None:
    found = standing(record("1"), record("2", name="李强"), decisions=(RENUMBER,))
    assert found == [("1", NUMBER, "UNIQUE", "REGISTERED"), ("2", OTHER, "UNIQUE", "REGISTERED")]


def test_a_revoked_decision_has_never_been() -> None:
    revoked = (RENUMBER, decision("2", "99", revokes="1"))
    found = standing(record("1"), record("2", name="李强"), decisions=revoked)
    assert [row[2] for row in found] == ["CONTESTED", "CONTESTED"]


def test_a_decision_joins_two_records_under_two_numbers() -> None:
    same = decision("1", "90", register_region="330100", record_no="1", other_region="330100",
                    other_record_no="2", new_citizen_id=NUMBER)  # fmt: skip
    assert standing(record("1"), record("2", citizen_id=OTHER), decisions=(same,)) == [
        ("2", NUMBER, "UNIQUE", "REGISTERED")
    ]


def test_an_empty_old_number_changes_only_the_record_named() -> None:
    born = decision("1", "12", register_region="330100", record_no="1", new_citizen_id=NUMBER)
    found = standing(record("1", citizen_id=None), record("2", citizen_id=None), decisions=(born,))
    assert found == [("1", NUMBER, "UNIQUE", "REGISTERED"), ("2", None, "NONE", "REGISTERED")]


def test_person_id_is_the_start_of_the_anchors_hash() -> None:
    assert person_id("330100", "1") == hashlib.sha256(b"person|330100|1").hexdigest()[:32]


def delivery(day: int, *rows: Row, kind: str = "changes", number: int = 1) -> Delivery:
    return Delivery(contracts.REGISTER, "330100", date(2015, 12, day), kind, rows=rows, number=number)


def names_at(day: int, *deliveries: Delivery) -> list[str]:
    found = state([verdict(d) for d in deliveries], date(2015, 12, day))
    return sorted(r.values["name"] for r in found.records.values())


def test_the_later_delivery_number_replaces_the_earlier_whole() -> None:
    first = delivery(1, Row(cells(name="一"), op="U"), Row(cells(record_no="2", name="二"), op="U"))
    second = delivery(1, Row(cells(name="三"), op="U"), number=2)
    assert names_at(1, second, first) == ["三"]


def test_a_refused_row_changes_nothing() -> None:
    assert names_at(
        2, delivery(1, Row(cells(name="一"), op="U")), delivery(2, Row(cells(name="二", sex="8"), op="U"))
    ) == ["一"]


def test_a_deletion_removes_and_a_later_row_brings_back() -> None:
    one, gone = delivery(1, Row(cells(name="一"), op="U")), delivery(2, Row(cells(), op="D"))
    back = delivery(3, Row(cells(name="三"), op="U"))
    assert names_at(2, one, gone) == []
    found = state([verdict(d) for d in (one, gone, back)], date(2015, 12, 3))
    assert [r.first_date for r in found.records.values()] == [date(2015, 12, 1)]


def test_of_two_rows_with_one_key_the_later_time_wins() -> None:
    judged_delivery = verdict(
        delivery(
            1,
            Row(cells(name="一", updated_at="2015-01-02T00:00Z"), op="U"),
            Row(cells(name="二", updated_at="2015-01-02 07:59"), op="U"),
        )
    )
    assert (judged_delivery.accepted, judged_delivery.superseded) == (1, 1)
    assert judged_delivery.rows["1",][1].values["name"] == "一"


def test_too_many_bad_rows_reject_the_delivery() -> None:
    rows = [Row(cells(record_no=str(i), sex="8" if i < 3 else "1"), op="U") for i in range(10)]
    share = verdict(delivery(1, *rows))
    assert (share.status, share.reason, share.quarantined, share.withheld) == (
        "rejected",
        "quarantine.share",
        3,
        7,
    )
