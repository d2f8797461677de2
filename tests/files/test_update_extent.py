"""How much of the base a night makes anew: all of it, or the people whom something concerns."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from lib.lakes import NEW_YEARS_EVE, judgement, write

from popbase import contracts
from popbase.base import update
from popbase.base.changes import Step
from popbase.intake.ledger import Judgement
from popbase.lake import Lake
from popbase.sources import Sources

PERSONS = 100


def is_small(lake: Path, *came: Judgement) -> bool:
    write(lake, "base/person", pa.table({"person_id": [str(n) for n in range(PERSONS)]}))
    tables = Lake(_no_spark, str(lake))
    told = {feed: tuple(j for j in came if j.feed == feed) for feed in contracts.feed_names()}
    before = Sources(tables, {}, {feed: () for feed in told})
    return update.is_small(
        Step(before, Sources(tables, {}, told), NEW_YEARS_EVE - timedelta(1), NEW_YEARS_EVE)
    )


def _no_spark() -> None:
    raise AssertionError("rows are counted from the log alone")


def test_a_small_country_is_made_whole(tmp_path: Path) -> None:
    assert is_small(tmp_path)


@pytest.mark.parametrize(
    ("kind", "rows", "whole"),
    [("changes", 10, False), ("changes", 60, True), ("snapshot", 100, False)],
    ids=["few changes", "more than one for two persons", "a snapshot says what everybody knows"],
)
def test_a_large_one_is_made_whole_by_many_changes(
    tmp_path: Path, kind: str, rows: int, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "REBUILT_ROWS", 0)
    assert is_small(tmp_path, judgement(kind=kind, rows_received=rows, rows_accepted=rows)) is whole
