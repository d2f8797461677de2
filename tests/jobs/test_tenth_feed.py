"""A further department is one more contract file and nothing else (design section 5)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lib.delivery import deliver
from lib.tables import rows
from pyspark.sql import SparkSession

from popbase import contracts, expectations, table_contracts
from popbase.lake import Lake
from popbase.settings import Settings

DAY = date(2015, 12, 31)
CITIZEN = "11010519491231002X"  # the standard's own example


@pytest.fixture
def with_employment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    home = tmp_path / "home"
    for folder in ("schemas", "expectations"):
        shutil.copytree(contracts.home() / folder, home / folder)
    shutil.copy(Path(__file__).with_name("employment.odcs.yaml"), home / "schemas/feeds")
    caches = (contracts.feed, table_contracts.table, expectations.suite)
    monkeypatch.setattr(contracts, "home", lambda: home)
    for cached in caches:
        cached.cache_clear()
    yield
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


@pytest.mark.long
@pytest.mark.usefixtures("with_employment")
def test_a_tenth_feed_is_taken_in_and_matched_by_its_contract_alone(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    from popbase.night import run_night

    own = replace(settings, landing=str(tmp_path / "landing"), lake=str(tmp_path / "lake"))
    register = dict.fromkeys((f.name for f in contracts.feed("household_registration").fields), "")
    register |= {
        "record_no": "R1", "citizen_id": CITIZEN, "name": "王芳", "sex": "2", "birth_date": "1949-12-31",
        "household_kind": "10", "registered_area": "330102001001", "registered_on": "1990-01-01",
        "updated_at": "2015-01-01 00:00:00",
    }  # fmt: skip
    deliver(own.landing_path, contracts.feed("household_registration"), [",".join(register.values())],
            region="330100", day=DAY)  # fmt: skip
    deliver(
        own.landing_path,
        contracts.feed("employment"),
        [
            f"C1,{CITIZEN},王芳,2010-01-01,,C,2015-01-01 00:00:00",
            f"C2,{CITIZEN},李强,2010-01-01,,Z,2015-01-01 00:00:00",
            "C3,110101199003070038,张伟,2010-01-01,,A,2015-01-01 00:00:00",
            *(f"D{i},{CITIZEN},王芳,2010-01-01,2011-01-01,C,2015-01-01 00:00:00" for i in range(9)),
            f"C4,{CITIZEN},王芳,2010-13-01,,C,2015-01-01 00:00:00",
        ],
        region="330100",
        day=DAY,
    )

    report = run_night(own, DAY)

    assert report.outcome == "published", report.why
    lake = Lake(spark, own.lake)
    assert rows(lake.read("quarantine/employment"), "key", "reasons") == [("C4", ["hired_on.format"])]
    assert rows(lake.read("conformed/employment").where("contract_no LIKE 'C%'"), "contract_no", "flags") == [
        ("C1", []), ("C2", ["industry.code"]), ("C3", []),
    ]  # fmt: skip
    matched = lake.read("base/employment").where("contract_no LIKE 'C%'")
    assert rows(matched, "contract_no", "match_status") == [
        ("C1", "MATCHED"), ("C2", "NAME_MISMATCH"), ("C3", "NOT_IN_REGISTER"),
    ]  # fmt: skip
    assert rows(lake.read("base/person"), "record_no", "in_employment", "in_tax") == [("R1", True, False)]
