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

from popbase.search.comparisons import Block

_KEY = "row__key"


def in_company(some: DataFrame, blocks: Sequence[Block]) -> DataFrame:
    """The rows that share a block with a row under another number."""
    keyed = some.select("unique_id", "number17", F.explode(_keys(blocks)).alias(_KEY))
    several = keyed.groupBy(_KEY).agg(F.min("number17").alias("least"), F.max("number17").alias("greatest"))
    crowded = keyed.join(several.where("least < greatest"), _KEY, how="left_semi")
    return some.join(crowded.select("unique_id").distinct(), "unique_id", how="left_semi")


def beside(some: DataFrame, rest: DataFrame, blocks: Sequence[Block], *, few: bool = True) -> DataFrame:
    """The rows of `rest` that share a block with one of `some` under another number; where those are `few`,
    no row of `rest` is shuffled.
    """
    key = F.explode(_keys(blocks))
    asked = some.select(key.alias("asked"), F.col("number17").alias("by")).distinct()
    shares = [F.col(_KEY) == F.col("asked"), F.col("number17") != F.col("by")]
    offered = rest.withColumn(_KEY, key).join(F.broadcast(asked) if few else asked, shares, how="left_semi")
    return offered.drop(_KEY).dropDuplicates(["unique_id"])


def _keys(blocks: Sequence[Block]) -> Column:
    """A long for each block that the row is in, on either side; where two meet by chance, a pair is compared
    in vain.
    """
    sides = ((number, side) for number, b in enumerate(blocks) for side in sorted({b.left, b.right}))
    told = (F.when(_are_given(side), F.xxhash64(F.lit(number), *side)) for number, side in sides)
    return F.array_compact(F.array(*told))


def _are_given(columns: Sequence[str]) -> Column:
    return reduce(and_, (F.col(name).isNotNull() for name in columns))
