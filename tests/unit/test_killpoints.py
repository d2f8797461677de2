"""A process dies at the point it was told to, and nowhere when it was told nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from popbase import killpoints
from popbase.killpoints import arm, around, named, reach
from popbase.settings import Settings
from popbase.storage import store


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm("", "")


def ended(at: str) -> int:
    """The signal that ended a process which writes two files, or 0."""
    if (child := os.fork()) == 0:
        arm(at, "")
        for what in ("base/person", "base/person"):
            with around("commit", what):
                reach("half", "commit", what)
        os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(
    "at", ["before commit base/person", "half commit base/person#2", "after commit base/person#1"]
)
def test_a_process_dies_at_its_point(at: str) -> None:
    assert ended(at) == signal.SIGKILL


@pytest.mark.parametrize("at", ["", "before commit base/tax", "before commit base/person#3", "commit"])
def test_it_lives_where_it_does_not_come_by(at: str) -> None:
    assert ended(at) == 0


def test_nothing_is_armed_unless_the_environment_says_so() -> None:
    chosen = Settings.from_environ({})
    assert (chosen.kill_at, chosen.kill_points) == ("", "")
    assert killpoints._armed is None


def test_the_points_reached_are_written_down_with_their_turn(tmp_path: Path) -> None:
    heard = tmp_path / "points"
    arm("", str(heard))
    for _ in range(2):
        store(tmp_path).write("reports/2015-12-31-20160101T021400/night.json", b"")
    assert heard.read_text("utf-8").splitlines() == [
        f"{moment} write reports/night.json#{turn}"
        for turn in (1, 2)
        for moment in ("before", "half", "after")
    ]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("control/delivery/household_registration", "control/delivery/household_registration"),
        (
            "lineage/2015-12-31/20160101021400123-ingest.tax-START-0af3e4d2.json",
            "lineage/ingest.tax-START.json",
        ),
        ("publications/00000003.json", "publications.json"),
        ("reports/2015-12-31-20160101T021400/T1-2015.xlsx", "reports/T1.xlsx"),
        ("control/leases/feed-tax.json", "control/leases/feed-tax.json"),
    ],
)
def test_a_point_is_named_alike_in_every_run(path: str, name: str) -> None:
    assert named(path) == name
