"""Which rows can be anybody else's at all, before Splink looks at any pair: nearly none.

A block's columns are hashed to one long: all blocks of all rows cost one aggregate over longs, and not a join
of whole rows for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.search.comparisons import PEOPLE

_KEY = "row__key"


def in_company(some: DataFrame) -> DataFrame:
    """The rows that share a block with a row under another number."""
    keyed = some.select("unique_id", "number17", F.explode(_keys()).alias(_KEY))
    several = keyed.groupBy(_KEY).agg(F.min("number17").alias("least"), F.max("number17").alias("greatest"))
    crowded = keyed.join(several.where("least < greatest"), _KEY, how="left_semi")
    return some.join(crowded.select("unique_id").distinct(), "unique_id", how="left_semi")


def beside(changed: DataFrame, rest: DataFrame) -> DataFrame:
    """The rows of `rest` that share a block with one of the few `changed`: no row of `rest` is shuffled."""
    asked = changed.select(F.explode(_keys()).alias(_KEY)).distinct()
    offered = rest.withColumn(_KEY, F.explode(_keys()))
    return offered.join(F.broadcast(asked), _KEY, how="left_semi").drop(_KEY).dropDuplicates(["unique_id"])


def _keys() -> Column:
    """A long for each block that the row is in, on either side; where two meet by chance, a pair is compared
    in vain.
    """
    sides = ((number, side) for number, b in enumerate(PEOPLE) for side in sorted({b.left, b.right}))
    told = (F.when(_are_given(side), F.xxhash64(F.lit(number), *side)) for number, side in sides)
    return F.array_compact(F.array(*told))


def _are_given(columns: Sequence[str]) -> Column:
    return reduce(and_, (F.col(name).isNotNull() for name in columns))
