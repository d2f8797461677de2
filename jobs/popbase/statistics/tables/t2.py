"""T2, age by sex (statistics.md 6): the registered population in four groups of completed years."""

from __future__ import annotations

from popbase.statistics.cube import Measure
from popbase.statistics.population import AGES, BY_SEX, by_age

TABLE = "T2"


def measures() -> list[Measure]:
    """What T2 holds: the measures of T1 by `age`, alike in both forms."""
    return [
        Measure(TABLE, name, by_age(name, group), "registered", {"age": group})
        for name in BY_SEX
        for group in AGES
    ]
