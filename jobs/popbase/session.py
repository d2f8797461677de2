"""The one place that builds a Spark session."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

from py4j.java_gateway import JavaClass
from pyspark.sql import DataFrame, SparkSession

from popbase import jvm
from popbase.clock import SPARK_ZONE
from popbase.errors import MachineError
from popbase.settings import Settings
from popbase.storage import is_s3

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 2

# Frames carry their session's settings: what is made of them asks there what it is tuned for.
PROFILE = "spark.popbase.profile"

# The JVM's classes that pyspark looks up by name for every Column.
_ASKED_FOR = ("functions", "org.apache.spark.sql.functions", "PythonUtils", "PythonSQLUtils")

# Each aggregation and sort asks for memory by the page: 64 MiB of zeros for a hundred rows, and most of the
# night's collections. One task reads a table's log, as each writes its own code (both measured).
_FEW_ROWS = {"spark.buffer.pageSize": "2m", "spark.databricks.delta.snapshotPartitions": "1"}


def spark_session(settings: Settings) -> SparkSession:
    """The session of this run; raises MachineError when Spark's jars are missing."""
    builder = SparkSession.builder.appName("popbase").master(settings.spark_master)
    for key, value in _conf(settings).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    _remember_classes(session)
    return session


def settled(rows: DataFrame) -> DataFrame:
    """The rows, computed once for all that is made of them.

    Few rows are cut off from how they came about: their plan would be analysed again with every step built
    on it, which takes longer than all its rows. Many rows are only kept, in columns.
    """
    return gathered(rows).localCheckpoint() if _is_small(rows) else rows.persist()


def cut_off(rows: DataFrame) -> DataFrame:
    """The rows, computed now and cut off from how they came about, in as many partitions as they have.

    For what few records a night concerns, out of tables of any size: planning is what such a night costs.
    """
    return rows.localCheckpoint()


def gathered(rows: DataFrame) -> DataFrame:
    """The rows, if they are few, in one partition: every task writes the code of its plan anew."""
    return rows.coalesce(1) if _is_small(rows) else rows


def at_once(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """`function` of every item, in order; while one waits for its files or tasks, another is planned.

    Spark plans in the thread that asks, one core's worth; a base of nine feeds is mostly planning.
    """
    given = list(items)
    contexts = [copy_context() for _ in given]  # what leases this run holds
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda context, item: context.run(function, item), contexts, given))


def _conf(settings: Settings) -> dict[str, str]:
    few = _FEW_ROWS if settings.profile == "small" else {}
    s3 = _s3(settings) if any(map(is_s3, (settings.landing, settings.lake))) else {}
    return {**_driver(settings), **_planning(settings), **_tables(), **_silence(), **few, **s3}


def _s3(settings: Settings) -> dict[str, str]:
    """Where S3 is; who we are, Hadoop reads from AWS's own variables or the machine's role."""
    others = {
        "spark.hadoop.fs.s3a.endpoint": settings.s3_endpoint,
        "spark.hadoop.fs.s3a.path.style.access": "true",
    }
    return {
        **(others if settings.s3_endpoint else {}),
        "spark.hadoop.fs.s3a.endpoint.region": settings.s3_region,
        # A task's files go to their place when it ends, not once more when the job does: in S3 to rename is
        # to copy. Half a job's files are seen by nobody, for a commit names those of a whole one.
        "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
    }


