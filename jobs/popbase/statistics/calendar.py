"""Which report years a night computes, at which dates, and how final they are (statistics.md 1).

No Spark: DAG files and the command line may ask.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from popbase.contracts import DECISIONS, REGISTER

ReleaseStatus = Literal["PRELIMINARY", "FINAL", "REVISED"]
Form = Literal["LEGACY", "URBAN_RURAL"]

# The notice (七): 2014 still on the old forms, the new ones "自2015年度起".
FIRST_URBAN_RURAL_YEAR = 2015

# The feeds that the reports are made from, beside the register and the decisions.
DIVISIONS, LIST, RESIDENCE = "admin_division", "statistical_division", "residence_permit"

# Of which feed, and of which business date: a delivery that the last publication did not know, or still knew.
Change = tuple[str, date]

_CUT_OFF_MONTH, _CUT_OFF_DAY = 1, 25


@dataclass(frozen=True)
class Release:
    """One report year as one night computes it."""

    year: int
    reference_date: date
    cut_off: date
    status: ReleaseStatus

    @property
    def form(self) -> Form:
        return form_of(self.year)


def form_of(year: int) -> Form:
    return "LEGACY" if year < FIRST_URBAN_RURAL_YEAR else "URBAN_RURAL"


def last_cut_off(year: int) -> date:
    """What is delivered after this day no longer changes the figures of `year`."""
    return date(year + 1, _CUT_OFF_MONTH, _CUT_OFF_DAY)


def first_year_open_to(business_date: date) -> int:
    """The earliest report year that a delivery of `business_date` can change."""
    before = business_date.year - 1
    return before if business_date <= last_cut_off(before) else business_date.year


def release(year: int, night: date, *, released: bool = False) -> Release:
    """`released`: the year's FINAL figures stand already, so whatever differs now is a revision."""
    limit = last_cut_off(year)
    status: ReleaseStatus = "PRELIMINARY" if night < limit else "REVISED" if released else "FINAL"
    return Release(
        year=year,
        reference_date=min(night, date(year, 12, 31)),
        cut_off=min(night, limit),
        status=status,
    )


def list_vintage(dates: Collection[date], reference_date: date) -> date | None:
    """The newest list of divisions by the reference date, else the oldest there is (section 4)."""
    return max((d for d in dates if d <= reference_date), default=min(dates, default=None))


def touched(release: Release, changes: Collection[Change], *, lists: Collection[date]) -> bool:
    """Whether one of the changes can change the year; `lists`: the dates of all lists of divisions.

    A list counts up to the date of the one chosen, which may lie after the cut-off.
    """
    vintage = list_vintage(lists, release.reference_date)
    until = dict.fromkeys((REGISTER, DECISIONS, DIVISIONS, RESIDENCE), release.cut_off) | {LIST: vintage}
    return any(on <= last for feed, on in changes if (last := until.get(feed)))


@dataclass(frozen=True)
class Shown:
    """A report year as the last publication shows it; `released`: FINAL or REVISED."""

    cut_off: date
    released: bool


def every_year(night: date, *, first_delivery: date, known: Mapping[int, Shown]) -> list[Release]:
    """Every report year that has data, oldest first, as a night for `night` would compute it.

    `first_delivery`: the register's first business date ever; `known`: the years that stand in the cube.
    """
    years = range(first_year_open_to(first_delivery), night.year + 1)
    return [release(y, night, released=y in known and known[y].released) for y in years]


def falls_due(candidates: Collection[Release], known: Mapping[int, Shown]) -> bool:
    """Whether a year begins or its last cut-off has come, though no delivery changed anything."""
    return any(
        r.year not in known or (r.status == "FINAL" and r.cut_off != known[r.year].cut_off)
        for r in candidates
    )


def due(
    candidates: Collection[Release], known: Mapping[int, Shown], *, touched: Callable[[Release], bool]
) -> list[Release]:
    """Those that a night computes; none when nothing changed and nothing fell due.

    `touched`: whether a delivery that differs from the last publication can change the year. A cut-off that
    moves on is new by itself: whoever is born, dies or is decided about on that day was delivered before.
    """
    return [r for r in candidates if r.year not in known or known[r.year].cut_off != r.cut_off or touched(r)]
