"""The linear equations between the figures of an area, as data (statistics.md 6).

A figure is named by its table, its measure and which part of it, '' for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from popbase import table_contracts
from popbase.statistics.flows import BEFORE
from popbase.statistics.part import part, part_of
from popbase.statistics.places.relations import RELATIONS
from popbase.statistics.places.size import KINDS
from popbase.statistics.population import AGES, BY_SEX, SEXES
from popbase.statistics.staying import PARTS, STAYING
from popbase.statistics.tables import bridge, components, t1, t2, t3, t4, t5, t6
from popbase.statistics.topics import ages, living, sectors

Figure = tuple[str, str, str]
# The part of a size class, whichever classes a year was counted by.
ANY_SIZE = "size"


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


def terms() -> list[Term]:
    """Every equation but those of the official columns and of the rates, which are not linear."""
    found = [*_t1(), *_t2(), *_since_last(), *_t4(), *_t5(), *_components(), *_bridge()]
    found += [*_ages(), *_usual(), *_sectors()]
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
    yield from _sum("sex", "", whole(*SEXES), everyone)
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
        by_sex = [(t2.TABLE, name, part("age", age)) for name in SEXES]
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


def _t5() -> Iterator[Term]:
    people = (t5.TABLE, t5.PEOPLE, "")
    for form, parts_of in t5.TOWNS_BY.items():
        told = [(t5.TABLE, name, "") for name in (*parts_of, t5.REST)]
        yield from _sum("towns", form, told, people, form=form)
    for kind in KINDS:
        for name in (kind, f"{kind}_population"):
            yield from _sum("sizes", name, [(t5.TABLE, name, ANY_SIZE)], (t5.TABLE, name, ""))


def _bridge() -> Iterator[Term]:
    every = [m.breakdowns for m in bridge.measures()]
    known = {"nature": bridge.NATURES, "place": {p: f"{p}_place" for p in bridge.PLACES}}
    for dimension, names in known.items():
        for code, name in names.items():
            told = [(bridge.TABLE, "population", part_of(b)) for b in every if b[dimension] == code]
            yield from _sum("bridge", name, told, (t1.TABLE, name, ""), form="LEGACY")


def _ages() -> Iterator[Term]:
    """Single years by sex, and as the five-year groups have them."""
    singles = [str(years) for years in range(ages.OLDEST)]
    for age in (*singles, ages.LAST):
        by_sex = [(ages.TABLE, "population", part_of({"age": age, "sex": sex})) for sex in SEXES]
        yield from _sum("pyramid", age, by_sex, (ages.TABLE, "population", part("age", age)))
    for first in range(0, ages.OLDEST, 5):
        group = f"{first}-{first + 4}"
        years = [(ages.TABLE, "population", part("age", age)) for age in singles[first : first + 5]]
        whole = (ages.TABLE, "population_by_five_years", part("age", group))
        yield from _sum("pyramid", group, years, whole)


def _usual() -> Iterator[Term]:
    residents, apart = ((living.TABLE, name, "") for name in ("residents", "separated"))
    classes = [(living.TABLE, f"residents_{name}", "") for name in t1.CLASSES]
    rules = [(living.TABLE, "residents", part("rule", rule)) for rule in living.RULES]
    evidence = [(living.TABLE, "residents", part("evidence", kind)) for kind in living.EVIDENCE]
    relations = [(living.TABLE, "separated", part("relation", relation)) for relation in RELATIONS]
    yield from _sum("usual", "class", classes, residents)
    yield from _sum("usual", "rule", rules, residents)
    yield from _sum("usual", "evidence", evidence, residents)
    yield from _sum("usual", "relation", relations, apart)


def _sectors() -> Iterator[Term]:
    for contract in table_contracts.sectors():
        sector = {"sector": str(contract.base_table)}
        told = [
            (sectors.TABLE, "records", part_of(sector | {"match_status": status}))
            for status in table_contracts.MATCH_STATUS
        ]
        yield from _sum("sectors", contract.feed, told, (sectors.TABLE, "records", part_of(sector)))


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
