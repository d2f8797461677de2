"""What validation costs: the gate of base/person against the job that writes base/person.

    .venv/bin/python bench/gates.py [--rows 1000000] [--runs 3] [--scratch DIR]

The job: made-up register records from Delta -> identity.resolve -> base/person staged. The gate: one row
of metrics from the staged files, and Great Expectations over it; its import is apart, as a night does it
beside its first stage. Each is run `--runs` times after one to warm up; the least counts. CPU seconds are
those of the JVM, so that a busy machine does not decide. Also: the same suite over a pandas and over a
Spark frame. Target: at most 15 %.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

from popbase_load import jvm_seconds
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from popbase import contracts, expectations, metrics, table_contracts
from popbase.contracts import DECISIONS, REGISTER
from popbase.identity.persons import resolve
from popbase.lake import Lake, StagedFile
from popbase.schema import conform_to, schema_of
from popbase.session import spark_session
from popbase.settings import Settings
from popbase.table_contracts import COLUMN_TYPES

TARGET = 0.15
DAY = date(2015, 12, 31)
PERSON = table_contracts.table("person")
STATE = "region string, flags array<string>, first_date date, anchor_region string, as_of date"


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float


def main() -> None:
    given = _arguments()
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        spark = spark_session("bench gates", Settings(landing=scratch, lake=scratch))
        lake = Lake(spark, scratch)
        lake.overwrite("register", register(spark, given.rows))
        results = measured(spark, lake, given.runs)
        spark.stop()
    report(results | {"rows": given.rows})


def measured(spark: SparkSession, lake: Lake, runs: int) -> dict[str, float]:
    started = time.perf_counter()
    expectations.warm_up().join()
    imported = time.perf_counter() - started
    job = least(spark, runs, lambda: stage_person(lake))
    people = lake.staged("base/person", stage_person(lake), schema_of(PERSON))
    gate = least(spark, runs, lambda: expectations.check("base/person", metrics.person(people)))
    row = metrics.person(people).collect()[0].asDict()
    in_pandas = least(spark, runs, lambda: expectations.check("base/person", row))
    in_spark = least(spark, runs, lambda: suite_over_spark(spark, row))
    return {
        "import_s": imported,
        "job_s": job.wall, "job_cpu_s": job.cpu, "gate_s": gate.wall, "gate_cpu_s": gate.cpu,
        "suite_over_pandas_s": in_pandas.wall, "suite_over_spark_s": in_spark.wall,
        "ratio": gate.wall / job.wall, "ratio_cpu": gate.cpu / job.cpu,
    }  # fmt: skip


def stage_person(lake: Lake) -> list[StagedFile]:
    decisions = lake.spark.createDataFrame([], _state_schema(DECISIONS))
    person = resolve(lake.read("register"), decisions).person
    seen = {name: F.lit(False) for name in PERSON.names if name.startswith("in_")}
    return lake.stage("base/person", conform_to(person.withColumns(seen), PERSON))


def suite_over_spark(spark: SparkSession, row: dict[str, float]) -> None:
    """The same suite over the same row as a Spark frame: what popbase does not do, and why."""
    gx = import_module("great_expectations")
    frame = spark.createDataFrame([{name: float(value) for name, value in row.items()}])
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_spark("bench", persist=False).add_dataframe_asset("row")
    batch = asset.add_batch_definition_whole_dataframe("row").get_batch(batch_parameters={"dataframe": frame})
    batch.validate(expectations.suite("person"), result_format=expectations.COUNTS_ONLY)


def register(spark: SparkSession, rows: int) -> DataFrame:
    """Made-up records in three bureaux; three in a thousand share their number with the one before."""
    made = {"flags": F.array().cast("array<string>"), **_facts(F.col("id"))}
    fields = [column.split(" ")[:2] for column in _state_schema(REGISTER).split(", ")]
    return spark.range(rows).select(
        *(made.get(name, F.lit(None)).cast(kind).alias(name) for name, kind in fields)
    )


def _facts(i: Column) -> dict[str, Column]:
    person = F.when((i % 1000).isin(1, 3, 5), i - 1).otherwise(i)
    born = F.date_add(F.lit(date(1940, 1, 1)), (person * 7 % 27000).cast("int"))
    region = F.element_at(F.array(*map(F.lit, ("330100", "330200", "510100"))), (i % 3 + 1).cast("int"))
    number = F.concat(
        F.lit("33"), F.lpad((person % 10000).cast("string"), 4, "0"), F.date_format(born, "yyyyMMdd"),
        F.lpad((person / 10000).cast("bigint").cast("string"), 3, "0"), F.lit("X"),
    )  # fmt: skip
    return {
        "record_no": F.concat(F.lit("R"), i.cast("string")), "citizen_id": number,
        "name": F.concat(F.lit("王"), _given(i), _given(i / 37)), "sex": (i % 2 + 1).cast("string"),
        "birth_date": born, "household_no": (i / 3).cast("bigint").cast("string"),
        "household_kind": F.lit("10"),
        "hukou_nature": F.lit("12"), "relation_to_head": F.lpad((i % 3 * 10 + 2).cast("string"), 2, "0"),
        "registered_area": F.concat(region, F.lpad((i % 900).cast("string"), 6, "0")),
        "registered_on": F.greatest(born, F.lit(date(1990, 1, 1))),
        "updated_at": F.lit("2015-01-01 08:00:00"),
        "region": region, "anchor_region": region, "first_date": F.lit(DAY), "as_of": F.lit(DAY),
    }  # fmt: skip


def _given(i: Column) -> Column:
    characters = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红梅鹏飞燕春龙建国志"
    return F.substring(F.lit(characters), (i % len(characters)).cast("int") + 1, 1)


def _state_schema(feed: str) -> str:
    fields = (f"{f.name} {COLUMN_TYPES.get(f.type, 'string')}" for f in contracts.feed(feed).fields)
    return ", ".join([*fields, STATE])


def least(spark: SparkSession, runs: int, work: Callable[[], object]) -> Cost:
    work()
    costs = [_cost(spark, work) for _ in range(runs)]
    return Cost(min(c.wall for c in costs), min(c.cpu for c in costs))


def _cost(spark: SparkSession, work: Callable[[], object]) -> Cost:
    spark.catalog.clearCache()  # what the run before kept would spare this one the work
    cpu, wall = jvm_seconds(spark), time.perf_counter()
    work()
    return Cost(time.perf_counter() - wall, jvm_seconds(spark) - cpu)


def report(results: dict[str, float]) -> None:
    out = Path(__file__).parent / "out" / "gates.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    for name, value in results.items():
        print(f"{name:22} {value:12.3f}")
    share = results["ratio_cpu"]
    verdict = "within" if share <= TARGET else "OVER"
    print(f"the gate costs {share:.0%} of the job's CPU time: {verdict} the {TARGET:.0%} it may")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scratch", default=None)
    return parser.parse_args()


if __name__ == "__main__":
    main()
