"""One DAG a feed: takes in what its department delivered up to the business date."""

from __future__ import annotations

from airflow.sdk import DAG
from popbase_wiring import CONFORMED, DEFAULT_ARGS, FIRST_NIGHT, LAST_TICK, daily, next_day_at, spark_job

DOC = """
Judges every delivery of the feed not yet judged, up to the business date, and keeps its good rows.

A department that delivers nothing, or only what must be rejected, does not fail this DAG: it is *late* in the
run report, and the night goes on. A red task here means trouble with the machine or the storage.

Starting Spark takes longer than a small feed, so whoever runs first takes in the other feeds' small
deliveries too; their own runs then find nothing to do. One that comes meanwhile is retried.

Backfill: `airflow backfill create --dag-id <this DAG> --from-date D --to-date D` for every feed; the base and
the reports of those dates follow.
"""

for feed, conformed in CONFORMED.items():
    with DAG(
        dag_id=f"ingest_{feed}",
        schedule=daily(),
        start_date=FIRST_NIGHT,
        end_date=LAST_TICK,
        catchup=False,  # the next night takes in whatever a missed one left
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["popbase", "ingest"],
        doc_md=DOC,
    ):
        spark_job(
            "ingest",
            "--small-too",
            "--feed",
            feed,
            not_before=next_day_at(2),
            outlets=[conformed],
            pool="popbase_ingest",
        )
