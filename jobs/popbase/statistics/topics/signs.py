"""Signs of life: when departments last saw a person, and how much they say together (statistics.md 7).

The residency index of Statistics Estonia: in every source a person is seen in during the year counts its
weight; what a source counts for stands in its contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase import contracts

_SIGN = "person_id string, feed string, sign_on date, weight double"


def of(person: DataFrame, sectors: Mapping[str, DataFrame], on: date) -> DataFrame:
    """One row is a person some sector has seen: person_id, `last_sign`, and `score`, the weights of the
    feeds that saw it in the year to the date. `sectors`: feed -> rows of its base table.
    """
    seen = [_seen(feed, rows, on) for feed, rows in sectors.items() if contracts.feed(feed).sign_on]
    every = reduce(DataFrame.unionByName, seen, person.sparkSession.createDataFrame([], _SIGN))
    once = every.groupBy("person_id", "feed", "weight").agg(F.max("sign_on").alias("sign_on"))
    lately = F.col("sign_on") > F.add_months(F.lit(on), -12)
    return once.groupBy("person_id").agg(
        F.max("sign_on").alias("last_sign"),
        F.sum(F.when(lately, F.col("weight")).otherwise(0)).alias("score"),
    )


def _seen(feed: str, rows: DataFrame, on: date) -> DataFrame:
    contract = contracts.feed(feed)
    shown = rows.where(F.col("person_id").isNotNull()).select(
        "person_id", F.lit(feed).alias("feed"),
        F.expr(contract.shows_life(f"DATE'{on}'")).alias("sign_on"), F.lit(contract.weight).alias("weight"),
    )  # fmt: skip
    return shown.where("sign_on IS NOT NULL")
