"""What intake did and came upon, kept for the run report of whoever publishes (`control/taken_in/<feed>`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import pyarrow as pa

from popbase import clock, control
from popbase.control import append_small, read_small
from popbase.intake import ledger
from popbase.intake.ledger import Judgement

_TABLE = "control/taken_in"


@dataclass(frozen=True)
class Remark:
    """Something about a delivery that stopped nothing; `detail` names a column or a bureau, never a value."""

    region: str
    business_date: date
    delivery_no: int
    code: str
    detail: str = ""


@dataclass(frozen=True)
class TakenIn:
    """What was done with one feed; `strays`: how many folders look like deliveries and are none.

    `upto`: the versions of the control tables that say so. Times cannot say what was told already: a clock
    may go back."""

    feed: str
    judgements: tuple[Judgement, ...] = ()
    remarks: tuple[Remark, ...] = ()
    strays: int = 0
    upto: Mapping[str, int] = field(default_factory=dict, compare=False)


def keep(lake: str, taken: TakenIn) -> None:
    """Writes down what no ledger holds; where there is nothing new to say, nothing."""
    before = max(read_small(lake, _table(taken.feed)), key=lambda row: row["taken_at"], default=None)
    strays, remarks = (before["strays"], before["remarks"]) if before else (0, [])
    row = {
        "taken_at": clock.after(before["taken_at"] if before else None),
        "strays": taken.strays,
        "remarks": [asdict(r) for r in taken.remarks],
    }
    if row["strays"] != strays or (row["remarks"] and row["remarks"] != remarks):
        append_small(lake, _table(taken.feed), [row], _SCHEMA)


def since(lake: str, feeds: Sequence[str], told: Mapping[str, int]) -> list[TakenIn]:
    """What was done with these feeds, by however many runs, after the versions of what was `told` already."""
    return [_since(lake, feed, told) for feed in feeds]


def with_untold(lake: str, now: Sequence[TakenIn], told: Mapping[str, int]) -> list[TakenIn]:
    """What a run has done with its feeds, and what runs before it have done that nobody was told of."""
    before = since(lake, [taken.feed for taken in now], told)
    return [
        replace(untold, remarks=tuple(dict.fromkeys((*taken.remarks, *untold.remarks))), strays=taken.strays)
        for taken, untold in zip(now, before, strict=True)
    ]


def _since(lake: str, feed: str, told: Mapping[str, int]) -> TakenIn:
    known = {table: control.version(lake, table) for table in (ledger.table(feed), _table(feed))}
    upto = {table: at for table, at in known.items() if at is not None}
    before = {(j.identity, j.judged_at) for j in _judged(lake, feed, told)}
    judged = [j for j in _judged(lake, feed, upto) if (j.identity, j.judged_at) not in before]
    rows = _rows(lake, feed, upto)
    said = {row["taken_at"] for row in _rows(lake, feed, told)}
    remarks = [Remark(**r) for row in rows if row["taken_at"] not in said for r in row["remarks"]]
    strays = rows[-1]["strays"] if rows else 0
    return TakenIn(feed, tuple(ledger.standing(judged)), tuple(dict.fromkeys(remarks)), strays, upto)


def _judged(lake: str, feed: str, upto: Mapping[str, int]) -> list[Judgement]:
    table = ledger.table(feed)
    return ledger.read(lake, feed, upto[table]) if table in upto else []


def _rows(lake: str, feed: str, upto: Mapping[str, int]) -> list[dict[str, Any]]:
    """In the order in which they were written."""
    rows = read_small(lake, _table(feed), upto[_table(feed)]) if _table(feed) in upto else []
    return sorted(rows, key=lambda row: row["taken_at"])


def _table(feed: str) -> str:
    return f"{_TABLE}/{feed}"


_REMARK = pa.struct([
    ("region", pa.string()), ("business_date", pa.date32()), ("delivery_no", pa.int32()),
    ("code", pa.string()), ("detail", pa.string()),
])  # fmt: skip
_SCHEMA = pa.schema(
    [("taken_at", pa.timestamp("us", tz="UTC")), ("strays", pa.int32()), ("remarks", pa.list_(_REMARK))]
)
