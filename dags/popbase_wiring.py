"""What the DAG files share: the assets that join them, their one kind of task, and when it is retried."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensor
from airflow.sdk import Asset, CronPartitionTimetable, RetryDecision, RetryPolicy

from popbase.contracts import feed_names
from popbase.errors import exit_codes

HOME = Path(__file__).resolve().parents[1]
ZONE = "Asia/Shanghai"
KEY_FORMAT = "%Y-%m-%d"
FIRST_NIGHT = pendulum.datetime(2014, 12, 31, tz=ZONE)

CONFORMED = {feed: Asset(f"conformed_{feed}", uri=f"popbase://conformed/{feed}") for feed in feed_names()}
BASE = Asset("population_base", uri="popbase://base")
PUBLICATION = Asset("publication", uri="popbase://publications")


class ByExitCode(RetryPolicy):
    """Retries where popbase says that it helps; a broken contract or a failed gate fails at once."""

    def evaluate(self, exception: BaseException, *_: object, **__: object) -> RetryDecision:
        known = {exit_code: (code, helps) for exit_code, code, helps, _ in exit_codes()}
        # Spark's hook hands the job's exit code on in its message only.
        found = re.search(r"Error code is: (\d+)", str(exception))
        code, helps = known.get(int(found[1]), ("", True)) if found else ("", True)
        return RetryDecision.default() if helps else RetryDecision.fail(f"{code}: a retry does not help")


DEFAULT_ARGS = {"owner": "popbase", "retries": 2, "retry_delay": timedelta(minutes=5)}


def daily() -> CronPartitionTimetable:
    """One run a business date, which is its partition key.

    The tick is midnight although the work begins later: `airflow backfill create` takes --from-date and
    --to-date as midnights, and with any other hour it would silently leave the last day out.
    """
    return CronPartitionTimetable("0 0 * * *", timezone=ZONE, run_offset=-1, key_format=KEY_FORMAT)


def wait_until(hour: int) -> DateTimeSensor:
    """Holds a run until `hour` of the day after its business date; one for the past does not wait."""
    return DateTimeSensor(
        task_id=f"wait_until_{hour:02d}",
        target_time=f"{{{{ partition_date + macros.timedelta(days=1, hours={hour}) }}}}",
        mode="reschedule",  # gives its slot back between two looks at the clock
        poke_interval=300,
        timeout=timedelta(days=2),
    )


def spark_job(job: str, *arguments: str, **options: Any) -> SparkSubmitOperator:
    """`jobs/<job>.py` for the run's business date.

    What stands here beside `popbase.session` is what a session cannot change once spark-submit has started
    the JVM: jars, memory, and the logging that keeps rows out of the scheduler's pages (invariant I5).
    """
    jars, quiet = str(HOME / ".jars" / "*"), (HOME / "jobs/popbase/log4j2.properties").as_uri()
    return SparkSubmitOperator(
        task_id=job,
        conn_id="popbase_spark",
        application=str(HOME / "jobs" / f"{job}.py"),
        application_args=[*arguments, "--date", "{{ partition_key }}"],
        name=f"popbase {job}",
        driver_class_path=jars,
        driver_memory="6g",
        conf={
            "spark.executor.extraClassPath": jars,
            "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={quiet}",
            "spark.executor.extraJavaOptions": f"-Dlog4j2.configurationFile={quiet}",
        },
        # Not in default_args: those are serialised with its address, a new DAG version at every parse.
        retry_policy=ByExitCode(),
        **options,
    )
