"""A clock that jumps back: what comes later in a lake is later, whatever the clock says."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from lib.lakes import MADE_AT, NEW_YEARS_EVE, publish

from popbase import clock
from popbase.errors import UsageError
from popbase.publish import report_page, run_report
from popbase.publish.publication import Publications
from popbase.publish.run_report import NightReport
from popbase.run import begin
from popbase.settings import Settings


@pytest.fixture
def back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A year before what stands in the lake already."""
    monkeypatch.setattr(clock, "now", lambda: MADE_AT - timedelta(days=365))


def report(**changes: object) -> NightReport:
    usual = {"business_date": NEW_YEARS_EVE, "started": MADE_AT, "ended": MADE_AT, "outcome": "unchanged"}
    return NightReport(**(usual | {"publication": None} | changes))  # type: ignore[arg-type]


def test_the_newest_report_is_that_of_the_night_that_came_last(tmp_path: Path, back: None) -> None:
    """Else the night before it would stay what 'popbase status' shows."""
    report_page.write(report(), tmp_path)
    night = begin(Settings(landing="", lake=str(tmp_path)), date(2015, 1, 1), future=True)
    report_page.write(report(started=night.started, ended=clock.after(night.started)), tmp_path)
    newest = run_report.newest(tmp_path)
    assert newest is not None
    assert newest.started == night.started > MADE_AT
    assert newest.seconds >= 0


def test_a_rollback_is_never_older_than_what_it_takes_readers_back_from(tmp_path: Path, back: None) -> None:
    for version in (1, 2):
        publish(tmp_path, {"base/person": version})
    rollback = Publications(tmp_path).rollback(1, at=clock.now(), code_version="0")
    assert rollback.created_at >= MADE_AT


def test_a_date_that_has_not_come_by_this_clock_is_refused_with_a_sentence(
    tmp_path: Path, back: None
) -> None:
    with pytest.raises(UsageError, match="has not come yet"):
        begin(Settings(landing="", lake=str(tmp_path)), NEW_YEARS_EVE)
