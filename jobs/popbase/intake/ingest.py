"""Intake of one feed: received deliveries become conformed rows, quarantined rows, and judgments.

What is good is committed to `conformed/<feed>`, what is refused to `quarantine/<feed>`, and the ledger last:
only it makes a delivery exist (design 3b). Whatever an interrupted run left is replaced by the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from popbase import clock
from popbase.contracts import Contract
from popbase.errors import LedgerError
from popbase.intake import judge
from popbase.intake.delivery import Received, Rejected
from popbase.intake.landing import Place
from popbase.intake.ledger import Judgement, append
from popbase.intake.lines import PLACE
from popbase.intake.staging import Folder, Staging, stage
from popbase.lake import Lake
from popbase.session import gathered

# Moves when a row rule changes its meaning: the ledger says by which rules a delivery was judged.
RULES_VERSION = "1"
QUARANTINE = (*PLACE, "key", "reasons", "raw")
QUARANTINE_SCHEMA = (
    "region string, business_date date, delivery_no int, key string, reasons array<string>, raw string"
)


def ingest(
    lake: Lake, feed: str, contract: Contract | None, found: Sequence[Received | Rejected]
) -> list[Judgement]:
    """Takes in one feed's deliveries and writes their lines into the ledger, which it returns.

    Without a contract no delivery was received, and all there is to write is why.
    """
    received = [delivery for delivery in found if isinstance(delivery, Received)]
    with_files = [delivery for delivery in received if delivery.files]
    rejections = [rejection(delivery) for delivery in found if isinstance(delivery, Rejected)]
    empty = [judgement(delivery, staging=None) for delivery in received if not delivery.files]
    drop_leftovers(lake, feed, [delivery for delivery in found if delivery not in with_files])
    judgements = [
        *rejections,
        *empty,
        *(take_in(lake, contract, with_files) if contract and with_files else []),
    ]
    append(lake.root, feed, judgements)
    return judgements


def take_in(lake: Lake, contract: Contract, deliveries: Sequence[Received]) -> list[Judgement]:
    """Judges and commits the rows; raises LedgerError before anything is committed if any went missing.

    A delivery that was written to meanwhile gets no judgement: the next night checks it again.
    """
    staging = stage(lake, contract, deliveries)
    standing = [delivery for delivery in deliveries if delivery.stands()]
    judgements = [judgement(delivery, staging).balanced() for delivery in standing]
    accepted = {_folder(d.place) for d, j in zip(standing, judgements, strict=True) if j.status == "accepted"}
    good = staging.good(accepted)

    quarantine(lake, contract, staging, standing)
    # Of one that moved nothing is touched: on a first reading nothing stands there that counts.
    lake.commit(
        staging.table, good, staging.conformed_schema, partition_by=PLACE, replace=_partitions(standing)
    )
    lake.discard(staging.table, [file for file in [*staging.files, *staging.winners] if file not in good])
    return judgements


def quarantine(lake: Lake, contract: Contract, staging: Staging, deliveries: Sequence[Received]) -> None:
    """Refused rows, with what was sent and why; where nothing was refused, nothing is written."""
    table = f"quarantine/{contract.feed}"
    files = staging.of(judge.REFUSED, among={_folder(delivery.place) for delivery in deliveries})
    refused = gathered(lake.staged(staging.table, files, staging.schema).select(*QUARANTINE))
    staged = lake.stage(table, refused, partition_by=PLACE) if files else []
    lake.commit(table, staged, refused.schema, partition_by=PLACE, replace=_partitions(deliveries))


def drop_leftovers(lake: Lake, feed: str, rowless: Sequence[Received | Rejected]) -> None:
    """Rows that an interrupted run committed of deliveries whose senders have since taken them back."""
    for table in (f"conformed/{feed}", f"quarantine/{feed}"):
        committed = lake.rows_by_partition(table) if rowless else {}
        stale = [
            d for d in rowless if (d.place.region, d.place.business_date, d.place.delivery_no) in committed
        ]
        if stale:
            schema = lake.read(table).schema
            lake.commit(table, [], schema, partition_by=PLACE, replace=_partitions(stale))


def judgement(delivery: Received, staging: Staging | None) -> Judgement:
    """The delivery's line in the ledger; raises LedgerError where Spark saw other rows than the check did."""
    folder = _folder(delivery.place)
    accepted, refused, contenders, kept = _counts(staging, folder)
    received = sum(file.rows for file in delivery.files)
    if received != accepted + refused + contenders:
        raise LedgerError(
            f"{delivery.place.feed} {' '.join(folder)}: {received} rows counted in the files, "
            f"{accepted + refused + contenders} judged."
        )
    limit = delivery.contract.max_quarantine_share
    share = refused / received if received else 0.0
    judged = {**_line(delivery), "contract_version": delivery.contract.version, "rows_received": received}
    if share > limit:
        return Judgement(
            **judged,
            status="rejected",
            reason="quarantine.share",
            detail=f"{share:.1%} of the rows are refused, more than the {limit:.0%} allowed.",
            rows_accepted=0,
            rows_quarantined=refused,
            rows_superseded=0,
            rows_withheld=received - refused,
        )
    return Judgement(
        **judged,
        status="accepted",
        reason=None,
        replaces_regions=delivery.replaces_regions,
        rows_accepted=accepted + kept,
        rows_quarantined=refused,
        rows_superseded=contenders - kept,
        rows_withheld=0,
    )


def rejection(delivery: Rejected) -> Judgement:
    """The line of a delivery that was refused whole before a row was read: its counts are zero."""
    return Judgement(
        **_line(delivery),
        status="rejected",
        reason=delivery.reason,
        detail=delivery.detail,
        contract_version=delivery.contract_version,
        rows_received=0,
        rows_accepted=0,
        rows_quarantined=0,
        rows_superseded=0,
        rows_withheld=0,
    )


def _counts(staging: Staging | None, folder: Folder) -> tuple[int, int, int, int]:
    if staging is None:
        return 0, 0, 0, 0
    verdicts = (judge.ACCEPTED, judge.REFUSED, judge.CONTENDER)
    accepted, refused, contenders = (staging.rows(verdict, folder) for verdict in verdicts)
    return accepted, refused, contenders, staging.kept(folder)


def _line(delivery: Received | Rejected) -> dict[str, Any]:
    place = delivery.place
    return {
        "feed": place.feed,
        "region": place.region,
        "business_date": place.business_date,
        "delivery_no": place.delivery_no,
        "kind": delivery.kind,
        "manifest_sha256": delivery.manifest_sha256,
        "rules_version": RULES_VERSION,
        "judged_at": clock.now(),
    }


def _folder(place: Place) -> Folder:
    return place.region, place.business_date.isoformat(), str(place.delivery_no)


def _partitions(deliveries: Sequence[Received | Rejected]) -> list[dict[str, str]]:
    return [dict(zip(PLACE, _folder(delivery.place), strict=True)) for delivery in deliveries]


def conformed_schema(contract: Contract) -> str:
    """The columns of `conformed/<feed>` as DDL, for where no row was ever written."""
    fields = [f"{f.name} {f.sql_type}" for f in contract.fields]
    own = ["op string", "flags array<string>", "region string", "business_date date", "delivery_no int"]
    return ", ".join([*fields, *own])
