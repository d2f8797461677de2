"""Once a week: old publications, files that nothing kept needs, refused rows and senders' folders."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable
from popbase_wiring import DEFAULT_ARGS, FIRST_NIGHT, LAST_TICK, ZONE, spark_job

DOC = """
Removes what no kept publication shows: the newest 90 are kept, and of every year the last one for its 31
December (`POPBASE_KEEP_PUBLICATIONS`). Refused rows and the landing's folders go when their days are over
(`POPBASE_KEEP_QUARANTINE_DAYS`, `POPBASE_KEEP_LANDING_DAYS`: 400). While a night writes it ends with code 31
and is tried again.
"""

with DAG(
    dag_id="maintenance",
    schedule=CronTriggerTimetable("0 14 * * 0", timezone=ZONE),
    start_date=FIRST_NIGHT,
    end_date=LAST_TICK,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["popbase", "maintenance"],
    doc_md=DOC,
):
    spark_job("maintenance", dated=False, pool="popbase_base")
