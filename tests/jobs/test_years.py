"""One village over the years: what a held night leaves, and which year counts whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from lib.delivery import deliver

from popbase import contracts
from popbase.errors import GateError
from popbase.intake.again import Named, withdraw
from popbase.publish.publication import Publication, Publications
from popbase.publish.reader import Reader
from popbase.settings import Settings

FIRST, LAST = date(2014, 12, 31), date(2015, 12, 31)
FALL = "region_population_fell"
PEOPLE, LEFT, ALL_BUT_ONE = 100, 60, 99


def register(count: int, since: Mapping[int, str]) -> list[str]:
    """So many people of the village, half of them women, registered long ago but for those of `since`; the
    numbers are made up."""
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
            "registered_on": since.get(n, "1990-01-01"), "updated_at": "2014-01-01 00:00:00",
        }  # fmt: skip
        lines.append(",".join(said.get(name, "") for name in names))
    return lines


@pytest.fixture
def own(settings: Settings, tmp_path: Path, _session: object) -> Settings:
    """The first night is published."""
    from popbase.night import run_night

    own = replace(settings, landing=str(tmp_path / "landing"), lake=str(tmp_path / "lake"))
    send(own, FIRST, PEOPLE)
    assert run_night(own, FIRST).outcome == "published"
    return own


@pytest.fixture
def held(own: Settings) -> Settings:
    """In the next one most of the bureau's people are missing."""
    from popbase.night import run_night

    send(own, LAST, LEFT)
    assert run_night(own, LAST).outcome == "held"
    return own


def send(
    settings: Settings,
    day: date,
    people: int,
    *,
    number: int = 1,
    since: Mapping[int, str] = MappingProxyType({}),
    **said: Any,
) -> None:
    lines, contract = register(people, since), contracts.feed(contracts.REGISTER)
    deliver(settings.landing_path, contract, lines, region="330100", day=day, number=number, **said)


def current(settings: Settings) -> Publication:
    found = Publications(settings.lake).current()
    assert found is not None
    return found


def population(settings: Settings) -> dict[int, int]:
    """Report year -> the nation's population as readers see it."""
    with Reader(settings.lake, current(settings)) as reader:
        (answer,) = reader.run("""
            SELECT report_year, CAST(value AS INT) FROM statistics.report
            WHERE "table" = 'T1' AND area_level = 'nation' AND measure = 'population'
        """)
        return dict(answer.rows)


@pytest.mark.long
def test_readers_keep_what_they_had_until_the_snapshot_is_mended(held: Settings) -> None:
    from popbase.night import run_night

    assert population(held) == {2014: PEOPLE}
    assert sorted(p.name for p in Path(held.lake).rglob("*.xlsx")) == ["T1-2014.xlsx", "T2-2014.xlsx"]

    send(held, LAST, ALL_BUT_ONE, number=2)
    assert run_night(held, LAST).outcome == "published"
    assert population(held) == {2014: PEOPLE, 2015: ALL_BUT_ONE}


@pytest.mark.long
def test_a_gate_is_accepted_by_its_name_and_by_no_other(held: Settings) -> None:
    from popbase.steps import publish

    with pytest.raises(GateError, match=FALL):
        publish(held, LAST, accept=["rows"])
    assert population(held) == {2014: PEOPLE}

    assert publish(held, LAST, accept=[FALL]).outcome == "published"
    assert population(held) == {2014: PEOPLE, 2015: LEFT}
    assert any(FALL in warning for warning in current(held).warnings)


@pytest.mark.long
def test_a_birth_delivered_after_the_years_end_is_in_its_stock_and_one_after_the_cut_off_is_not(
    own: Settings,
) -> None:
    """Statistics section 1: the state at the cut-off, judged at the year's end."""
    from popbase.night import run_night

    born = {PEOPLE: "2015-12-30", PEOPLE + 1: "2016-01-02"}
    send(own, date(2016, 1, 3), PEOPLE + 2, since=born)
    run_night(own, date(2016, 1, 3))
    assert population(own) == {2014: PEOPLE, 2015: PEOPLE + 1, 2016: PEOPLE + 2}

    send(own, date(2016, 1, 26), PEOPLE + 3, since=born | {PEOPLE + 2: "2015-12-31"})
    run_night(own, date(2016, 1, 26))
    assert population(own) == {2014: PEOPLE, 2015: PEOPLE + 1, 2016: PEOPLE + 3}


@pytest.mark.long
def test_a_year_of_which_every_delivery_is_withdrawn_is_published_no_more(own: Settings) -> None:
    from popbase.night import run_night

    send(own, LAST, PEOPLE)
    run_night(own, LAST)
    assert population(own) == {2014: PEOPLE, 2015: PEOPLE}
    withdraw(own.lake, Named(contracts.REGISTER, "330100", FIRST, 1), "dated by mistake")
    assert run_night(own, LAST).outcome == "published"
    assert population(own) == {2015: PEOPLE}


@pytest.mark.long
def test_after_a_rollback_a_night_is_held_until_its_cause_is_withdrawn(own: Settings) -> None:
    from popbase.night import run_night

    send(own, LAST, ALL_BUT_ONE)
    run_night(own, LAST)
    Publications(own.lake).rollback(1, at=current(own).created_at, code_version="0")
    again = run_night(own, date(2016, 1, 1))
    assert (again.outcome, population(own)) == ("held", {2014: PEOPLE})
    assert "rollback" in str(again.why)
    withdraw(own.lake, Named(contracts.REGISTER, "330100", LAST, 1), "one is missing")
    assert run_night(own, date(2016, 1, 1)).outcome == "published"
    assert population(own)[2014] == PEOPLE
