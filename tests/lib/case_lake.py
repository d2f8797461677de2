"""Cases in a lake: what intake would have left of a night's deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from lib import feeds
from lib.lakes import QUARANTINE
from lib.model_state import Delivered
from lib.sent import FEEDS, Sent
from popbase import contracts
from popbase.control import append_small
from popbase.intake import ledger

TYPES = {
    "string": pa.string(), "date": pa.date32(), "bigint": pa.int64(),
    "timestamp": pa.timestamp("us", tz="UTC"), "decimal(18,2)": pa.decimal128(18, 2),
}  # fmt: skip
OWN = [("op", pa.string()), ("flags", pa.list_(pa.string())), ("region", pa.string()),
       ("business_date", pa.date32()), ("delivery_no", pa.int32())]  # fmt: skip


def take_in(root: str, sent: Sequence[Sent]) -> None:
    """A night's deliveries as rows and lines of the ledger; judged again, a delivery's rows stay."""
    for feed in FEEDS:
        of_feed = [s for s in sent if s.feed == feed]
        judged = {j.identity for j in ledger.read(root, feed)}
        new = {s.place[1:]: s.delivery for s in of_feed if s.place[1:] not in judged}
        write(root, feed, list(new.values()))
        ledger.append(root, feed, [j for s in of_feed for j in judgements(s)])


def judgements(s: Sent) -> list[ledger.Judgement]:
    (judged,) = feeds.judgements([s.delivery], s.feed)
    return [replace(judged, status=s.status)]


def write(root: str, feed: str, deliveries: Sequence[Delivered]) -> None:
    fields = contracts.feed(feed).fields
    conformed = pa.schema([*((f.name, TYPES[f.sql_type]) for f in fields), *OWN])
    good, refused = [], []
    for d in deliveries:
        good += [place(d) | row.value | {"op": row.op} for row in d.rows if not row.refused]
        refused += [place(d) | {"key": "|".join(row.key)} for row in d.rows if row.refused]
    append_small(root, f"conformed/{feed}", good, conformed)
    append_small(root, f"quarantine/{feed}", refused, QUARANTINE)


def place(d: Delivered) -> dict[str, Any]:
    return dict(zip(("region", "business_date", "delivery_no"), feeds.place(d), strict=True))
