"""Nights that meet: two started at once, and one after the clock jumped back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from kill import commands
from kill.conftest import Nights
from kill.lakes import differences, unbalanced
from kill.runs import run

from popbase import clock
from popbase.errors import LeaseError
from popbase.intake import ledger
from popbase.publish import run_report
from popbase.publish.publication import Publications

pytestmark = pytest.mark.kill


def test_of_two_nights_started_at_once_one_publishes_and_the_other_ends_with_its_own_code(
    nights: Nights,
) -> None:
    own = nights.world.at("night", "two")
    with ThreadPoolExecutor(2) as pool:
        ended = sorted(pool.map(lambda _: run(nights.jvm, commands.night, own), range(2)))
    assert ended == [0, LeaseError.exit_code]
    assert Publications(own.lake).numbers() == [1, 2]
    assert unbalanced(own.lake) == []
    assert differences(own.lake, nights.world.stage("done")) == []


def test_a_night_after_the_clock_jumped_back_tells_and_publishes_the_same(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, real = nights.world.at("night", "back"), clock.now
    monkeypatch.setattr(clock, "now", lambda: real() - timedelta(days=365))
    commands.night(own)
    assert differences(own.lake, nights.world.stage("done")) == []
    first, second = (p.created_at for p in Publications(own.lake).all())
    assert first < second
    report = run_report.newest(own.lake)
    assert report is not None
    assert (report.outcome, report.publication) == ("published", 2)
    assert in_order(own.lake, "tax")


def in_order(lake: str, feed: str) -> bool:
    """Whether what was judged by the second night is later than all that the first one judged."""
    before = ledger.read(lake, feed, 0)
    after: list[datetime] = [j.judged_at for j in ledger.read(lake, feed) if j not in before]
    return bool(after) and min(after) > max(j.judged_at for j in before)
