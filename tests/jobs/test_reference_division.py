"""The real list of statistical divisions goes through the intake as a department would send it."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from pathlib import Path

import pytest
from lib.delivery import deliver
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from popbase import contracts
from popbase.intake import feeds
from popbase.lake import Lake
from popbase.settings import Settings

ROWS = 713_035


@pytest.fixture(scope="module")
def listed(reference: Path) -> list[str]:
    with gzip.open(reference / "nbs_2016/adcode_2016_ur.csv.gz", "rt", encoding="utf-8") as file:
        return [
            f"{row['code']},{row['name']},{row['ur_code']},2016-07-31 00:00:00"
            for row in csv.DictReader(file)
        ]


def test_the_2016_list_is_received_whole_and_its_ledger_balances(
    spark: SparkSession, settings: Settings, tmp_path: Path, listed: list[str]
) -> None:
    assert len(listed) == ROWS
    contract, day = contracts.feed("statistical_division"), date(2016, 7, 31)
    deliver(tmp_path, contract, listed, region="000000", day=day)
    own = Settings(landing=str(tmp_path), lake=str(tmp_path / "lake"), jars=settings.jars)
    lake = Lake(spark, own.lake)

    taken = feeds.take_in(lake, own, contract.feed, until=day)

    (judged,) = taken.judgements
    assert (judged.status, judged.rows_received) == ("accepted", ROWS)
    assert judged.rows_accepted + judged.rows_quarantined + judged.rows_superseded == ROWS
    stored = lake.read("conformed/statistical_division")
    assert stored.count() == judged.rows_accepted
    # domain facts 2.2: villages of the main urban area in this list.
    assert stored.where(F.col("urban_rural") == "111").count() == 64_238
