"""Three business dates through a real scheduler on a real cluster, out of order, against `popbase night`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from cluster.conftest import Cluster, wait_until
from jobs.conftest import FAULTS

from popbase.contracts import feed_names
from popbase.generate import generate, release
from popbase.publish.publication import Publications
from popbase.publish.tables import open_table
from popbase.settings import Settings

pytestmark = pytest.mark.cluster

DAYS = (date(2015, 12, 29), date(2015, 12, 30), date(2015, 12, 31))
ENDED = {"success", "failed"}


@pytest.fixture(scope="module")
def nights(cluster: Cluster) -> Cluster:
    """All three dates backfilled: some feeds forwards, some backwards, each by itself."""
    generate(cluster.landing, persons=2_000, seed=11, first=DAYS[0], last=DAYS[-1], days=DAYS, faults=FAULTS)
    for day in DAYS:
        release(cluster.landing, day)
    for turn, feed in enumerate(feed_names()):
        order = ("--run-backwards",) if turn % 2 else ()
        cluster.backfill(f"ingest_{feed}", str(DAYS[0]), str(DAYS[-1]), *order)
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


def test_the_tables_are_those_of_popbase_night_row_for_row(
    nights: Cluster, settings: Settings, tmp_path: Path, _session: object
) -> None:
    from popbase.night import run_night

    own = replace(settings, landing=str(nights.landing), lake=str(tmp_path / "lake"))
    for day in DAYS:
        run_night(own, day)
    here, there = (Publications(lake).current() for lake in (own.lake, nights.lake))
    assert here is not None
    assert there is not None
    assert (there.business_date, set(there.deliveries)) == (here.business_date, set(here.deliveries))
    assert set(there.tables) == set(here.tables)
    differing = {
        table: differences(own.lake, version, str(nights.lake), there.tables[table], table)
        for table, version in here.tables.items()
    }
    assert differing == dict.fromkeys(here.tables, (0, 0))


def differences(here: str, version: int, there: str, its: int, table: str) -> tuple[int, int]:
    """Rows that only the one table has, and only the other."""
    known = {"a": open_table(here, table, version), "b": open_table(there, table, its)}
    with duckdb.connect(":memory:") as connection:
        for name, source in known.items():
            connection.register(name, source)
        # What a year's figures were before is a fact of the publications, of which there are others.
        but = " EXCLUDE (previous_value)" if table == "statistics/report" else ""
        counted = "SELECT count(*) FROM (SELECT *{} FROM {} EXCEPT ALL SELECT *{} FROM {})"
        return tuple(
            connection.sql(counted.format(but, one, but, other)).fetchall()[0][0]
            for one, other in (("a", "b"), ("b", "a"))
        )


def test_no_citizens_data_is_in_any_log_or_page(nights: Cluster) -> None:
    landed = f"read_csv('{nights.home}/landing.truth/expected/{DAYS[-1]}/person.parquet')"
    people = duckdb.sql(landed.replace("read_csv", "read_parquet")).to_arrow_table().to_pylist()
    secrets = {str(p["citizen_id"]).encode() for p in people if p["citizen_id"]}
    assert len(secrets) > 1000
    searched = 0
    for path in nights.logs():
        text = path.read_bytes()
        searched += len(text)
        found = [secret for secret in secrets if secret in text]
        assert not found, path.name
    assert searched > 100_000
