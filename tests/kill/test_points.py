"""Crash safety: every command that writes, killed at every point around every write.

After each kill a reader sees a whole publication; after a rerun nothing is lost and nothing doubled: the same
tables, the same judgments, the same publications as if nobody had died. Prints the table of points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kill import commands, world
from kill.runs import Jvm
from kill.trials import Trial

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from popbase.settings import Settings

pytestmark = pytest.mark.kill

# A command, and before which step of the second night the lake is it that it is killed on.
TRIED = {
    commands.ingest_register: "night",
    commands.ingest_tax: "night",
    commands.ingest_housing: "night",
    commands.base: "base",
    commands.publish: "publish",
    commands.report: "publish",
    commands.withdraw: "done",
    commands.rejudge: "done",
    commands.rollback: "done",
    commands.maintenance: "done",
}


@pytest.fixture(scope="module")
def nights(
    _session: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Jvm, world.World]:
    return Jvm.of(_session), world.made(settings, tmp_path_factory.mktemp("kill"))


@pytest.mark.parametrize("command", TRIED, ids=lambda command: command.__name__)
def test_killed_at_any_point_and_run_again_it_ends_as_if_nobody_had_died(
    nights: tuple[Jvm, world.World], command, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = Trial(*nights, command, TRIED[command])
    met = trial.learned()
    outcomes = trial.tried(met, met)
    with capsys.disabled():
        print(f"\n{trial.name}: {len(met)} points", *outcomes, sep="\n  ")  # noqa: T201 - the table of points
    assert [outcome for outcome in outcomes if outcome.wrong] == []


def test_the_first_base_is_made_whole_wherever_the_creation_of_a_table_was_cut_off(
    nights: tuple[Jvm, world.World], capsys: pytest.CaptureFixture[str]
) -> None:
    trial = Trial(*nights, commands.first_base, "first_base")
    met = trial.learned()
    outcomes = trial.tried([point for point in met if point.startswith("half commit")], met)
    with capsys.disabled():
        print(f"\n{trial.name}: {len(outcomes)} points", *outcomes, sep="\n  ")  # noqa: T201
    assert outcomes
    assert [outcome for outcome in outcomes if outcome.wrong] == []
