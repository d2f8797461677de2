"""The statistics of a business date and its publication; the yearly release, which waits for an officer."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensor
from airflow.sdk import DAG, CronPartitionTimetable, PartitionedAssetTimetable
from popbase_wiring import (
    BASE,
    DEFAULT_ARGS,
    FIRST_NIGHT,
    KEY_FORMAT,
    LAST_TICK,
    PUBLICATION,
    ZONE,
    SparkJob,
    due_within,
    next_day_at,
    spark_job,
)

REPORT_YEAR = "{{ partition_key[:4] | int - 1 }}"

NIGHTLY = """
Computes the statistics that the business date touches, passes the gates, and publishes all tables at once.

A critical gate that fails publishes nothing: the last publication stays current, and a retry does not help.
"""

YEARLY = """
The figures of a report year are final with the cut-off, 25 January of the next year, and that night publishes
them. The morning after, this DAG asks an officer for a word on them; Airflow's audit log keeps who gave it.
What is still due of the year is published after the approval; rejecting stops only that.
"""


def publication() -> SparkJob:
    """Before the base of another date, which would take the place of the one that the reports are due of."""
    return spark_job(
        "publish", "--reports-too", outlets=[PUBLICATION], pool="popbase_base", priority_weight=10
    )


with DAG(
    dag_id="reports",
    schedule=PartitionedAssetTimetable(assets=BASE),
    start_date=FIRST_NIGHT,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["popbase", "statistics"],
    deadline=due_within(2, "the publication"),
    doc_md=NIGHTLY,
):
    publication()

with DAG(
    dag_id="yearly_release",
    schedule=CronPartitionTimetable("0 0 25 1 *", timezone=ZONE, key_format=KEY_FORMAT),
    start_date=FIRST_NIGHT,
    end_date=LAST_TICK,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["popbase", "statistics", "release"],
    doc_md=YEARLY,
):
    approve = ApprovalOperator(
        task_id="approve",
        subject=f"Release the final figures of report year {REPORT_YEAR}?",
        body="Before you approve, look at the run report and the workbook of {{ partition_key }}.",
        response_timeout=timedelta(days=14),
        defaults=ApprovalOperator.REJECT,
    )
    tomorrow = DateTimeSensor(
        task_id="wait_until_09",
        target_time=next_day_at(9),
        mode="reschedule",  # gives its slot back between two looks at the clock
        poke_interval=300,
        timeout=timedelta(days=2),
    )
    tomorrow >> approve >> publication()
