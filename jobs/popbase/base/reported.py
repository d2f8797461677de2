"""The register's time as reports tell it (statistics section 1).

A report judges at its reference date what was delivered by its cut-off. So between two reports each delivery
that came after the first one's date and by its cut-off stands on that date already, and likewise the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.base.affected import affected
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
    versions = step.feed(REGISTER).versions(who.records)
    orders = F.broadcast(who.orders.toDF("decision_no"))
    decisions = sources.spans(DECISIONS, now.by).join(orders, "decision_no", how="left_semi")
    theirs = as_reported(apart(cut_off(versions)), before, now)
    return lived(theirs, as_reported(decisions, before, now), kept=cut_off)


def as_reported(spans: DataFrame, before: Known, now: Known) -> DataFrame:
    """Spans of `record_versions` up to `now.by`, in the time of the two reports.

    What stood when the earlier one was cut off stands from the record's beginning: what was said before is
    of no report any more.
    """
    began, since, until = F.col("first_date"), F.col("from_date"), F.col("to_date")
    begins = (
        F.when(since <= F.lit(before.by), F.least(began, F.lit(before.on)))
        .when(since >= F.lit(now.on), F.lit(now.on))
        .otherwise(since)
    )
    first = (
        F.when(began <= F.lit(before.by), F.least(began, F.lit(before.on)))
        .when(began >= F.lit(now.on), F.lit(now.on))
        .otherwise(began)
    )
    ends = F.when(until >= F.lit(now.on), F.lit(now.on)).otherwise(until)
    stood = until.isNull() | (until > F.lit(before.by))
    return (
        spans.where(stood)
        .withColumns({"first_date": first, "from_date": begins, "to_date": ends})
        .where(F.col("to_date").isNull() | (F.col("from_date") < F.col("to_date")))
    )
