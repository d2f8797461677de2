"""Which record versions stand on a date, from what was delivered and accepted (design section 4), plainly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from popbase import contracts
from popbase.contracts import Contract
from popbase.generate.deliver import Delivery
from popbase.generate.judge import Judged, judge
from popbase.generate.resolve import Record

Key = tuple[str, tuple[str, ...]]  # (region, key fields)


@dataclass
class Verdict:
    """One delivery as the night must judge it. `rows` are the accepted odd ones, without the superseded."""

    delivery: Delivery
    arrives: date
    reason: str | None = None
    accepted: int = 0
    quarantined: int = 0
    superseded: int = 0
    withheld: int = 0
    counted: int = 0
    rows: dict[tuple[str, ...], tuple[str, Judged]] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)  # the key of each superseded row
    hidden: set[str] = field(default_factory=set)  # keys of plain rows that an odd row supersedes or equals

    def slim(self) -> Verdict:
        """Without the rows where no later question needs them."""
        if self.delivery.feed in (contracts.REGISTER, contracts.DECISIONS):
            return self
        self.counted, self.rows = self.delivery.received, {}
        self.delivery = replace(self.delivery, table=None, rows=[])
        return self

    @property
    def received(self) -> int:
        if self.reason and self.reason != "quarantine.share":
            return 0
        return self.counted or self.delivery.received

    @property
    def status(self) -> str:
        return "rejected" if self.reason else "accepted"


def verdict(delivery: Delivery, *, arrives: date | None = None, reason: str | None = None) -> Verdict:
    """Judges every odd row; plain rows are accepted by construction (a test judges those too)."""
    contract = contracts.feed(delivery.feed)
    found = Verdict(delivery, arrives or delivery.business_date, reason)
    if reason:
        return found
    contenders = _judged(delivery, contract, found)
    keys = {key[0] for key in contenders}
    for judged in _plain_rivals(delivery, contract, keys):
        if judged.key in contenders:
            contenders[judged.key].append(("U", judged))
            found.hidden.add(judged.key[0])
    for key, rivals in contenders.items():
        found.rows[key] = max(rivals, key=lambda r: (r[1].values["updated_at"], _digest(contract, r[1])))
        found.repeated += ["|".join(key)] * (len(rivals) - 1)
    found.superseded = len(found.repeated)
    found.accepted = delivery.received - found.quarantined - found.superseded
    if found.quarantined > contract.max_quarantine_share * delivery.received:
        found.reason = "quarantine.share"
        found.withheld, found.accepted, found.superseded = delivery.received - found.quarantined, 0, 0
    return found


def _judged(
    delivery: Delivery, contract: Contract, found: Verdict
) -> dict[tuple[str, ...], list[tuple[str, Judged]]]:
    contenders: dict[tuple[str, ...], list[tuple[str, Judged]]] = {}
    changes = delivery.kind == "changes"
    for row in delivery.rows:
        day = delivery.business_date
        judged = judge(contract, row.cells, business_date=day, op=row.op, changes=changes)
        if row.raw is not None or row.broken or not judged.accepted:
            found.quarantined += 1
        else:
            op = (row.op or "U").strip() if changes else "U"
            contenders.setdefault(judged.key, []).append((op, judged))
    return contenders


def _plain_rivals(delivery: Delivery, contract: Contract, keys: set[str]) -> list[Judged]:
    """Rows of the table whose key an odd row carries too."""
    if delivery.table is None or not keys:
        return []
    near = delivery.table.filter(pc.is_in(delivery.table[contract.key[0].name], pa.array(sorted(keys))))
    return [judge(contract, cells, business_date=delivery.business_date) for cells in near.to_pylist()]


def _digest(contract: Contract, judged: Judged) -> str:
    joined = "\u001f".join(judged.text[f.name] or "" for f in contract.fields)
    return hashlib.sha256(joined.encode()).hexdigest()


def effective(verdicts: Iterable[Verdict], on: date) -> list[Verdict]:
    """Per (region, date) the accepted delivery with the greatest number, in date order."""
    best: dict[tuple[str, date], Verdict] = {}
    for v in sorted(verdicts, key=lambda v: v.delivery.number):
        if v.reason is None and v.delivery.business_date <= on:
            best[v.delivery.region, v.delivery.business_date] = v
    return sorted(best.values(), key=lambda v: v.delivery.business_date)


@dataclass
class State:
    """The records that exist on a date: tables of plain ones (with region and first date), and the others."""

    tables: list[tuple[str, date, pa.Table]]
    records: dict[Key, Record]


def state(verdicts: Iterable[Verdict], on: date) -> State:
    """Applies the effective deliveries one after the other. Tables come with first snapshots only."""
    standing = effective(verdicts, on)
    odd = _odd_keys(standing)
    tables = []
    records: dict[Key, Record] = {}
    firsts: dict[Key, date] = {}
    for v in standing:
        region, day = v.delivery.region, v.delivery.business_date
        if v.delivery.table is not None:
            tables.append(
                (region, day, _take_out(v.delivery.table, v, odd.get(region, set()), records, firsts))
            )
        for key, (op, judged) in v.rows.items():
            _set(records, firsts, (region, key), op, judged, day)
    return State(tables, records)


def _odd_keys(standing: Iterable[Verdict]) -> dict[str, set[str]]:
    keys: dict[str, set[str]] = {}
    for v in standing:
        keys.setdefault(v.delivery.region, set()).update(key[0] for key in v.rows)
    return keys


def _take_out(
    table: pa.Table, v: Verdict, odd: set[str], records: dict[Key, Record], firsts: dict[Key, date]
) -> pa.Table:
    """The table without the rows whose key any odd row carries; those become single records."""
    contract = contracts.feed(v.delivery.feed)
    named = pc.is_in(table[contract.key[0].name], pa.array(sorted(odd), pa.string()))
    for cells in table.filter(named).to_pylist():
        judged = judge(contract, cells, business_date=v.delivery.business_date)
        if judged.key[0] not in v.hidden:
            _set(records, firsts, (v.delivery.region, judged.key), "U", judged, v.delivery.business_date)
    return table.filter(pc.invert(named))


def _set(
    records: dict[Key, Record], firsts: dict[Key, date], key: Key, op: str, judged: Judged, day: date
) -> None:
    if op == "D":
        records.pop(key, None)
        return
    # A record that was deleted and comes again keeps the date that first carried it.
    first = firsts.setdefault(key, day)
    records[key] = Record(key[0], key[1][0], judged.values, judged.flags, first)
