"""One kill point of each kind: files staged, rows committed, tables restored, files written, made, deleted.

`make test-kill` tries every point of every command (test_points.py).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from kill import commands
from kill.lakes import differences
from kill.runs import Command, Jvm
from kill.trials import Trial
from kill.world import World
from lib.intake import csv_of, send
from lib.lakes import NEW_YEARS_EVE, judgement, publish, write, write_ledger

from popbase.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NO_JVM = Jvm(0, "")
CODES = ("330102001001", "330102001002", "330102001002", "330102001003", "330102001004", "no area")


@pytest.fixture
def world(settings: Settings, tmp_path: Path) -> World:
    """A lake `empty`; one `published`, of two publications, a table of three versions and files of no use."""
    lake = tmp_path / "stages" / "published"
    (tmp_path / "stages" / "empty").mkdir(parents=True)
    for night in range(3):
        publish(lake, {"base/person": write(lake, "base/person", _people(night))}, report=f"reports/{night}")
        report = lake / "reports" / str(night) / "index.html"
        report.parent.mkdir(parents=True)
        report.touch()
    write_ledger(lake, judgement(business_date=commands.FIRST, delivery_no=2))
    own = replace(settings, landing=str(tmp_path / "landing"), lake="")
    rows = [f"{code},村,2015-12-31 08:00" for code in CODES]
    header = "统计用区划代码,名称,更新时间"
    send(own.landing_path, "statistical_division", {"a.csv": csv_of(header, *rows)}, region="330100")
    return World(own, tmp_path)


def _people(night: int) -> pa.Table:
    return pa.table({"night": [night] * (night + 1)})


def wrong(jvm: Jvm, world: World, command: Command, stage: str, *points: str) -> list[str]:
    trial = Trial(jvm, world, command, stage)
    met = trial.learned()
    assert set(points) <= set(met)
    return [str(outcome) for outcome in trial.tried(points, met) if outcome.wrong]


def test_an_intake_killed_around_its_writes_loses_no_row_and_doubles_none(
    world: World, _session: SparkSession
) -> None:
    feed = "statistical_division"
    points = (
        f"after stage conformed/{feed}", f"half commit quarantine/{feed}", f"before commit conformed/{feed}",
        f"after delete conformed/{feed}", f"before commit control/delivery/{feed}",
        f"half write lineage/ingest.{feed}-COMPLETE.json",
    )  # fmt: skip
    assert wrong(Jvm.of(_session), world, commands.ingest_list, "empty", *points) == []


@pytest.mark.parametrize(
    ("command", "points"),
    [
        (commands.rollback, ("half create publications.json", "after create publications.json")),
        (commands.maintenance, ("after delete publications.json", "before delete base/person")),
        (commands.withdraw, ("after write control/leases/feed-tax", "after commit control/delivery/tax")),
        (commands.restore, ("before restore base/person", "after restore base/person")),
    ],
    ids=["rollback", "maintenance", "withdraw", "restore"],
)
def test_readers_see_whole_publications_wherever_a_correction_dies(
    world: World, command: Command, points: tuple[str, ...]
) -> None:
    assert wrong(NO_JVM, world, command, "published", *points) == []


def test_a_large_table_killed_around_its_merge_has_all_of_it_or_nothing(
    world: World, _session: SparkSession
) -> None:
    moments = ("before alter", "after alter", "before merge", "after merge")
    points = (f"{moment} base/person" for moment in moments)
    assert wrong(Jvm.of(_session), world, commands.merge, "published", *points) == []


def test_a_killed_command_takes_its_jvm_with_it_and_its_lease_is_free(
    world: World, _session: SparkSession
) -> None:
    """The real command, in the process that an operator starts."""
    feed = "statistical_division"
    lake = world.at("empty", "real")
    run = subprocess.run(
        [Path(sys.executable).with_name("popbase"), "ingest", "--feed", feed, "--date", str(NEW_YEARS_EVE)],
        env={**os.environ, **_environ(lake), "POPBASE_KILL_AT": f"before commit conformed/{feed}"},
        capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    assert run.returncode == -signal.SIGKILL
    until = time.monotonic() + 60
    while alive := _started_with(lake.lake):
        assert time.monotonic() < until, f"{alive} outlive the command that started them"
        time.sleep(0.2)
    commands.ingest_list(lake)
    undisturbed = world.at("empty", "undisturbed")
    commands.ingest_list(undisturbed)
    assert differences(lake.lake, undisturbed.lake) == []


def _environ(settings: Settings) -> dict[str, str]:
    return {
        "POPBASE_LANDING": settings.landing, "POPBASE_LAKE": settings.lake, "POPBASE_JARS": settings.jars,
        "POPBASE_PROFILE": settings.profile, "POPBASE_DRIVER_MEMORY": "1g",
    }  # fmt: skip


def _started_with(lake: str) -> list[str]:
    """Processes whose environment names the lake: the command and all that it started."""
    mine, found = f"POPBASE_LAKE={lake}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mine in (folder / "environ").read_bytes().split(b"\0"):
                found.append(folder.name)
        except OSError:  # gone meanwhile
            continue
    return found
