"""What lies between the last report and this one: the stock before, and every step that changed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.base.build import Lives
from popbase.base.changes import Step
from popbase.base.event import Period, transitions
from popbase.base.history import at
from popbase.base.reported import Known, changed_between, lived_between
from popbase.base.update import is_small
from popbase.identity.rules import is_registered
from popbase.session import cut_off
from popbase.statistics.flows import BEFORE

if TYPE_CHECKING:
    from popbase.sources import Sources


@dataclass(frozen=True)
class Since:
    """`stock`: rows of a registered area with the people it had, to be added up; `steps`: `event.transitions`
    of the `year`, none where nobody took any.
    """

    stock: DataFrame
    steps: DataFrame | None
    year: Period


def of_everybody(lives: Lives, before: Known, now: Known) -> Since:
    """By people who were followed from the one report to the other (`lived_between`)."""
    return Since(stock(at(lives.persons, before.on)), _steps(lives, before, now), Period(before.on, now.on))


def of_tonight(sources: Sources, person: DataFrame, before: Known, now: Known) -> Since:
    """By base/person of the night itself: only whom something since the last report concerns is followed, and
    all others were where they are.
    """
    if follows_everybody(sources, before, now):
        return of_everybody(lived_between(sources, before, now), before, now)
    year = Period(before.on, now.on)
    lives = changed_between(sources, before, now)
    if lives is None:
        return Since(stock(person), None, year)
    then, today = (at(lives.persons, on) for on in (before.on, now.on))
    before_them = stock(person).unionByName(stock(today, sign=-1)).unionByName(stock(then))
    return Since(before_them, _steps(lives, before, now), year)


def follows_everybody(sources: Sources, before: Known, now: Known) -> bool:
    """Whether following all people takes less than finding whom something concerns."""
    return is_small(Step(sources, sources, was=before.on, now=now.by))


def stock(person: DataFrame, *, sign: int = 1) -> DataFrame:
    """One row is a registered area with its people."""
    registered = person.where(is_registered())
    return registered.groupBy("registered_area").agg((F.count("*") * sign).alias(BEFORE))


def _steps(lives: Lives, before: Known, now: Known) -> DataFrame:
    year = Period(before.on, now.on)
    return cut_off(transitions(lives.judged.records, lives.quiet, year, known_by=now.by))
