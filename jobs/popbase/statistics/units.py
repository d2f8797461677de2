"""What a figure counts: persons, households, events. Each weighs one; or, where a figure is to be published,
what disclosure control gives it (`disclosure.py`), so that one sum serves both.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

WEIGHT = "row__weight"


def weighing(rows: DataFrame) -> DataFrame:
    """`rows` with their units' weight: 1, unless they bring their own."""
    return rows if WEIGHT in rows.columns else rows.withColumn(WEIGHT, F.lit(1))


def count_where(belongs: Column) -> Column:
    """How much the group's units weigh that belong."""
    return F.sum(F.when(belongs, F.col(WEIGHT)).otherwise(0))


def count() -> Column:
    """How much all the group's units weigh, as `n`."""
    return F.sum(WEIGHT).alias("n")
