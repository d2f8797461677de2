"""One night, with a worker, a driver and the scheduler killed in the midst of it (design section 3b)."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cluster.conftest import Cluster, wait_until
from cluster.test_nights import DAYS
from jobs.conftest import FAULTS
from lib.same import differing_tables

from popbase.contracts import feed_names
from popbase.generate import generate, release
from popbase.publish.publication import Publications
from popbase.settings import Settings

pytestmark = pytest.mark.cluster

DAY = DAYS[-1]


@pytest.fixture(scope="module")
def night(cluster: Cluster) -> Cluster:
    generate(cluster.sent, persons=2_000, seed=12, first=DAY, last=DAY, days=[DAY], faults=FAULTS)
    release(cluster.sent, DAY)
    cluster.deliver()
    for feed in feed_names():
        cluster.backfill(f"ingest_{feed}", str(DAY), str(DAY))
    kill(lambda: worker_of_an_executor(cluster))
    kill(lambda: process(cluster, b"SparkSubmit", b"jobs/population_base.py"))
    kill(lambda: process(cluster, b"bin/airflow scheduler"))
    wait_until(lambda: is_published(cluster), seconds=900)
    return cluster


def kill(found: Callable[[], int | None]) -> None:
    """SIGKILL to one process, as soon as it is there."""
    pids: list[int] = []

    def look() -> bool:
        pids.extend([pid] if (pid := found()) else [])
        return bool(pids)

    wait_until(look, seconds=600, every=0.5)
    os.kill(pids[0], signal.SIGKILL)


def process(cluster: Cluster, *words: bytes) -> int | None:
    """A process that was started with this cluster's environment, by words of its command line."""
    mine = f"AIRFLOW_HOME={cluster.home / 'airflow'}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            if all(w in command for w in words) and mine in (folder / "environ").read_bytes().split(b"\0"):
                return int(folder.name)
        except OSError:  # gone meanwhile
            continue
    return None


def worker_of_an_executor(cluster: Cluster) -> int | None:
    """Spark's worker that has an application's executor under it."""
    executor = process(cluster, b"CoarseGrainedExecutorBackend")
    if executor is None:
        return None
    status = Path(f"/proc/{executor}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))


def is_published(cluster: Cluster) -> bool:
    return Publications(cluster.lake).current() is not None


def test_the_tables_are_those_of_a_night_in_which_nothing_died(
    night: Cluster, settings: Settings, tmp_path: Path, _session: object
) -> None:
    from popbase.night import run_night

    own = replace(settings, landing=str(night.sent), lake=str(tmp_path / "lake"))
    run_night(own, DAY)
    assert differing_tables(own.lake, night.lake) == {}


def test_what_was_killed_was_started_again(night: Cluster) -> None:
    log = (night.home / "cluster.log").read_text(encoding="utf-8")
    restarted = re.findall(r"(\S+)\.1 +\| ended with code 137", log)
    assert "scheduler" in restarted
    assert any(name.startswith("spark-worker") for name in restarted)


def test_whatever_was_killed_was_tried_again(night: Cluster) -> None:
    states = {(run["dag_id"], run["state"]) for run in night.runs()}
    expected = [*(f"ingest_{feed}" for feed in feed_names()), "population_base", "reports"]
    assert states == {(dag_id, "success") for dag_id in expected}
    tries = night.get("/api/v2/dags/population_base/dagRuns/~/taskInstances")["task_instances"]
    assert max(task["try_number"] for task in tries) > 1
