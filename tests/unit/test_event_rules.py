"""The rules of base/event, told as what bureaus say and what is to come of it."""

from __future__ import annotations

from datetime import date

import pytest
from lib import model_base
from lib.stories import deliveries, known

AS_OF = date(2015, 12, 31)


def events(register: str, decisions: str | None = None) -> list[str]:
    """'kind event_on from to at occurred_on', areas by their last three digits, '!' where one-sided."""
    told = [deliveries(register), *([deliveries(decisions, "id_correction")] if decisions else [])]
    found = model_base.base_tables(known(*told), AS_OF)
    return sorted(_event(row) for row in found["event"])


def _event(row: dict[str, object]) -> str:
    ends = (str(row[name])[-3:] if row[name] else "-" for name in ("from_area", "to_area"))
    occurred = f" at {row['occurred_on']}" if row["occurred_on"] else ""
    return (
        " ".join([str(row["kind"]), str(row["event_on"])[2:], *ends])
        + " !" * bool(row["one_sided"])
        + occurred
    )


COMES = {
    "BIRTH": "BIRTH 15-11-30 - 001 at 1800-01-01",
    "LATE": "LATE_REGISTRATION 15-11-30 - 001 at 1800-01-01",
    "DISCHARGE": "DISCHARGE 15-11-30 - 001",
    "RETURN": "RETURN 15-11-30 - 001",
    "RESTORE": "RESTORE 15-11-30 - 001",
    "MOVE": "MOVE 15-11-30 005 001 !",
    "OTHER": "APPEARED 15-11-30 - 001",
    "-": "APPEARED 15-11-30 - 001",
}


@pytest.mark.parametrize("reason", COMES)
def test_who_comes_first_comes_for_the_reason_that_the_register_gives(reason: str) -> None:
    found = events(f"""
        day        | record_no | registered_on | move_in_reason | move_in_from
        2015-12-01 | 1         | 2015-11-30    | {reason}       | 330102001005
    """)
    assert found == [COMES[reason]]


def test_of_a_move_from_a_county_the_village_is_not_known() -> None:
    found = events("""
        day        | record_no | move_in_reason | move_in_from
        2015-12-01 | 1         | MOVE           | 330102
    """)
    assert found == ["MOVE 00-01-01 - 001 !"]


GOES = {
    "1": "DEATH 15-12-03 001 - at 2015-12-02",
    "2": "MISSING 15-12-03 001 -",
    "3": "TRANSIT_OUT 15-12-03 001 007 !",
    "4": "CANCEL_DUPLICATE 15-12-03 001 -",
    "5": "ENLIST 15-12-03 001 -",
    "6": "EMIGRATE 15-12-03 001 -",
    "7": "CANCEL_ERROR 15-12-03 001 -",
    "9": "OTHER 15-12-03 001 -",
}


@pytest.mark.parametrize("reason", GOES)
def test_who_ends_ends_for_the_reason_that_the_register_gives(reason: str) -> None:
    found = events(f"""
        day        | record_no | ended_on   | end_reason | died_on    | move_out_to
        2015-12-01 | 1         |            |            |            |
        2015-12-04 | 1         | 2015-12-03 | {reason}   | 2015-12-02 | 330102001007
    """)
    assert found == sorted(["APPEARED 00-01-01 - 001", GOES[reason]])


def test_an_end_delivered_with_the_registration_is_both() -> None:
    found = events("""
        day        | record_no | registered_on | move_in_reason | ended_on   | end_reason
        2015-12-04 | 1         | 2015-12-01    | BIRTH          | 2015-12-02 | 2
    """)
    assert found == ["BIRTH 15-12-01 - 001 at 1800-01-01", "MISSING 15-12-02 001 -"]


def test_an_end_to_come_has_not_happened() -> None:
    found = events("""
        day        | record_no | ended_on   | end_reason
        2015-12-04 | 1         | 2016-01-01 | 1
    """)
    assert found == ["APPEARED 00-01-01 - 001"]


MOVED = """
    region | day        | record_no | registered_area | registered_on | ended_on   | end_reason
    330100 | 2015-12-01 | 1         | 001             | 2000-01-01    |            |
    330100 | 2015-12-05 | 1         | 001             | 2000-01-01    | 2015-12-05 | 3
    330200 | 2015-12-07 | 9         | 002             | {}            |            |
"""


def test_an_end_and_a_registration_of_one_year_are_one_move() -> None:
    assert events(MOVED.format("2015-12-06")) == ["APPEARED 00-01-01 - 001", "MOVE 15-12-06 001 002"]


def test_over_the_turn_of_the_year_it_is_a_transit_out_and_a_transit_in() -> None:
    assert events(MOVED.format("2014-12-06")) == [
        "APPEARED 00-01-01 - 001", "TRANSIT_IN 14-12-06 001 002", "TRANSIT_OUT 15-12-05 001 002",
    ]  # fmt: skip


