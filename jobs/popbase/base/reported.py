"""The register's time as reports tell it (statistics section 1).

A report judges at its reference date what was delivered by its cut-off. So between two reports each delivery
that came after the first one's date and by its cut-off stands on that date already, and likewise the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.base.affected import affected, said_of
from popbase.base.build import Lives, lived
from popbase.base.changes import Step
from popbase.contracts import DECISIONS, REGISTER
from popbase.identity.anchors import apart
from popbase.session import cut_off

if TYPE_CHECKING:
    from popbase.sources import Sources


@dataclass(frozen=True)
class Known:
    """A date, judged by what was delivered by another."""

    on: date
    by: date


def lived_between(sources: Sources, before: Known, now: Known) -> Lives:
    """Persons from one report's date to another's: on both, and between them, as the reports count them."""
    register, decisions = (sources.spans(feed, now.by) for feed in (REGISTER, DECISIONS))
    return lived(as_reported(apart(register), before, now), as_reported(decisions, before, now))


def changed_between(sources: Sources, before: Known, now: Known) -> Lives | None:
    """`lived_between` of the people whom something since the earlier date concerns; None where nobody is.

    Nobody else was another at one of the dates than at the other.
    """
    step = Step(sources, sources, was=before.on, now=now.by)
    who = affected(step)
    if who is None:
        return None
    register, decisions = (as_reported(spans, before, now) for spans in said_of(step, who))
    return lived(register, decisions, kept=cut_off)


def as_reported(spans: DataFrame, before: Known, now: Known) -> DataFrame:
    """Spans of `record_versions` up to `now.by`, in the time of the two reports.

    What stood when the earlier one was cut off stands from the record's beginning: what was said before is
    of no report any more.
    """
    began, until = F.col("first_date"), F.col("to_date")

    def told_on(day: str) -> Column:
        stands = F.when(F.col(day) <= F.lit(before.by), F.least(began, F.lit(before.on)))
        return stands.when(F.col(day) >= F.lit(now.on), F.lit(now.on)).otherwise(F.col(day))

    ends = F.when(until >= F.lit(now.on), F.lit(now.on)).otherwise(until)
    stood = until.isNull() | (until > F.lit(before.by))
    return (
        spans.where(stood)
        .withColumns(
            {"first_date": told_on("first_date"), "from_date": told_on("from_date"), "to_date": ends}
        )
        .where(F.col("to_date").isNull() | (F.col("from_date") < F.col("to_date")))
    )
