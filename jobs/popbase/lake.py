"""The one module that writes Delta tables, and reads them for Spark.

A table is named by its path below the lake's root: `base/person`, `conformed/tax`.

Spark writes the Parquet files, delta-rs writes the commit. So one pass over a delivery can be staged whole
and only its good files committed, a rejected delivery leaves nothing to take back, and the many small
commits of a night (a ledger's, a table's) cost milliseconds instead of a Spark job each.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import deltalake
import pyarrow.parquet as pq
from deltalake.transaction import AddAction, RemoveAction
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from popbase import delta_log, lease
from popbase.control import TABLE_PROPERTIES, exists, opened, reachable
from popbase.delta_log import Place, Replace, StagedFile
from popbase.errors import StorageError
from popbase.failures import of_storage
from popbase.killpoints import around, reach
from popbase.storage import FileInfo, is_s3, reached, store

_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_IN_PATH = "at_"
_UNFINISHED = "/_temporary/"  # what a task thought dead may still write
FEW_FILES = 1000


class Lake:
    """The tables under one root folder.

    Spark may be given as what starts it: a step that finds nothing to do then never waits for a JVM.
    """

    def __init__(self, spark: SparkSession | Callable[[], SparkSession], root: str) -> None:
        self._spark = spark
        self.root = root.rstrip("/")
        self._store = store(self.root)

    @cached_property
    def spark(self) -> SparkSession:
        return self._spark if isinstance(self._spark, SparkSession) else self._spark()

    @property
    def is_open(self) -> bool:
        """Whether Spark runs."""
        return "spark" in self.__dict__

    def open(self) -> None:
        """Starts Spark now rather than with the first rows, for its time to be told by itself."""
        _ = self.spark

    def path(self, table: str) -> str:
        return f"{self.root}/{table}"

    def exists(self, table: str) -> bool:
        return exists(self.root, table)

    def read(self, table: str, version: int | None = None) -> DataFrame:
        """The table's rows, at its head or at a version.

        Few files delta-rs names from the log in a millisecond. Spark would run jobs for every mention of the
        table in every plan, a fifth of a small night (measured); many files are better left to it, and so
        are rows that a deletion vector hides.
        """
        head = opened(self.root, table, version)
        files = self._whole_files(table, head)
        if len(files) <= FEW_FILES and not delta_log.has_vectors(head):
            return self._rows(spark_schema(head), files)
        return self.spark.read.format("delta").option("versionAsOf", head.version()).load(self.path(table))

    def _whole_files(self, table: str, head: deltalake.DeltaTable) -> list[str]:
        """Where Spark finds the files; raises StorageError for one that is cut short, in S3 none ever is.

        Spark would take an emptied file for one without rows."""
        # delta-rs writes the root's own characters as a URL has them.
        files = [self.path(f"{table}/{uri.rpartition(f'/{table}/')[2]}") for uri in head.file_uris()]
        if not is_s3(self.root):
            with reached(table):
                found = sorted(Path(file).stat().st_size for file in files)
            if found != sorted(file["size_bytes"] for file in delta_log.added(head)):
                raise StorageError(f"A file of {table} is damaged; restore the lake's files from a copy.")
        return files

    def came(self, table: str, since: int, *, at_most: int) -> DataFrame | None:
        """Rows that came after a version, some of which may be gone again; None where that is not known, or
        where they are more than `at_most` or a tenth of the table."""
        head = opened(self.root, table)
        with reachable(table):
            files = delta_log.came(head, opened(self.root, table, since))
        count = sum(file["num_records"] for file in files or ())
        if files is None or count > min(at_most, self.rows(table) // 10):
            return None
        return self._rows(spark_schema(head), [self.path(f"{table}/{file['path']}") for file in files])

    def version(self, table: str) -> int:
        """The number of the table's newest commit."""
        return int(opened(self.root, table).version())

    def tables(self, *areas: str) -> list[str]:
        """The Delta tables directly below these folders."""
        with reached(self.root):
            names = [f"{area}/{name}" for area in areas for name in self._store.folders(area)]
        return sorted(name for name in names if self.exists(name))

    def rows(self, table: str) -> int:
        """How many rows its files have, from the commits alone; some may be hidden by deletion vectors."""
        return sum(int(file["num_records"]) for _, file in self._files(table))

    def rows_by_partition(self, table: str) -> Counter[Place]:
        """Rows of each partition, from the commits alone."""
        counts: Counter[Place] = Counter()
        for place, file in self._files(table):
            counts[place] += file["num_records"]
        return counts

    def files_by_partition(self, table: str, version: int | None = None) -> dict[Place, set[str]]:
        """Names of each partition's files: equal names are equal rows, as no file is ever written again."""
        names: dict[Place, set[str]] = defaultdict(set)
        for place, file in self._files(table, version):
            names[place].add(file["path"])
        return dict(names)

    def _files(self, table: str, version: int | None = None) -> Iterator[tuple[Place, dict[str, Any]]]:
        """The files of a version as its log has them, each with its partition."""
        if self.exists(table):
            for file in delta_log.added(opened(self.root, table, version)):
                yield tuple((file.get("partition") or {}).values()), file

    def overwrite(
        self,
        table: str,
        rows: DataFrame,
        *,
        partition_by: Sequence[str] = (),
        replace: Replace = "everything",
    ) -> None:
        """Replaces rows in one commit; earlier versions stay readable by number."""
        staged = self.stage(table, rows, partition_by=partition_by)
        self.commit(table, staged, rows.schema, partition_by=partition_by, replace=replace)

    def append(self, table: str, rows: DataFrame, *, partition_by: Sequence[str] = ()) -> None:
        self.overwrite(table, rows, partition_by=partition_by, replace="nothing")

    def restore(self, table: str, version: int) -> None:
        """The rows of an earlier version once more, as the newest one; does nothing where it is that."""
        if self.version(table) != version:
            leases = _leases()
            with reachable(table), around("restore", table):
                opened(self.root, table).restore(version, commit_properties=leases)

    def stage(self, table: str, rows: DataFrame, *, partition_by: Sequence[str] = ()) -> list[StagedFile]:
        """Writes the rows as files inside the table's folder, seen by no reader until a commit names them."""
        # A name nobody else has: runs may stage side by side, and no row depends on it.
        folder = f"{table}/staged-{secrets.token_hex(8)}"
        # Spark leaves out of a file what its folder's name says; under another name it stays in both.
        places = {f"{_IN_PATH}{name}": rows[name] for name in partition_by}
        with of_storage(), around("stage", table):
            rows.withColumns(places).write.partitionBy(*places).parquet(self.path(folder))
        with reached(folder):
            files = sorted(self._store.files(folder), key=lambda file: file.path)
            whole = [f for f in files if f.path.endswith(".parquet") and _UNFINISHED not in f.path]
            return [self._staged_file(table, file) for file in whole]

    def _staged_file(self, table: str, file: FileInfo) -> StagedFile:
        path = file.path.removeprefix(f"{table}/")
        parts = [part.partition("=") for part in path.split("/")[1:-1]]
        with self._store.open(file.path) as stream:
            rows = pq.read_metadata(stream).num_rows
        return StagedFile(
            path=path,
            partition={
                name.removeprefix(_IN_PATH): None if value == _NULL_PARTITION else unquote(value)
                for name, _, value in parts
            },
            rows=rows,
            size=file.size,
            modified_ms=int(file.modified.timestamp() * 1000),
        )

    def staged(self, table: str, files: Sequence[StagedFile], schema: StructType) -> DataFrame:
        """Staged files as rows."""
        return self._rows(schema, [self.path(f"{table}/{file.path}") for file in files])

    def _rows(self, schema: StructType, paths: Sequence[str]) -> DataFrame:
        """The files' own columns: nothing is told by their folders' names."""
        if not paths:
            return self.spark.createDataFrame([], schema)
        return self.spark.read.schema(schema).option("recursiveFileLookup", True).parquet(*sorted(paths))

    def discard(self, table: str, files: Iterable[StagedFile]) -> None:
        with reached(table):
            self._store.delete(f"{table}/{file.path}" for file in files)

    def commit(
        self,
        table: str,
        files: Sequence[StagedFile],
        schema: StructType,
        *,
        partition_by: Sequence[str] = (),
        replace: Replace = "nothing",
    ) -> None:
        """Makes the staged files rows of the table, all at once, in place of what `replace` names."""
        leases, delta_schema = _leases(), delta_log.delta_schema(schema)
        added: list[AddAction | RemoveAction] = [delta_log.add(file, partition_by) for file in files]
        with reachable(table), around("commit", table):
            head = deltalake.DeltaTable.create(
                self.path(table),
                delta_schema,
                mode="ignore",
                partition_by=list(partition_by),
                configuration=TABLE_PROPERTIES,
            )
            reach("half", "commit", table)  # where there was no table, there is an empty one now
            if replace == "everything":
                head.create_write_transaction(added, "overwrite", delta_schema, commit_properties=leases)
                return
            replaced = [] if replace == "nothing" else list(delta_log.removals(head, replace))
            if replaced or added:
                head.create_write_transaction(
                    [*replaced, *added], "append", delta_schema, list(partition_by), commit_properties=leases
                )


def spark_schema(head: deltalake.DeltaTable) -> StructType:
    return StructType.fromJson(json.loads(head.schema().to_json()))


def _leases() -> deltalake.CommitProperties:
    """What a commit says of the leases it is made under; raises LeaseError where one is lost."""
    return deltalake.CommitProperties(custom_metadata=lease.check())
