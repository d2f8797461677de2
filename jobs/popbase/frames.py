"""What Spark's DataFrames lack, for every stage."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, WindowSpec
from pyspark.sql import functions as F


def first_per(rows: DataFrame, window: WindowSpec) -> DataFrame:
    """Of the rows of each of the window's partitions the first one in its order."""
    ranked = rows.withColumn("row__rank", F.row_number().over(window))
    return ranked.where("row__rank = 1").drop("row__rank")


def completed_years(born: Column, on: Column) -> Column:
    """Age on a date; who is born on 29 February completes a year on 1 March (statistics section 2)."""
    before_birthday = F.month(on) * 100 + F.day(on) < F.month(born) * 100 + F.day(born)
    return F.year(on) - F.year(born) - before_birthday.cast("int")
