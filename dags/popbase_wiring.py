"""What the DAG files share: the assets that join them, their one kind of task, and when it is retried."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import (
    Asset,
    AsyncCallback,
    Context,
    CronPartitionTimetable,
    DeadlineAlert,
    DeadlineReference,
    RetryDecision,
    RetryPolicy,
)

from popbase import jvm
from popbase.alert import overdue
from popbase.contracts import feed_names
from popbase.errors import exit_codes
from popbase.settings import Settings

HOME = Path(__file__).resolve().parents[1]
ON_A_CLUSTER = HOME / "infra/spark/cluster.conf"
ZONE = "Asia/Shanghai"
KEY_FORMAT = "%Y-%m-%d"
FIRST_NIGHT = pendulum.datetime(2014, 12, 31, tz=ZONE)

SETTINGS = Settings.from_environ(os.environ)
# A night is worked on the day after its business date.
LAST_TICK = pendulum.parse(SETTINGS.last_night, tz=ZONE).add(days=1) if SETTINGS.last_night else None

CONFORMED = {feed: Asset(f"conformed_{feed}", uri=f"popbase://conformed/{feed}") for feed in feed_names()}
BASE = Asset("population_base", uri="popbase://base")
PUBLICATION = Asset("publication", uri="popbase://publications")


class SparkJob(SparkSubmitOperator):
    """A job that may have to wait for its hour: then in the triggerer, where it takes no slot and no process.

    A sensor before it would be a second task of every run, and each task costs seconds to start.
    """

    template_fields = (*SparkSubmitOperator.template_fields, "not_before")

    def __init__(self, *, not_before: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.not_before = not_before

    def execute(self, context: Context) -> None:
        moment = pendulum.parse(self.not_before) if self.not_before else None
        if moment and moment > pendulum.now():
            self.defer(trigger=DateTimeTrigger(moment=moment), method_name="begin")
        super().execute(context)

    def begin(self, context: Context, **_: object) -> None:
        super().execute(context)


class ByExitCode(RetryPolicy):
    """Retries where popbase says that it helps; a broken contract or a failed gate fails at once."""

    def evaluate(self, exception: BaseException, *_: object, **__: object) -> RetryDecision:
        known = {exit_code: (code, helps) for exit_code, code, helps, _ in exit_codes()}
        # Spark's hook hands the job's exit code on in its message only.
        found = re.search(r"Error code is: (\d+)", str(exception))
        code, helps = known.get(int(found[1]), ("", True)) if found else ("", True)
        return RetryDecision.default() if helps else RetryDecision.fail(f"{code}: a retry does not help")


# Soon after a lost executor, later where a share is down or another run holds the lease.
DEFAULT_ARGS = {
    "owner": "popbase",
    "retries": 4,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 3,
    "max_retry_delay": timedelta(minutes=15),
}


def due_within(hours: int, what: str) -> DeadlineAlert:
    """An alert when a run has not ended so many hours after it was queued."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=hours),
        callback=AsyncCallback(overdue, kwargs={"what": what}),
    )


def daily() -> CronPartitionTimetable:
    """One run a business date, which is its partition key.

    The tick is midnight although the work begins later: `airflow backfill create` takes --from-date and
    --to-date as midnights, and with any other hour it would silently leave the last day out.
    """
    return CronPartitionTimetable("0 0 * * *", timezone=ZONE, run_offset=-1, key_format=KEY_FORMAT)


def next_day_at(hour: int) -> str:
    """That hour of the day after a run's business date; a run for the past does not wait for it."""
    return f"{{{{ partition_date + macros.timedelta(days=1, hours={hour}) }}}}"


def spark_job(job: str, *arguments: str, dated: bool = True, **options: Any) -> SparkJob:
    """`jobs/<job>.py`, for the run's business date if it has one.

    The session sets all that a session can; here stands what it cannot change once spark-submit has started
    the JVM.
    """
    # Of this checkout, whatever folder a process of Airflow was started in: DAGs are to be read alike.
    jars, java = jvm.class_path(str(HOME / SETTINGS.jars)), jvm.options(SETTINGS.profile)
    return SparkJob(
        task_id=job,
        conn_id="popbase_spark",
        application=str(HOME / "jobs" / f"{job}.py"),
        application_args=[*arguments, *(["--date", "{{ partition_key }}"] if dated else [])],
        name=f"popbase {job}",
        driver_class_path=jars,
        driver_memory=SETTINGS.driver_memory,
        properties_file=None if SETTINGS.spark_master.startswith("local") else str(ON_A_CLUSTER),
        conf={"spark.driver.extraJavaOptions": java},
        # Not in default_args: those are serialised with its address, a new DAG version at every parse.
        retry_policy=ByExitCode(),
        **options,
    )
