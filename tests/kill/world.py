"""Two nights of a small country, and what the lake holds between the second one's steps.

The first night publishes. In the second the register sends changes and refused deliveries, tax replaces one
that counts by one with refused and repeated rows, and housing is heard of for the first time.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from kill import commands
from kill.commands import FIRST, SECOND

from popbase.contracts import REGISTER
from popbase.generate import generate, release
from popbase.settings import Settings

PLAN = """
multiplier: 10
hostile_rows: 0.01
repeated_keys: 0.01
corrected:
- {feed: tax, region: "330100", date: 2015-12-30}
hostile:
- {feed: household_registration, region: "330100", date: 2015-12-31, reason: file.rows}
- {feed: tax, region: "330100", date: 2015-12-31, reason: file.checksum}
"""
SENT = (REGISTER, "tax", "housing")  # in the second night
_LATE = (f"tax/330100/{FIRST}/002", f"housing/330100/{FIRST}")

# The second night as a scheduler runs it.
STEPS = (
    commands.ingest_register,
    commands.ingest_tax,
    commands.ingest_housing,
    commands.base,
    commands.publish,
)


@dataclass(frozen=True)
class World:
    """Below `home`, `stages`: copies of the lake by the step that comes next, `done` after the last one."""

    settings: Settings
    home: Path

    def at(self, stage: str, name: str) -> Settings:
        """The lake as it was before this step, copied for a run of its own."""
        own = self.home / "runs" / name
        shutil.rmtree(own, ignore_errors=True)
        shutil.copytree(self.home / "stages" / stage, own)
        return replace(self.settings, lake=str(own))

    def stage(self, stage: str) -> str:
        return str(self.home / "stages" / stage)

    def _keep(self, stage: str) -> None:
        shutil.copytree(self.settings.lake, self.home / "stages" / stage)


def made(settings: Settings, home: Path) -> World:
    """Both nights, undisturbed; needs a running Spark."""
    from popbase import steps
    from popbase.intake import feeds

    own = replace(settings, landing=str(home / "landing"), lake=str(home / "lake"))
    world = World(own, home)
    _deliver(home)
    for late in _LATE:
        _move(home / "landing" / late, home / "late" / late)
    for feed in feeds.names(own):
        steps.ingest(own, feed, FIRST)
    world._keep("first_base")
    steps.build_base(own, FIRST)
    steps.publish(own, FIRST, reports_too=True)
    for late in _LATE:
        _move(home / "late" / late, home / "landing" / late)
    world._keep("night")
    for step, following in pairwise((*STEPS, None)):
        if step is not None:
            step(own)
        world._keep(following.__name__ if following else "done")
    return world


def _deliver(home: Path) -> None:
    """Of the second day only what the second night is about."""
    (home / "plan.yaml").write_text(PLAN, encoding="utf-8")
    landing = home / "landing"
    days = (FIRST, SECOND)
    generate(
        landing, persons=200, seed=11, first=FIRST, last=SECOND, days=days, faults=home / "plan.yaml",
        regions=1,
    )  # fmt: skip
    for day in days:
        release(landing, day)
    for folder in landing.glob(f"*/*/{SECOND}"):
        if folder.parts[-3] not in SENT:
            shutil.rmtree(folder)


def _move(here: Path, there: Path) -> None:
    there.parent.mkdir(parents=True, exist_ok=True)
    here.rename(there)
