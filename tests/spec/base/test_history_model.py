"""All base tables, against the model of design sections 4 and 7 that is written without Spark."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from lib import agreement, case_lake
from lib.cases import NIGHTS, cases, told
from lib.cases import drawn as one_country
from lib.sent import Case

from popbase.base.build import write_base
from popbase.lake import Lake
from popbase.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from pyspark.sql import SparkSession


def drawn(count: int) -> list[Case]:
    """As many countries as asked for, each with regions and numbers of its own."""
    found: list[Case] = []

    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases())
    def collect(case: Case) -> None:
        found.append(told(case, len(found)))

    collect()
    return found


def test_any_deliveries_in_any_order_make_the_tables_of_the_model(
    spark: SparkSession, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    countries = drawn(int(pytestconfig.getoption("cases")))
    lake = Lake(spark, str(tmp_path))
    found = []
    for night, on in enumerate(NIGHTS):
        case_lake.take_in(lake.root, [s for case in countries for s in case.nights[night]])
        sources = Sources.now(lake)
        write_base(sources, as_of=on)
        case_lake.look_up_all(sources, on)
        found += agreement.compare(lake.root, countries, night)
    assert not found, agreement.report(found, countries)


def test_the_countries_drawn_reach_every_kind_of_event_and_case() -> None:
    # By seeds of their own: what Hypothesis draws depends on which modules are loaded.
    countries = [told(one_country(Random(seed)), seed) for seed in range(400)]
    answers = agreement.model_answers(countries, len(NIGHTS) - 1)
    kinds = {dict(row)["kind"] for table in ("event", "id_case") for rows in answers[table] for row in rows}
    assert kinds == {
        "MOVE", "BIRTH", "LATE_REGISTRATION", "DISCHARGE", "RETURN", "TRANSIT_IN", "RESTORE", "SPLIT",
        "APPEARED", "RECODED_IN", "DEATH", "MISSING", "ENLIST", "EMIGRATE", "TRANSIT_OUT",
        "CANCEL_DUPLICATE", "CANCEL_ERROR", "MERGE", "VANISHED", "RECODED_OUT", "OTHER", "CONVERSION",
        "contested_number", "double_registration", "dead_and_live", "former_conflict", "wrong_number",
        "decision_not_applied", "aged_over_120", "not_in_register", "name_mismatch", "dead_but_active",
        "former_number",
    }  # fmt: skip
