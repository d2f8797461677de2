"""The reports of a night: which years are due, each computed from the base judged at its own dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial, reduce
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.base.build import JUDGED_TABLES, as_judged_at
from popbase.contracts import REGISTER
from popbase.intake import ledger
from popbase.lake import Lake
from popbase.session import at_once, settled
from popbase.sources import Sources
from popbase.statistics.areas import area_names, geography
from popbase.statistics.calendar import Release, due
from popbase.statistics.t1 import t1
from popbase.statistics.workbook import write_csv, write_t1

TABLE = "statistics/report"


def releases_due(
    sources: Sources, night: date, *, earliest_change: date | None, known: DataFrame | None
) -> list[Release]:
    """The report years that this night computes; `known` is the cube of the last publication."""
    deliveries = ledger.effective(sources.judgements[REGISTER], night)
    if not deliveries:
        return []
    statuses = known.select("report_year", "release_status").distinct().collect() if known is not None else []
    return due(
        night,
        first_delivery=min(j.business_date for j in deliveries),
        earliest_change=earliest_change,
        computed={row.report_year for row in statuses},
        released={row.report_year for row in statuses if row.release_status != "PRELIMINARY"},
    )


def write_reports(
    sources: Sources,
    releases: Sequence[Release],
    *,
    known: DataFrame | None,
    folder: Path,
    base_on: date | None = None,
) -> None:
    """Replaces the due years in the cube, and lays each out as the official form and as CSV in `folder`.

    `base_on`: the date for which the base tables hold what `sources` make of it, if they do.
    """
    if not releases:
        return
    lists = settled(sources.lists("statistical_division", date.max))
    sources.spans("admin_division", max(release.cut_off for release in releases))
    years = at_once(partial(compute, sources, lists, known=known, base_on=base_on), releases)
    rows = reduce(DataFrame.unionByName, (year for year, _ in years))
    if known is not None:
        computed = [release.year for release in releases]
        rows = known.where(~F.col("report_year").isin(*computed)).unionByName(rows)
    sources.lake.overwrite(TABLE, rows)
    for release, (_, names) in zip(releases, years, strict=True):
        write_files(sources.lake, release, names, folder)


def compute(
    sources: Sources, lists: DataFrame, release: Release, *, known: DataFrame | None, base_on: date | None
) -> tuple[DataFrame, dict[str, str]]:
    """The year's rows of the cube, and the areas' names; `lists` are those of `statistical_division`."""
    if release.cut_off == release.reference_date == base_on:
        person, household, cases = (sources.lake.read(table) for table in JUDGED_TABLES)
    else:
        person, household, cases = as_judged_at(
            sources, state_on=release.cut_off, judged_on=release.reference_date
        )
    divisions = sources.state("admin_division", release.cut_off)
    places = geography(divisions, lists, reference_date=release.reference_date)
    previous = known.where(F.col("report_year") == release.year) if known is not None else None
    cube = t1(person, household, places, release=release, cases=cases, previous=previous)
    return cube, area_names(divisions, lists, places=places)


def write_files(lake: Lake, release: Release, names: dict[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = [
        row.asDict() for row in lake.read(TABLE).where(F.col("report_year") == release.year).collect()
    ]
    write_t1(folder / f"T1-{release.year}.xlsx", rows, names=names)
    write_csv(folder / f"T1-{release.year}.csv", rows, names=names)
