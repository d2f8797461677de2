"""popbase's side of the full load: a fresh process, intake of all feeds, then base/person.

    .venv/bin/python bench/popbase_load.py LANDING LAKE RESULT

The steps are a night's own; left out are the other base tables, reports, gates and the publication.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, cast

from pyspark.sql import SparkSession

from popbase import night, run, table_contracts
from popbase.base.build import lived, with_sightings
from popbase.base.history import at
from popbase.base.sector import holders, sightings
from popbase.contracts import DECISIONS, REGISTER
from popbase.identity.anchors import apart
from popbase.schema import conform_to
from popbase.settings import Settings
from popbase.sources import Sources

DRIVER_MEMORY = "6g"
JARS = Path(__file__).parents[1] / ".jars"
DAY = date(2014, 12, 31)


def main() -> None:
    landing, lake, result = sys.argv[1:]
    stages: dict[str, float] = {}
    settings = Settings.from_environ(
        os.environ, landing=landing, lake=lake, jars=str(JARS), driver_memory=DRIVER_MEMORY
    )
    tonight = run.begin(settings, DAY)
    with timed(stages, "intake"):
        taken = night.take_in_all(tonight)
    refused = [j for feed in taken for j in feed.judgements if j.status != "accepted"]
    if refused:
        raise ValueError(f"{len(refused)} deliveries were rejected, the first for {refused[0].reason}")
    with timed(stages, "person"):
        write_person(Sources.now(tonight.lake))
    cpu = jvm_seconds(tonight.lake.spark)
    tonight.lake.spark.stop()
    Path(result).write_text(json.dumps({"stages": stages, "jvm_cpu_s": cpu}), "utf-8")


def jvm_seconds(spark: SparkSession) -> float:
    """CPU seconds of the driver, which no parent waits for: they are in nobody's count of children."""
    pid = cast("Any", spark.sparkContext._jvm).java.lang.ProcessHandle.current().pid()
    ticks = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / 100


def write_person(sources: Sources) -> None:
    """As `build.write_base` does it, without the tables that no peer makes."""
    for feed in (REGISTER, DECISIONS):
        sources.keep(feed, DAY)
    register, decisions = sources.spans(REGISTER, DAY), sources.spans(DECISIONS, DAY)
    lives = lived(apart(register), decisions)
    people = at(lives.persons, DAY)
    feeds = [(contract, sources.state(contract.feed, DAY)) for contract in table_contracts.sectors()]
    seen = sightings(feeds, holders(people, at(lives.judged.replaced, DAY)), as_of=DAY)
    person = with_sightings(people, seen)
    sources.lake.overwrite("base/person", conform_to(person, table_contracts.table("person")))


@contextmanager
def timed(stages: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    stages[name] = time.perf_counter() - started


if __name__ == "__main__":
    main()
