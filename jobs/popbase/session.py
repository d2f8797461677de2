"""The one place that builds a Spark session."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from popbase.clock import SPARK_ZONE
from popbase.errors import MachineError
from popbase.settings import Settings

# Plans over few rows are compiled often and run once: HotSpot's first, cheap compiler is enough, and half the
# CPU of such a night (measured).
_JIT = {"large": "", "small": "-XX:TieredStopAtLevel=1"}

_LOGGING = Path(__file__).with_name("log4j2.properties").as_uri()


def spark_session(name: str, settings: Settings) -> SparkSession:
    """The session of this run; raises MachineError when Spark's jars are missing."""
    builder = SparkSession.builder.appName(f"popbase {name}").master(settings.spark_master)
    for key, value in _conf(settings).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def settled(rows: DataFrame) -> DataFrame:
    """The rows, computed once for all that is made of them.

    Few rows are cut off from how they came about: their plan would be analysed again with every step built
    on it, which takes longer than all its rows. Many rows are only kept, compressed, in columns.
    """
    small = rows.sparkSession.conf.get("spark.sql.codegen.wholeStage") == "false"
    return rows.localCheckpoint() if small else rows.persist()


def _conf(settings: Settings) -> dict[str, str]:
    return {
        "spark.driver.memory": settings.driver_memory,
        # On the class path rather than in spark.jars: local mode would copy them at every start.
        "spark.driver.extraClassPath": _jars(settings),
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOGGING} {_JIT[settings.profile]}",
        # Judging is thirty columns wide; fused into one method it passes the size up to which HotSpot
        # compiles at all. Beyond it each projection gets small methods of its own: twice as fast, measured.
        "spark.sql.codegen.hugeMethodLimit": "8000",
        "spark.sql.codegen.wholeStage": str(settings.profile == "large").lower(),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.session.timeZone": SPARK_ZONE,
        "spark.log.level": "OFF",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions),
        # Fifty partitions by default: ten seconds of empty tasks on two cores.
        "spark.databricks.delta.snapshotPartitions": "2",
        # Feeds are taken in side by side; without it the first one's tasks would starve the others.
        "spark.scheduler.mode": "FAIR",
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
        # Both walk every way in which thirty derived columns could be rewritten into each other: on the plan
        # of intake that takes minutes, and finds nothing, as no table is joined by its partitions.
        "spark.sql.constraintPropagation.enabled": "false",
        "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",
        # A plan in a log would show the literals of a filter, a number among them (invariant I5).
        "spark.sql.debug.maxToStringFields": "0",
        "spark.sql.redaction.string.regex": r"\d{15}",
    }


def _jars(settings: Settings) -> str:
    folder = Path(settings.jars).resolve()
    if not any(folder.glob("*delta-spark*.jar")):
        raise MachineError(f"Spark's Delta jars are not in '{settings.jars}'; run 'make setup' first.")
    return str(folder / "*")
