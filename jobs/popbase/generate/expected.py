"""The exact rows of `base/person` that a night must leave, by a model that shares no code with it.

Numbers with one ordinary record are worked out column by column; all others by `resolve`, plainly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from popbase import contracts
from popbase.contracts import DECISIONS, REGISTER
from popbase.generate import areas, judge
from popbase.generate.chance import Flags, Ints
from popbase.generate.expected_cases import case_table
from popbase.generate.numbers import NONE, compact
from popbase.generate.resolve import STATUS, Identity, Person, Record, Register, in_force, person_id
from popbase.generate.state import Verdict, state

DATE, TEXTS = pa.date32(), pa.list_(pa.string())
# fmt: off
_PERSON = (
    "person_id", "citizen_id", "claimed_citizen_id", "id_status", "person_class", "name", "former_name",
    "sex", "birth_date", "region", "record_no", "household_id", "household_kind", "relation_to_head",
    "hukou_nature", "registered_area", "registered_on", "converted_on", "status", "ended_on", "end_reason",
    "unsettled_reason",
)
DATES = ("birth_date", "registered_on", "converted_on", "ended_on")
PERSON = pa.schema([(name, DATE if name in DATES else pa.string()) for name in _PERSON] + [("flags", TEXTS)])
AS_DELIVERED = (
    "name", "former_name", "sex", "household_kind", "relation_to_head", "hukou_nature", "registered_area",
    "end_reason", "unsettled_reason", "record_no",
)
# fmt: on


def person_table(verdicts: Iterable[Verdict], on: date) -> tuple[pa.Table, list[Person]]:
    """All rows of `base/person` as the night for `on` must leave it, in the order of person_id; and those
    people who had to be judged, as anything about their numbers is out of the ordinary.
    """
    judged = list(verdicts)
    register = state([v for v in judged if v.delivery.feed == REGISTER], on)
    decided = state([v for v in judged if v.delivery.feed == DECISIONS], on)
    decisions = in_force([r.values for r in decided.records.values()], on)
    plain = [_candidates(table, region, first, on) for region, first, table in register.tables]
    single = [r for r in register.records.values() if r.values["registered_on"] <= on]
    shared = _shared_numbers(plain, single, decisions)
    named = {i for d in decisions for i in _named(d)}
    pieces, odd = [], list(single)
    for region, first, table, number in plain:
        apart = np.isin(number, shared) | _is_named(table, region, named)
        pieces.append(
            _plain_persons(table.filter(pa.array(~apart)), number[~apart], region=region, first=first, on=on)
        )
        odd += _records(table.filter(pa.array(apart)), region, first)
    resolved = _resolved(odd, decisions, on)
    pieces.append(_rows(resolved))
    return pa.concat_tables(pieces).sort_by("person_id"), resolved


def _candidates(table: pa.Table, region: str, first: date, on: date) -> tuple[str, date, pa.Table, Ints]:
    """The region's plain records registered by then, with their numbers' first 17 digits."""
    table = table.filter(pc.less_equal(table["registered_on"], pa.scalar(on.isoformat())))
    digits = pc.fill_null(pc.utf8_slice_codeunits(table["citizen_id"], 0, 17), str(NONE))
    return region, first, table, np.asarray(pc.cast(digits, pa.int64()))


def _shared_numbers(
    plain: Sequence[tuple[str, date, pa.Table, Ints]],
    single: Sequence[Record],
    decisions: Iterable[dict[str, Any]],
) -> Ints:
    """Numbers on more than one record, on any odd record, or in a decision."""
    carried = np.concatenate([number for *_, number in plain] or [np.array([], dtype=np.int64)])
    seen, times = np.unique(carried[carried != NONE], return_counts=True)
    texts = [r.values["citizen_id"] for r in single]
    texts += [d[name] for d in decisions for name in ("old_citizen_id", "new_citizen_id")]
    odd = np.array([int(t[:17]) for t in texts if t], dtype=np.int64)
    return np.union1d(seen[times > 1], odd)


def _named(decision: dict[str, Any]) -> list[Identity]:
    pairs = (("register_region", "record_no"), ("other_region", "other_record_no"))
    return [(str(decision[r]), str(decision[n])) for r, n in pairs if decision[r]]


def _is_named(table: pa.Table, region: str, named: set[Identity]) -> Flags:
    here = pa.array(sorted(no for where, no in named if where == region), pa.string())
    return np.asarray(pc.is_in(table["record_no"], here))


def _records(table: pa.Table, region: str, first: date) -> list[Record]:
    contract = contracts.feed(REGISTER)
    judged = [judge.judge(contract, cells, business_date=first) for cells in table.to_pylist()]
    return [Record(region, j.key[0], j.values, j.flags, first) for j in judged]


def _resolved(records: Iterable[Record], decisions: Iterable[dict[str, Any]], on: date) -> list[Person]:
    register = Register(records, on)
    for decision in decisions:
        register.apply(decision)
    return register.persons()


def _rows(persons: Iterable[Person]) -> pa.Table:
    return pa.Table.from_pylist([_row(p) for p in persons], schema=PERSON)


def _row(p: Person) -> dict[str, Any]:
    v = p.winner.values
    sure = p.id_status == "UNIQUE"
    return {
        **{name: v[name] for name in (*AS_DELIVERED, *DATES)},
        "person_id": p.person_id,
        "citizen_id": p.number if sure else None,
        "claimed_citizen_id": None if sure else p.number,
        "id_status": p.id_status,
        "person_class": _class(p.number),
        "region": p.winner.region,
        "household_id": f"{p.winner.region}/{v['household_no']}" if v["household_no"] else None,
        "status": p.status,
        "flags": _flags_of(p),
    }


def _flags_of(p: Person) -> list[str]:
    """What was said of the delivered number does not hold of one that a decision gave instead."""
    if p.number is None or p.number == p.winner.values["citizen_id"]:
        return list(p.winner.flags)
    others = [flag for flag in p.winner.flags if not flag.startswith("citizen_id.")]
    return sorted(others + judge.contradictions(p.winner.values, p.number))


def _class(number: str | None) -> str:
    if number and number[:6] in judge.HMT_AREAS:
        return "HMT"
    return "FOREIGN" if number and number[0] == "9" else "CITIZEN"


def _plain_persons(table: pa.Table, number: Ints, *, region: str, first: date, on: date) -> pa.Table:
    """One record a person, accepted as it is: every column at once."""
    dates = {name: pc.cast(table[name], DATE) for name in DATES}
    ended = pc.fill_null(pc.less_equal(dates["ended_on"], pa.scalar(on)), False)
    has = pa.array(number != NONE)
    household = pc.binary_join_element_wise(region, table["household_no"], "/")
    columns = {name: table[name] for name in AS_DELIVERED} | dates
    columns |= {
        "person_id": pa.array([person_id(region, no) for no in table["record_no"].to_pylist()], pa.string()),
        "citizen_id": table["citizen_id"],
        "claimed_citizen_id": pa.nulls(len(table), pa.string()),
        "id_status": pc.if_else(has, "UNIQUE", "NONE"),
        "person_class": _classes(number),
        "region": pa.repeat(region, len(table)),
        "household_id": household,
        "status": pc.if_else(ended, _status(table["end_reason"]), "REGISTERED"),
        "flags": _flags(table, number, first),
    }
    return pa.table({field.name: columns[field.name] for field in PERSON}, schema=PERSON)


def _status(end_reason: pa.ChunkedArray) -> pa.Array:
    known = pc.index_in(end_reason, pa.array(list(STATUS)))
    return pc.fill_null(pa.array(list(STATUS.values())).take(known), "CANCELLED")


def _classes(number: Ints) -> pa.Array:
    area = number // 10**11
    hmt = np.isin(area, [int(code) for code in judge.HMT_AREAS])
    return pa.array(np.where(hmt, "HMT", np.where(area >= 900_000, "FOREIGN", "CITIZEN")), pa.string())


def _flags(table: pa.Table, number: Ints, delivered: date) -> pa.Array:
    """Warnings about numbers, column by column."""
    has = number != NONE
    oldest = (delivered.year - 121) * 10_000 + delivered.month * 100 + delivered.day
    raised = {
        "citizen_id.age": has & (number // 1000 % 10**8 <= oldest),
        "citizen_id.area_not_in_force": has & _out_of_force(table, number),
        "citizen_id.birth_date": has & (compact(_days(table["birth_date"])) != number // 1000 % 10**8),
        "citizen_id.sex": has & np.asarray(pc.is_in(table["sex"], pa.array(["1", "2"])))
        & ((number % 2 == 1) != np.asarray(pc.equal(table["sex"], "1"))),
    }  # fmt: skip
    rows: list[list[str]] = [[]] * len(table)
    for code in sorted(raised):
        for i in np.flatnonzero(raised[code]):
            rows[i] = [*rows[i], code]
    return pa.array(rows, TEXTS)


def _out_of_force(table: pa.Table, number: Ints) -> Flags:
    area, born = number // 10**11, number // 10**7 % 10_000
    registered = _days(table["registered_on"]).astype("datetime64[Y]").astype(np.int64) + 1970
    first = np.zeros(1_000_000, dtype=np.int64)
    last = np.full(1_000_000, areas.OPEN_END, dtype=np.int64)
    for code, (begun, over) in areas.years().items():
        first[int(code)], last[int(code)] = begun, over
    area = np.maximum(area, 0)
    return (last[area] < born) | (first[area] > registered)


def _days(texts: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return np.asarray(pc.cast(texts, DATE)).astype("datetime64[D]")


DELIVERY_COLUMNS = ("status", "reason", "received", "accepted", "quarantined", "superseded", "withheld")


def write(folder: Path, verdicts: Sequence[Verdict], on: date) -> None:
    """`person.parquet`, `cases.parquet` and `deliveries.parquet` of one night."""
    folder.mkdir(parents=True, exist_ok=True)
    known = [v for v in verdicts if max(v.delivery.business_date, v.arrives) <= on]
    people, judged = person_table(known, on)
    pq.write_table(people, folder / "person.parquet")
    pq.write_table(case_table(judged, on), folder / "cases.parquet")
    rows = [
        {
            "feed": v.delivery.feed,
            "region": v.delivery.region,
            "business_date": v.delivery.business_date,
            "delivery_no": v.delivery.number,
            **{f"rows_{c}" if c not in ("status", "reason") else c: getattr(v, c) for c in DELIVERY_COLUMNS},
        }
        for v in known
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "deliveries.parquet")
