"""The night: what came is taken in, the base and the reports follow, the gates decide, readers see it.

`run_night` is what `popbase night` runs in one process; the steps below it are what a scheduler runs one by
one. Every step can be run again: it finds what was done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

from popbase import clock, contracts
from popbase.base.build import write_base
from popbase.errors import GateError, UsageError
from popbase.expectations import Finding, stopping, warm_up
from popbase.intake import feeds
from popbase.intake.feeds import TakenIn
from popbase.publish import report_page
from popbase.publish.gates import judge_tables
from popbase.publish.publication import Publication, Publications
from popbase.publish.report_lines import delivery_lines, gate_line, held_because, notice, opened_cases
from popbase.publish.run_report import NightReport, Outcome
from popbase.publish.staleness import Sender, senders
from popbase.run import (
    Night,
    begin,
    changes,
    cursor,
    is_unchanged,
    published_reports,
    published_version,
    versions,
)
from popbase.session import at_once
from popbase.settings import Settings
from popbase.sources import Sources
from popbase.statistics import releases
from popbase.terminal.progress import Progress


def run_night(
    settings: Settings, business_date: date, *, future: bool = False, progress: Progress | None = None
) -> NightReport:
    """Everything, from landing to publication; a rejected delivery or a failed gate is told, not raised."""
    progress = progress or Progress()
    warm_up()
    with progress.stage("session"):
        night = begin(settings, business_date, future=future)
    with progress.stage("intake"):
        taken = take_in_all(night)
    sources = Sources.now(night.lake)
    if is_unchanged(night, sources):
        return told(night, sources, taken, progress, outcome="unchanged")
    with progress.stage("base"):
        write_base(sources, as_of=night.as_of)
    with progress.stage("statistics"):
        write_reports(night, sources, base_on=night.as_of)
    sources.forget()
    with progress.stage("gates"):
        findings = judge_tables(sources, night.last, as_of=night.as_of)
    if stopping(findings):
        return told(night, sources, taken, progress, outcome="held", findings=findings)
    with progress.stage("publication"):
        publication = make_public(night, sources, findings)
    return told(
        night, sources, taken, progress, outcome="published", findings=findings, publication=publication
    )


def ingest(
    settings: Settings,
    feed: str,
    business_date: date,
    *,
    future: bool = False,
    progress: Progress | None = None,
) -> TakenIn:
    """One step: the deliveries of one feed up to the date."""
    night = begin(settings, business_date, future=future)
    with (progress or Progress()).stage(f"intake of {feed}"):
        return feeds.take_in(night.lake, settings, feed, until=business_date)


def build_base(
    settings: Settings, business_date: date, *, future: bool = False, progress: Progress | None = None
) -> None:
    """One step: the base tables; where readers see these deliveries already, there is nothing to do."""
    night = begin(settings, business_date, future=future)
    sources = Sources.now(night.lake)
    if not is_unchanged(night, sources):
        with (progress or Progress()).stage("base"):
            write_base(sources, as_of=night.as_of)
        sources.forget()


def reports(settings: Settings, year: int, *, progress: Progress | None = None) -> None:
    """One step: the report of a year, as the newest night's deliveries have it."""
    current = Publications(settings.lake).current()
    if current is None:
        raise UsageError("Nothing is published yet: the first night makes the reports that are due.")
    night = begin(settings, current.business_date)
    with (progress or Progress()).stage(f"report of {year}"):
        write_reports(night, Sources.now(night.lake), only=year)


def reports_due(settings: Settings, business_date: date, *, progress: Progress | None = None) -> None:
    """One step: the report of every year that is due with the date."""
    night = begin(settings, business_date)
    with (progress or Progress()).stage("reports"):
        write_reports(night, Sources.now(night.lake))


