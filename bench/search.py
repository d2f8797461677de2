"""What the search for second numbers costs: everybody, and a night's few among everybody.

    .venv/bin/python bench/search.py [--persons 100000 1000000] [--changed 20000] [--home DIR]

A made-up country of each size is delivered and taken in by one night; then, each in a process of its own, the
whole country is searched and `--changed` people are searched for among all others. Session start is excluded;
memory is the peak of the process and its JVM. A folder given as `--home` is kept, and used again where it is
there. Exit code 1 when a target is missed: a million people in at most 4 minutes, memory under 8 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from made_up import ON, country, settings_of
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.base.changes import ROOT, Step
from popbase.base.update import Changed, People
from popbase.contracts import REGISTER
from popbase.lake import Lake
from popbase.search.nightly import HISTORY, search_all, search_changed
from popbase.session import cut_off, spark_session
from popbase.settings import Settings
from popbase.sources import Sources

SECONDS, GIGABYTES = 240, 8
_MEASURED_FOR = 1_000_000


def main() -> None:
    given = _arguments()
    if given.one:
        print(json.dumps(_measured(settings_of(Path(given.one)), given.changed)))
        return
    with tempfile.TemporaryDirectory(prefix="search-") as scratch:
        told = [_apart(Path(given.home or scratch) / str(n), n, given.changed) for n in given.persons]
    print(_table(told))
    missed = [
        t for t in told if t["persons"] >= _MEASURED_FOR and not (t["all"] <= SECONDS and t["gb"] < GIGABYTES)
    ]
    sys.exit(1 if missed else 0)


def _apart(home: Path, persons: int, changed: int) -> dict[str, Any]:
    country(home, persons=persons, seed=11)
    command = [sys.executable, __file__, "--one", str(home), "--changed", str(changed)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return {"persons": persons, **json.loads(found.stdout.splitlines()[-1])}


def _measured(settings: Settings, changed: int) -> dict[str, Any]:
    session = spark_session(settings)
    lake = Lake(session, settings.lake)
    history = lake.read(HISTORY)
    rows = history.count()
    sources = Sources.now(lake)
    everybody = _seconds(lambda: search_all(sources, ON))
    register = Step(sources, sources, ON, ON).feed(REGISTER)
    share = rows // changed
    few = history.where(F.pmod(F.xxhash64("person_id"), F.lit(share)) == 0)
    records = cut_off(few.withColumn(ROOT, register.rooted()).select(ROOT, "record_no").distinct())
    homes = cut_off(few.select("household_id").where("household_id IS NOT NULL").distinct())
    people = People(register, records, homes)
    nobody = session.createDataFrame([], "number17 bigint")
    told = tuple((c, sources.spans(c.feed, ON).limit(0)) for c in table_contracts.sectors())
    some = _seconds(lambda: search_changed(lake, Changed(people, nobody, told), ON))
    return {"rows": rows, "all": everybody, "changed": records.count(), "few": some, "gb": _peak()}


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return round(time.perf_counter() - started, 1)


def _peak() -> float:
    """Gigabytes that this process and its children held at most."""
    kilobytes = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            told = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines())
        except OSError:
            continue  # it has ended
        if status.parent.name == str(os.getpid()) or told["PPid"].strip() == str(os.getpid()):
            kilobytes += int(told.get("VmHWM", "0 kB").split()[0])
    return round(kilobytes / 1e6, 1)


def _table(told: list[dict[str, Any]]) -> str:
    lines = [
        "| persons | rows | everybody, s | changed | among all, s | memory, GB |",
        "|---|---|---|---|---|---|",
    ]
    for t in told:
        lines.append(
            f"| {t['persons']:,} | {t['rows']:,} | {t['all']} | {t['changed']:,} | {t['few']} | {t['gb']} |"
        )
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--persons", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--changed", type=int, default=20_000)
    parser.add_argument("--home", help="where the made-up countries lie, and stay")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
