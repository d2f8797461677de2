"""What histories are known to get wrong, one test each: bureaus' deliveries, and the rows that come of them.

Two nights for one business date. Every story has a bureau of its own, so that two runs of the base serve all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from lib import case_lake, stories
from lib.delivery import deliver
from lib.sent import Sent

from popbase import contracts
from popbase.base.build import write_base
from popbase.control import read_small
from popbase.intake import feeds
from popbase.lake import Lake
from popbase.settings import Settings
from popbase.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

AS_OF = date(2015, 12, 31)
TABLES = ("person", "person_record", "person_history", "event", "id_history", "housing", "social_security")

# Story -> what is judged in the first night, and what in the second.
STORIES = {
    "inserted_again": ("""
        day        | record_no | op
        2015-12-01 | 1         | U
        2015-12-03 | 1         | D
        2015-12-05 | 1         | U
    """, None),
    "replaced": ("""
        day        | no | record_no | registered_area
        2015-12-01 | 1  | 1         | 001
        2015-12-03 | 2  | 1         | 003
        2015-12-05 | 1  | 1         | 004
    """, """
        day        | no | record_no | registered_area
        2015-12-03 | 1  | 1         | 002
        2015-12-05 | 2  | 1         | 005
    """),
    "from_day_to_day": ("""
        day        | record_no | registered_area
        2015-12-01 | 1         | 001
        2015-12-02 | 1         | 002
        2015-12-03 | 1         | 003
        2015-12-04 | 1         | 003
        2015-12-05 | 1         | 001
    """, None),
    "middle_day_last": ("""
        day        | record_no | registered_area
        2015-12-01 | 1         | 001
        2015-12-05 | 1         | 005
    """, """
        day        | record_no | registered_area
        2015-12-03 | 1         | 003
    """),
    "judged_again": ("""
        day        | contents | record_no | citizen_id | registered_area | registered_on | ended_on
        2015-12-01 | snapshot | 1         | A          | 001             | 2000-01-01    |
        2015-12-01 | snapshot | 2         | B          | 001             | 2000-01-01    |
        2015-12-03 | changes  | 1         | A          | 002             | 2015-12-02    |
        2015-12-03 | changes  | 2         | B          | 001             | 2000-01-01    | 2016-01-05
        2015-12-05 | snapshot | 1         | A          | 001             | 2015-12-04    |
    """, None),
}  # fmt: skip
INSURED = """
    day        | person_no | insurance_kind | op
    2015-12-01 | 1         | 110            | U
    2015-12-01 | 11        | 10             | U
    2015-12-03 | 1         | 110            | D
