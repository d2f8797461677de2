"""The full load, popbase beside DuckDB: files as sent -> conformed, quarantine and person tables.

    nice .venv/bin/python bench/full_load.py [--persons 2000000] [--gb18030] [--scratch DIR]

Made-up deliveries of all feeds on one day are loaded by popbase, then by `duckdb_load.py`, each in a fresh
process with two threads and 6 GB. Exit code 1 when their persons, refused rows or counts differ in one row,
or when popbase takes more than 5.0 times DuckDB's wall time; 3.0 is aimed at.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from subprocess import run
from typing import Any

import gb18030
import same_tables
from popbase_load import DAY

from popbase.generate import Summary, generate

HERE = Path(__file__).parent
MOST, AIM = 5.0, 3.0


@dataclass(frozen=True)
class Side:
    """One side's wall seconds by stage, and the CPU seconds of all its processes."""

    stages: dict[str, float]
    cpu: float

    @property
    def total(self) -> float:
        return sum(self.stages.values())


def main() -> None:
    given = _arguments()
    with tempfile.TemporaryDirectory(dir=given.scratch, prefix="full-load-") as scratch:
        results = measured(Path(scratch), given.persons, gb=given.gb18030)
    report(results)
    sys.exit(bool(results["differences"]) or results["ratio"] > MOST)


def measured(scratch: Path, persons: int, *, gb: bool) -> dict[str, Any]:
    landing, lake, out = scratch / "landing", scratch / "lake", scratch / "duckdb"
    made = generated(landing, persons)
    popbase, duckdb = popbase_side(landing, lake), duckdb_side(landing, out)
    results: dict[str, Any] = {
        "persons": persons, "rows": made.rows, "bytes": made.bytes, "cores": os.cpu_count(),
        "popbase_s": popbase.stages, "duckdb_s": duckdb.stages, "ratio": popbase.total / duckdb.total,
        "popbase_cpu_s": popbase.cpu, "duckdb_cpu_s": duckdb.cpu,
        "differences": same_tables.differences(lake, out),
    }  # fmt: skip
    if gb:
        gb18030.recode(landing)
        again = popbase_side(landing, scratch / "lake-gb18030")
        results |= {"gb18030_s": again.stages, "gb18030_cpu_s": again.cpu}
        results["differences"] |= same_tables.differing_persons(lake, scratch / "lake-gb18030")
    return results


def generated(landing: Path, persons: int) -> Summary:
    """In a process of its own: what it held in memory is free again when the measuring begins."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(generate_here, landing, persons).result()


def generate_here(landing: Path, persons: int) -> Summary:
    faults = HERE / "full_load_faults.yaml"
    return generate(
        landing, persons=persons, seed=1, first=DAY, last=DAY, days=[DAY], plain=True, faults=faults
    )


def popbase_side(landing: Path, lake: Path) -> Side:
    result = lake.with_name(f"{lake.name}.json")
    lake.mkdir()
    wall, cpu = finished("popbase_load.py", landing, lake, result)
    told = json.loads(result.read_text("utf-8"))
    return side(told["stages"], wall, cpu + told["jvm_cpu_s"])


def duckdb_side(landing: Path, out: Path) -> Side:
    wall, cpu = finished("duckdb_load.py", landing, out)
    return side(json.loads((out / "result.json").read_text("utf-8"))["stages"], wall, cpu)


def side(stages: dict[str, float], wall: float, cpu: float) -> Side:
    """What no stage accounts for is the start: interpreter, imports, session or connection; and the end."""
    return Side({"start": wall - sum(stages.values()), **stages}, cpu)


def finished(script: str, *arguments: Path) -> tuple[float, float]:
    """Wall and CPU seconds of a fresh process that ends well."""
    before, started = _children(), time.perf_counter()
    run([sys.executable, HERE / script, *arguments], check=True)
    return time.perf_counter() - started, _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(results: dict[str, Any]) -> None:
    out = HERE / "out" / "full_load.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    print(
        f"{results['persons']:,} persons, {results['rows']:,} rows, {results['bytes'] / 1e6:,.0f} MB of CSV\n"
    )
    print("| stage | popbase s | DuckDB s | ratio |\n|---|---|---|---|")
    ours, theirs = results["popbase_s"], results["duckdb_s"]
    for stage in ours:
        print(row(stage, ours[stage], theirs[stage]))
    print(row("total", sum(ours.values()), sum(theirs.values())))
    print(row("CPU", results["popbase_cpu_s"], results["duckdb_cpu_s"]))
    if "gb18030_s" in results:
        extra = {stage: seconds - ours[stage] for stage, seconds in results["gb18030_s"].items()}
        print(f"\nGB18030 on top: intake {extra['intake']:+.1f} s, total {sum(extra.values()):+.1f} s")
    print(f"\n{verdict(results)}")


def row(stage: str, ours: float, theirs: float) -> str:
    return f"| {stage} | {ours:.1f} | {theirs:.1f} | {ours / theirs:.1f} |"


def verdict(results: dict[str, Any]) -> str:
    if results["differences"]:
        told = (f"{what}: {n[0]} and {n[1]} rows" for what, n in results["differences"].items())
        return f"NOT EQUAL, rows that only popbase and only DuckDB has: {'; '.join(told)}"
    ratio = results["ratio"]
    reached = "OVER" if ratio > MOST else "within" if ratio > AIM else "well within"
    return f"equal row for row; {ratio:.1f} times DuckDB's time: {reached} the {MOST} it may (aim {AIM})"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--persons", type=int, default=2_000_000)
    parser.add_argument("--gb18030", action="store_true", help="load the same data in GB18030 too")
    parser.add_argument("--scratch", default=None, help="where data and tables lie meanwhile")
    return parser.parse_args()


if __name__ == "__main__":
    main()
