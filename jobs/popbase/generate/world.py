"""The made-up country on its first business date: people, register, sectors, references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from popbase import contracts
from popbase.generate import areas, odd_rows, people, reference, register, sectors, troubles
from popbase.generate.chance import Picker
from popbase.generate.deliver import Delivery, Row
from popbase.generate.parameters import Rates
from popbase.generate.sector import Sector


@dataclass(frozen=True)
class World:
    """All that later days build on; row i of `table` is person i's record."""

    people: people.People
    fates: register.Fates
    places: areas.Map
    table: pa.Table
    odd: odd_rows.OddRows
    troubles: troubles.Troubles
    untouched: Picker
    seed: int
    first: date
    rates: Rates


def create(persons: int, *, seed: int, first: date, regions: int, rates: Rates) -> World:
    places = areas.Map(areas.region_codes(regions, first.year), first.year)
    born = people.make(persons, seed=seed, first=first, places=places)
    ended = register.fates(born, seed=seed, first=first)
    folk, plan, picker = troubles.plan(born, live=ended.live, seed=seed, rates=rates)
    table = register.register_table(folk, ended, places, seed=seed)
    odd = odd_rows.OddRows(table, folk, places, seed=seed)
    odd_rows.plant(odd, plan, last_day=first.isoformat())
    odd_rows.write_oddly(odd, picker)
    return World(folk, ended, places, table, odd, plan, picker, seed, first, rates)


def region_of(cells: dict[str, str | None]) -> str:
    """The bureau a register row belongs to."""
    return f"{str(cells['registered_area'])[:4]}00"


def snapshots(world: World) -> Iterator[Delivery]:
    """Every feed's first delivery, the register first; each is made when it is asked for."""
    yield from register_snapshots(world)
    sector = Sector(
        world.people,
        world.places,
        live=world.fates.live,
        first=world.first,
        seed=world.seed,
        rates=world.rates,
    )
    for feed, rows in sectors.FEEDS.items():
        yield from _by_region(feed, rows(sector), world)
    yield _national(
        "statistical_division", reference.statistical_rows(world.places, world.first), world.first
    )
    yield _national("admin_division", reference.division_rows(world.first.year, world.first), world.first)


def register_snapshots(world: World) -> Iterator[Delivery]:
    region = world.places.region[world.people.village]
    for i, code in enumerate(world.places.regions):
        table = world.table.filter(pa.array(world.odd.plain & (region == i)))
        rows = [row for row in world.odd.rows if region_of(row.cells) == code]
        yield Delivery(contracts.REGISTER, code, world.first, "snapshot", table, rows)


def _by_region(feed: str, table: pa.Table, world: World) -> Iterator[Delivery]:
    for i, code in enumerate(world.places.regions):
        yield Delivery(feed, code, world.first, "snapshot", table.filter(pc.equal(table["_region"], i)))


def _national(feed: str, rows: list[Row], day: date) -> Delivery:
    names = [f.name for f in contracts.feed(feed).fields]
    table = pa.table({n: pa.array([row.cells.get(n) for row in rows], pa.string()) for n in names})
    return Delivery(feed, areas.NATION, day, "snapshot", table)
