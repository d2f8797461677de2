"""No two records with one origin: what persons are named after must be theirs alone (design section 7)."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.identity.rules import per

RECORD = ["as_of", "region", "record_no"]
_ORIGIN = ["as_of", "anchor_region", "record_no"]


def apart(candidates: DataFrame) -> DataFrame:
    """`candidates`, with the first date beside the `anchor_region` of a record that reuses an origin.

    A bureau whose records moved to its successor may begin to send again, under record numbers that it
    used before: the newer record is someone else, and would otherwise get the older one's person_id.
    """
    later = F.broadcast(_reusing(candidates).localCheckpoint())
    origin = F.concat_ws("@", F.col("anchor_region"), F.col("first_date").cast("string"))
    return (
        candidates.join(later, RECORD, how="left")
        .withColumn("anchor_region", F.when(F.col("reuses"), origin).otherwise(F.col("anchor_region")))
        .drop("reuses")
    )


def _reusing(candidates: DataFrame) -> DataFrame:
    """Only a record that moved can have left its origin to another; mostly there is none."""
    slim = candidates.select(*RECORD, "anchor_region", "first_date")
    moved = slim.where(F.col("region") != F.col("anchor_region")).select(*_ORIGIN).distinct()
    turn = F.row_number().over(
        per("anchor_region", "record_no", order=[F.col("first_date"), F.col("region")])
    )
    return (
        slim.join(F.broadcast(moved), _ORIGIN, how="left_semi")
        .withColumn("turn", turn)
        .where("turn > 1")
        .select(*RECORD, F.lit(True).alias("reuses"))
    )
