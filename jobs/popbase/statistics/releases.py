"""The reports of a night: which years are due, each computed from the base judged at its own dates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase import contracts, table_contracts
from popbase.base.build import seen_by_sectors
from popbase.base.household import households
from popbase.base.reported import Known, lived_between
from popbase.base.unregistered import unregistered
from popbase.contracts import DECISIONS, REGISTER
from popbase.identity.histories import id_cases
from popbase.lake import Lake
from popbase.schema import conform_to
from popbase.session import at_once, settled
from popbase.sources import Sources
from popbase.statistics.beyond import beyond
from popbase.statistics.calendar import (
    DIVISIONS,
    LIST,
    Change,
    Release,
    Shown,
    due,
    every_year,
    list_vintage,
    touched,
)
from popbase.statistics.calendar import (
    release as release_of,
)
from popbase.statistics.forms import Told, forms
from popbase.statistics.places.areas import Geography, area_names, geography
from popbase.statistics.published import AREAS, areas, published
from popbase.statistics.published import TABLE as PUBLISHED
from popbase.statistics.since import follows_everybody, of_everybody, of_tonight

TABLE = "statistics/report"
_JUDGED_TABLES = ("base/person", "base/household", "base/id_case", "base/unregistered")
_YEAR = "report_year"
_PARTITION = (_YEAR,)


def candidates(sources: Sources, night: date, known: Mapping[int, Shown]) -> list[Release]:
    """Every report year that has data; `known`: the years of the last publication."""
    delivered = sources.dates(REGISTER, night)
    return every_year(night, first_delivery=delivered[0], known=known) if delivered else []


def releases_due(
    sources: Sources, night: date, *, changes: Collection[Change], known: Mapping[int, Shown]
) -> list[Release]:
    """The report years that this night computes."""
    lists = {*sources.dates(LIST, night), *(on for feed, on in changes if feed == LIST)}
    every = candidates(sources, night, known)
    return due(every, known, touched=lambda release: touched(release, changes, lists=lists))


def shown_years(cube: DataFrame | None) -> dict[int, Shown]:
    """The years of a cube."""
    if cube is None:
        return {}
    released = F.max(F.col("release_status") != "PRELIMINARY").alias("released")
    rows = cube.groupBy("report_year").agg(F.max("cut_off").alias("cut_off"), released).collect()
    return {row.report_year: Shown(row.cut_off, row.released) for row in rows}


def write_reports(
    sources: Sources,
    releases: Sequence[Release],
    *,
    night: date,
    known: DataFrame | None,
    gone: Collection[int] = (),
    base_on: date | None = None,
    to_public: Public | None = None,
) -> None:
    """Replaces these years in the cube, and takes out those `gone`: of which no delivery tells any more.

    `base_on`: the date for which the base tables hold what `sources` make of it, if they do; `to_public`:
    which of them the public sees anew.
    """
    if not releases and not gone:
        return
    vintages = {r: list_vintage(sources.dates(LIST, night), r.reference_date) for r in releases}
    _keep(sources, vintages, base_on)
    years = at_once(lambda r: compute(sources, r, vintages[r], known=known, base_on=base_on), releases)
    rows = reduce(DataFrame.unionByName, (year.rows for year in years)) if years else None
    _replace(sources.lake, TABLE, rows, [*(r.year for r in releases), *gone])
    if to_public is not None:
        shown = [year for year in years if year.release.status in to_public.statuses]
        _write_public(sources, shown, to_public.key, gone)


def _write_public(sources: Sources, shown: Sequence[Year], key: bytes, gone: Collection[int]) -> None:
    public = [settled(year.published(key)) for year in shown]
    named = [areas(rows, _names(sources, year)) for year, rows in zip(shown, public, strict=True)]
    if shown or (gone and sources.lake.exists(PUBLISHED)):
        years = [*(year.release.year for year in shown), *gone]
        for table, parts in ((PUBLISHED, public), (AREAS, named)):
            _replace(sources.lake, table, reduce(DataFrame.unionByName, parts) if parts else None, years)


def _names(sources: Sources, year: Year) -> dict[str, str]:
    release, vintage = year.release, year.places.list_vintage
    villages = sources.state(LIST, vintage or release.cut_off)
    return area_names(sources.state(DIVISIONS, release.cut_off), villages, year=release.year)


def _replace(lake: Lake, table: str, rows: DataFrame | None, years: Sequence[int]) -> None:
    contract = table_contracts.tables()[table]
    lake.overwrite(
        table,
        conform_to(lake.read(table).limit(0) if rows is None else rows, contract),
        partition_by=_PARTITION,
        replace=[{_YEAR: str(year)} for year in years],
    )


@dataclass(frozen=True)
class Public:
    """The public face: by which `key` it is perturbed, and years of which release statuses it shows anew."""

    key: bytes
    statuses: tuple[str, ...] = ("FINAL",)


@dataclass(frozen=True)
class Year:
    """A report year as it was computed: its rows of the cube, and what they were made of."""

    release: Release
    rows: DataFrame
    told: Told
    places: Geography

    def published(self, key: bytes) -> DataFrame:
        return published(self.rows, self.told, self.places, release=self.release, key=key)


def _keep(sources: Sources, vintages: Mapping[Release, date | None], base_on: date | None) -> None:
    """What several years, or one several times, ask the feeds."""
    judged = [r.cut_off for r in vintages if not _is_base(r, base_on)]
    followed = [r.cut_off for r in vintages if not _is_base(r, base_on) or _follows_everybody(sources, r)]
    dates = {
        REGISTER: followed,
        DECISIONS: followed,
        **dict.fromkeys(_sectors(), judged),
        DIVISIONS: [r.cut_off for r in vintages],
        LIST: [vintage for vintage in vintages.values() if vintage],
    }
    at_once(lambda feed: sources.keep(*feed), [(feed, max(on)) for feed, on in dates.items() if on])


def _is_base(release: Release, base_on: date | None) -> bool:
    """Whether the base tables are what the release counts."""
    return release.cut_off == release.reference_date == base_on


def _follows_everybody(sources: Sources, release: Release) -> bool:
    return _is_known(sources, release) and follows_everybody(sources, *_between(release))


def _is_known(sources: Sources, release: Release) -> bool:
    """Whether the register had been delivered when the year before was reported."""
    return bool(sources.dates(REGISTER, known_before(release).by))


def _between(release: Release) -> tuple[Known, Known]:
    return known_before(release), Known(release.reference_date, release.cut_off)


def known_before(release: Release) -> Known:
    """The date of the report before, and by what it was judged."""
    last = release_of(release.year - 1, release.cut_off)
    return Known(last.reference_date, last.cut_off)


def compute(
    sources: Sources, release: Release, vintage: date | None, *, known: DataFrame | None, base_on: date | None
) -> Year:
    """The year's rows of the cube; `vintage` is the date of its list of divisions."""
    places = geography(
        sources.state(DIVISIONS, release.cut_off),
        sources.state(LIST, vintage or release.cut_off),
        reference_date=release.reference_date,
        vintage=vintage,
    )
    previous = known.where(F.col("report_year") == release.year) if known is not None else None
    told = _told(sources, release, base_on)
    of_forms = forms(told, places, release=release, previous=previous)
    rows = of_forms.unionByName(beyond(told, places, release=release, previous=previous))
    return Year(release, rows, told, places)


def _told(sources: Sources, release: Release, base_on: date | None) -> Told:
    """What the year's report counts; of the night itself out of the base tables, which are that already."""
    before, now = _between(release)
    is_known = _is_known(sources, release)
    if _is_base(release, base_on):
        person, household, cases, unknown = (sources.lake.read(table) for table in _JUDGED_TABLES)
        sectors = {c.feed: sources.lake.read(f"base/{c.base_table}") for c in table_contracts.sectors()}
        since = of_tonight(sources, person, before, now) if is_known else None
        return Told(person, household, cases, sectors, unknown, since)
    lives = lived_between(sources, before, now)
    states = {feed: sources.state(feed, now.by) for feed in _sectors()}
    person, sectors = seen_by_sectors(lives, states, now.on)
    person = settled(person)
    cases = id_cases(lives.judged.findings, now.on)
    unknown = unregistered(
        [(contracts.feed(feed), rows) for feed, rows in sectors.items()],
        sources.newest_snapshots(states, now.by),
    )
    since = of_everybody(lives, before, now) if is_known else None
    return Told(person, households(person), cases, sectors, unknown, since)


def _sectors() -> list[str]:
    return [contract.feed for contract in table_contracts.sectors()]
