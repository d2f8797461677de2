"""The state of a feed, against deliveries applied one after the other by the letter of the design."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from lib import feeds, model_state
from lib.model_state import Delivered, Key, Row

from popbase import contracts
from popbase.base import state
from popbase.base.spans import standing

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CASES = 200
DAYS = [date(2015, 1, 1) + timedelta(days=n) for n in range(6)]
TAKEOVERS = {DAYS[1], DAYS[3]}
KEYS: dict[str, list[Key]] = {
    "household_registration": [("1",), ("2",), ("3",), ("4",)],
    # Joined without care, the first two are one text.
    "social_security": [("1", "110"), ("11", "10"), ("2", "110"), ("2", "310")],
}
VALUE = "name"


def deliveries_of(case: int, feed: str) -> list[Delivered]:
    """Up to four bureaus of a made-up country, each with its own habits."""
    chance = random.Random(f"{feed}-{case}")
    regions = [f"{case:04d}{n:02d}" for n in range(chance.randint(1, 4))]
    habits = {r: (chance.random(), chance.random()) for r in regions}
    takes_over = chance.random() < 0.5
    return [
        _delivery(chance, feed, region, day, number, regions if takes_over else [], habits[region][1])
        for region in regions
        for day in DAYS
        if chance.random() < habits[region][0] + 0.2
        for number in range(1, chance.choice([1, 1, 1, 2]) + 1)
    ]


def _delivery(
    chance: random.Random,
    feed: str,
    region: str,
    day: date,
    number: int,
    regions: list[str],
    snapshots: float,
) -> Delivered:
    kind = "snapshot" if chance.random() < snapshots else "changes"
    keys = chance.sample(KEYS[feed], chance.randint(0, len(KEYS[feed])))
    rows = [_row(chance, kind, key, f"{region}-{day:%d}-{number}-{'.'.join(key)}") for key in keys]
    replaces = tuple(r for r in regions if day in TAKEOVERS and chance.random() < 0.2)
    return Delivered(region, day, number, kind, tuple(rows), replaces, accepted=chance.random() < 0.9)


def _row(chance: random.Random, kind: str, key: Key, value: str) -> Row:
    ended_on = chance.choice([None, None, None, *DAYS])
    op = "D" if kind == "changes" and chance.random() < 0.25 else "U"
    return Row(key, value, ended_on, op, refused=chance.random() < 0.15)


def as_told(frame: DataFrame, feed: str) -> dict[tuple[str, Key], tuple[str, date, str]]:
    names = [f.name for f in contracts.feed(feed).key]
    told = frame.select("region", *names, VALUE, "first_date", "anchor_region").collect()
    found = {(r[0], tuple(r[1:-3])): tuple(r[-3:]) for r in told}
    assert len(found) == len(told), "a record stands twice"
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("feed", "broadcast_rows", "few_rows"),
    [("household_registration", 500_000, 0), ("social_security", 0, 0), ("social_security", 0, 100_000)],
)
def test_any_deliveries_make_the_state_that_applying_them_in_order_makes(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, feed: str, broadcast_rows: int, few_rows: int
) -> None:
    monkeypatch.setattr(state, "BROADCAST_ROWS", broadcast_rows)
    monkeypatch.setattr(state, "FEW_ROWS", few_rows)
    contract = contracts.feed(feed)
    cases = [deliveries_of(case, feed) for case in range(CASES)]
    everything = [delivery for case in cases for delivery in case]
    inputs = (
        feeds.conformed(spark, contract, everything, VALUE).cache(),
        feeds.quarantine(spark, everything).cache(),
        feeds.judgements(everything, feed),
    )
    history = state.record_versions(contract, *inputs, until=DAYS[-1]).localCheckpoint()
    for day in DAYS:
        expected = {}
        for case in cases:
            expected |= model_state.state(case, day, register=contract.kind == "register")
        assert as_told(standing(history, day), feed) == expected
        if day in DAYS[1::4]:
            until_then = state.record_versions(contract, *inputs, until=day)
            assert as_told(standing(until_then, day), feed) == expected
