"""The rules of base/person_history, told as what bureaus say and what is to come of it."""

from __future__ import annotations

from datetime import date

from lib import model_base
from lib.stories import deliveries, known

AS_OF = date(2015, 12, 31)


def history(register: str, *columns: str) -> list[str]:
    found = model_base.base_tables(known(deliveries(register)), AS_OF)["person_history"]
    return sorted(_line(row, ("valid_from", "valid_to", *columns)) for row in found)


def _line(row: dict[str, object], columns: tuple[str, ...]) -> str:
    return " ".join("-" if row[name] is None else str(row[name]) for name in columns)


def test_a_row_holds_from_a_change_to_the_next_and_reaches_ahead_where_it_is_known() -> None:
    told = """
        day        | record_no | registered_area | registered_on | ended_on   | end_reason
        2015-12-01 | 1         | 001             | 2015-12-03    |            |
        2015-12-05 | 1         | 002             | 2015-12-03    |            |
        2015-12-07 | 1         | 002             | 2015-12-03    |            |
        2015-12-09 | 1         | 002             | 2015-12-03    | 2016-01-05 | 1
    """
    assert history(told, "registered_area", "status", "ended_on") == [
        "2015-12-03 2015-12-05 330102001001 REGISTERED -",
        "2015-12-05 2015-12-09 330102001002 REGISTERED -",
        "2015-12-09 2016-01-05 330102001002 REGISTERED 2016-01-05",
        "2016-01-05 - 330102001002 DEAD 2016-01-05",
    ]


def test_a_registration_to_come_begins_ahead_and_a_delivery_to_come_is_not_known() -> None:
    told = """
        day        | record_no | registered_on
        2015-12-01 | 1         | 2016-02-01
        2016-01-02 | 1         | 2016-01-02
    """
    assert history(told, "status") == ["2016-02-01 - REGISTERED"]


def test_who_goes_and_comes_back_the_same_has_two_rows() -> None:
    told = """
        day        | record_no | op
        2015-12-01 | 1         | U
        2015-12-03 | 1         | D
        2015-12-05 | 1         | U
    """
    assert history(told) == ["2015-12-01 2015-12-03", "2015-12-05 -"]
