"""The person base of a business date, once every feed has been taken in, and in any case by the cut-off."""

from __future__ import annotations

from airflow.sdk import DAG, AssetAll, PartitionedAssetTimetable
from popbase_wiring import (
    BASE,
    CONFORMED,
    DEFAULT_ARGS,
    FIRST_NIGHT,
    LAST_TICK,
    daily,
    due_within,
    next_day_at,
    spark_job,
)

DOC = """
Builds `base/` for the business date from what has been accepted.

`population_base` starts when all feeds are in. `population_base_cut_off` starts at six in the morning,
whatever is missing, so that no department and no failed ingest can stop the night; where the base of that
date stands already, building it again changes nothing.
"""

COMMON = {
    "start_date": FIRST_NIGHT,
    "catchup": False,
    "max_active_runs": 1,
    "default_args": DEFAULT_ARGS,
    "tags": ["popbase", "base"],
    "doc_md": DOC,
}


JOB = {"outlets": [BASE], "pool": "popbase_base"}
ALL_FEEDS = AssetAll(*CONFORMED.values())

with DAG("population_base", schedule=PartitionedAssetTimetable(assets=ALL_FEEDS), **COMMON):
    spark_job("population_base", **JOB)

# Queued at midnight, begun at six: whatever is wrong, the base is there at eight, or somebody is told.
BY_EIGHT = due_within(8, "the population base")

with DAG("population_base_cut_off", schedule=daily(), end_date=LAST_TICK, deadline=BY_EIGHT, **COMMON):
    spark_job("population_base", not_before=next_day_at(6), **JOB)
