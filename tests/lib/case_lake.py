"""Cases in a lake: what intake would have left of a night's deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
from pyspark.sql import functions as F

from lib import feeds
from lib.lakes import QUARANTINE
from lib.model_state import Delivered
from lib.sent import FEEDS, Sent
from popbase import contracts
from popbase.base import sector_update
from popbase.base.update import Changed
from popbase.control import append_small
from popbase.identity.findings import REGISTERED
from popbase.intake import ledger
from popbase.lake import Lake
from popbase.renewal import renew
from popbase.renewal import replace as replace_rows
from popbase.sources import Sources

TYPES = {
    "string": pa.string(), "date": pa.date32(), "bigint": pa.int64(),
    "timestamp": pa.timestamp("us", tz="UTC"), "decimal(18,2)": pa.decimal128(18, 2),
}  # fmt: skip
CASES = "base/id_case"
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


def look_up_all(sources: Sources, on: date) -> None:
    """The search's first half: what sectors say against the register, without people under two numbers."""
    known = sources.lake.read(CASES)
    found = sector_update.find_all(sources, on)
    renew(sources.lake, CASES, known.where(F.col("kind").isin(*REGISTERED)).unionByName(found))


def look_up(lake: Lake, changed: Changed, on: date) -> None:
    """The same after a night that makes anew only whom something concerns."""
    part, _ = sector_update.find_changed(lake, changed, on)
    replace_rows(lake, CASES, part.old, part.new, key=["case_id"])