def test_both_ends_on_one_day_are_one_move() -> None:
    found = events("""
        region | day        | record_no | registered_area | registered_on | ended_on   | end_reason
        330100 | 2015-12-01 | 1         | 001             | 2000-01-01    |            |
        330100 | 2015-12-05 | 1         | 001             | 2000-01-01    | 2015-12-05 | 3
        330200 | 2015-12-05 | 9         | 002             | 2015-12-05    |            |
    """)
    assert found == ["APPEARED 00-01-01 - 001", "MOVE 15-12-05 001 002"]


RETURNS = {
    ("1", "-"): "RESTORE 15-12-08 - 001",
    ("5", "OTHER"): "DISCHARGE 15-12-08 - 001",
    ("6", "-"): "RETURN 15-12-08 - 001",
    ("5", "RETURN"): "RETURN 15-12-08 - 001",
    ("2", "LATE"): "LATE_REGISTRATION 15-12-08 - 001",
}


@pytest.mark.parametrize(("ended", "back"), RETURNS)
def test_who_comes_back_after_an_end_does_so_as_the_register_says(ended: str, back: str) -> None:
    found = events(f"""
        day        | record_no | registered_on | move_in_reason | ended_on   | end_reason
        2015-12-01 | 1         | 2000-01-01    |                |            |
        2015-12-05 | 1         | 2000-01-01    |                | 2015-12-05 | {ended}
        2015-12-09 | 1         | 2015-12-08    | {back}         |            |
    """)
    assert RETURNS[ended, back] in found
    assert len(found) == 3


def test_a_return_registered_before_the_end_counts_on_the_day_it_shows() -> None:
    found = events("""
        day        | record_no | ended_on   | end_reason
        2015-12-01 | 1         |            |
        2015-12-05 | 1         | 2015-12-05 | 1
        2015-12-09 | 1         |            |
    """)
    assert "RESTORE 15-12-09 - 001" in found


def test_a_change_of_area_on_one_record_is_a_move() -> None:
    told = """
        day        | record_no | registered_area | registered_on
        2015-12-01 | 1         | 001             | 2000-01-01
        2015-12-05 | 1         | 002             | {}
    """
    assert "MOVE 15-12-04 001 002" in events(told.format("2015-12-04"))
    assert "MOVE 15-12-05 001 002" in events(told.format("2000-01-01"))


def test_a_takeover_that_changes_the_code_is_no_move() -> None:
    told = """
        region | day        | replaces | record_no | registered_area
        330100 | 2015-12-01 |          | 1         | 001
        330200 | 2015-12-05 | 330100   | 1         | {}
    """
    assert [e for e in events(told.format("002")) if "12-05" in e] == [
        "RECODED_IN 15-12-05 001 002", "RECODED_OUT 15-12-05 001 002",
    ]  # fmt: skip
    assert events(told.format("001")) == ["APPEARED 00-01-01 - 001"]


DOUBLE = """
    region | day        | record_no | registered_area | registered_on | op
    330100 | 2015-12-01 | 1         | 001             | 2000-01-01    |
    330200 | 2015-12-03 | 9         | {}              | {}            |
"""


def test_a_later_registration_elsewhere_is_a_move_and_an_end_of_it_takes_that_back() -> None:
    assert events(DOUBLE.format("001", "2015-12-02")) == ["APPEARED 00-01-01 - 001"]
    assert "MOVE 15-12-02 001 002" in events(DOUBLE.format("002", "2015-12-02"))
    taken_back = DOUBLE.format("002", "2015-12-02") + "    330200 | 2015-12-05 | 9 | | | D\n"
    assert [e for e in events(taken_back) if "12-05" in e] == [
        "CANCEL_DUPLICATE 15-12-05 002 -", "RESTORE 15-12-05 - 001",
    ]  # fmt: skip


def test_who_is_gone_without_a_word_has_vanished_and_comes_back_as_appeared() -> None:
    found = events("""
        day        | contents | record_no
        2015-12-01 | snapshot | 1
        2015-12-03 | snapshot |
        2015-12-05 | snapshot | 1
    """)
    assert found == ["APPEARED 00-01-01 - 001", "APPEARED 15-12-05 - 001", "VANISHED 15-12-03 001 -"]


def test_two_who_turn_out_to_be_one_merge_and_part_again() -> None:
    told = """
        day        | record_no | citizen_id
        2015-12-01 | 1         | A
        2015-12-01 | 2         | B
    """
    decided = """
        day        | decision_no | kind | register_region | record_no | other_region | other_record_no | new_citizen_id | revokes | effective_on
        2015-12-01 | 1           | 90   | 330100          | 1         | 330100       | 2               | A              |         | 2015-12-05
        2015-12-01 | 2           | 99   |                 |           |              |                 |                | 1       | 2015-12-09
    """  # noqa: E501
    assert [e for e in events(told, decided) if "15-12" in e] == [
        "MERGE 15-12-05 001 -",
        "SPLIT 15-12-09 - 001",
    ]


def test_a_conversion_counts_once() -> None:
    found = events("""
        day        | record_no | registered_area | converted_on
        2015-12-01 | 1         | 001             |
        2015-12-03 | 1         | 001             | 2015-12-02
        2015-12-05 | 1         | 002             | 2015-12-02
    """)
    assert [e for e in found if "CONVERSION" in e] == ["CONVERSION 15-12-02 001 001"]
