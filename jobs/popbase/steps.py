"""The night's steps, as a scheduler runs them one by one. Each can be run again: it finds what was done."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import date
from functools import partial

from popbase.errors import GateError, PopbaseError
from popbase.expectations import warm_up
from popbase.intake import feeds
from popbase.intake.taken import TakenIn, since
from popbase.lease import BASE, leased
from popbase.night import judge_and_publish, make_base, told, write_reports
from popbase.publish.run_report import NightReport
from popbase.run import (
    Night,
    already_told,
    begin,
    is_drafted,
    is_idle,
    is_published,
    is_unchanged,
    record,
    versions,
)
from popbase.session import at_once
from popbase.settings import Settings
from popbase.sources import Sources
from popbase.terminal.progress import Progress


def ingest(
    settings: Settings,
    feed: str,
    business_date: date,
    *,
    small_too: bool = False,
    future: bool = False,
    progress: Progress | None = None,
) -> TakenIn:
    """One step: the deliveries of one feed up to the date.

    `small_too`: once Spark runs, which takes longer than a small feed, those of other feeds that are small.
    """
    progress = progress or Progress()
    night = begin(settings, business_date, future=future)
    with progress.stage(f"intake of {feed}"):
        taken = feeds.take_in(night.lake, settings, feed, until=business_date)
    if small_too and night.lake.is_open:
        with progress.stage("intake of small feeds"):
            at_once(partial(take_in_beside, night), feeds.small(night.lake, settings, until=business_date))
    return taken


def take_in_beside(night: Night, feed: str) -> None:
    """Another feed's deliveries; whatever goes wrong, its own step meets it again and tells it."""
    with suppress(PopbaseError):
        feeds.take_in(night.lake, night.settings, feed, until=night.business_date)


def build_base(
    settings: Settings, business_date: date, *, future: bool = False, progress: Progress | None = None
) -> None:
    """One step: the base tables; where they hold these deliveries already, there is nothing to do."""
    with leased(settings.lake, BASE):
        night = begin(settings, business_date, future=future)
        sources = Sources.now(night.lake)
        made = is_unchanged(night, sources) or is_drafted(night, sources)
        if not made and not is_idle(night, sources):
            make_base(night, sources, progress or Progress())
            record(night, sources)
            sources.forget()


def _needs_no_base(night: Night) -> bool:
    """Whether the step before made none for the date, since an earlier date's is all there is to see."""
    earlier = night.draft is not None and night.draft.as_of < night.as_of
    return earlier and is_idle(night, Sources.now(night.lake))


def report(settings: Settings, year: int, *, progress: Progress | None = None) -> None:
    """One step: the report of a year, due or not, as the newest base has it."""
    with leased(settings.lake, BASE):
        night = begin(settings, date.min)
        made = night.drafted()
        made.check(versions(night), below="base/")
        sources = Sources.at(night.lake, made.ledgers)
        with (progress or Progress()).stage(f"report of {year}"):
            write_reports(night, sources, only=year)
        record(night, sources)


def reports_due(
    settings: Settings, business_date: date, *, future: bool = False, progress: Progress | None = None
) -> None:
    """One step: the report of every year that is due, from what the base was made from."""
    with leased(settings.lake, BASE):
        night = begin(settings, business_date, future=future)
        if _needs_no_base(night):
            return
        made = night.drafted()
        if not is_published(made, night.last):
            # Reports that were interrupted may have left their table; a base that was must be made again.
            made.check(versions(night), below="base/")
            sources = Sources.at(night.lake, made.ledgers)
            with (progress or Progress()).stage("reports"):
                write_reports(night, sources, base_on=made.as_of)
            record(night, sources)


def publish(
    settings: Settings,
    business_date: date,
    *,
    reports_too: bool = False,
    accept: Collection[str] = (),
    future: bool = False,
    progress: Progress | None = None,
) -> NightReport:
    """One step: gates, then publication; raises GateError where a critical one fails that `accept` does not
    name, UsageError where it names none.

    `reports_too`: with the step before, as Spark would take longer to start again than either of them.
    """
    progress = progress or Progress()
    if reports_too:
        reports_due(settings, business_date, future=future, progress=progress)
    with leased(settings.lake, BASE):
        night = begin(settings, business_date, future=future)
        idle = _needs_no_base(night)
        made = night.draft if idle and night.draft else night.drafted()
        sources = Sources.at(night.lake, made.ledgers)
        taken = since(night.lake.root, feeds.names(settings), already_told(settings.lake))
        if is_published(made, night.last):
            return told(night, sources, taken, progress, outcome="unchanged")
        made.check(versions(night))
        warm_up()
        report = judge_and_publish(night, sources, made, taken, progress, accept=accept)
    if report.outcome == "held":
        raise GateError(report.why)
    return report
