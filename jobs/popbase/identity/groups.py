"""Decisions that can touch the same people: they apply one after the other, all others side by side."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.identity.rules import per


def grouped(members: DataFrame) -> DataFrame:
    """`members` (as_of member key) with `group`, the least key of a connected component.

    Min-label propagation over the few numbers that decisions name; each turn is checkpointed, since a
    plan that grows with the turns costs more than the turns.
    """
    labelled = members.withColumn("group", F.min("key").over(per("member"))).localCheckpoint()
    while True:
        reached = F.min("group").over(per("key"))
        further = (
            labelled.withColumn("reached", reached)
            .withColumn("further", F.min("reached").over(per("member")))
            .localCheckpoint()
        )
        if further.where("further < group").isEmpty():
            return labelled
        labelled = further.drop("group", "reached").withColumnRenamed("further", "group")
