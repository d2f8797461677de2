"""Deliveries of made-up departments over some business dates, and the truths beside them.

<landing>/...                              what has arrived, as design section 4 has it
<landing>.late/<day>/...                   what arrives late, with that day's: `release` moves it in
<landing>.truth/world/*.parquet            who is who, which troubles and bad rows were planted where
<landing>.truth/expected/<day>/*.parquet   what the night for that day must leave and judge
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from popbase import contracts
from popbase.errors import UsageError
from popbase.generate import areas, deliver, expected, hostile_deliveries, plan, truth, world
from popbase.generate.chance import Chance, stream
from popbase.generate.course import Course
from popbase.generate.deliver import Delivery
from popbase.generate.hostile_rows import Spoiler
from popbase.generate.sector_course import SectorCourse
from popbase.generate.state import Verdict, verdict


@dataclass
class Summary:
    """What was made: counts only. `late` holds (day it arrives, its folder below the landing)."""

    persons: int
    days: list[date]
    deliveries: int = 0
    files: int = 0
    rows: int = 0
    bytes: int = 0
    hostile_rows: int = 0
    late: list[tuple[date, str]] = field(default_factory=list)


def generate(landing: Path, *, persons: int, seed: int, first: date, last: date,  # noqa: PLR0913 - the command's options
             days: Sequence[date] | None = None, faults: Path | None = None, regions: int = 3,
             plain: bool = False) -> Summary:  # fmt: skip
    """Writes deliveries and truths; equal arguments give equal bytes.

    The first day brings snapshots, every later one changes. `plain`: UTF-8 CSV throughout, nothing packed.
    """
    if persons < MIN_PERSONS:
        raise UsageError(f"--persons must be at least {MIN_PERSONS}, not {persons}.")
    chosen, faulty = _days(first, last, days), plan.read(faults)
    made = world.create(persons, seed=seed, first=chosen[0], regions=regions, rates=faulty.rates)
    run = _Run(landing, made, faulty, days=chosen, plain=plain)
    for day in chosen:
        run.send_day(day)
        expected.write(run.truth / "expected" / day.isoformat(), run.verdicts, day)
    truth.write(run.truth / "world", made, run.registers, run.planted, run.verdicts, run.faults)
    return run.summary


# Below, the rarest troubles would take more people than there are.
MIN_PERSONS = 200


def release(landing: Path, day: date) -> list[Path]:
    """Moves in what arrives late with `day`; returns the deliveries' folders. A second call does nothing."""
    waiting = late_folder(landing) / day.isoformat()
    moved = []
    for manifest in sorted(waiting.glob("*/*/*/*/manifest.json")):
        place = landing / manifest.parent.relative_to(waiting)
        place.parent.mkdir(parents=True, exist_ok=True)
        manifest.parent.rename(place)
        moved.append(place)
    return moved


def late_folder(landing: Path) -> Path:
    return landing.with_name(landing.name + ".late")


class _Run:
    """One call of `generate`: what it has sent so far."""

    def __init__(
        self, landing: Path, made: world.World, faults: plan.Plan, *, days: Sequence[date], plain: bool
    ) -> None:
        self.landing, self.world, self.plan, self.plain = landing, made, faults, plain
        self.truth = landing.with_name(landing.name + ".truth")
        self.summary = Summary(len(made.people), list(days))
        self.verdicts: list[Verdict] = []
        self.registers: list[Delivery] = []
        self.planted: list[truth.Planted] = []
        self.faults: list[pa.Table] = []
        self._course, self._sectors = Course(made), SectorCourse(made)
        self._spoiler = Spoiler(seed=made.seed, hostile=faults.hostile_rows, repeated=faults.repeated_keys)

    def send_day(self, day: date) -> None:
        senders = 6 * len(self.world.places.regions) + 3
        for position, delivery in enumerate(self._of(day)):
            hostile = self.plan.hostile_before(delivery, position, senders)
            for number, fault in enumerate(hostile, start=1):
                self._send_hostile(replace(delivery, number=number), fault.reason)
            if not any(fault.alone for fault in hostile):
                self._send_good(replace(delivery, number=len(hostile) + 1))

    def _of(self, day: date) -> Iterator[Delivery]:
        if day == self.world.first:
            yield from world.snapshots(self.world)
            yield Delivery(contracts.DECISIONS, areas.NATION, day, "snapshot")
        else:
            yield from self._course.advance(day)
            yield from self._sectors.advance(day)

    def _send_hostile(self, delivery: Delivery, variant: str) -> None:
        root, chance = self._root(delivery), self._chance(delivery)
        sent, bad = hostile_deliveries.make(root, delivery, variant, chance)
        self._note(sent, root, bad)
        self._judge(sent, hostile_deliveries.reason_of(variant))

    def _send_good(self, delivery: Delivery) -> None:
        """With its bad rows; a corrected one first without its second half."""
        if delivery.kind == "snapshot":
            self._sectors.note(delivery)
        if self.plan.is_corrected(delivery):
            self._send(_first_half(delivery))
            delivery = replace(delivery, number=delivery.number + 1)
        self._send(delivery)

    def _send(self, delivery: Delivery) -> None:
        style = self._style(delivery)
        spoilt, bad = self._spoiler.spoil(delivery, csv=style.format == "csv")
        root = self._root(delivery)
        deliver.write(root, spoilt, style, self._chance(delivery))
        self._note(spoilt, root, bad)
        if delivery.feed == contracts.REGISTER:
            self.registers.append(spoilt)
        if (faults := truth.wrong_numbers(delivery)) is not None:
            self.faults.append(faults)
        self._judge(spoilt)

    def _judge(self, delivery: Delivery, reason: str | None = None) -> None:
        arrives = self.plan.arrival(delivery)
        self.verdicts.append(verdict(delivery, arrives=arrives, reason=reason).slim())

    def _style(self, delivery: Delivery) -> deliver.Style:
        regions = self.world.places.regions
        position = regions.index(delivery.region) if delivery.region in regions else 0
        return deliver.style_of(delivery.feed, position, plain=self.plain)

    def _root(self, delivery: Delivery) -> Path:
        arrives = self.plan.arrival(delivery)
        if arrives == delivery.business_date:
            return self.landing
        self.summary.late.append((arrives, str(delivery.place)))
        return late_folder(self.landing) / arrives.isoformat()

    def _chance(self, delivery: Delivery) -> Chance:
        return stream(self.world.seed, "files", *delivery.place.parts)

    def _note(self, delivery: Delivery, root: Path, bad: Sequence[truth.Bad]) -> None:
        files = [p for p in (root / delivery.place).iterdir() if p.name != "manifest.json"]
        self.planted += [truth.Planted(delivery, row) for row in bad]
        self.summary.deliveries += 1
        self.summary.files += len(files)
        self.summary.rows += delivery.received
        self.summary.hostile_rows += len(bad)
        self.summary.bytes += sum(p.lstat().st_size for p in files)


def _first_half(delivery: Delivery) -> Delivery:
    table = delivery.table.slice(0, len(delivery.table) // 2) if delivery.table is not None else None
    return replace(delivery, table=table, rows=delivery.rows[: len(delivery.rows) // 2])


def _days(first: date, last: date, days: Sequence[date] | None) -> list[date]:
    if last < first:
        raise UsageError(f"The last day {last} is before the first, {first}.")
    if days is None:
        return [first + timedelta(days=i) for i in range((last - first).days + 1)]
    chosen = sorted(set(days))
    if not chosen or chosen[0] < first or chosen[-1] > last:
        raise UsageError(f"The days of deliveries must lie between {first} and {last}.")
    return chosen
