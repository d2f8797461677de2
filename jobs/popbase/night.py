"""The night: what came is taken in, the base and the reports follow, the gates decide, readers see it.

`run_night` is what `popbase night` runs in one process; a scheduler runs the same one by one (`steps.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import partial
from importlib.metadata import version

from popbase import clock, contracts, lineage
from popbase.base.build import write_base
from popbase.base.update import is_small, update_base
from popbase.errors import UsageError
from popbase.expectations import Finding, stopping, warm_up
from popbase.intake import feeds
from popbase.intake.taken import TakenIn, with_untold
from popbase.lease import BASE, leased
from popbase.lineage import Account
from popbase.publish import feedback, report_page
from popbase.publish.draft import Draft
from popbase.publish.gates import judge_rollback, judge_tables, rules
from popbase.publish.publication import Publication, Publications
from popbase.publish.report_lines import delivery_lines, gate_line, held_because, notices, opened_cases
from popbase.publish.run_report import NightReport, Outcome
from popbase.publish.staleness import all_senders
from popbase.run import (
    Night,
    already_told,
    back_to_drafted,
    begin,
    changes,
    cursor,
    is_idle,
    is_unchanged,
    published_reports,
    published_version,
    record,
    since_drafted,
)
from popbase.search.nightly import search_all, search_changed
from popbase.session import at_once
from popbase.settings import Settings
from popbase.sources import Sources
from popbase.statistics import releases
from popbase.statistics.noise import secret
from popbase.statistics.printed.files import lay_out
from popbase.statistics.published import TABLES as PUBLIC
from popbase.statistics.releases import Public
from popbase.terminal.progress import Progress


def run_night(
    settings: Settings,
    business_date: date,
    *,
    since: date = date.min,
    feed: str | None = None,
    future: bool = False,
    progress: Progress | None = None,
) -> NightReport:
    """Everything, from landing to publication; a rejected delivery or a failed gate is told, not raised.

    `since`, `feed`: of a backfill, which takes in only what waits of these business dates, of this feed.
    """
    chosen = feeds.chosen(settings, feed)
    progress = progress or Progress()
    # Of two nights started at once one gives way now: over the feeds' leases both might lose.
    with leased(settings.lake, BASE):
        warm_up()
        with progress.stage("session"):
            night = begin(settings, business_date, future=future)
            night.lake.open()
        with lineage.job(settings, "night", business_date):
            with progress.stage("intake"):
                taken = take_in_all(night, chosen, since)
            taken = with_untold(settings.lake, taken, already_told(settings.lake))
            return make_night(night, taken, progress)


def make_night(
    night: Night, taken: Sequence[TakenIn], progress: Progress, *, whole: bool = False
) -> NightReport:
    """What follows intake: base, statistics, gates, publication; `whole`: also where nothing is new."""
    sources = Sources.now(night.lake)
    with progress.stage("what is new"):
        is_new = whole or not (is_unchanged(night, sources) or is_idle(night, sources))
    if not is_new:
        return told(night, sources, taken, progress, outcome="unchanged")
    make_base(night, sources, progress, whole=whole)
    with progress.stage("statistics"):
        write_reports(night, sources, base_on=night.as_of)
    made = record(night, sources)
    sources.forget()
    return judge_and_publish(night, sources, made, taken, progress)


def make_base(night: Night, sources: Sources, progress: Progress, *, whole: bool = False) -> None:
    """The base tables for the night's deliveries; `whole`: from all of them, whatever the tables hold."""
    job = lineage.job(night.settings, "base", night.as_of, reads=["conformed", "quarantine"], writes=["base"])
    step = None if whole else since_drafted(night, sources)
    with job:
        if step is None or is_small(step):
            with progress.stage("base"):
                write_base(sources, as_of=night.as_of)
            with progress.stage("search"):
                search_all(sources, night.as_of)
        else:
            with progress.stage("base"):
                back_to_drafted(night)
                changed = update_base(step)
            with progress.stage("search"):
                search_changed(night.lake, changed, night.as_of)


def judge_and_publish(
    night: Night,
    sources: Sources,
    made: Draft,
    taken: Sequence[TakenIn],
    progress: Progress,
    *,
    accept: Collection[str] = (),
) -> NightReport:
    """The gates, then readers see the tables; raises UsageError where `accept` names no gate that fails."""
    with lineage.job(night.settings, "publish", night.as_of, reads=["base", "statistics"]) as account:
        report = _judged_and_published(night, sources, made, taken, progress, account, accept)
    return report


