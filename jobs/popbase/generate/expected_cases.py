"""The cases that a night must open about numbers, by the generator's own reading of design section 7."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from popbase.generate.resolve import Person, Record

CASES = pa.schema([("kind", pa.string()), ("record_nos", pa.list_(pa.string()))])


def case_table(persons: Iterable[Person], on: date) -> pa.Table:
    """One row is a contested number or a double registration that is open on the date."""
    claims: dict[str | None, list[Record]] = defaultdict(list)
    doubles = []
    for person in persons:
        live = [record for record in person.records if record.live(on)]
        if len(live) > 1:
            doubles.append(live)
        if person.id_status == "CONTESTED":
            claims[person.number] += person.records
    told = [("double_registration", records) for records in doubles]
    told += [("contested_number", records) for records in claims.values()]
    rows = [{"kind": kind, "record_nos": _refs(records)} for kind, records in told]
    return pa.Table.from_pylist(rows, schema=CASES)


def _refs(records: Iterable[Record]) -> list[str]:
    return sorted(f"{record.region}/{record.record_no}" for record in records)
