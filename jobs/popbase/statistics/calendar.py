"""Which report years a night computes, at which dates, and how final they are (statistics.md 1).

No Spark: DAG files and the command line may ask.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

ReleaseStatus = Literal["PRELIMINARY", "FINAL", "REVISED"]
Form = Literal["LEGACY", "URBAN_RURAL"]

# The notice (七): 2014 still on the old forms, the new ones "自2015年度起".
FIRST_URBAN_RURAL_YEAR = 2015

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


def due(
    night: date,
    *,
    first_delivery: date,
    earliest_change: date | None,
    computed: Collection[int] = (),
    released: Collection[int] = (),
) -> list[Release]:
    """The years a night for `night` computes, oldest first; empty when nothing changed and nothing fell due.

    `first_delivery`: the register's first business date ever; `earliest_change`: the oldest business
    date among the deliveries (and facts falling due) that differ from the last publication;
    `computed`: years that stand in the cube; `released`: those of them that are FINAL or REVISED.
    """
    years = range(first_year_open_to(first_delivery), night.year + 1)
    return [
        release(year, night, released=year in released)
        for year in years
        if year not in computed
        or (earliest_change is not None and last_cut_off(year) >= earliest_change)
        or (night >= last_cut_off(year) and year not in released)
    ]
