"""The night: what came is taken in, the base and the reports follow, the gates decide, readers see it.

`run_night` is what `popbase night` runs in one process; the steps below it are what a scheduler runs one by
one. Every step can be run again: it finds what was done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from popbase import clock, contracts
from popbase.base.build import write_base
from popbase.errors import GateError, UsageError
from popbase.expectations import Finding, stopping, warm_up
from popbase.intake import feeds
from popbase.intake.feeds import TakenIn
from popbase.lake import Lake
from popbase.publish import report_page, run_report
from popbase.publish.gates import judge_tables
from popbase.publish.progress import Progress
from popbase.publish.publication import Publication, Publications
from popbase.publish.report_lines import delivery_lines, gate_line, held_because, notice, opened_cases
from popbase.publish.run_report import NightReport, Outcome
from popbase.publish.staleness import Sender, senders
from popbase.session import at_once, spark_session
from popbase.settings import Settings
from popbase.sources import Sources
from popbase.statistics import releases


@dataclass(frozen=True)
class Night:
    """One run for one business date; `last` is what readers see when it begins."""

    settings: Settings
    business_date: date
    started: datetime
    lake: Lake
    last: Publication | None
    seq: int

    @property
    def as_of(self) -> date:
        """A night for an older date corrects the past; it does not move the base back (design section 4)."""
        return max(self.business_date, self.last.business_date) if self.last else self.business_date

    @property
    def folder(self) -> str:
        return run_report.report_folder(self.business_date, self.started)


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
    sources.release()
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
        sources.release()


def reports(settings: Settings, year: int, *, progress: Progress | None = None) -> None:
    """One step: the report of a year, as the newest night's deliveries have it."""
    current = Publications(settings.lake).current()
    if current is None:
        raise UsageError("Nothing is published yet: the first night makes the reports that are due.")
    night = begin(settings, current.business_date)
    with (progress or Progress()).stage(f"report of {year}"):
        write_reports(night, Sources.now(night.lake), only=year)


def publish(
    settings: Settings, business_date: date, *, future: bool = False, progress: Progress | None = None
) -> NightReport:
    """One step: gates, then publication; raises GateError where a critical one fails."""
    progress = progress or Progress()
    warm_up()
    night = begin(settings, business_date, future=future)
    sources = Sources.now(night.lake)
    if is_unchanged(night, sources) and night.last and night.last.tables == versions(night):
        return told(night, sources, [], progress, outcome="unchanged")
    with progress.stage("gates"):
        findings = judge_tables(sources, night.last, as_of=night.as_of)
    if stopping(findings):
        raise GateError(held_because(findings))
    with progress.stage("publication"):
        publication = make_public(night, sources, findings)
    return told(night, sources, [], progress, outcome="published", findings=findings, publication=publication)


def begin(settings: Settings, business_date: date, *, future: bool = False) -> Night:
    """Opens lake and session; raises UsageError for a date that has not come (+08:00)."""
    if business_date > clock.today() and not future:
        raise UsageError(f"{business_date} has not come yet in +08:00; --future allows it.")
    publications = Publications(settings.lake)
    return Night(
        settings=settings,
        business_date=business_date,
        started=clock.now(),
        lake=Lake(spark_session("night", settings), settings.lake),
        last=publications.current(),
        seq=publications.next_seq(),
    )


def take_in_all(night: Night) -> list[TakenIn]:
    """Every feed's pending deliveries; the feeds do not wait for each other."""
    one = partial(feeds.take_in, night.lake, night.settings, until=night.business_date)
    return at_once(one, feeds.names(night.settings))


def is_unchanged(night: Night, sources: Sources) -> bool:
    """Whether readers already see these deliveries at this date."""
    if night.last is None or night.last.business_date != night.as_of:
        return False
    return set(night.last.deliveries) == set(sources.deliveries(night.as_of))


def write_reports(
    night: Night, sources: Sources, *, only: int | None = None, base_on: date | None = None
) -> None:
    """The report years that are due; `only` computes one year whether it is due or not.

    `base_on`: the date for which the base tables have just been written from these sources.
    """
    known = None
    if night.last and releases.TABLE in night.last.tables:
        known = night.lake.read(releases.TABLE, night.last.tables[releases.TABLE])
    due = releases.releases_due(
        sources, night.as_of, earliest_change=earliest_change(night, sources), known=known
    )
    chosen = [release for release in due if only in (None, release.year)]
    folder = Path(night.settings.lake, night.folder)
    releases.write_reports(sources, chosen, known=known, folder=folder, base_on=base_on)


def earliest_change(night: Night, sources: Sources) -> date | None:
    """The oldest business date whose deliveries differ from what readers see."""
    seen = set(night.last.deliveries) if night.last else set()
    return min((d.business_date for d in seen ^ set(sources.deliveries(night.as_of))), default=None)


def make_public(night: Night, sources: Sources, findings: Sequence[Finding]) -> Publication:
    """The pointer moves: every table at its newest version, all at once."""
    warnings = tuple(str(f) for f in findings if not f.passed)
    return Publications(night.settings.lake).add(
        Publication(
            seq=night.seq,
            business_date=night.as_of,
            created_at=clock.now(),
            tables=versions(night),
            deliveries=sources.deliveries(night.as_of),
            senders=tuple(all_senders(sources, night.as_of)),
            warnings=warnings,
            contracts={name: contract.version for name, contract in contracts.feeds().items()},
            code_version=version("popbase"),
            report=night.folder,
        )
    )


def versions(night: Night) -> dict[str, int]:
    """Every table that readers may see, at its newest version."""
    return {table: night.lake.version(table) for table in night.lake.tables("base", "statistics")}


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
        gates=tuple(gate_line(f) for f in findings if not f.passed),
        gates_checked=len(findings),
        cases=opened_cases(night.lake.root, night.as_of) if publication else {},
        stages=tuple(progress.stages),
    )
    report_page.write(report, night.settings.lake)
    return report
