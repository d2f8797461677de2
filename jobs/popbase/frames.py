"""What Spark's DataFrames lack, for every stage."""

from __future__ import annotations

from pyspark.sql import DataFrame, WindowSpec
from pyspark.sql import functions as F


def first_per(rows: DataFrame, window: WindowSpec) -> DataFrame:
    """Of the rows of each of the window's partitions the first one in its order."""
    ranked = rows.withColumn("row__rank", F.row_number().over(window))
    return ranked.where("row__rank = 1").drop("row__rank")
