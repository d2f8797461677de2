"""A backfill in any order ends with the tables of the nights, and touches what its dry run said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from jobs.conftest import CHANGES, SNAPSHOTS, YEAR_END, Nights
from lib.same import differing_tables

from popbase.backfill import Plan, plan
from popbase.publish.publication import Publications
from popbase.settings import Settings

pytestmark = pytest.mark.long


def versions(settings: Settings) -> dict[str, int]:
    from popbase.control import version

    tables = (p.parent.relative_to(settings.lake) for p in Path(settings.lake).rglob("_delta_log"))
    return {str(t): v for t in tables if (v := version(settings.lake, str(t))) is not None}


def test_dates_backfilled_out_of_order_end_with_the_tables_of_the_nights(
    nights: Nights, tmp_path: Path
) -> None:
    own = replace(nights.settings, lake=str(tmp_path / "lake"))
    newest = backfilled(own, YEAR_END, YEAR_END)
    assert (newest.business_date, newest.years) == (YEAR_END, (2015,))
    earlier = backfilled(own, SNAPSHOTS, CHANGES)
    assert (earlier.business_date, earlier.years) == (YEAR_END, (2014, 2015))
    assert differing_tables(own.lake, str(nights.lake)) == {}
    assert len(Publications(own.lake).numbers()) == 2
    assert plan(own, SNAPSHOTS, YEAR_END) == Plan((), YEAR_END, (), ())
    assert nothing_moves(own)


def backfilled(settings: Settings, first: date, last: date) -> Plan:
    """What its dry run says of a backfill, which then touches just that."""
    from popbase.night import run_night

    before = versions(settings)
    said = plan(settings, first, last)
    report = run_night(settings, last, since=first)
    assert report.outcome == "published"
    taken = {(d.feed, d.region, d.business_date, d.delivery_no) for d in report.deliveries}
    assert taken == {(d.feed, d.region, d.business_date, d.delivery_no) for d in said.deliveries}
    after = versions(settings)
    moved = {table for table in after if after[table] != before.get(table)}
    remarks = {table for table in moved if table.startswith(("control/taken_in", "control/draft"))}
    assert moved - remarks <= set(said.tables)
    assert {"base/person", "statistics/report"} <= moved
    return said


def nothing_moves(settings: Settings) -> bool:
    from popbase.night import run_night

    before = versions(settings)
    return (
        run_night(settings, YEAR_END, since=SNAPSHOTS).outcome == "unchanged" and versions(settings) == before
    )
