"""What people ask at 3 a.m., read by delta-rs and DuckDB: no Spark, and no citizen's data unless revealed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pyarrow as pa

from popbase.control import exists
from popbase.errors import UsageError
from popbase.intake import ledger
from popbase.intake.ledger import Judgement, standing
from popbase.publish import run_report
from popbase.publish.next_steps import next_steps
from popbase.publish.publication import Publication, Publications
from popbase.publish.reader import Reader
from popbase.publish.run_report import NightReport
from popbase.publish.tables import feeds_with_ledger, open_table, query
from popbase.publish.wording import rejection

Rows = list[dict[str, Any]]

DELIVERY_COLUMNS = (
    "feed", "region", "business_date", "delivery_no", "kind", "status", "reason", "rows_received",
    "rows_accepted", "rows_quarantined", "rows_superseded", "rows_withheld", "judged_at", "detail",
)  # fmt: skip

# Rows of deliveries that the ledger does not hold are leftovers of a run that ended early: nobody's business.
_REFUSED = """
    SELECT q.* FROM quarantine AS q
    SEMI JOIN judged USING (region, business_date, delivery_no)
    WHERE ($day::DATE IS NULL OR q.business_date = $day)
      AND ($reason::TEXT IS NULL OR list_contains(q.reasons, $reason))
"""


def known_feed(feed: str) -> str:
    """Itself; raises UsageError for a feed without a contract."""
    from popbase.contracts import feed_names  # noqa: PLC0415 - a second that `status` does not need

    if feed not in feed_names():
        raise UsageError(f"There is no feed '{feed}'; the feeds are {', '.join(feed_names())}.")
    return feed


def status(lake: str) -> dict[str, Any]:
    """What readers see, how the last night ended, and what is left to do."""
    current = Publications(lake).current()
    night = run_report.newest(lake)
    return {
        "publication": current and listed(current),
        "last_night": night and _ended(night),
        "open_cases": _open_cases(lake, current) if current else {},
        "next_steps": next_steps(night) if night else [],
    }


def _ended(night: NightReport) -> dict[str, Any]:
    return {
        "business_date": night.business_date,
        "ended": night.ended,
        "outcome": night.outcome,
        "why": night.why,
        "late": [{"feed": s.feed, "region": s.region, "days_late": s.days_late} for s in night.late],
        "report": f"{night.folder}/{run_report.PAGE}",
    }


def deliveries(lake: str, *, feed: str | None = None, day: date | None = None) -> Rows:
    """The last judgment of every delivery, the last judged first."""
    names = feeds_with_ledger(lake) if feed is None else [known_feed(feed)]
    found = [j for name in names for j in standing(ledger.read(lake, name)) if day in (None, j.business_date)]
    return listed_deliveries(sorted(found, key=lambda j: j.judged_at, reverse=True))


def listed_deliveries(judgements: Iterable[Judgement]) -> Rows:
    return [{name: getattr(j, name) for name in DELIVERY_COLUMNS} for j in judgements]


def in_short(found: Rows) -> Rows:
    """What fits a terminal's line."""
    left_out = ("kind", "reason", "judged_at", "detail")
    short = {
        "business_date": "date",
        "delivery_no": "no",
        "rows_received": "rows",
        "rows_quarantined": "refused",
    }
    names = {n: short.get(n, n.removeprefix("rows_")) for n in DELIVERY_COLUMNS if n not in left_out}
    return [{shown: d[name] for name, shown in names.items()} for d in found]


def refusals(found: Rows) -> list[str]:
    """Why deliveries were refused, each in the words that their sender may be told."""
    return [
        f"{d['feed']} {d['region']} {d['business_date']} {d['delivery_no']:03d}: {d['reason']}, "
        f"{d['detail'] or rejection(d['reason'])}"
        for d in found
        if d["status"] == "rejected"
    ]


def refused_by_reason(lake: str, feed: str, *, day: date | None = None, reason: str | None = None) -> Rows:
    """Refused rows by reason; a row with several reasons counts under each."""
    counted = f"""
        SELECT reason, count(*) AS rows, count(DISTINCT (region, business_date, delivery_no)) AS deliveries
        FROM (SELECT region, business_date, delivery_no, unnest(reasons) AS reason FROM ({_REFUSED}))
        WHERE $reason::TEXT IS NULL OR reason = $reason
        GROUP BY reason ORDER BY rows DESC, reason
    """  # noqa: S608 - both parts are written here
    return _quarantine(lake, feed, counted, {"day": day, "reason": reason})


def refused_rows(
    lake: str, feed: str, *, limit: int, day: date | None, reason: str | None, reveal: bool = False
) -> Rows:
    """Some refused rows: where they came from and why; key and raw text only when revealed (I5)."""
    columns = "region, business_date, delivery_no, reasons" + (", key, raw" if reveal else "")
    order = "business_date DESC, region, delivery_no"
    listed_rows = f"SELECT {columns} FROM ({_REFUSED}) ORDER BY {order} LIMIT $limit"  # noqa: S608 - ditto
    return _quarantine(lake, feed, listed_rows, {"day": day, "reason": reason, "limit": limit})


def _quarantine(lake: str, feed: str, sql: str, parameters: dict[str, Any]) -> Rows:
    table = f"quarantine/{known_feed(feed)}"
    if not exists(lake, table):
        return []
    judged = (j for j in standing(ledger.read(lake, feed)) if j.status != "withdrawn")
    return query(sql, parameters, quarantine=open_table(lake, table), judged=_identities(judged))


def _identities(judged: Iterable[Judgement]) -> pa.Table:
    columns = [("region", pa.string()), ("business_date", pa.date32()), ("delivery_no", pa.int32())]
    rows = [dict(zip(("region", "business_date", "delivery_no"), j.identity, strict=True)) for j in judged]
    return pa.Table.from_pylist(rows, schema=pa.schema(columns))


def _open_cases(lake: str, current: Publication) -> dict[str, int]:
    if "base/id_case" not in current.tables:
        return {}
    sql = "SELECT kind, count(*) AS n FROM base.id_case WHERE status = 'open' GROUP BY kind ORDER BY kind"
    return {row["kind"]: row["n"] for row in _read(lake, current, sql)}


def _read(lake: str, publication: Publication, sql: str) -> Rows:
    with Reader(lake, publication) as reader:
        (answer,) = reader.run(sql)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def publications(lake: str) -> Rows:
    """All of them, the current one first."""
    return [listed(p) for p in reversed(Publications(lake).all())]


def listed(p: Publication) -> dict[str, Any]:
    return {
        "seq": p.seq,
        "kind": p.kind,
        "of": p.of,
        "business_date": p.business_date,
        "created_at": p.created_at,
        "tables": len(p.tables),
        "deliveries": len(p.deliveries),
        "late": sum(s.late for s in p.senders),
        "warnings": list(p.warnings),
        "report": p.report,
    }
