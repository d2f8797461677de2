"""Three business dates through a real scheduler on a real cluster, out of order, against `popbase night`.

Meanwhile a worker, a driver and the scheduler are killed: whatever dies, the tables are the same.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from cluster.conftest import ROOT, Cluster, wait_until
from cluster.kill import kill, process, worker_of_an_executor
from jobs.conftest import FAULTS
from lib.same import differing_tables

from popbase.contracts import feed_names
from popbase.generate import generate, release
from popbase.settings import Settings

pytestmark = pytest.mark.cluster

DAYS = (date(2015, 12, 29), date(2015, 12, 30), date(2015, 12, 31))
ENDED = {"success", "failed"}


@pytest.fixture(scope="module")
def nights(cluster: Cluster) -> Cluster:
    """All three dates backfilled: some feeds forwards, some backwards, each by itself."""
    generate(cluster.sent, persons=2_000, seed=11, first=DAYS[0], last=DAYS[-1], days=DAYS, faults=FAULTS)
    for day in DAYS:
        release(cluster.sent, day)
    cluster.deliver()
    for turn, feed in enumerate(feed_names()):
        order = ("--run-backwards",) if turn % 2 else ()
        cluster.backfill(f"ingest_{feed}", str(DAYS[0]), str(DAYS[-1]), *order)
    kill(lambda: worker_of_an_executor(cluster))
    kill(lambda: process(cluster, b"SparkSubmit", b"jobs/population_base.py"))
    kill(lambda: process(cluster, b"bin/airflow scheduler"))
    wait_until(lambda: is_done(cluster), seconds=1500)
    return cluster


def is_done(cluster: Cluster) -> bool:
    """Whether the last step has ended for every date, or anything has failed."""
    states = Counter((run["dag_id"], run["state"]) for run in cluster.runs())
    failed = any(state == "failed" for _, state in states)
    return failed or states["reports", "success"] == len(DAYS)


def test_every_run_is_green_and_there_is_one_for_each_date(nights: Cluster) -> None:
    expected = [*(f"ingest_{feed}" for feed in feed_names()), "population_base", "reports"]
    runs = Counter((run["dag_id"], run["partition_key"], run["state"]) for run in nights.runs())
    assert runs == {(dag_id, str(day), "success"): 1 for dag_id in expected for day in DAYS}


def test_what_was_killed_was_started_again_and_tried_again(nights: Cluster) -> None:
    log = (nights.home / "cluster.log").read_text(encoding="utf-8")
    restarted = re.findall(r"(\S+)\.1 +\| ended with code 137", log)
    assert "scheduler" in restarted
    assert any(name.startswith("spark-worker") for name in restarted)
    tries = nights.get("/api/v2/dags/population_base/dagRuns/~/taskInstances")["task_instances"]
    assert max(task["try_number"] for task in tries) > 1


def test_the_tables_are_those_of_popbase_night_row_for_row(
    nights: Cluster, settings: Settings, tmp_path: Path, _session: object
) -> None:
    from popbase.night import run_night

    own = replace(settings, landing=str(nights.sent), lake=str(tmp_path / "lake"))
    run_night(own, DAYS[-1])
    assert differing_tables(own.lake, nights.lake) == {}


def test_no_citizens_data_is_in_any_log_or_page(nights: Cluster) -> None:
    truth = nights.truth / "expected" / str(DAYS[-1]) / "person.parquet"
    numbers = duckdb.sql(f"SELECT citizen_id FROM '{truth}' WHERE citizen_id IS NOT NULL").fetchall()
    secrets = {str(number).encode() for (number,) in numbers}
    assert len(secrets) > 1000
    secrets.add(nights.environment["AWS_SECRET_ACCESS_KEY"].encode())
    searched = 0
    for path in nights.logs():
        text = path.read_bytes()
        searched += len(text)
        found = [secret for secret in secrets if secret in text]
        assert not found, path.name
    assert searched > 100_000


def test_a_browser_opens_airflows_pages_and_the_run_report(nights: Cluster, tmp_path: Path) -> None:
    script = ROOT / "infra/cluster/screenshots.py"
    taken = nights.run(str(ROOT / ".venv/bin/python"), str(script), str(tmp_path)).split()
    assert [Path(file).name for file in taken] == [
        "airflow-dags.png",
        "airflow-reports.png",
        "run-report.png",
    ]
    assert all(Path(file).stat().st_size > 20_000 for file in taken)
