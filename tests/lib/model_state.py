"""The state of a feed by the letter of design section 4: deliveries applied one after the other.

Slow and plain on purpose: it shares no idea with `popbase.base.state`, which it judges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Any

Key = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A judged row: `refused` ones carry their key only."""

    key: Key
    value: Any = ""
    ended_on: date | None = None
    op: str = "U"
    refused: bool = False


@dataclass(frozen=True)
class Delivered:
    region: str
    business_date: date
    delivery_no: int
    kind: str
    rows: tuple[Row, ...]
    replaces: tuple[str, ...] = ()
    accepted: bool = True


@dataclass(frozen=True)
class Held:
    """A record as a bureau has it; `own` when the bureau itself (or one it replaced) delivered it."""

    value: Any
    ended_on: date | None
    told_on: date
    own: bool = True


@dataclass(frozen=True)
class Standing:
    """What a record says, since when and from where it is known, and when it was last told anew."""

    value: Any
    first_date: date
    anchor_region: str
    told_on: date


@dataclass
class World:
    """Bureau -> key -> record; when each (bureau, key) was first carried, and where."""

    register: bool
    records: dict[str, dict[Key, Held]] = field(default_factory=dict)
    first: dict[tuple[str, Key], tuple[date, str]] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)

    def live(self, held: Held, on: date) -> bool:
        return not self.register or held.ended_on is None or held.ended_on > on

    def seen(self, bureau: str, key: Key, since: tuple[date, str]) -> None:
        self.first[bureau, key] = min(since, self.first.get((bureau, key), since))


def effective(deliveries: Iterable[Delivered], as_of: date) -> list[Delivered]:
    """Of every bureau and date up to `as_of` the accepted delivery with the greatest number."""
    greatest: dict[tuple[str, date], Delivered] = {}
    for d in sorted(deliveries, key=lambda d: d.delivery_no):
        if d.accepted and d.business_date <= as_of:
            greatest[d.region, d.business_date] = d
    return sorted(greatest.values(), key=lambda d: (d.business_date, d.region))


def state(
    deliveries: Iterable[Delivered], as_of: date, *, register: bool
) -> dict[tuple[str, Key], tuple[str, date, str]]:
    """(bureau, key) -> (value, first_date, anchor_region) of every record that exists on `as_of`."""
    found = standing(deliveries, as_of, register=register)
    return {where: (held.value, held.first_date, held.anchor_region) for where, held in found.items()}


def standing(
    deliveries: Iterable[Delivered], as_of: date, *, register: bool
) -> dict[tuple[str, Key], Standing]:
    """(bureau, key) -> what is known of every record that exists on `as_of`."""
    world = World(register)
    for on, group in groupby(effective(deliveries, as_of), key=lambda d: d.business_date):
        apply_day(world, on, list(group))
    return {
        (bureau, key): Standing(held.value, *world.first[bureau, key], held.told_on)
        for bureau, records in world.records.items()
        for key, held in records.items()
    }


def apply_day(world: World, on: date, deliveries: list[Delivered]) -> None:
    """Takeovers first; then what closed bureaus still send, as their successors'; then everyone's own."""
    moves = takeovers(deliveries)
    for old in sorted(moves):
        move(world, on, old, moves[old])
    for d in deliveries:
        if d.replaces or d.kind == "snapshot":
            world.closed.pop(d.region, None)
    for new in moves.values():
        world.closed.pop(new, None)
    world.closed |= moves
    for own in (False, True):
        for d in deliveries:
            if (d.region not in world.closed) == own:
                deliver(world, d)


def takeovers(deliveries: list[Delivered]) -> dict[str, str]:
    """Who takes over whom on one day, to the end of each chain; what would close a circle does not count."""
    named: dict[str, str] = {}
    for d in deliveries:
        for old in d.replaces:
            if old not in named and end_of_chain(named, d.region) != old:
                named[old] = d.region
    return {old: end_of_chain(named, old) for old in named}


def end_of_chain(links: dict[str, str], bureau: str) -> str:
    return end_of_chain(links, links[bureau]) if bureau in links else bureau


def move(world: World, on: date, old: str, new: str) -> None:
    there = world.records.setdefault(new, {})
    here = world.records.setdefault(old, {})
    for key, held in list(here.items()):
        if world.live(held, on):
            del here[key]
            world.seen(new, key, world.first[old, key])
            standing = there.get(key)
            if not (standing and standing.own and world.live(standing, on)):
                there[key] = replace(held, own=False)


def deliver(world: World, d: Delivered) -> None:
    bureau = end_of_chain(world.closed, d.region)
    records = world.records.setdefault(bureau, {})
    if d.kind == "snapshot" and bureau == d.region:
        carried = {row.key for row in d.rows}
        for key, held in list(records.items()):
            if key not in carried and world.live(held, d.business_date):
                del records[key]
    for row in d.rows:
        if row.refused:
            continue
        if row.op == "D":
            records.pop(row.key, None)
        else:
            records[row.key] = Held(row.value, row.ended_on, d.business_date)
            world.seen(bureau, row.key, (d.business_date, bureau))
