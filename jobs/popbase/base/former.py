"""Numbers that decisions replaced: where a sector's record that still carries one is looked up."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from popbase.frames import first_per
from popbase.identity.rules import number17


def rerouted(replaced: DataFrame, numbers: DataFrame) -> DataFrame:
    """One row is a number17 that nobody answers to, and `current17`, to which its decisions lead.

    `replaced`: what applied 12 and 90 replaced, of several for one number the last in order; `numbers`: the
    number17s that somebody answers to. Each round follows one more decision, of the few that still lead on.
    """
    steps = _steps(replaced).localCheckpoint()
    touched = steps.select("number17").union(steps.select("next17")).distinct()
    answered = (
        numbers.select("number17")
        .join(F.broadcast(touched), on="number17", how="left_semi")
        .localCheckpoint()
    )

    start = steps.join(answered, on="number17", how="left_anti")
    walk = start.select("number17", F.col("next17").alias("current17"), F.array("number17").alias("seen"))
    found = None
    while not walk.isEmpty():
        current = answered.withColumnRenamed("number17", "current17")
        arrived = walk.join(current, on="current17", how="left_semi").select("number17", "current17")
        found = arrived if found is None else found.unionByName(arrived)
        walk = _onward(walk.join(current, on="current17", how="left_anti"), steps).localCheckpoint()
    nowhere = steps.select("number17", F.col("next17").alias("current17")).where(F.lit(False))
    return (nowhere if found is None else found).localCheckpoint()


def edges(replaced: DataFrame) -> DataFrame:
    """number17 next17: each number that any decision replaced, and by which."""
    old, new = number17(F.col("old_citizen_id")), number17(F.col("new_citizen_id"))
    told = replaced.select(old.alias("number17"), new.alias("next17"))
    return told.where("number17 <> next17").distinct()


def _steps(replaced: DataFrame) -> DataFrame:
    last = Window.partitionBy("old_citizen_id").orderBy(F.desc("effective_on"), F.desc("decision_no"))
    return (
        first_per(replaced.where("old_citizen_id IS NOT NULL"), last)
        .select(
            number17(F.col("old_citizen_id")).alias("number17"),
            number17(F.col("new_citizen_id")).alias("next17"),
        )
        .where("number17 <> next17")
    )


def _onward(walk: DataFrame, steps: DataFrame) -> DataFrame:
    """The next decision's number, each number once: a ring of decisions leads nowhere."""
    onward = steps.select(F.col("number17").alias("current17"), "next17")
    return (
        walk.join(onward, on="current17", how="inner")
        .where(~F.array_contains("seen", F.col("current17")))
        .select(
            "number17",
            F.col("next17").alias("current17"),
            F.array_append("seen", F.col("current17")).alias("seen"),
        )
    )