def publish(
    settings: Settings,
    business_date: date,
    *,
    accept: Collection[str] = (),
    future: bool = False,
    progress: Progress | None = None,
) -> NightReport:
    """One step: gates, then publication; raises GateError where a critical one fails that `accept` does not
    name, UsageError where it names none."""
    progress = progress or Progress()
    warm_up()
    night = begin(settings, business_date, future=future)
    sources = Sources.now(night.lake)
    if is_unchanged(night, sources) and night.last and night.last.tables == versions(night):
        return told(night, sources, [], progress, outcome="unchanged")
    with progress.stage("gates"):
        findings = judge_tables(sources, night.last, as_of=night.as_of)
    unknown = set(accept) - {f.expectation for f in findings if f.critical}
    if unknown:
        raise UsageError(f"No critical gate is called '{min(unknown)}'.")
    if stopping(findings, accept):
        raise GateError(held_because(findings, accept))
    with progress.stage("publication"):
        publication = make_public(night, sources, findings)
    return told(night, sources, [], progress, outcome="published", findings=findings, publication=publication)


def take_in_all(night: Night) -> list[TakenIn]:
    """Every feed's pending deliveries; the feeds do not wait for each other."""
    one = partial(feeds.take_in, night.lake, night.settings, until=night.business_date)
    return at_once(one, feeds.names(night.settings))


def write_reports(
    night: Night, sources: Sources, *, only: int | None = None, base_on: date | None = None
) -> None:
    """The report years that are due, or `only` that one, due or not; raises UsageError where it has no data.

    `base_on`: the date for which the base tables have just been written from these sources.
    """
    known = published_reports(night)
    years = releases.shown_years(known)
    if only is None:
        chosen = releases.releases_due(sources, night.as_of, changes=changes(night, sources), known=years)
    else:
        chosen = [r for r in releases.candidates(sources, night.as_of, years) if r.year == only]
        if not chosen:
            raise UsageError(f"No delivery of the register reaches report year {only}.")
    published = published_version(night)
    if published is not None:
        night.lake.restore(releases.TABLE, published)  # a night that was held left its own figures
    releases.write_reports(sources, chosen, night=night.as_of, known=known, base_on=base_on)


def make_public(night: Night, sources: Sources, findings: Sequence[Finding]) -> Publication:
    """The forms are laid out, then the pointer moves: every table at its newest version, all at once."""
    if night.lake.exists(releases.TABLE):
        last = Path(night.settings.lake, night.last.report) if night.last and night.last.report else None
        folder = Path(night.settings.lake, night.folder)
        releases.lay_out(sources, folder, last=last, version=published_version(night))
    warnings = tuple(str(f) for f in findings if not f.passed)
    return Publications(night.settings.lake).add(
        Publication(
            seq=night.seq,
            business_date=night.as_of,
            created_at=clock.now(),
            tables=versions(night),
            deliveries=cursor(night, sources),
            senders=tuple(all_senders(sources, night.as_of)),
            warnings=warnings,
            contracts={name: contract.version for name, contract in contracts.feeds().items()},
            code_version=version("popbase"),
            report=night.folder,
        )
    )


def all_senders(sources: Sources, as_of: date) -> Iterable[Sender]:
    for feed, judgements in sources.judgements.items():
        yield from senders(feed, contracts.feed(feed).cadence, judgements, as_of=as_of)


def told(
    night: Night,
    sources: Sources,
    taken: Sequence[TakenIn],
    progress: Progress,
    *,
    outcome: Outcome,
    findings: Sequence[Finding] = (),
    publication: Publication | None = None,
) -> NightReport:
    """The run report, as an object and as a page in the lake."""
    current = publication or night.last
    report = NightReport(
        business_date=night.business_date,
        started=night.started,
        ended=clock.now(),
        outcome=outcome,
        publication=current.seq if current else None,
        why=held_because(findings) if outcome == "held" else None,
        deliveries=tuple(line for feed in taken for line in delivery_lines(night.lake.root, feed)),
        senders=tuple(all_senders(sources, night.as_of)),
        notices=tuple(notice(remark) for feed in taken for remark in feed.remarks),
        strays={feed.feed: feed.strays for feed in taken if feed.strays},
        gates=tuple(gate_line(f) for f in findings if not f.passed),
        gates_checked=len(findings),
        cases=opened_cases(night.lake.root, night.as_of) if publication else {},
        stages=tuple(progress.stages),
    )
    report_page.write(report, night.settings.lake)
    return report
