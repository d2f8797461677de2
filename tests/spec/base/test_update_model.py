"""Nights that make anew only whom something concerns, against the model of whole bases (I2, I6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lib import agreement, case_lake
from lib.cases import NIGHTS
from spec.base.test_history_model import drawn

from popbase import renewal
from popbase.base.build import write_base
from popbase.base.changes import Step
from popbase.base.update import update_base
from popbase.lake import Lake
from popbase.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession


@pytest.mark.parametrize(
    "few_rows", [1_000_000, pytest.param(-1, marks=pytest.mark.long)], ids=["written anew", "merged"]
)
def test_a_night_after_another_makes_what_a_whole_base_would_be(
    spark: SparkSession,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
    few_rows: int,
) -> None:
    monkeypatch.setitem(renewal.FEW_ROWS, "small", few_rows)
    countries = drawn(int(pytestconfig.getoption("cases")))
    lake = Lake(spark, str(tmp_path))
    found, made = [], None
    for night, on in enumerate(NIGHTS):
        case_lake.take_in(lake.root, [s for case in countries for s in case.nights[night]])
        sources = Sources.now(lake)
        if made is None:
            write_base(sources, as_of=on)
            case_lake.look_up_all(sources, on)
        else:
            case_lake.look_up(lake, update_base(Step(made, sources, NIGHTS[night - 1], on)), on)
        sources.forget()
        made = Sources.at(lake, sources.ledgers)
        found += agreement.compare(lake.root, countries, night)
    assert not found, agreement.report(found, countries)