"""
# One record twice in a file: the later change stands first.
FILE = (
    "1,,330102199001010020,王芳,RENT,,,,330102001003,,2000-01-01,,2015-12-03 09:00",
    "1,,330102199001010020,王芳,RENT,,,,330102001002,,2000-01-01,,2015-12-03 08:00",
)


@dataclass(frozen=True)
class Nights:
    """Table -> rows after each of the two nights."""

    first: Mapping[str, list[dict[str, Any]]]
    second: Mapping[str, list[dict[str, Any]]]

    def rows(self, story: str, *columns: str, night: str = "second") -> list[str]:
        of_story = [r for r in getattr(self, night)["person_history"] if r["region"] == bureau(story)]
        return sorted(line(row, ("valid_from", "valid_to", *columns)) for row in of_story)


def bureau(story: str) -> str:
    return f"{list(STORIES).index(story):06d}"


def line(row: Mapping[str, Any], columns: Iterable[str]) -> str:
    return " ".join(short(row[name]) for name in columns)


def short(value: Any) -> str:
    """Days without their year, areas by their last three digits."""
    if isinstance(value, date):
        return f"{value:%m-%d}"
    return "-" if value is None else str(value).removeprefix(stories.AREA[:-3])


@pytest.fixture(scope="module")
def nights(_session: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    home = tmp_path_factory.mktemp("defects")
    lake = Lake(_session, str(home / "lake"))
    first = [s for story in STORIES for s in sent(story, 0)]
    again = [s for s in first if s.delivery.region == bureau("judged_again")]
    later = [s for story in STORIES for s in sent(story, 1)]
    send_file(home / "landing", replace(settings, landing=str(home / "landing"), lake=lake.root), lake)
    insured = stories.deliveries(INSURED, "social_security")
    return Nights(night(lake, [*first, *insured]), night(lake, [*later, *again]))


def sent(story: str, when: int) -> list[Sent]:
    told, at = STORIES[story][when], list(STORIES).index(story)
    found = stories.deliveries(told, case=at) if told else []
    return [replace(s, delivery=replace(s.delivery, region=bureau(story))) for s in found]


def send_file(landing: Path, settings: Settings, lake: Lake) -> None:
    deliver(landing, contracts.feed("housing"), FILE, region="330100", day=date(2015, 12, 3))
    feeds.take_in(lake, settings, "housing", until=AS_OF)


def night(lake: Lake, told: list[Sent]) -> dict[str, list[dict[str, Any]]]:
    case_lake.take_in(lake.root, told)
    write_base(Sources.now(lake), as_of=AS_OF)
    return {table: read_small(lake.root, f"base/{table}") for table in TABLES}


def test_an_identical_record_inserted_again_after_its_end_has_a_row_of_its_own(nights: Nights) -> None:
    assert nights.rows("inserted_again") == ["12-01 12-03", "12-05 -"]


def test_of_two_changes_of_one_day_the_greater_number_stands_whichever_came_first(nights: Nights) -> None:
    assert nights.rows("replaced", "registered_area", night="first") == [
        "12-01 12-03 001", "12-03 12-05 003", "12-05 - 004",
    ]  # fmt: skip
    assert nights.rows("replaced", "registered_area") == [
        "12-01 12-03 001", "12-03 12-05 003", "12-05 - 005",
    ]  # fmt: skip


def test_of_two_rows_of_a_key_in_one_delivery_the_later_one_stands_alone(nights: Nights) -> None:
    assert [short(row["area"]) for row in nights.second["housing"]] == ["003"]


def test_keys_that_are_one_text_when_joined_are_two_records(nights: Nights) -> None:
    found = [(row["person_no"], row["insurance_kind"]) for row in nights.second["social_security"]]
    assert found == [("11", "10")]


def test_a_row_ends_on_the_day_on_which_the_next_begins(nights: Nights) -> None:
    assert nights.rows("from_day_to_day", "registered_area") == [
        "12-01 12-02 001", "12-02 12-03 002", "12-03 12-05 003", "12-05 - 001",
    ]  # fmt: skip


def test_a_day_in_the_middle_that_is_delivered_last_parts_the_row_over_it(nights: Nights) -> None:
    told = "registered_area"
    assert nights.rows("middle_day_last", told, night="first") == ["12-01 12-05 001", "12-05 - 005"]
    assert nights.rows("middle_day_last", told) == ["12-01 12-03 001", "12-03 12-05 003", "12-05 - 005"]


def test_what_is_judged_again_changes_no_table(nights: Nights) -> None:
    assert nights.rows("judged_again", "registered_area", "status") == [
        "12-01 12-03 001 REGISTERED", "12-01 12-03 001 REGISTERED", "12-03 12-05 001 REGISTERED",
        "12-03 12-05 002 REGISTERED", "12-05 - 001 REGISTERED",
    ]  # fmt: skip
    persons = {
        r["person_id"] for r in nights.first["person_history"] if r["region"] == bureau("judged_again")
    }
    for table in ("person", "person_history", "event", "id_history"):
        first, second = (
            sorted((r for r in rows[table] if r["person_id"] in persons), key=repr)
            for rows in (nights.first, nights.second)
        )
        assert first == second
        assert first
