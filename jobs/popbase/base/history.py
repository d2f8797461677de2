"""Persons over time: what each was over which dates, and what each is on one (design section 7)."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.identity.histories import run_end, runs

PERIOD = ("as_of", "until")


def person_history(judged: DataFrame, quiet: DataFrame) -> DataFrame:
    """One row is what a person is over [valid_from, valid_to): never empty, no two of a person overlap, and
    none says what the one before it said. It may begin after the business date, where that is known.

    `judged`, `quiet`: persons over [as_of, until); those of `quiet` have one version, split where it ends.
    """
    return _merged(judged).unionByName(_renamed(quiet))


def at(rows: DataFrame, on: date) -> DataFrame:
    """Of rows over [as_of, until) those that hold on a date, as they are on it."""
    that_day = F.lit(on)
    holds = (F.col("as_of") <= that_day) & (F.col("until").isNull() | (F.col("until") > that_day))
    return rows.where(holds).withColumn("as_of", that_day)


def _merged(persons: DataFrame) -> DataFrame:
    """Dates on which something changes for others of a person's group leave the person as it was."""
    facts = [name for name in persons.columns if name not in (*PERIOD, "person_id")]
    told = F.max(F.struct("as_of", *facts)).alias("told")
    merged = (
        runs(persons, "person_id", same=facts)
        .groupBy("person_id", "turn")
        .agg(F.min("as_of").alias("as_of"), run_end().alias("until"), told)
    )
    return _renamed(merged.select(*PERIOD, "person_id", *(f"told.{name}" for name in facts)))


def _renamed(persons: DataFrame) -> DataFrame:
    return persons.withColumnsRenamed({"as_of": "valid_from", "until": "valid_to"})
