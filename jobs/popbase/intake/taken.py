"""What intake did and came upon, kept for the run report of whoever publishes (`control/taken_in/<feed>`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import pyarrow as pa

from popbase import clock
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
    """What was done with one feed; `strays`: how many folders look like deliveries and are none."""

    feed: str
    judgements: tuple[Judgement, ...] = ()
    remarks: tuple[Remark, ...] = ()
    strays: int = 0


def keep(lake: str, taken: TakenIn) -> None:
    """Writes down what no ledger holds; where there is nothing new to say, nothing."""
    row = {"taken_at": clock.now(), "strays": taken.strays, "remarks": [asdict(r) for r in taken.remarks]}
    before = max(read_small(lake, _table(taken.feed)), key=lambda row: row["taken_at"], default=None)
    strays, remarks = (before["strays"], before["remarks"]) if before else (0, [])
    if row["strays"] != strays or (row["remarks"] and row["remarks"] != remarks):
        append_small(lake, _table(taken.feed), [row], _SCHEMA)


def since(lake: str, feeds: Sequence[str], when: datetime | None) -> list[TakenIn]:
    """What was done with these feeds after `when`, by however many runs; after None: ever."""
    return [_since(lake, feed, when) for feed in feeds]


def _since(lake: str, feed: str, when: datetime | None) -> TakenIn:
    judged = [j for j in ledger.read(lake, feed) if when is None or j.judged_at > when]
    rows = sorted(read_small(lake, _table(feed)), key=lambda row: row["taken_at"])
    remarks = [Remark(**r) for row in rows if when is None or row["taken_at"] > when for r in row["remarks"]]
    return TakenIn(
        feed,
        tuple(ledger.standing(judged)),
        tuple(dict.fromkeys(remarks)),
        strays=rows[-1]["strays"] if rows else 0,
    )


def _table(feed: str) -> str:
    return f"{_TABLE}/{feed}"


_REMARK = pa.struct([
    ("region", pa.string()), ("business_date", pa.date32()), ("delivery_no", pa.int32()),
    ("code", pa.string()), ("detail", pa.string()),
])  # fmt: skip
_SCHEMA = pa.schema(
    [("taken_at", pa.timestamp("us", tz="UTC")), ("strays", pa.int32()), ("remarks", pa.list_(_REMARK))]
)
