"""Deliveries of made-up departments over some business dates, and the truths beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from popbase import contracts
from popbase.errors import UsageError
from popbase.generate import areas, deliver, expected, world
from popbase.generate.chance import stream
from popbase.generate.course import Course
from popbase.generate.deliver import Delivery
from popbase.generate.parameters import Rates
from popbase.generate.sector_course import SectorCourse
from popbase.generate.state import Verdict, verdict


@dataclass
class Summary:
    """What was made: counts only."""

    persons: int
    days: list[date]
    deliveries: int = 0
    files: int = 0
    rows: int = 0
    bytes: int = 0
    late: list[str] = field(default_factory=list)


def generate(landing: Path, *, persons: int, seed: int, first: date, last: date,
             days: Sequence[date] | None = None, faults: Path | None = None, regions: int = 3,
             plain: bool = False) -> Summary:  # fmt: skip
    """Writes deliveries below `landing`, the truth below `<landing>.truth`; equal arguments, equal bytes."""
    chosen = _days(first, last, days)
    made = world.create(persons, seed=seed, first=chosen[0], regions=regions, rates=Rates())
    run = _Run(landing, made, plain=plain, days=chosen)
    for day in chosen:
        for delivery in run.of(day):
            run.send(delivery)
        expected.write(run.truth / "expected" / day.isoformat(), run.verdicts, day)
    world.write_truth(made, run.truth / "world")
    pq.write_table(world.record_truth(run.registers), run.truth / "world/records.parquet")
    return run.summary


class _Run:
    """One call of `generate`: what it has sent so far."""

    def __init__(self, landing: Path, made: world.World, *, plain: bool, days: Sequence[date]) -> None:
        self.landing, self.world, self.plain = landing, made, plain
        self.truth = landing.with_name(landing.name + ".truth")
        self.summary = Summary(len(made.people), list(days))
        self.verdicts: list[Verdict] = []
        self.registers: list[Delivery] = []
        self.course, self.sectors = Course(made), SectorCourse(made)

    def of(self, day: date) -> Iterator[Delivery]:
        if day == self.world.first:
            yield from world.snapshots(self.world)
            yield Delivery(contracts.DECISIONS, areas.NATION, day, "snapshot")
        else:
            yield from self.course.advance(day)
            yield from self.sectors.advance(day)

    def send(self, delivery: Delivery) -> None:
        regions = self.world.places.regions
        position = regions.index(delivery.region) if delivery.region in regions else 0
        style = deliver.style_of(delivery.feed, position, plain=self.plain)
        chance = stream(self.world.seed, "files", *delivery.place.parts)
        self._count(deliver.write(self.landing, delivery, style, chance), delivery)
        if delivery.kind == "snapshot":
            self.sectors.note(delivery)
        if delivery.feed == contracts.REGISTER:
            self.registers.append(delivery)
        self.verdicts.append(verdict(delivery).slim())

    def _count(self, folder: Path, delivery: Delivery) -> None:
        files = [p for p in folder.iterdir() if p.name != "manifest.json"]
        self.summary.deliveries += 1
        self.summary.files += len(files)
        self.summary.rows += delivery.received
        self.summary.bytes += sum(p.stat().st_size for p in files)


def _days(first: date, last: date, days: Sequence[date] | None) -> list[date]:
    if last < first:
        raise UsageError(f"The last day {last} is before the first, {first}.")
    if days is None:
        return [first + timedelta(days=i) for i in range((last - first).days + 1)]
    chosen = sorted(set(days))
    if not chosen or chosen[0] < first or chosen[-1] > last:
        raise UsageError(f"The days of deliveries must lie between {first} and {last}.")
    return chosen
