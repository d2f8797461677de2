"""The linear equations between the figures of an area, as data (statistics.md 6).

A figure is named by its table, its measure and which part of it, '' for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from popbase.statistics import components, t1, t2, t3, t4, t6
from popbase.statistics.cube import Measure
from popbase.statistics.flows import BEFORE, SEXES
from popbase.statistics.part import part
from popbase.statistics.population import AGES, BY_SEX
from popbase.statistics.relations import RELATIONS
from popbase.statistics.staying import PARTS, STAYING

Figure = tuple[str, str, str]


class Term(NamedTuple):
    """A figure's part in an equation, the terms of which add up to 0.

    `form`, `level`: where the equation holds; none: everywhere.
    """

    figure: str
    identity: str
    equation: str
    factor: float
    form: str | None
    level: str | None


def name_of(figure: Figure) -> str:
    return "|".join(figure)


def figure_of(measure: Measure) -> str:
    which = next((part(*pair) for pair in measure.breakdowns.items()), "")
    return name_of((measure.table, measure.name, which))


def terms() -> list[Term]:
    """Every equation but those of the official columns and of the rates, which are not linear."""
    found = [*_t1(), *_t2(), *_since_last(), *_t4(), *_components()]
    for dimension, parts in PARTS.items():
        staying = [(t6.TABLE, STAYING, part(dimension, code)) for code in parts]
        found += _sum("staying", dimension, staying, (t6.TABLE, STAYING, ""), form="LEGACY")
    return found


def _t1() -> Iterator[Term]:
    def whole(*names: str) -> list[Figure]:
        return [(t1.TABLE, name, "") for name in names]

    (everyone,) = whole("population")
    (households,) = whole("households")
    yield from _sum("households", "", whole(*t1.HOUSEHOLDS[1:]), households)
    yield from _sum("sex", "", whole(*BY_SEX[1:]), everyone)
    reasons = [(t1.TABLE, "unsettled", part("reason", code)) for code in t1.REASONS.values()]
    yield from _sum("unsettled_reasons", "", reasons, *whole("unsettled"))
    yield from _sum("nature", "", whole(*t1.NATURE), everyone, form="LEGACY")
    yield from _sum("place", "", whole(*t1.PLACE), everyone, form="LEGACY")
    yield from _sum("urban_rural", "", whole(*t1.CLASSES), everyone, form="URBAN_RURAL")


def _t2() -> Iterator[Term]:
    for name in BY_SEX:
        yield from _sum(
            "ages", name, [(t2.TABLE, name, part("age", age)) for age in AGES], (t1.TABLE, name, "")
        )
    for age in AGES:
        by_sex = [(t2.TABLE, name, part("age", age)) for name in BY_SEX[1:]]
        yield from _sum("sex_by_age", age, by_sex, (t2.TABLE, BY_SEX[0], part("age", age)))


def _since_last() -> Iterator[Term]:
    births, deaths = ((t3.TABLE, name, "") for name in t3.EVENTS)
    for table, name, _ in (births, deaths):
        by_sex = [(table, name, part("sex", sex)) for sex in SEXES]
        yield from _sum("events_by_sex", name, by_sex, (table, name, ""))
        yield from _sum("tables", name, [(components.TABLE, name, "")], (table, name, ""))
    increase = {births: 1.0, deaths: -1.0, (t3.TABLE, "natural_increase", ""): -1.0}
    yield from _equation("derived", "natural_increase", increase)
    stocks = {(components.TABLE, name, ""): 0.5 for name in (BEFORE, "population")}
    yield from _equation("derived", "average", stocks | {(t3.TABLE, "average_population", ""): -1.0})


def _t4() -> Iterator[Term]:
    moves = {"in": ("moved_in", "transit_in"), "out": ("moved_out", "transit_out")}
    for way, parts in moves.items():
        whole = (t4.TABLE, way, "")
        yield from _sum("moves", way, [(t4.TABLE, way, part("relation", r)) for r in RELATIONS], whole)
        yield from _sum("tables", way, [(components.TABLE, name, "") for name in parts], whole)
    for level, crossing in t4.CROSSING.items():
        signs = {"in": 1.0, "out": -1.0}
        net = {(t4.TABLE, way, part("relation", r)): sign for way, sign in signs.items() for r in crossing}
        yield from _equation("derived", "net", net | {(t4.TABLE, "net", ""): -1.0}, level=level)


def _components() -> Iterator[Term]:
    def signed(more: Iterable[str], less: Iterable[str]) -> dict[Figure, float]:
        figures = {(components.TABLE, name, ""): 1.0 for name in more}
        return figures | {(components.TABLE, name, ""): -1.0 for name in less}

    now = (components.TABLE, "population", "")
    yield from _sum("tables", "population", [now], (t1.TABLE, "population", ""))
    corrected = signed(components.MORE, (*components.LESS, "corrections"))
    yield from _equation("derived", "corrections", corrected)
    yield from _equation("derived", "change", signed(["population"], [BEFORE, "change"]))
    balance = signed(["change", *components.GOES], [*components.COMES, "residual"])
    yield from _equation("derived", "residual", balance)
    yield from _equation("residual", "", signed(["residual"], []))


def _sum(
    identity: str, equation: str, parts: Iterable[Figure], whole: Figure, *, form: str | None = None
) -> Iterator[Term]:
    return _equation(identity, equation, dict.fromkeys(parts, 1.0) | {whole: -1.0}, form=form)


def _equation(
    identity: str,
    equation: str,
    factors: dict[Figure, float],
    *,
    form: str | None = None,
    level: str | None = None,
) -> Iterator[Term]:
    for figure, factor in factors.items():
        yield Term(name_of(figure), identity, equation, factor, form, level)