def _judged_and_published(
    night: Night,
    sources: Sources,
    made: Draft,
    taken: Sequence[TakenIn],
    progress: Progress,
    account: Account,
    accept: Collection[str],
) -> NightReport:
    with progress.stage("gates"):
        bad = Publications(night.settings.lake).rolled_back()
        findings = account.findings = [
            *judge_rollback(sources.withdrawn(), night.last, bad),
            *judge_tables(sources, night.last, as_of=night.as_of),
        ]
    unknown = set(accept) - {f.expectation for f in findings if f.critical}
    if unknown:
        raise UsageError(f"No critical gate is called '{min(unknown)}'.")
    if stopping(findings, accept):
        why = held_because(findings, accept)
        return told(night, sources, taken, progress, outcome="held", why=why, findings=findings)
    with progress.stage("publication"):
        publication = make_public(night, sources, made, taken, findings)
    report = told(
        night, sources, taken, progress, outcome="published", findings=findings, publication=publication
    )
    if outbox := night.settings.outbox:
        # Last: readers and the run report have theirs, whatever becomes of the outbox.
        with progress.stage("feedback"):
            feedback.write(publication, lake=night.lake.root, landing=night.settings.landing, outbox=outbox)
    return report


def take_in_all(night: Night, chosen: Sequence[str], since: date) -> list[TakenIn]:
    """The feeds' pending deliveries; the feeds do not wait for each other."""
    one = partial(feeds.take_in, night.lake, night.settings, until=night.business_date, since=since)
    return at_once(one, chosen)


def write_reports(
    night: Night, sources: Sources, *, only: int | None = None, base_on: date | None = None
) -> None:
    """The report years that are due, or `only` that one, due or not; raises UsageError where it has no data.

    `base_on`: the date for which the base tables have just been written from these sources.
    """
    known = published_reports(night)
    years = releases.shown_years(known)
    gone: Collection[int] = ()
    if only is None:
        chosen = releases.releases_due(sources, night.as_of, changes=changes(night, sources), known=years)
        gone = years.keys() - {r.year for r in releases.candidates(sources, night.as_of, years)}
    else:
        chosen = [r for r in releases.candidates(sources, night.as_of, years) if r.year == only]
        if not chosen:
            raise UsageError(f"No delivery of the register reaches report year {only}.")
    published = published_version(night)
    if published is not None:
        night.lake.restore(releases.TABLE, published)  # a night that was held left its own figures
        for table in PUBLIC:
            if night.last and (shown := night.last.tables.get(table)) is not None:
                night.lake.restore(table, shown)
    reads, writes = ["base", "conformed"], ["statistics"]
    with lineage.job(night.settings, "reports", night.as_of, reads=reads, writes=writes):
        releases.write_reports(
            sources, chosen, gone=gone, night=night.as_of, known=known, base_on=base_on,
            to_public=_public(night.settings, announced=only is not None),
        )  # fmt: skip


def _public(settings: Settings, *, announced: bool) -> Public | None:
    """The public sees a year when it is final; a revision is announced by asking for the year."""
    if not settings.key_file:
        return None
    statuses = ("FINAL", "REVISED") if announced else ("FINAL",)
    return Public(secret(settings.key_file, "disclosure"), statuses)


def make_public(
    night: Night, sources: Sources, made: Draft, taken: Sequence[TakenIn], findings: Sequence[Finding]
) -> Publication:
    """The forms are laid out, then the pointer moves: every table at its newest version, all at once."""
    if night.lake.exists(releases.TABLE):
        last = night.last.report if night.last else None
        lay_out(sources, night.folder, last=last, version=published_version(night))
    warnings = tuple(str(f) for f in findings if not f.passed)
    upto = {table: at for feed in taken for table, at in feed.upto.items()}
    return Publications(night.settings.lake).add(
        Publication(
            seq=night.seq,
            business_date=night.as_of,
            created_at=clock.after(night.last.created_at if night.last else None),
            tables=made.tables,
            deliveries=cursor(night, sources),
            senders=all_senders(sources.judgements, as_of=night.as_of),
            warnings=warnings,
            passed="" if stopping(findings) else rules(),
            contracts={name: contract.version for name, contract in contracts.feeds().items()},
            code_version=version("popbase"),
            report=night.folder,
            told={**(night.last.told if night.last else {}), **upto},
        )
    )


def told(
    night: Night,
    sources: Sources,
    taken: Sequence[TakenIn],
    progress: Progress,
    *,
    outcome: Outcome,
    why: str | None = None,
    findings: Sequence[Finding] = (),
    publication: Publication | None = None,
) -> NightReport:
    """The run report, as an object and as a page in the lake."""
    current = publication or night.last
    report = NightReport(
        business_date=night.business_date,
        started=night.started,
        ended=clock.after(night.started),
        outcome=outcome,
        publication=current.seq if current else None,
        why=why,
        deliveries=tuple(line for feed in taken for line in delivery_lines(night.lake.root, feed)),
        senders=all_senders(sources.judgements, as_of=night.as_of),
        notices=tuple(notice for feed in taken for notice in notices(feed)),
        strays={feed.feed: feed.strays for feed in taken if feed.strays},
        gates=tuple(gate_line(f) for f in findings if not f.passed),
        gates_checked=len(findings),
        cases=opened_cases(night.lake.root, night.as_of) if publication else {},
        stages=tuple(progress.stages),
    )
    report_page.write(report, night.settings.lake)
    return report
