"""One run: its business date, its lake, and how what it works from differs from what readers see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from pyspark.sql import DataFrame

from popbase import clock, contracts
from popbase.base.changes import Step
from popbase.base.update import is_due
from popbase.errors import UsageError
from popbase.lake import Lake
from popbase.publish import draft, run_report
from popbase.publish.draft import Draft
from popbase.publish.publication import DeliveryRef, Publication, Publications
from popbase.session import spark_session
from popbase.settings import Settings
from popbase.sources import Sources
from popbase.statistics import releases
from popbase.statistics.calendar import Change, falls_due


@dataclass(frozen=True)
class Night:
    """One run for one business date; `last`, `seq` and `draft` are what it found when it began."""

    settings: Settings
    business_date: date
    started: datetime
    lake: Lake
    last: Publication | None
    seq: int
    draft: Draft | None

    @property
    def as_of(self) -> date:
        """A night for an older date corrects the past; it does not move the base back (design section 4)."""
        published = [self.last.business_date] if self.last else []
        made = [self.draft.as_of] if self.draft else []
        return max([self.business_date, *published, *made])

    @property
    def folder(self) -> str:
        return run_report.report_folder(self.business_date, self.started)

    def drafted(self) -> Draft:
        """What a step before this one has made; raises UsageError where it has not made it for the date."""
        if self.draft is None:
            raise UsageError("There is no base yet; 'popbase base --date D' makes it.")
        if self.draft.as_of != self.as_of:
            raise UsageError(
                f"There is no base for {self.as_of}; 'popbase base --date {self.as_of}' makes it."
            )
        return self.draft


def begin(settings: Settings, business_date: date, *, future: bool = False) -> Night:
    """Opens the lake; raises UsageError for a date that has not come (+08:00)."""
    if business_date > clock.today() and not future:
        raise UsageError(f"{business_date} has not come yet in +08:00; --future allows it.")
    lake = Lake(partial(spark_session, settings), settings.lake)
    # Reports are told apart by the second, and the newest is what 'popbase status' shows.
    started = clock.after(run_report.last_started(settings.lake), by=timedelta(seconds=1))
    publications = Publications(settings.lake)
    return Night(
        settings, business_date, started, lake,
        last=publications.current(), seq=publications.next_seq(), draft=draft.read(settings.lake),
    )  # fmt: skip


def already_told(lake: str) -> Mapping[str, int]:
    """What run reports have told, by the control tables' versions: those of the newest night that got to its
    report. One that was killed between its publication and that still has to be told."""
    publications = Publications(lake)
    for seq in reversed(publications.numbers()):
        publication = publications.get(seq)
        if publication.report is None or run_report.read(lake, publication.report):
            return publication.told
    return {}


def is_unchanged(night: Night, sources: Sources) -> bool:
    """Whether readers already see these deliveries at this date."""
    if night.last is None or night.last.business_date != night.as_of:
        return False
    return set(night.last.deliveries) == set(cursor(night, sources))


def is_idle(night: Night, sources: Sources) -> bool:
    """Whether readers see all there is, though of an earlier date: since then nothing came, and nothing
    falls due (invariant I6).
    """
    made, last = night.draft, night.last
    if made is None or last is None or not is_published(made, last) or changes(night, sources):
        return False
    step = since_drafted(night, sources)
    known = releases.shown_years(published_reports(night))
    years = releases.candidates(sources, night.as_of, known)
    return step is not None and not falls_due(years, known) and not is_due(step)


def is_drafted(night: Night, sources: Sources) -> bool:
    """Whether the tables at their newest versions are this very base already."""
    made = night.draft
    if made is None or (made.as_of, dict(made.ledgers)) != (night.as_of, dict(sources.ledgers)):
        return False
    return dict(made.tables) == versions(night)


def since_drafted(night: Night, sources: Sources) -> Step | None:
    """From what the tables at their newest versions were made of; None where that is not known, or where
    other code, other contracts, or rows that are gone by now made them.
    """
    made = night.draft
    if made is None or made.made_by != contracts.fingerprint() or made.as_of > night.as_of:
        return None
    if _base(made.tables).keys() != _base(versions(night)).keys():
        return None
    step = Step(Sources.at(night.lake, made.ledgers), sources, made.as_of, night.as_of)
    return None if any(step.feed(feed).judged_again for feed in sources.judgements) else step


def back_to_drafted(night: Night) -> None:
    """The base tables as the draft names them: a run that was killed may have begun to write others."""
    for table, version in _base(night.draft.tables if night.draft else {}).items():
        night.lake.restore(table, version)


def _base(tables: Mapping[str, int]) -> dict[str, int]:
    return {table: version for table, version in tables.items() if table.startswith("base/")}


def is_published(made: Draft, last: Publication | None) -> bool:
    """Whether readers see these tables already."""
    return last is not None and dict(last.tables) == dict(made.tables)


def record(night: Night, sources: Sources) -> Draft:
    """Writes down what the tables at their newest versions are, and what they are made from."""
    made_by = contracts.fingerprint()
    return Draft(night.as_of, sources.ledgers, versions(night), made_by).write(night.lake.root)


def cursor(night: Night, sources: Sources) -> tuple[DeliveryRef, ...]:
    """The deliveries that tonight's tables are made from."""
    times = sources.times_judged()
    return tuple(DeliveryRef.of(j, times[j.feed, j.identity]) for j in sources.deliveries(night.as_of))


def published_reports(night: Night) -> DataFrame | None:
    """The cube that readers see now."""
    published = published_version(night)
    return None if published is None else night.lake.read(releases.TABLE, published)


def published_version(night: Night) -> int | None:
    return night.last.tables.get(releases.TABLE) if night.last else None


def changes(night: Night, sources: Sources) -> set[Change]:
    """Feed and business date of the deliveries that tonight's tables are made from and readers' are not, and
    the other way round."""
    seen = set(night.last.deliveries) if night.last else set()
    return {(d.feed, d.business_date) for d in seen ^ set(cursor(night, sources))}


def versions(night: Night) -> dict[str, int]:
    """Every table that readers may see, at its newest version."""
    return {
        table: night.lake.version(table) for table in night.lake.tables("base", "statistics", "published")
    }
