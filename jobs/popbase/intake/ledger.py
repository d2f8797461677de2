"""The ledger: every judgment of a delivery, append-only, one table a feed (`control/delivery/<feed>`).

It is written last: only it makes a delivery exist. The last judgment of a delivery counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from popbase.errors import LedgerError

Status = Literal["accepted", "rejected", "withdrawn"]


@dataclass(frozen=True)
class Judgement:
    """One delivery as judged; of a rejected one all counts are zero, but for `quarantine.share`."""

    feed: str
    region: str
    business_date: date
    delivery_no: int
    kind: str
    status: Status
    reason: str | None
    rows_received: int
    rows_accepted: int
    rows_quarantined: int
    rows_superseded: int
    rows_withheld: int
    manifest_sha256: str
    contract_version: str
    rules_version: str
    judged_at: datetime
    replaces_regions: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, date]:
        """Deliveries of one place replace each other: the greatest accepted number is effective."""
        return self.region, self.business_date

    @property
    def identity(self) -> tuple[str, date, int]:
        return self.region, self.business_date, self.delivery_no

    def balanced(self) -> Judgement:
        """Itself; raises LedgerError where rows disappeared (invariant I1)."""
        accounted = self.rows_accepted + self.rows_quarantined + self.rows_superseded + self.rows_withheld
        if accounted != self.rows_received:
            raise LedgerError(
                f"{self.feed} {self.region} {self.business_date} {self.delivery_no:03d}: "
                f"{self.rows_received} rows received, {accounted} accounted for."
            )
        return self


def standing(judgements: Iterable[Judgement]) -> list[Judgement]:
    """The last judgment of each delivery, in the order of (region, date, number)."""
    last: dict[tuple[str, date, int], Judgement] = {}
    for judgement in sorted(judgements, key=lambda j: j.judged_at):
        last[judgement.identity] = judgement
    return [last[identity] for identity in sorted(last)]


def effective(judgements: Iterable[Judgement], as_of: date) -> list[Judgement]:
    """The accepted delivery with the greatest number of each (region, date) up to `as_of`."""
    best: dict[tuple[str, date], Judgement] = {}
    for judgement in standing(judgements):  # ascending numbers: the last one set is the greatest
        if judgement.status == "accepted" and judgement.business_date <= as_of:
            best[judgement.place] = judgement
    return [best[place] for place in sorted(best)]
