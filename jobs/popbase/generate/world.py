"""The made-up country on its first business date: people, register, sectors, references, and the truth about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from popbase import contracts
from popbase.generate import areas, people, reference, register, sectors, troubles
from popbase.generate.chance import Ints, Picker
from popbase.generate.deliver import Delivery, Row
from popbase.generate.parameters import Rates


@dataclass(frozen=True)
class World:
    """All that later days build on; row i of `table` is person i's record."""

    people: people.People
    fates: register.Fates
    places: areas.Map
    table: pa.Table
    odd: troubles.OddRows
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
    odd = troubles.OddRows(table, folk, places, seed=seed)
    troubles.plant(odd, plan, last_day=first.isoformat())
    troubles.write_oddly(odd, picker)
    return World(folk, ended, places, table, odd, plan, picker, seed, first, rates)


def region_of(cells: dict[str, str | None]) -> str:
    """The bureau a register row belongs to."""
    return f"{str(cells['registered_area'])[:4]}00"


def snapshots(world: World) -> Iterator[Delivery]:
    """Every feed's first delivery, the register first; each is made when it is asked for."""
    yield from register_snapshots(world)
    sector = sectors.Sector(
        world.people, world.places, live=world.fates.live, first=world.first, seed=world.seed, rates=world.rates
    )
    for feed, rows in sectors.FEEDS.items():
        yield from _by_region(feed, rows(sector), world)
    yield _national("statistical_division", reference.statistical_rows(world.places, world.first), world.first)
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


def _national(feed: str, rows: list[Row], day: date, *, kind: str = "snapshot") -> Delivery:
    return Delivery(feed, areas.NATION, day, kind, rows=rows)


def write_truth(world: World, folder: Path) -> None:
    """Who is who: one row a person, one a register record, one a planted trouble."""
    folder.mkdir(parents=True, exist_ok=True)
    size = len(world.people)
    persons = world.table.select(["citizen_id", "name", "sex", "birth_date"])
    pq.write_table(persons.add_column(0, "person", pa.array(np.arange(size))), folder / "persons.parquet")
    kinds = world.troubles.all()
    pq.write_table(
        pa.table(
            {
                "kind": pa.array([k for k, _, _ in kinds], pa.string()),
                "person": pa.array([a for _, a, _ in kinds], pa.int64()),
                "other": pa.array([b for _, _, b in kinds], pa.int64()),
            }
        ),
        folder / "troubles.parquet",
    )


def record_truth(deliveries: list[Delivery]) -> pa.Table:
    """(region, record_no, person) of every register record that was ever sent."""
    whose: dict[tuple[str, str], int] = {}
    tables = []
    for delivery in deliveries:
        if delivery.table is not None:
            tables.append(_plain_records(delivery))
        for row in delivery.rows:
            if row.person >= 0 and row.cells.get("record_no"):
                whose[delivery.region, str(row.cells["record_no"])] = row.person
    few = pa.table(
        {
            "region": pa.array([region for region, _ in whose], pa.string()),
            "record_no": pa.array([number for _, number in whose], pa.string()),
            "person": pa.array(list(whose.values()), pa.int64()),
        }
    )
    return pa.concat_tables([*tables, few])


def _plain_records(delivery: Delivery) -> pa.Table:
    assert delivery.table is not None
    numbers = delivery.table["record_no"]
    person: Ints = np.asarray(pc.cast(pc.utf8_slice_codeunits(numbers, 6, 15), pa.int64()))
    return pa.table(
        {"region": pa.repeat(delivery.region, len(numbers)), "record_no": numbers, "person": pa.array(person)}
    )
