"""Every base table at a date, of deliveries as they were judged: design sections 4 and 7 in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from lib import model_events, model_findings, model_history, model_sectors
from lib.model_cases import id_cases
from lib.model_history import DECISIONS, REGISTER, Day, Feeds
from lib.model_identity import households, row_of
from lib.model_state import effective
from lib.model_usual import usual

Rows = list[dict[str, Any]]


def base_tables(feeds: Feeds, as_of: date) -> dict[str, Rows]:
    """Table -> rows. `feeds` are all deliveries of every feed by their last judgment, also later dates'."""
    known = {feed: effective(told, as_of) for feed, told in feeds.items()}
    days = model_history.history(known, as_of)
    nobody = Day(as_of, (), (), (), {})
    today = next((d for d in days if d.on == as_of), nobody)
    told = [feed for feed in known if feed not in (REGISTER, DECISIONS)]
    sectors = {feed: model_sectors.matched(today, feed, known[feed]) for feed in told}
    doubts = model_findings.by_day(days, {feed: known[feed] for feed in told}, as_of)
    seen = {p.person_id: model_sectors.sightings(sectors, p.person_id, as_of) for p in today.people}
    persons = [
        row | seen[row["person_id"]] | usual(row, sectors, as_of)
        for row in (row_of(p, as_of) for p in today.people)
    ]
    return {
        "person": persons,
        "person_record": person_records(today),
        "household": households(persons),
        "id_case": id_cases({d.on: d.findings for d in days}, as_of) + model_findings.cases(doubts, as_of),
        "id_history": model_history.id_history(days, as_of),
        "sector_finding": model_findings.rows(doubts),
        "unregistered": model_sectors.unregistered(sectors, known, as_of),
        "person_history": model_history.person_history(days),
        "event": model_events.events(days, as_of),
        **{feed: plain(rows) for feed, rows in sectors.items()},
    }


def person_records(today: Day) -> Rows:
    return [
        {"person_id": p.person_id, "region": r.region, "record_no": r.row["record_no"],
         "role": "WINNER" if r is p.winner else "OTHER"}
        for p in today.people
        for r in p.records
    ]  # fmt: skip


def plain(rows: Sequence[dict[str, Any]]) -> Rows:
    return [{name: value for name, value in row.items() if name != "_told"} for row in rows]
