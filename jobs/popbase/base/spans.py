"""What `record_versions` told, at one date or up to an earlier one."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def standing(spans: DataFrame, as_of: date) -> DataFrame:
    """The state at `as_of` out of the spans of `record_versions` up to a date not before it.

    One row is a record that exists on `as_of`: the contract's fields, region (the bureau it stands at),
    flags, first_date, anchor_region, set_on (the business date that set it so), as_of.
    """
    on = F.lit(as_of)
    holds = (F.col("from_date") <= on) & (F.col("to_date").isNull() | (F.col("to_date") > on))
    return spans.where(holds).drop("to_date").withColumnRenamed("from_date", "set_on").withColumn("as_of", on)


def versions_by(spans: DataFrame, until: date) -> DataFrame:
    """The spans of `record_versions` up to a date, out of those up to a later one."""
    ends = F.when(F.col("to_date") <= F.lit(until), F.col("to_date"))
    return spans.where(F.col("from_date") <= F.lit(until)).withColumn("to_date", ends)
