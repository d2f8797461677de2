"""What a night came upon, as the lines of its run report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from pyspark.sql import functions as F

from popbase.expectations import Finding, stopping
from popbase.intake.feeds import Remark, TakenIn
from popbase.lake import Lake
from popbase.publish.run_report import DeliveryLine, GateLine, Notice


def held_because(findings: Sequence[Finding]) -> str:
    return "; ".join(str(finding) for finding in stopping(findings))


def delivery_lines(lake: Lake, taken: TakenIn) -> list[DeliveryLine]:
    """One line a delivery, with its refused rows by reason."""
    reasons = refused_by_reason(lake, taken) if any(j.rows_quarantined for j in taken.judgements) else {}
    return [DeliveryLine.of(j, reasons.get(j.identity)) for j in taken.judgements]


def refused_by_reason(lake: Lake, taken: TakenIn) -> dict[tuple[str, date, int], Counter[str]]:
    rows = (
        lake.read(f"quarantine/{taken.feed}")
        .select("region", "business_date", "delivery_no", F.explode("reasons").alias("reason"))
        .groupBy("region", "business_date", "delivery_no", "reason")
        .count()
    )
    counts: dict[tuple[str, date, int], Counter[str]] = {}
    for region, business_date, delivery_no, reason, number in rows.collect():
        counts.setdefault((region, business_date, delivery_no), Counter())[reason] = number
    return counts


def opened_cases(lake: Lake, business_date: date) -> Counter[str]:
    """Cases that this business date opened, by kind."""
    opened = lake.read("base/id_case").where(F.col("opened_on") == F.lit(business_date))
    return Counter({row["kind"]: row["count"] for row in opened.groupBy("kind").count().collect()})


def notice(remark: Remark) -> Notice:
    place = remark.place
    return Notice(
        place.feed, place.region, place.business_date, place.delivery_no, remark.code, remark.detail
    )


def gate_line(finding: Finding) -> GateLine:
    return GateLine(
        table=finding.table,
        expectation=finding.expectation,
        severity="critical" if finding.critical else "warning",
        observed=finding.observed,
        expected=finding.expected,
        says=finding.says,
    )
