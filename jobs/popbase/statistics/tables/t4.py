"""T4, migration (statistics.md 6): moves in and out by where their other end lies.

A move counts alike at every level, so that areas add up; what crossed an area's own bound is `net`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as F

from popbase.statistics.cube import Measure
from popbase.statistics.flows import by_relation
from popbase.statistics.places.relations import RELATIONS

TABLE = "T4"
DIRECTIONS = ("in", "out")
# What crosses the bound of an area of a level; a move from one village of a township to another cancels out.
CROSSING = {
    "nation": RELATIONS[4:],
    "province": RELATIONS[3:],
    "prefecture": RELATIONS[2:],
    "county": RELATIONS[1:],
    "township": RELATIONS,
}


def measures() -> list[Measure]:
    """What T4 holds, alike in both forms."""
    return [
        *(Measure(TABLE, way, f"moves_{way}", "registered", since_last=True) for way in DIRECTIONS),
        *(
            Measure(TABLE, way, by_relation(way, r), "registered", {"relation": r}, since_last=True)
            for way in DIRECTIONS
            for r in RELATIONS
        ),
        Measure(TABLE, "net", "net", "registered", since_last=True),
    ]


def derived() -> dict[str, Column]:
    """What follows from the counts of an area, by its level."""

    def moves(way: str, relations: Sequence[str]) -> Column:
        return reduce(add, (F.col(by_relation(way, r)) for r in relations))

    totals = {f"moves_{way}": moves(way, RELATIONS) for way in DIRECTIONS}
    net = F.lit(None).cast("bigint")
    for level, crossing in CROSSING.items():
        own = moves("in", crossing) - moves("out", crossing)
        net = F.when(F.col("area_level") == level, own).otherwise(net)
    return {**totals, "net": net}
