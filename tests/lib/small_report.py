"""The cube of two people in one village, by both forms: small, and right in every identity.

A man settled in town and a woman unsettled in a village. In the second year one of them is born, somebody
died, and one came in return for one who left for another village of the county.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from popbase.statistics.calendar import Form
from popbase.statistics.places.relations import RELATIONS
from popbase.statistics.places.size import SizeClasses
from popbase.statistics.staying import PARTS
from popbase.statistics.tables import bridge
from popbase.statistics.tables.components import NAMES
from popbase.statistics.tables.t5 import TOWNS_BY

Cell = tuple[str, str, dict[str, str], float | None]  # table, measure, breakdowns, value

LEVELS = {"nation": "000000", "province": "330000", "prefecture": "330100", "county": "330102"} | {
    "township": "330102001"
}

_BOTH = {
    "households": 1, "family_households": 1, "collective_households": 0, "other_households": 0,
    "population": 2, "male": 1, "female": 1, "sex_unknown": 0, "unsettled": 1, "in_transit": 0,
    "in_service": 0, "emigrated": 0, "missing": 0, "dead_and_live": 0,
}  # fmt: skip
_LEGACY = {
    "agricultural": 1, "non_agricultural": 1, "agricultural_nature": 1, "non_agricultural_nature": 1,
    "nature_unknown": 0, "agricultural_place": 1, "non_agricultural_place": 1, "converted": 0,
}  # fmt: skip
_URBAN_RURAL = {"urban": 1, "rural": 1, "unclassified": 0}
_AGES = ("0-17", "18-34", "35-59", "60+")  # both people are of the third group
_BY_SEX = ("population", "male", "female", "sex_unknown")
_T3 = {
    "births": 1, "deaths": 1, "births_born_before": 0, "deaths_died_before": 0, "births_occurred": 1,
    "deaths_occurred": 1, "natural_increase": 0, "average_population": 2, "birth_rate": 500,
    "death_rate": 500, "natural_rate": 0,
}  # fmt: skip
_COMPONENTS = {
    "population_before": 2,
    "population": 2,
    "births": 1,
    "deaths": 1,
    "moved_in": 1,
    "moved_out": 1,
}


def rows() -> list[dict[str, Any]]:
    """Report years 2014, of which the year before is not known, and 2015."""
    legacy = [
        *_t1(_BOTH | _LEGACY),
        *_t2(),
        *_staying(),
        *_t5("LEGACY"),
        *_bridge(),
        *((*cell[:3], None) for cell in _since_last()),
    ]
    urban_rural = [*_t1(_BOTH | _URBAN_RURAL), *_t2(), *_t5("URBAN_RURAL"), *_since_last()]
    return [
        *_rows(2014, "LEGACY", legacy),
        *_rows(2015, "URBAN_RURAL", urban_rural),
        *(row for row in _rows(2015, "BASE", [*_beyond()]) if row["area_level"] != "township"),
    ]


def _beyond() -> Iterator[Cell]:
    """Both are forty, live where they are registered, and one of them pays taxes."""
    for measure, age in {"population": "40", "population_by_five_years": "40-44"}.items():
        yield "age", measure, {"age": age}, 2
        for sex in ("male", "female"):
            yield "age", measure, {"age": age, "sex": sex}, 1
    for measure, value in {"residents": 2, "residents_urban": 1, "residents_rural": 1}.items():
        yield "usual", measure, {}, value
    for dimension, code in {"rule": "1", "evidence": "NONE"}.items():
        yield "usual", "residents", {dimension: code}, 2
    yield "sectors", "records", {"sector": "tax"}, 1
    yield "sectors", "records", {"sector": "tax", "match_status": "MATCHED"}, 1


def published() -> list[dict[str, Any]]:
    """A country of 2000 of whom the public sees the women, but in one village of few."""
    cells: list[Cell] = [("T1", "population", {}, 2000), ("T1", "female", {}, 990)]
    small = {"status": "LT10", "value": None}
    return [
        row | (small if (row["area_level"], row["measure"]) == ("township", "female") else {})
        for row in _rows(2015, "URBAN_RURAL", cells)
    ]


def areas() -> list[dict[str, Any]]:
    return [
        {"report_year": 2015, "area_level": level, "area_code": code, "name": f"{level} {code}"}
        for level, code in LEVELS.items()
    ]


def _t1(figures: dict[str, int]) -> Iterator[Cell]:
    for measure, value in figures.items():
        yield "T1", measure, {}, value
    yield "T1", "unsettled", {"reason": "1"}, figures["unsettled"]


def _t2() -> Iterator[Cell]:
    for measure in _BY_SEX:
        for age in _AGES:
            yield "T2", measure, {"age": age}, _BOTH[measure] if age == _AGES[2] else 0


def _t5(form: Form) -> Iterator[Cell]:
    """The village lies in no town, and its county is a district: one small city."""
    for measure in ("towns", "town_population", *TOWNS_BY[form], "town_neither"):
        yield "T5", measure, {}, 0
    counted = {"cities": 1, "cities_population": 2, "counties": 0, "counties_population": 0}
    classes = SizeClasses.read()
    for measure, value in counted.items():
        yield "T5", measure, {}, value
        for size in classes.of(measure.removesuffix("_population")):
            yield "T5", measure, {"size": size.code}, 0 if size.least else value


def _bridge() -> Iterator[Cell]:
    """Each of the two is by nature what the place is."""
    for m in bridge.measures():
        b = m.breakdowns
        there = {"agricultural": "rural", "non_agricultural": "urban"}.get(b["place"]) == b["urban_rural"]
        yield "bridge", "population", dict(b), int(there and b["nature"] == b["place"])


def _staying() -> Iterator[Cell]:
    """A woman from another province who works and rents here."""
    yield "T6", "staying", {}, 1
    of_her = ("female", "to_a_year", "WORK", "other_province", "RENTED")
    for dimension, parts in PARTS.items():
        for part in parts:
            yield "T6", "staying", {dimension: part}, int(part in of_her)


def _since_last() -> Iterator[Cell]:
    for measure, value in _T3.items():
        yield "T3", measure, {}, value
    for measure, happened_to in {"births": "female", "deaths": "male"}.items():
        for sex in _BY_SEX[1:]:
            yield "T3", measure, {"sex": sex}, int(sex == happened_to)
    for measure in ("in", "out"):
        yield "T4", measure, {}, 1
        for relation in RELATIONS:
            yield "T4", measure, {"relation": relation}, int(relation == "same_county")
    yield "T4", "net", {}, 0
    for measure in NAMES:
        yield "components", measure, {}, _COMPONENTS.get(measure, 0)


def _rows(year: int, form: str, cells: list[Cell]) -> Iterator[dict[str, Any]]:
    for level, code in LEVELS.items():
        for table, measure, breakdowns, value in cells:
            yield {
                "report_year": year, "form": form, "table": table, "area_code": code, "area_level": level,
                "boundary_year": year, "measure": measure, "breakdowns": breakdowns,
                "value": None if value is None else float(value),
                "status": "NO_PRIOR" if value is None else "OK", "release_status": "FINAL",
                "cut_off": date(year + 1, 1, 25), "definition_id": "place-2003",
            }  # fmt: skip
