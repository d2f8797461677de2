"""Crash safety: every command that writes, killed at every point around every write.

After each kill a reader sees a whole publication; after a rerun nothing is lost and nothing doubled: the same
tables, the same judgments, the same publications as if nobody had died. Prints the table of points.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from kill import commands
from kill.conftest import Nights
from kill.runs import Command
from kill.trials import Outcome, Trial

pytestmark = pytest.mark.kill

# A command, and before which step of the second night the lake is that it is killed on.
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


@pytest.mark.parametrize("command", TRIED, ids=lambda command: command.__name__)
def test_killed_at_any_point_and_run_again_it_ends_as_if_nobody_had_died(
    nights: Nights, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = Trial(nights.jvm, nights.world, command, TRIED[command])
    met = trial.learned()
    outcomes = trial.tried(met, met)
    show(capsys, trial, outcomes)
    assert [outcome for outcome in outcomes if outcome.wrong] == []


def test_the_first_base_is_whole_wherever_the_creation_of_a_table_was_cut_off(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = Trial(nights.jvm, nights.world, commands.first_base, "first_base")
    met = trial.learned()
    outcomes = trial.tried([point for point in met if point.startswith("half commit")], met)
    show(capsys, trial, outcomes)
    assert [outcome for outcome in outcomes if outcome.wrong] == []


def test_a_night_in_one_process_is_that_of_its_steps_wherever_it_is_killed(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its points are those of its steps, tried above; here one of each stage."""
    trial = Trial(nights.jvm, nights.world, commands.night, "night")
    met = trial.learned()
    stages = (
        "half commit conformed/housing", "after commit control/delivery/tax", "half commit base/person",
        "after commit statistics/report", "after create publications.json",
    )  # fmt: skip
    outcomes = trial.tried(stages, met)
    show(capsys, trial, outcomes)
    assert [outcome for outcome in outcomes if outcome.wrong] == []


def show(capsys: pytest.CaptureFixture[str], trial: Trial, outcomes: Iterable[Outcome]) -> None:
    with capsys.disabled():
        print(f"\n{trial.name}", *outcomes, sep="\n  ")  # noqa: T201 - the table of points
