"""A backfill: what waits of a range of business dates, handled at once and published once.

It is a night that looks at fewer deliveries: whatever it finds judged already is left alone, so a second one
changes nothing, and any order of backfills ends with the same tables (invariant I2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from popbase import table_contracts
from popbase.contracts import REGISTER
from popbase.intake import feeds
from popbase.intake.landing import size
from popbase.publish.tables import open_table, query
from popbase.run import Night, begin, changes, is_unchanged, published_version
from popbase.settings import Settings
from popbase.sources import Sources
from popbase.statistics.calendar import LIST, Shown, due, every_year, touched
from popbase.statistics.published import TABLES as PUBLIC
from popbase.statistics.releases import TABLE


@dataclass(frozen=True)
class Waiting:
    """A delivery that no night has judged; `bytes`: of its files."""

    feed: str
    region: str
    business_date: date
    delivery_no: int
    bytes: int


@dataclass(frozen=True)
class Plan:
    """What a backfill would touch if every delivery that waits were accepted.

    `business_date`: that of the publication it would make; `years`: the report years it would compute anew.
    Nothing would be published where `tables` is empty.
    """

    deliveries: tuple[Waiting, ...]
    business_date: date
    tables: tuple[str, ...]
    years: tuple[int, ...]


def plan(
    settings: Settings, first: date, last: date, *, feed: str | None = None, future: bool = False
) -> Plan:
    """Looks and writes nothing; no Spark. UsageError for a date that has not come."""
    night = begin(settings, last, future=future)
    waiting = [
        Waiting(place.feed, *place.identity, size(place))
        for name in feeds.chosen(settings, feed)
        for place in feeds.pending(night.lake, settings, name, since=first, until=last)
    ]
    sources = Sources.now(night.lake)
    if not waiting and is_unchanged(night, sources):
        return Plan((), night.as_of, (), ())
    years = _years_due(night, sources, waiting)
    areas = ("control/delivery", "conformed", "quarantine")
    taken_in = {f"{area}/{w.feed}" for w in waiting for area in areas}
    base = {table for table in table_contracts.tables() if table not in PUBLIC and (table != TABLE or years)}
    return Plan(tuple(waiting), night.as_of, tuple(sorted(taken_in | base)), years)


def _years_due(night: Night, sources: Sources, waiting: list[Waiting]) -> tuple[int, ...]:
    known = _shown(night)
    new = {*changes(night, sources), *((w.feed, w.business_date) for w in waiting)}
    lists = {*sources.dates(LIST, night.as_of), *(on for feed, on in new if feed == LIST)}
    delivered = {*sources.dates(REGISTER, night.as_of), *(on for feed, on in new if feed == REGISTER)}
    if not delivered:
        return ()
    every = every_year(night.as_of, first_delivery=min(delivered), known=known)
    return tuple(r.year for r in due(every, known, touched=lambda r: touched(r, new, lists=lists)))


def _shown(night: Night) -> Mapping[int, Shown]:
    """The report years that readers see now."""
    version = published_version(night)
    if version is None:
        return {}
    rows = query(
        """SELECT report_year, max(cut_off) AS cut_off, bool_or(release_status <> 'PRELIMINARY') AS released
           FROM report GROUP BY report_year""",
        report=open_table(night.settings.lake, TABLE, version),
    )
    return {row["report_year"]: Shown(row["cut_off"], row["released"]) for row in rows}
