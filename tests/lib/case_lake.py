"""Cases in a lake: what intake would have left of a night's deliveries, and what the base made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from lib import feeds
from lib.sent import FEEDS, Sent
from popbase import contracts
from popbase.intake import ledger
from popbase.intake.ingest import QUARANTINE_SCHEMA, conformed_schema
from popbase.lake import Lake


def take_in(lake: Lake, sent: Sequence[Sent], *, partition_by: Sequence[str] = ()) -> None:
    """A night's deliveries as rows and lines of the ledger; judged again, a delivery's rows stay."""
    for feed in FEEDS:
        of_feed = [s for s in sent if s.feed == feed]
        if of_feed:
            write(lake, feed, of_feed, partition_by)
            ledger.append(lake.root, feed, [j for s in of_feed for j in judgements(s)])


def judgements(s: Sent) -> list[ledger.Judgement]:
    (judged,) = feeds.judgements([s.delivery], s.feed)
    return [replace(judged, status=s.status)]


def write(lake: Lake, feed: str, sent: Sequence[Sent], partition_by: Sequence[str]) -> None:
    contract = contracts.feed(feed)
    names = [f.name for f in contract.fields]
    told, seen = [], known_places(lake, feed)
    for s in sent:
        if s.place[1:] not in seen:
            told.append(s.delivery)
            seen.add(s.place[1:])
    good = [
        (*(row.value.get(n) for n in names), row.op, row.value["flags"], *feeds.place(d))
        for d in told for row in d.rows if not row.refused
    ]  # fmt: skip
    refused = [
        (*feeds.place(d), "|".join(row.key), ["name.required"], "")
        for d in told for row in d.rows if row.refused
    ]  # fmt: skip
    for table, rows, schema in (
        (f"conformed/{feed}", good, conformed_schema(contract)),
        (f"quarantine/{feed}", refused, QUARANTINE_SCHEMA),
    ):
        if rows:
            told_rows = lake.spark.createDataFrame(rows, schema).coalesce(1)
            lake.append(table, told_rows, partition_by=partition_by)


def known_places(lake: Lake, feed: str) -> set[tuple[str, date, int]]:
    return {j.identity for j in ledger.read(lake.root, feed)}
