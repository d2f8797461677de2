"""The reports of a night: which years are due, each computed from the base judged at its own dates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase import contracts, table_contracts
from popbase.base.build import seen_by_sectors
from popbase.base.household import households
from popbase.base.reported import Known, lived_between
from popbase.base.unregistered import unregistered
from popbase.contracts import DECISIONS, REGISTER
from popbase.identity.histories import id_cases
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
    form_of,
    list_vintage,
    touched,
)
from popbase.statistics.calendar import (
    release as release_of,
)
from popbase.statistics.forms import Told, forms
from popbase.statistics.places.areas import area_names, geography
from popbase.statistics.printed.workbook import tables_of, write_csv, write_form
from popbase.statistics.since import follows_everybody, of_everybody, of_tonight
from popbase.statistics.tables.t1 import TABLE as T1_TABLE
from popbase.storage import Store, reached, store

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
) -> None:
    """Replaces these years in the cube, and takes out those `gone`: of which no delivery tells any more.

    `base_on`: the date for which the base tables hold what `sources` make of it, if they do.
    """
    if not releases and not gone:
        return
    vintages = {r: list_vintage(sources.dates(LIST, night), r.reference_date) for r in releases}
    _keep(sources, vintages, base_on)
    years = at_once(lambda r: compute(sources, r, vintages[r], known=known, base_on=base_on), releases)
    rows = reduce(DataFrame.unionByName, years) if years else sources.lake.read(TABLE).limit(0)
    sources.lake.overwrite(
        TABLE,
        conform_to(rows, table_contracts.table("report")),
        partition_by=_PARTITION,
        replace=[{_YEAR: str(year)} for year in (*(r.year for r in releases), *gone)],
    )


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
) -> DataFrame:
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
    return of_forms.unionByName(beyond(told, places, release=release, previous=previous))


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


def lay_out(sources: Sources, folder: str, *, last: str | None, version: int | None) -> None:
    """Every year of the cube as the official form and as CSV, in the lake's `folder`.

    `version`: the cube's in the last publication; its files in `last` serve for the years that are as
    they were.
    """
    lake = sources.lake
    shown = {} if version is None else lake.files_by_partition(TABLE, version)
    with reached(folder):
        files = store(lake.root)
        for (year,), rows in sorted(lake.files_by_partition(TABLE).items()):
            kept = _kept(files, last, year) if last and rows == shown.get((year,)) else None
            for name, content in (kept or _laid_out(sources, lake.read(TABLE), year)).items():
                files.write(f"{folder}/{name}", content)


def _kept(files: Store, folder: str, year: int) -> dict[str, bytes] | None:
    """A year's files as an earlier publication has them; None where one is gone."""
    try:
        names = [name for table in tables_of(form_of(year)) for name in _files(table, year)]
        return {name: files.read(f"{folder}/{name}") for name in names}
    except FileNotFoundError:
        return None


def _laid_out(sources: Sources, cube: DataFrame, year: int) -> dict[str, bytes]:
    rows: list[dict[str, Any]] = [row.asDict() for row in cube.where(F.col("report_year") == year).collect()]
    whole = (T1_TABLE, "nation", "population")
    nation = next(r for r in rows if (r["table"], r["area_level"], r["measure"]) == whole)
    divisions = sources.state(DIVISIONS, nation["cut_off"])
    villages = sources.state(LIST, nation["list_vintage"] or nation["cut_off"])
    names = area_names(divisions, villages, year=nation["boundary_year"])
    with TemporaryDirectory() as draft:
        for table in tables_of(form_of(year)):
            told = [row for row in rows if row["table"] == table]
            workbook, lines = (Path(draft, name) for name in _files(table, year))
            write_form(workbook, told, names=names)
            write_csv(lines, told, names=names)
        return {file.name: file.read_bytes() for file in sorted(Path(draft).iterdir())}


def _files(table: str, year: int) -> tuple[str, str]:
    return f"{table}-{year}.xlsx", f"{table}-{year}.csv"
