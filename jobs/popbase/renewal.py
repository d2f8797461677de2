"""Rows of a table in place of others, in one commit; what is the same stays, and keeps the table's version.

Small tables are written anew. In large ones rows are marked as gone in deletion vectors, so that their files
stay as they are; these vectors Spark alone can write, so it commits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import reduce

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from popbase import lease
from popbase.control import opened
from popbase.delta_log import has_vectors
from popbase.failures import of_storage
from popbase.killpoints import around
from popbase.lake import Lake, spark_schema
from popbase.session import PROFILE, cut_off, settled

# By profile: up to so many rows it takes less to write a table anew than to find some of its rows.
FEW_ROWS = {"small": 1_000_000, "large": 50_000}
# Contracts refuse a field name with two underscores.
_SIGN = "row__sign"
# The rows of a merge are computed once before it: Delta need not keep them once more.
_SOURCE_IS_KEPT = "spark.databricks.delta.merge.materializeSource"
# So many rows of a night go to every task; else Spark, which guesses their size, shuffles the whole table.
_BROADCAST_ROWS = 500_000
_COMMIT_SAYS = "spark.databricks.delta.commitInfo.userMetadata"


def renew(lake: Lake, table: str, rows: DataFrame) -> None:
    """Replaces all rows; a small table that has these very rows keeps its version."""
    comparable = _is_small(lake, table) and _keeps(lake, table, rows.schema)
    rows = settled(rows) if comparable else rows
    if not comparable or not _changes(lake.read(table), rows).isEmpty():
        lake.overwrite(table, rows)


def replace(lake: Lake, table: str, old: DataFrame, new: DataFrame, *, key: Sequence[str]) -> None:
    """`old`, rows of the table, become `new` ones. `key` tells a row from all others; or else its columns
    do.
    """
    changes = cut_off(_changes(old, new))
    if changes.isEmpty():
        return
    write = _rewrite if _is_small(lake, table) else _merge
    write(lake, table, changes, key or new.columns)


def _changes(old: DataFrame, new: DataFrame) -> DataFrame:
    """Rows that only one of both has, with which."""
    marked = old.withColumn(_SIGN, F.lit(-1)).unionByName(new.withColumn(_SIGN, F.lit(1)))
    signed = marked.groupBy(*new.columns).agg(F.sum(_SIGN).cast("int").alias(_SIGN))
    return signed.where(F.col(_SIGN) != 0)


def _rewrite(lake: Lake, table: str, changes: DataFrame, key: Sequence[str]) -> None:
    head = lake.read(table)
    gone = changes.where(F.col(_SIGN) < 0).select(*(F.col(k).alias(f"row__{k}") for k in key)).distinct()
    same = reduce(Column.__and__, (head[k].eqNullSafe(gone[f"row__{k}"]) for k in key))
    come = changes.where(F.col(_SIGN) > 0).select(*head.columns)
    lake.overwrite(table, head.join(F.broadcast(gone), same, how="left_anti").unionByName(come))


def _merge(lake: Lake, table: str, changes: DataFrame, key: Sequence[str]) -> None:
    """Its commit says of the leases what those of others say."""
    _allow_deletion_vectors(lake, table)
    lake.spark.conf.set(_COMMIT_SAYS, json.dumps(lease.check()))
    lake.spark.conf.set(_SOURCE_IS_KEPT, "none")
    source = F.broadcast(changes) if changes.count() <= _BROADCAST_ROWS else changes
    same = " AND ".join(f"t.`{k}` <=> s.`{k}`" for k in key)
    columns = (name for name in changes.columns if name != _SIGN)
    values: dict[str, str | Column] = {f"`{name}`": f"s.`{name}`" for name in columns}
    merge = (
        DeltaTable.forPath(lake.spark, lake.path(table))
        .alias("t")
        .merge(source.alias("s"), f"s.{_SIGN} < 0 AND {same}")
        .whenMatchedDelete()
        .whenNotMatchedInsert(condition=f"s.{_SIGN} > 0", values=values)
    )
    with of_storage(), around("merge", table):
        merge.execute()


def _allow_deletion_vectors(lake: Lake, table: str) -> None:
    if not has_vectors(opened(lake.root, table)):
        on = "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')"
        with of_storage(), around("alter", table):
            lake.spark.sql(f"ALTER TABLE delta.`{lake.path(table)}` SET {on}")


def _is_small(lake: Lake, table: str) -> bool:
    return lake.rows(table) <= FEW_ROWS[lake.spark.conf.get(PROFILE) or "large"]


def _keeps(lake: Lake, table: str, schema: StructType) -> bool:
    if not lake.exists(table):
        return False
    had = spark_schema(opened(lake.root, table))
    return [(f.name, f.dataType) for f in had] == [(f.name, f.dataType) for f in schema]
