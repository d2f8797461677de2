"""People seen by sectors and not in the register: a finding, never added to the population."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.base.sector import NOT_IN_REGISTER, in_role
from popbase.contracts import Contract


def unregistered(sectors: Iterable[tuple[Contract, DataFrame]], snapshots: DataFrame) -> DataFrame:
    """One row is a number that only sectors know: citizen_id, feeds, areas, first_seen, last_seen.

    `sectors`: matched records. A number whose records have all been removed is no longer listed. A snapshot
    says of all its bureau's records that they still stand; `snapshots`: feed, region and the newest one's
    date.
    """
    seen = reduce(DataFrame.unionByName, (_seen(contract, rows) for contract, rows in sectors))
    told = seen.join(F.broadcast(snapshots), ["feed", "region"], how="left")
    return told.groupBy("citizen_id").agg(
        F.array_sort(F.collect_set("feed")).alias("feeds"),
        F.array_sort(F.collect_set("area")).alias("areas"),
        F.min("first_date").alias("first_seen"),
        F.max(F.greatest("set_on", "snapshot_on")).alias("last_seen"),
    )


def _seen(contract: Contract, rows: DataFrame) -> DataFrame:
    number, area = in_role(contract, "number"), contract.with_role("area")
    return rows.where(F.col("match_status") == NOT_IN_REGISTER).select(
        F.col(number.name).alias("citizen_id"),
        F.lit(contract.feed).alias("feed"),
        (F.col(area.name) if area else F.lit(None).cast("string")).alias("area"),
        "region",
        "first_date",
        "set_on",
    )
