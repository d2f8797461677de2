"""No two records with one origin: what persons are named after must be theirs alone (design section 7)."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

RECORD = ["as_of", "region", "record_no"]
_ORIGIN = ["anchor_region", "record_no"]
_LINEAGE = ["region", "record_no", "anchor_region", "first_date"]


def apart(records: DataFrame, *within: str) -> DataFrame:
    """`records`, versions or a state, with the first date beside the `anchor_region` of one that reuses an
    origin.

    A bureau whose records moved to its successor may begin to send again, under record numbers that it
    used before: the newer record is someone else, and would otherwise get the older one's person_id.
    `within`: columns that keep worlds apart from each other, as the date of states does.
    """
    later = F.broadcast(_reusing(records, within).localCheckpoint())
    origin = F.concat_ws("@", F.col("anchor_region"), F.col("first_date").cast("string"))
    return (
        records.join(later, [*within, *_LINEAGE], how="left")
        .withColumn("anchor_region", F.when(F.col("reuses"), origin).otherwise(F.col("anchor_region")))
        .drop("reuses")
    )


def _reusing(records: DataFrame, within: Sequence[str]) -> DataFrame:
    """Only a record that moved can have left its origin to another; mostly there is none."""
    lineage, origin = [*within, *_LINEAGE], [*within, *_ORIGIN]
    slim = records.select(*lineage)
    moved = slim.where(F.col("region") != F.col("anchor_region")).select(*origin).distinct()
    turn = F.dense_rank().over(Window.partitionBy(*origin).orderBy("first_date"))
    return (
        slim.join(F.broadcast(moved), origin, how="left_semi")
        .distinct()
        .withColumn("turn", turn)
        .where("turn > 1")
        .select(*lineage, F.lit(True).alias("reuses"))
    )
