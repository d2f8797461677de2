"""`popbase backfill --dry-run`: what would be touched, without Spark and without a trace."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from lib.landing import csv_bytes, entry, manifest

from popbase.backfill import plan
from popbase.errors import UsageError
from popbase.intake.landing import MANIFEST
from popbase.settings import Settings

DAYS = [date(2015, 12, day) for day in (29, 30, 31)]


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """One delivery a day of two feeds; nothing was ever taken in."""
    for feed in ("tax", "housing"):
        for day in DAYS:
            folder = tmp_path / f"landing/{feed}/330100/{day}/001"
            folder.mkdir(parents=True)
            rows = csv_bytes()
            (folder / "a.csv").write_bytes(rows)
            said = manifest(feed=feed, business_date=str(day), files=[entry("a.csv", rows)])
            (folder / MANIFEST).write_text(json.dumps(said), encoding="utf-8")
    return Settings(landing=str(tmp_path / "landing"), lake=str(tmp_path / "lake"))


def test_it_names_the_deliveries_of_these_dates_and_the_tables_that_follow(own: Settings) -> None:
    found = plan(own, DAYS[1], DAYS[2])
    waiting = [(d.feed, d.region, d.business_date, d.delivery_no) for d in found.deliveries]
    assert waiting == [(feed, "330100", day, 1) for feed in ("housing", "tax") for day in DAYS[1:]]
    assert all(d.bytes > 100 for d in found.deliveries)
    assert found.business_date == DAYS[2]
    assert {t for t in found.tables if not t.startswith("base/")} == {
        f"{area}/{feed}"
        for area in ("conformed", "quarantine", "control/delivery")
        for feed in ("tax", "housing")
    }
    assert found.years == ()  # no register, no report
    assert not Path(own.lake).exists()


def test_one_feed_can_be_asked_for_and_one_that_nobody_knows_is_a_mistake(own: Settings) -> None:
    assert {d.feed for d in plan(own, DAYS[0], DAYS[2], feed="tax").deliveries} == {"tax"}
    with pytest.raises(UsageError, match="no feed 'taxes'"):
        plan(own, DAYS[0], DAYS[2], feed="taxes")


def test_a_date_that_has_not_come_is_a_mistake(own: Settings) -> None:
    with pytest.raises(UsageError, match="has not come"):
        plan(own, DAYS[0], date(2999, 1, 1))
