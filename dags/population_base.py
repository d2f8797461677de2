"""The person base of a business date, once every feed has been taken in, and in any case by the cut-off."""

from __future__ import annotations

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, AssetAll, PartitionedAssetTimetable
from popbase_wiring import BASE, CONFORMED, DEFAULT_ARGS, FIRST_NIGHT, LAST_TICK, daily, spark_job, wait_until

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


def base() -> SparkSubmitOperator:
    return spark_job("population_base", outlets=[BASE], pool="popbase_base")


ALL_FEEDS = AssetAll(*CONFORMED.values())

with DAG("population_base", schedule=PartitionedAssetTimetable(assets=ALL_FEEDS), **COMMON):
    base()

with DAG("population_base_cut_off", schedule=daily(), end_date=LAST_TICK, **COMMON):
    wait_until(6) >> base()
