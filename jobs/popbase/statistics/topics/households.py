"""Households by size (statistics.md 2, 6): the register's, not the dwellings'."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.statistics.tally import Tallies, Tally, tallies
from popbase.statistics.units import WEIGHT, count, weighing

TABLE = "household_size"
LARGEST = 7


def counts(household: DataFrame) -> Tallies:
    """Family households by their members, the largest together."""
    size = F.when(F.col("size") >= LARGEST, f"{LARGEST}+").otherwise(F.col("size").cast("string"))
    families = weighing(household).where("kind = '10'").select("registered_area", WEIGHT, size.alias("size"))
    counted = families.groupBy("registered_area", "size").agg(count())
    definition = "register-household"
    whole = Tally(TABLE, "family_households", "registered_area", definition=definition)
    each = Tally(TABLE, "family_households", "registered_area", definition=definition, by={"size": "size"})
    return tallies(counted, [whole, each])
