"""A bureau's snapshot that lost its people stops the night; what readers see stays whole until it is mended.

A small country of one bureau: 100 people in one village on 2014-12-31, and on 2015-12-31 fewer of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lib.delivery import deliver

from popbase import contracts
from popbase.errors import GateError
from popbase.publish.publication import Publication, Publications
from popbase.publish.reader import Reader
from popbase.settings import Settings

FIRST, LAST = date(2014, 12, 31), date(2015, 12, 31)
FALL = "region_population_fell"
PEOPLE, LEFT, ALL_BUT_ONE = 100, 60, 99


def register(count: int) -> list[str]:
    """So many people of the village, half of them women; the numbers are made up."""
    names = [f.name for f in contracts.feed(contracts.REGISTER).fields]
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    lines = []
    for n in range(count):
        digits = f"33010218000101{n:03d}"
        check = "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]
        said = {
            "record_no": f"R{n}", "citizen_id": digits + check, "name": "王芳", "sex": str(2 - n % 2),
            "birth_date": "1800-01-01", "household_no": f"H{n}", "household_kind": "10",
            "relation_to_head": "02", "hukou_nature": "12", "registered_area": "330102001001",
            "registered_on": "1990-01-01", "updated_at": "2014-01-01 00:00:00",
        }  # fmt: skip
        lines.append(",".join(said.get(name, "") for name in names))
    return lines


@pytest.fixture
def own(settings: Settings, tmp_path: Path, _session: object) -> Settings:
    """The first night is published; then most of the bureau's people are missing."""
    from popbase.night import run_night

    own = replace(settings, landing=str(tmp_path / "landing"), lake=str(tmp_path / "lake"))
    send(own, FIRST, PEOPLE)
    assert run_night(own, FIRST).outcome == "published"
    send(own, LAST, LEFT)
    assert run_night(own, LAST).outcome == "held"
    return own


def send(settings: Settings, day: date, people: int, *, number: int = 1) -> None:
    contract = contracts.feed(contracts.REGISTER)
    deliver(settings.landing_path, contract, register(people), region="330100", day=day, number=number)


def current(settings: Settings) -> Publication:
    found = Publications(settings.lake).current()
    assert found is not None
    return found


def population(settings: Settings) -> dict[int, int]:
    """Report year -> the nation's population as readers see it."""
    with Reader(settings.lake, current(settings)) as reader:
        (answer,) = reader.run("""
            SELECT report_year, CAST(value AS INT) FROM statistics.report
            WHERE area_level = 'nation' AND measure = 'population'
        """)
        return dict(answer.rows)


@pytest.mark.long
def test_readers_keep_what_they_had_until_the_snapshot_is_mended(own: Settings) -> None:
    from popbase.night import run_night

    assert population(own) == {2014: PEOPLE}
    assert [p.name for p in Path(own.lake).rglob("*.xlsx")] == ["T1-2014.xlsx"]

    send(own, LAST, ALL_BUT_ONE, number=2)
    assert run_night(own, LAST).outcome == "published"
    assert population(own) == {2014: PEOPLE, 2015: ALL_BUT_ONE}


@pytest.mark.long
def test_a_gate_is_accepted_by_its_name_and_by_no_other(own: Settings) -> None:
    from popbase.night import publish

    with pytest.raises(GateError, match=FALL):
        publish(own, LAST, accept=["rows"])
    assert population(own) == {2014: PEOPLE}

    assert publish(own, LAST, accept=[FALL]).outcome == "published"
    assert population(own) == {2014: PEOPLE, 2015: LEFT}
    assert any(FALL in warning for warning in current(own).warnings)
