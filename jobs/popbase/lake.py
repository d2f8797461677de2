"""The one module that reads and writes Delta tables.

A table is named by its path below the lake's root: `base/person`, `conformed/tax`.
"""

from __future__ import annotations

from collections.abc import Sequence

import deltalake
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession



class Lake:
    """The tables under one root folder."""

    def __init__(self, spark: SparkSession, root: str) -> None:
        self.spark = spark
        self.root = root.rstrip("/")

    def path(self, table: str) -> str:
        return f"{self.root}/{table}"

    def exists(self, table: str) -> bool:
        return DeltaTable.isDeltaTable(self.spark, self.path(table))

    def read(self, table: str, version: int | None = None) -> DataFrame:
        """The table's rows, at its head or at a version."""
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(self.path(table))

    def append(self, table: str, rows: DataFrame, *, partition_by: Sequence[str] = ()) -> None:
        self._write(table, rows, "append", partition_by)

    def overwrite(self, table: str, rows: DataFrame, *, partition_by: Sequence[str] = ()) -> None:
        """Replaces all rows in one commit; earlier versions stay readable by number."""
        self._write(table, rows, "overwrite", partition_by)

    def delete(self, table: str, condition: str) -> None:
        """`condition` names partitions or rows; on partition columns alone no file is rewritten."""
        DeltaTable.forPath(self.spark, self.path(table)).delete(condition)

    def version(self, table: str) -> int:
        """The number of the table's newest commit."""
        return int(deltalake.DeltaTable(self.path(table)).version())

    def _write(self, table: str, rows: DataFrame, mode: str, partition_by: Sequence[str]) -> None:
        writer = (
            rows.write.format("delta")
            .mode(mode)
            .partitionBy(*partition_by)
            .options(**_statistics(set(rows.columns) - set(partition_by)))
        )
        if mode == "overwrite":
            writer = writer.option("overwriteSchema", "true")
        writer.save(self.path(table))


# Columns worth skipping files by, and harmless in a log.
SKIPPING = ("business_date", "report_year", "area_code", "valid_from", "valid_to")


def _statistics(columns: set[str]) -> dict[str, str]:
    """Delta's min/max stand as plain text in its log: only harmless columns collect any (invariant I5)."""
    skipping = [c for c in SKIPPING if c in columns]
    if not skipping:
        return {"delta.dataSkippingNumIndexedCols": "0"}
    return {"delta.dataSkippingStatsColumns": ",".join(skipping)}
