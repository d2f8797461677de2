"""What is true about the made-up world, beside the landing folder: who is who, and what was planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from popbase import contracts
from popbase.generate.chance import Ints
from popbase.generate.deliver import Delivery
from popbase.generate.state import Verdict
from popbase.generate.world import World


@dataclass(frozen=True)
class Bad:
    """A row planted to be refused, as quarantine must show it."""

    key: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Planted:
    delivery: Delivery
    row: Bad


def write(folder: Path, made: World, registers: Sequence[Delivery], planted: Sequence[Planted],
          verdicts: Sequence[Verdict], faults: Sequence[pa.Table]) -> None:  # fmt: skip
    """persons, records, troubles, planted and superseded rows, wrong numbers: one Parquet file each."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(_persons(made), folder / "persons.parquet")
    pq.write_table(_records(registers), folder / "records.parquet")
    pq.write_table(_troubles(made), folder / "troubles.parquet")
    pq.write_table(_planted(planted), folder / "planted.parquet")
    pq.write_table(_superseded(verdicts), folder / "superseded.parquet")
    pq.write_table(pa.concat_tables(faults), folder / "numbers.parquet")


def wrong_numbers(delivery: Delivery) -> pa.Table | None:
    """(feed, region, key, person, fault) of a sector's records under a number that is not their person's."""
    table = delivery.table
    if table is None or "_fault" not in table.column_names:
        return None
    wrong = table.filter(pc.is_valid(table["_fault"]))
    keys = [wrong[field.name] for field in contracts.feed(delivery.feed).key]
    return pa.table({
        "feed": pa.repeat(delivery.feed, len(wrong)), "region": pa.repeat(delivery.region, len(wrong)),
        "key": pc.binary_join_element_wise(*keys, "|") if len(keys) > 1 else keys[0],
        "person": wrong["_person"], "fault": wrong["_fault"],
    })  # fmt: skip


def _persons(made: World) -> pa.Table:
    """The people of the first day; those born later are in `records` alone.

    `lives_in`: the village of living; `away_since`: of those who do not live where they are registered.
    """
    facts = made.table.select(["citizen_id", "name", "sex", "birth_date"])
    people = made.people
    lives = made.places.codes.take(pa.array(people.lives_in))
    since = pc.if_else(pa.array(people.away), pa.array(people.away_since), None)
    numbered = facts.add_column(0, "person", pa.array(np.arange(len(people))))
    return numbered.append_column("lives_in", lives).append_column("away_since", since)


def _troubles(made: World) -> pa.Table:
    schema = pa.schema([("kind", pa.string()), ("person", pa.int64()), ("other", pa.int64())])
    rows = [{"kind": k, "person": a, "other": b if b >= 0 else None} for k, a, b in made.troubles.all()]
    return pa.Table.from_pylist(rows, schema=schema)


_PLACE = [
    ("feed", pa.string()),
    ("region", pa.string()),
    ("business_date", pa.date32()),
    ("delivery_no", pa.int32()),
]


def _place(delivery: Delivery) -> dict[str, Any]:
    return {
        "feed": delivery.feed,
        "region": delivery.region,
        "business_date": delivery.business_date,
        "delivery_no": delivery.number,
    }


def _planted(planted: Sequence[Planted]) -> pa.Table:
    schema = pa.schema([*_PLACE, ("key", pa.string()), ("reasons", pa.list_(pa.string()))])
    rows = [_place(p.delivery) | {"key": p.row.key, "reasons": list(p.row.reasons)} for p in planted]
    return pa.Table.from_pylist(rows, schema=schema)


def _superseded(verdicts: Sequence[Verdict]) -> pa.Table:
    schema = pa.schema([*_PLACE, ("key", pa.string())])
    rows = [_place(v.delivery) | {"key": key} for v in verdicts if v.reason is None for key in v.repeated]
    return pa.Table.from_pylist(rows, schema=schema)


def _records(registers: Sequence[Delivery]) -> pa.Table:
    """(region, record_no, person) of every register record that was ever sent."""
    whose: dict[tuple[str, str], int] = {}
    for delivery in registers:
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
    return pa.concat_tables([*(_plain(d.table, d.region) for d in registers if d.table is not None), few])


def _plain(table: pa.Table, region: str) -> pa.Table:
    """A plain record's number ends with its person's position."""
    numbers = table["record_no"]
    person: Ints = np.asarray(pc.cast(pc.utf8_slice_codeunits(numbers, 6, 15), pa.int64()))
    return pa.table(
        {"region": pa.repeat(region, len(numbers)), "record_no": numbers, "person": pa.array(person)}
    )