def _planning(settings: Settings) -> dict[str, str]:
    """How plans are made, compiled and run."""
    return {
        PROFILE: settings.profile,
        # Judging is thirty columns wide; fused into one method it passes the size up to which HotSpot
        # compiles at all. Beyond it each projection gets small methods of its own: twice as fast, measured.
        "spark.sql.codegen.hugeMethodLimit": "8000",
        "spark.sql.codegen.wholeStage": str(settings.profile == "large").lower(),
        # A hundred by default: a night has some thousands, and the next night has the same ones.
        "spark.sql.codegen.cache.maxEntries": "10000",
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions),
        # Kept rows are read twice or thrice: compressing them costs more than it spares.
        "spark.sql.inMemoryColumnarStorage.compressed": "false",
        # A wide table joined to a narrow one that fits into memory is hash-joined: its rows are not sorted.
        "spark.sql.adaptive.maxShuffledHashJoinLocalMapThreshold": "128MB",
        # Feeds are taken in side by side; without it the first one's tasks would starve the others.
        "spark.scheduler.mode": "FAIR",
        # Both walk every way in which thirty derived columns could be rewritten into each other: on the plan
        # of intake that takes minutes, and finds nothing, as no table is joined by its partitions.
        "spark.sql.constraintPropagation.enabled": "false",
        "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",
    }


def _tables() -> dict[str, str]:
    """How text is read and tables are kept."""
    return {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.session.timeZone": SPARK_ZONE,
        # Fifty partitions by default: ten seconds of empty tasks on two cores.
        "spark.databricks.delta.snapshotPartitions": "2",
        # A job that looks at files takes longer than the driver takes to look at a thousand.
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000",
        # `decode(bytes, 'GB18030')` is outside Spark 4's short list of charsets; with the second setting a
        # byte that cannot be decoded becomes U+FFFD instead of an error, and row.encoding finds it there.
        "spark.sql.legacy.javaCharsets": "true",
        "spark.sql.legacy.codingErrorAction": "true",
        # Delta tables hold timestamps in microseconds; Spark's plain Parquet writer still defaults to INT96.
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # Files go to one folder a delivery and verdict; without open writers side by side each task would
        # sort its rows by folder first.
        "spark.sql.maxConcurrentOutputFileWriters": "64",
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    }


def _silence() -> dict[str, str]:
    """What Spark must not say: a plan in a log would show a filter's literals, a number among them (I5)."""
    return {
        "spark.log.level": "OFF",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.debug.maxToStringFields": "0",
        "spark.sql.redaction.string.regex": r"\d{15}",
    }


def _is_small(rows: DataFrame) -> bool:
    return rows.sparkSession.conf.get(PROFILE) == "small"


def _driver(settings: Settings) -> dict[str, str]:
    """The JVM that Python starts, and where it listens."""
    if not any(Path(settings.jars).glob("*delta-spark*.jar")):
        raise MachineError(f"Spark's Delta jars are not in '{settings.jars}'; run 'make setup' first.")
    loopback = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return {
        "spark.driver.memory": settings.driver_memory,
        "spark.driver.extraClassPath": jvm.class_path(settings.jars),
        "spark.driver.extraJavaOptions": jvm.options(settings.profile),
        **(loopback if settings.spark_master.startswith("local") else _executors(settings)),
    }


def _executors(settings: Settings) -> dict[str, str]:
    """Those of a cluster; where the driver listens for them, spark-submit and its machine know best."""
    return {
        "spark.executor.memory": settings.executor_memory,
        "spark.executor.cores": str(settings.executor_cores),
        "spark.executor.extraClassPath": jvm.class_path(settings.jars),
        "spark.executor.extraJavaOptions": jvm.options(settings.profile),
    }


class _Remembered(JavaClass):  # type: ignore[misc]
    """A class of the JVM whose members are asked for once."""

    def __getattr__(self, name: str) -> object:
        member = super().__getattr__(name)
        self.__dict__[name] = member
        return member


def _remember_classes(session: SparkSession) -> None:
    """Python asks the JVM anew, at every `F.col`, which class `functions` is and whether it has a `col`.

    The JVM then looks through each package and jar it knows: a tenth of a night over few rows.
    """
    jvm = session.sparkContext._jvm
    for name in set(_ASKED_FOR) - jvm.__dict__.keys():
        found = getattr(jvm, name)
        setattr(jvm, name, _Remembered(found._fqn, found._gateway_client))
