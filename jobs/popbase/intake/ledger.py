"""The ledger: every judgment of a delivery, append-only, one table a feed (`control/delivery/<feed>`).

It is written last: only it makes a delivery exist. The last judgment of a delivery counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

import pyarrow as pa

from popbase import control
from popbase.control import append_small, read_small
from popbase.errors import LedgerError

LEDGER = "control/delivery"
_LATER = timedelta(microseconds=1)

# Of a delivery within its feed: region, business date, number.
Identity = tuple[str, date, int]
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
    detail: str | None = None

    @property
    def place(self) -> tuple[str, date]:
        """Deliveries of one place replace each other: the greatest accepted number is effective."""
        return self.region, self.business_date

    @property
    def identity(self) -> Identity:
        return self.region, self.business_date, self.delivery_no

    @property
    def accounted(self) -> int:
        return self.rows_accepted + self.rows_quarantined + self.rows_superseded + self.rows_withheld

    def balanced(self) -> Judgement:
        """Itself; raises LedgerError where rows disappeared (invariant I1)."""
        if self.accounted != self.rows_received:
            raise LedgerError(
                f"{self.feed} {self.region} {self.business_date} {self.delivery_no:03d}: "
                f"{self.rows_received} rows received, {self.accounted} accounted for."
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


def version(lake_root: str, feed: str) -> int | None:
    """Moves with every judgment; None before the first."""
    return control.version(lake_root, table(feed))


def read(lake_root: str, feed: str, at: int | None = None) -> list[Judgement]:
    """Every judgment ever made of the feed's deliveries, or those made up to a version."""
    rows = read_small(lake_root, table(feed), at)
    return [Judgement(**{**row, "replaces_regions": tuple(row["replaces_regions"])}) for row in rows]


def append(lake_root: str, feed: str, judgements: Sequence[Judgement]) -> None:
    """Their times come after all that stand there, also where the clock went back: the last must count."""
    last = max((j.judged_at for j in read(lake_root, feed)), default=None) if judgements else None
    after = [replace(j, judged_at=max(j.judged_at, last + _LATER)) if last else j for j in judgements]
    rows = [{**asdict(j), "replaces_regions": list(j.replaces_regions)} for j in after]
    append_small(lake_root, table(feed), rows, _SCHEMA)


def table(feed: str) -> str:
    return f"{LEDGER}/{feed}"


_TYPES = {
    "business_date": pa.date32(),
    "delivery_no": pa.int32(),
    "judged_at": pa.timestamp("us", tz="UTC"),
    "replaces_regions": pa.list_(pa.string()),
    **{
        f"rows_{what}": pa.int64()
        for what in ("received", "accepted", "quarantined", "superseded", "withheld")
    },
}
_SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in Judgement.__dataclass_fields__])
