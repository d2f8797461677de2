"""The components of change (statistics.md 3, 6): from the last stock to this one, and what is left over."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as F

from popbase.statistics.cube import Measure
from popbase.statistics.flows import BEFORE, ENTERS, LATE_IN, LATE_OUT, LEAVES

TABLE = "components"
COMES = (*ENTERS.values(), LATE_IN)
GOES = (*LEAVES.values(), LATE_OUT)
# The register's corrections of itself, in `corrections` together.
MORE = ("restored", "split", "appeared")
LESS = ("cancelled_duplicate", "cancelled_error", "merged", "vanished")
_DERIVED = ("corrections", "change", "residual")
NAMES = (BEFORE, *COMES, *GOES, *_DERIVED, "population")


def measures() -> list[Measure]:
    """What the table holds, alike in both forms."""
    return [Measure(TABLE, name, name, "registered", since_last=True) for name in NAMES]


def derived() -> dict[str, Column]:
    """What follows from the counts of an area; `residual` is what no flow accounts for, and must be 0."""

    def total(names: Sequence[str]) -> Column:
        return reduce(add, map(F.col, names))

    change = F.col("population") - F.col(BEFORE)
    return {
        "corrections": total(MORE) - total(LESS),
        "change": change,
        "residual": change - total(COMES) + total(GOES),
    }
