"""The night step by step, as a scheduler runs it, with departments that deliver in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from jobs.test_years import FIRST, LAST, current, population, send
from lib.delivery import deliver

from popbase import contracts
from popbase.errors import GateError, LeaseError, UsageError
from popbase.intake import ledger
from popbase.lease import BASE, leased
from popbase.settings import Settings


@pytest.fixture
def own(settings: Settings, tmp_path: Path, _session: object) -> Settings:
    return replace(settings, landing=str(tmp_path / "landing"), lake=str(tmp_path / "lake"))


def ingest(settings: Settings, day: date) -> None:
    from popbase import steps

    steps.ingest(settings, "household_registration", day)


@pytest.mark.long
def test_a_publication_names_the_deliveries_that_its_tables_hold(own: Settings) -> None:
    """What is delivered between two steps is neither half in this publication nor lost to the next one."""
    from popbase import steps

    send(own, FIRST, 5)
    ingest(own, FIRST)
    steps.build_base(own, FIRST)
    send(own, FIRST, 7, number=2)
    ingest(own, FIRST)
    steps.reports_due(own, FIRST)
    report = steps.publish(own, FIRST)
    assert (report.outcome, [d.delivery_no for d in report.deliveries]) == ("published", [1, 2])
    assert population(own) == {2014: 5}
    assert [d.delivery_no for d in current(own).deliveries] == [1]
    assert steps.publish(own, FIRST).outcome == "unchanged"

    steps.build_base(own, FIRST)
    steps.reports_due(own, FIRST)
    assert steps.publish(own, FIRST).outcome == "published"
    assert population(own) == {2014: 7}
    assert [d.delivery_no for d in current(own).deliveries] == [2]


@pytest.mark.long
def test_a_step_that_holds_the_night_leaves_the_report_that_says_so(own: Settings) -> None:
    from popbase import steps
    from popbase.publish.run_report import newest

    send(own, FIRST, 100)
    ingest(own, FIRST)
    steps.build_base(own, FIRST)
    steps.reports_due(own, FIRST)
    steps.publish(own, FIRST)
    send(own, LAST, 10, replaces_regions=["330200"])
    ingest(own, LAST)
    ingest(own, LAST)  # a retry finds nothing new, and what the first one found is not forgotten
    steps.build_base(own, LAST)
    steps.reports_due(own, LAST)
    with pytest.raises(GateError, match="region_population_fell"):
        steps.publish(own, LAST)
    report = newest(Path(own.lake))
    assert report is not None
    assert (report.outcome, report.business_date) == ("held", LAST)
    assert "region_population_fell" in str(report.why)
    assert [(d.business_date, d.status) for d in report.deliveries] == [(LAST, "accepted")]
    assert [n.code for n in report.notices] == ["region.replaced"]


@pytest.mark.long
def test_small_feeds_are_taken_in_beside_and_what_finds_nothing_to_do_starts_no_spark(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from popbase import run, steps

    send(own, FIRST, 5)
    tax = contracts.feed("tax")
    deliver(own.landing_path, tax, [], region="330100", day=FIRST)
    deliver(own.landing_path, tax, [], region="330200", day=LAST)
    steps.ingest(own, "household_registration", FIRST, small_too=True)
    assert [(j.region, j.status) for j in ledger.read(own.lake, "tax")] == [("330100", "accepted")]
    steps.build_base(own, FIRST)
    steps.reports_due(own, FIRST)
    steps.publish(own, FIRST)

    def refused(settings: Settings) -> None:
        pytest.fail("Spark was started for nothing")

    monkeypatch.setattr(run, "spark_session", refused)
    steps.ingest(own, "tax", FIRST, small_too=True)
    steps.build_base(own, FIRST)
    steps.reports_due(own, FIRST)
    assert steps.publish(own, FIRST).outcome == "unchanged"


@pytest.mark.long
def test_a_backfill_between_two_steps_does_not_move_the_base_back(own: Settings) -> None:
    from popbase import steps

    send(own, FIRST, 5)
    send(own, LAST, 6)
    ingest(own, LAST)
    steps.build_base(own, LAST)
    steps.build_base(own, FIRST)
    steps.reports_due(own, LAST)
    assert steps.publish(own, LAST).outcome == "published"
    assert (current(own).business_date, population(own)) == (LAST, {2014: 5, 2015: 6})


@pytest.mark.long
def test_nothing_is_published_that_no_step_before_has_made(own: Settings) -> None:
    from popbase import steps

    with pytest.raises(UsageError, match="popbase base --date"):
        steps.publish(own, FIRST)
    send(own, FIRST, 5)
    ingest(own, FIRST)
    steps.build_base(own, FIRST)
    with pytest.raises(UsageError, match="popbase base --date 2015-12-31"):
        steps.reports_due(own, LAST)
    with leased(own.lake, BASE), pytest.raises(LeaseError):
        steps.publish(own, FIRST)
