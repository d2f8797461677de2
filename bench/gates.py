"""What validation costs: the gates of a night of all feeds beside the jobs whose tables they judge.

    .venv/bin/python bench/gates.py [--persons 1000000] [--scratch DIR]

Made-up deliveries of one day go through a whole night in one process: intake, base, reports, gates,
publication. The gates judge every table of it, each for the first time, so their plans are compiled here
too; Great Expectations' import is apart, as a night does it beside its first stage. CPU seconds are those of
the JVM and of Python. Exit code 1 when the gates take more than 15 % of the jobs' CPU or wall time, or when
nothing was published. Also: one suite over a pandas and over a Spark frame of the same row.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from full_load import generated
from popbase_load import DAY, JARS, jvm_seconds
from pyspark.sql import SparkSession

from popbase import expectations
from popbase.lake import Lake
from popbase.night import run_night
from popbase.publish import metrics
from popbase.session import spark_session
from popbase.settings import Settings
from popbase.terminal.progress import Progress

TARGET = 0.15


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall + other.wall, self.cpu + other.cpu)


class Costs(Progress):
    """Wall and CPU seconds of every stage; the session is there before the first."""

    def __init__(self, spark: SparkSession) -> None:
        super().__init__()
        self.spark = spark
        self.costs: dict[str, Cost] = {}

    @contextmanager
    def _shown(self, name: str) -> Iterator[None]:
        cpu, wall = _cpu_seconds(self.spark), time.perf_counter()
        yield
        self.costs[name] = Cost(time.perf_counter() - wall, _cpu_seconds(self.spark) - cpu)


def main() -> None:
    given = _arguments()
    with tempfile.TemporaryDirectory(dir=given.scratch, prefix="gates-") as scratch:
        results = measured(Path(scratch), given.persons)
    report(results)
    sys.exit(max(results["share_wall"], results["share_cpu"]) > TARGET)


def measured(scratch: Path, persons: int) -> dict[str, Any]:
    landing, started = scratch / "landing", time.perf_counter()
    made = generated(landing, persons)
    generation = time.perf_counter() - started
    settings = Settings.from_environ(
        os.environ, landing=str(landing), lake=str(scratch / "lake"), jars=str(JARS)
    )
    started = time.perf_counter()
    expectations.warm_up().join()
    imported = time.perf_counter() - started
    spark = spark_session(settings)
    costs = night(spark, settings)
    jobs = costs["intake"] + costs["base"] + costs["statistics"]
    lake = Lake(spark, settings.lake)
    row = metrics.person(lake.read("base/person")).collect()[0].asDict()
    return {
        "persons": persons, "rows": made.rows, "generate_s": generation, "import_s": imported,
        "stages": {name: asdict(cost) for name, cost in costs.items()},
        "share_wall": costs["gates"].wall / jobs.wall, "share_cpu": costs["gates"].cpu / jobs.cpu,
        "share_of_base_and_statistics": costs["gates"].cpu / (jobs.cpu - costs["intake"].cpu),
        "suite_over_pandas_s": timed(lambda: expectations.check("base/person", row)),
        "suite_over_spark_s": timed(lambda: suite_over_spark(spark, row)),
    }  # fmt: skip


def night(spark: SparkSession, settings: Settings) -> dict[str, Cost]:
    progress = Costs(spark)
    told = run_night(settings, DAY, progress=progress)
    if told.outcome != "published":
        raise ValueError(f"The night ended as {told.outcome}: {told.why}")
    return progress.costs


def suite_over_spark(spark: SparkSession, row: dict[str, float]) -> None:
    """The same suite over the same row as a Spark frame: what popbase does not do, and why."""
    gx = import_module("great_expectations")
    frame = spark.createDataFrame([{name: float(value) for name, value in row.items()}])
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_spark("bench", persist=False).add_dataframe_asset("row")
    batch = asset.add_batch_definition_whole_dataframe("row").get_batch(batch_parameters={"dataframe": frame})
    batch.validate(expectations.suite("person"), result_format=expectations.COUNTS_ONLY)


def timed(work: Callable[[], object]) -> float:
    """Seconds of the second time: the first compiles."""
    work()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _cpu_seconds(spark: SparkSession) -> float:
    return jvm_seconds(spark) + time.process_time()


def report(results: dict[str, Any]) -> None:
    out = Path(__file__).parent / "out" / "gates.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    print(
        f"{results['persons']:,} persons, {results['rows']:,} rows, made in {results['generate_s']:.0f} s\n"
    )
    print("| stage | wall s | CPU s |\n|---|---|---|")
    for name, cost in results["stages"].items():
        print(f"| {name} | {cost['wall']:.1f} | {cost['cpu']:.1f} |")
    over = max(results["share_wall"], results["share_cpu"]) > TARGET
    print(
        f"\nthe gates cost {results['share_cpu']:.0%} of the jobs' CPU time, {results['share_wall']:.0%} of "
        f"their wall time: {'OVER' if over else 'within'} the {TARGET:.0%} they may; "
        f"{results['share_of_base_and_statistics']:.0%} of the CPU time of base and statistics alone"
    )
    print(
        f"a suite over one row in pandas {results['suite_over_pandas_s']:.2f} s, "
        f"in Spark {results['suite_over_spark_s']:.2f} s; the import {results['import_s']:.1f} s"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--scratch", default=None, help="where data and tables lie meanwhile")
    return parser.parse_args()


if __name__ == "__main__":
    main()
