"""Tables as popbase reads them, against Delta's own reader: two ways to the same rows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import deltalake
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from popbase import lake, renewal
from popbase.errors import StorageError
from popbase.lake import Lake

PLACE = ("region", "business_date")
SCHEMA = "region string, business_date date, key string, flags array<string>"
FIRST = [("330100", date(2015, 12, 30), "a", ["x"]), ("33%=/é", date(2015, 12, 31), "b", [])]
NEXT = [("330100", date(2015, 12, 31), "c", None), (None, None, None, None)]


@pytest.fixture(params=[(), PLACE], ids=["whole", "partitioned"])
def table(request: pytest.FixtureRequest, spark: SparkSession, tmp_path: Path) -> Lake:
    """Two commits of two rows."""
    written = Lake(spark, str(tmp_path))
    for rows in (FIRST, NEXT):
        written.append("t", spark.createDataFrame(rows, SCHEMA), partition_by=request.param)
    return written


def by_delta(table: Lake) -> DataFrame:
    return table.spark.read.format("delta").load(table.path("t"))


def test_a_table_of_few_files_is_what_delta_reads(table: Lake, spark: SparkSession) -> None:
    assertDataFrameEqual(table.read("t"), by_delta(table))
    assertDataFrameEqual(table.read("t"), spark.createDataFrame([*FIRST, *NEXT], SCHEMA))
    assert table.read("t").schema == by_delta(table).schema


def test_a_version_is_read_as_it_was(table: Lake, spark: SparkSession) -> None:
    assertDataFrameEqual(table.read("t", table.version("t") - 1), spark.createDataFrame(FIRST, SCHEMA))


def test_a_table_of_many_files_is_left_to_delta(
    table: Lake, monkeypatch: pytest.MonkeyPatch, spark: SparkSession
) -> None:
    few = table.read("t").collect()
    monkeypatch.setattr(lake, "FEW_FILES", 1)
    assertDataFrameEqual(table.read("t"), spark.createDataFrame(few, SCHEMA))
    assertDataFrameEqual(table.read("t", table.version("t") - 1), spark.createDataFrame(FIRST, SCHEMA))


def test_a_table_without_a_file_has_no_rows(spark: SparkSession, tmp_path: Path) -> None:
    empty = Lake(spark, str(tmp_path))
    empty.commit("t", [], spark.createDataFrame([], SCHEMA).schema, partition_by=PLACE)
    assert empty.read("t").collect() == []
    assert empty.read("t").columns == [field.split()[0] for field in SCHEMA.split(", ")]


@pytest.mark.parametrize("length", [0, 200, None], ids=["emptied", "cut short", "gone"])
def test_a_damaged_file_is_told_and_never_read_as_fewer_rows(table: Lake, length: int | None) -> None:
    """Spark by itself takes an emptied file for one without rows."""
    damaged = Path(min(deltalake.DeltaTable(table.path("t")).file_uris()))
    if length is None:
        damaged.unlink()
    else:
        damaged.write_bytes(damaged.read_bytes()[:length])
    with pytest.raises(StorageError, match=r"t: No such file|A file of t is damaged"):
        table.read("t")


def test_a_file_that_is_damaged_between_the_look_at_it_and_its_reading_is_told(
    table: Lake, spark: SparkSession
) -> None:
    rows = table.read("t")
    for uri in deltalake.DeltaTable(table.path("t")).file_uris():
        Path(uri).write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(StorageError, match=r"cannot be read or written: a file (is damaged|cannot be read)"):
        table.stage("u", rows)


def test_a_lake_may_lie_in_a_folder_of_any_name(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, str(tmp_path / "our lake #1 是"))
    lake.append("t", spark.createDataFrame(FIRST, SCHEMA), partition_by=PLACE)
    assertDataFrameEqual(lake.read("t"), spark.createDataFrame(FIRST, SCHEMA))


def test_rows_that_a_deletion_vector_hides_are_not_read(spark: SparkSession, tmp_path: Path) -> None:
    table = Lake(spark, str(tmp_path))
    table.append("t", spark.createDataFrame([*FIRST, *NEXT], SCHEMA).coalesce(1))
    named = f"delta.`{table.path('t')}`"
    spark.sql(f"ALTER TABLE {named} SET TBLPROPERTIES (delta.enableDeletionVectors = true)")
    spark.sql(f"DELETE FROM {named} WHERE key = 'a'")
    assert deltalake.DeltaTable(table.path("t")).deletion_vectors().read_all().num_rows == 1
    assert {row.key for row in table.read("t").collect()} == {"b", "c", None}


def test_only_the_partitions_named_are_replaced_and_a_version_comes_back_as_it_was(
    spark: SparkSession, tmp_path: Path
) -> None:
    years = Lake(spark, str(tmp_path))

    def write(*rows: tuple[int, str], replace: lake.Replace) -> dict[tuple[int, ...], set[str]]:
        frame = spark.createDataFrame(rows, "year int, figure string")
        years.overwrite("t", frame, partition_by=["year"], replace=replace)
        return years.files_by_partition("t")

    first = write((2014, "a"), (2015, "b"), replace="nothing")
    version = years.version("t")
    second = write((2015, "c"), replace=[{"year": "2015"}])
    assert second[2014,] == first[2014,]
    assert second[2015,].isdisjoint(first[2015,])
    assert sorted(map(tuple, years.read("t").collect())) == [(2014, "a"), (2015, "c")]
    years.restore("t", version)
    assert years.files_by_partition("t") == first
    assert sorted(map(tuple, years.read("t").collect())) == [(2014, "a"), (2015, "b")]
    restored = years.version("t")
    years.restore("t", restored)
    assert years.version("t") == restored


MANY = [(str(n), n) for n in range(100)]


@pytest.fixture
def merged(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A hundred rows at version 1, of which nights that merge change one each."""
    monkeypatch.setitem(renewal.FEW_ROWS, "small", 0)
    written = Lake(spark, str(tmp_path))
    written.overwrite("t", spark.createDataFrame(MANY, "k string, n int"))
    for night in (1, 2):
        old = written.read("t").where(f"k = '{night}'")
        renewal.replace(written, "t", old, old.withColumn("n", -old.n), key=["k"])
    return written


def came(table: Lake, since: int, at_most: int = 9) -> list[tuple[str, int]] | None:
    rows = table.came("t", since, at_most=at_most)
    return None if rows is None else sorted(map(tuple, rows.collect()))


def test_what_came_since_a_version_is_told(merged: Lake) -> None:
    head = merged.version("t")
    assert came(merged, head) == []
    assert came(merged, head - 1) == [("2", -2)]
    assert came(merged, 1) == [("1", -1), ("2", -2)]


def test_where_much_came_it_is_not_told(table: Lake) -> None:
    """Two rows of four."""
    assert came(table, table.version("t") - 1) is None
    assert came(table, table.version("t")) == []


def test_after_a_version_is_restored_nobody_knows_what_came(table: Lake) -> None:
    """A row that a merge had hidden may be back in a file that was there all along."""
    before = table.version("t")
    table.restore("t", before - 1)
    assert came(table, before) is None
