"""Households of the register (statistics.md 2): made of winning, registered records; not of dwellings."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.identity.rules import UNSETTLED, is_registered

HEAD = "02"
COLLECTIVE = "20"


def family_home() -> Column:
    """The household, where it is a family's: nobody's being in a collective one tells of who he is."""
    is_family = ~F.coalesce(F.col("household_kind").isin(COLLECTIVE, UNSETTLED), F.lit(False))
    return F.when(is_family, F.col("household_id"))


def households(person: DataFrame) -> DataFrame:
    """One row is a household with a registered member; `head` is a person_id.

    The head is who says so (several: latest `updated_at`, then smallest `record_no`), else the smallest
    `record_no`. One hash aggregate: the head is the least of a struct, so no member is sorted.
    """
    of_a_household = F.col("household_id").isNotNull() & (F.col("household_kind") != UNSETTLED)
    is_head = F.coalesce(F.col("relation_to_head") == HEAD, F.lit(False))
    # Negated, so that the latest is the least; only among those who say they are the head.
    recency = F.when(is_head, -F.unix_micros("updated_at")).otherwise(F.lit(0))
    order = F.struct(
        (~is_head).alias("is_other"), recency.alias("recency"), "record_no", "person_id",
        "household_kind", "registered_area",
    )  # fmt: skip
    return (
        person.where(is_registered() & of_a_household)
        .groupBy("household_id")
        .agg(F.min(order).alias("first"), F.count(F.lit(1)).alias("size"))
        .select(
            "household_id",
            F.col("first.registered_area").alias("registered_area"),
            F.col("first.household_kind").alias("kind"),
            F.col("first.person_id").alias("head"),
            "size",
        )
    )
