"""What a night came upon, as the lines of its run report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from popbase import contracts
from popbase.expectations import Finding, stopping
from popbase.intake import ledger
from popbase.intake.taken import TakenIn
from popbase.publish.run_report import DeliveryLine, GateLine, Notice
from popbase.publish.staleness import Sender, senders
from popbase.publish.tables import open_table, query

_NAMED = 10
_REFUSED = """
    SELECT region, business_date, delivery_no, reason, count(*) AS rows
    FROM (SELECT region, business_date, delivery_no, unnest(reasons) AS reason FROM quarantine) GROUP BY ALL
"""
_OPENED = "SELECT kind, count(*) AS cases FROM id_case WHERE opened_on = $day GROUP BY kind"


def intake_line(lake: str, taken: TakenIn, business_date: date) -> str:
    """What one run of a feed's intake did, and who of its senders is late at the date."""
    statuses = Counter(j.status for j in taken.judgements)
    came = [f"{n} {status}" for status, n in sorted(statuses.items())] or ["nothing new"]
    refused = sorted({str(j.reason) for j in taken.judgements if j.status == "rejected"})
    parts = [", ".join(came) + (f" ({', '.join(refused)})" if refused else "")]
    if taken.feed in contracts.feed_names():
        cadence = contracts.feed(taken.feed).cadence
        overdue = senders(taken.feed, cadence, ledger.read(lake, taken.feed), as_of=business_date)
        late = [_late(sender) for sender in overdue if sender.late]
        more = [f"and {len(late) - _NAMED} more"] if len(late) > _NAMED else []
        parts += [f"late: {', '.join([*late[:_NAMED], *more])}"] if late else []
    return f"{taken.feed}: {'; '.join(parts)}"


def _late(sender: Sender) -> str:
    return f"{sender.region} by {sender.days_late} days" if sender.region else "nobody ever delivered it"


def held_because(findings: Sequence[Finding], accepted: Collection[str] = ()) -> str:
    return "; ".join(str(finding) for finding in stopping(findings, accepted))


def delivery_lines(lake: str, taken: TakenIn) -> list[DeliveryLine]:
    """One line a delivery, with its refused rows by reason."""
    reasons = refused_by_reason(lake, taken.feed) if any(j.rows_quarantined for j in taken.judgements) else {}
    return [DeliveryLine.of(j, reasons.get(j.identity)) for j in taken.judgements]


def refused_by_reason(lake: str, feed: str) -> dict[tuple[str, date, int], Counter[str]]:
    """By delivery; a row with several reasons counts under each."""
    counts: dict[tuple[str, date, int], Counter[str]] = defaultdict(Counter)
    for row in query(_REFUSED, quarantine=open_table(lake, f"quarantine/{feed}")):
        counts[row["region"], row["business_date"], row["delivery_no"]][row["reason"]] = row["rows"]
    return counts


def opened_cases(lake: str, business_date: date) -> Counter[str]:
    """Cases that this business date opened, by kind."""
    opened = query(_OPENED, {"day": business_date}, id_case=open_table(lake, "base/id_case"))
    return Counter({row["kind"]: row["cases"] for row in opened})


def notices(taken: TakenIn) -> list[Notice]:
    return [
        Notice(taken.feed, r.region, r.business_date, r.delivery_no, r.code, r.detail) for r in taken.remarks
    ]


def gate_line(finding: Finding) -> GateLine:
    return GateLine(
        table=finding.table,
        expectation=finding.expectation,
        severity="critical" if finding.critical else "warning",
        observed=finding.observed,
        expected=finding.expected,
        says=finding.says,
    )
