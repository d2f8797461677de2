"""A delivery looked at again because people say so: withdrawn, or judged anew (design section 9).

Both are lines in the ledger, whose last one about a delivery counts; so the next night finds a difference to
what readers see, and corrects every date that the delivery touched.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from popbase import clock, contracts
from popbase.errors import UsageError
from popbase.intake import ledger
from popbase.intake.delivery import receive
from popbase.intake.ingest import ingest
from popbase.intake.landing import landed
from popbase.intake.ledger import Judgement
from popbase.intake.manifest import harmless
from popbase.lake import Lake
from popbase.lease import leased, of_feed
from popbase.settings import Settings

# As 'popbase deliveries' writes it, or as its folder does.
_NAME = re.compile(r"([a-z][a-z0-9_]*)[ /](\d{6})[ /](\d{4}-\d{2}-\d{2})[ /](\d{1,9})")
# Clocks go back; the last line must still be the last.
_LATER = timedelta(microseconds=1)


@dataclass(frozen=True)
class Named:
    """A delivery by its name: `tax/330100/2015-12-31/001`."""

    feed: str
    region: str
    business_date: date
    delivery_no: int

    @classmethod
    def of(cls, text: str) -> Named:
        """Raises UsageError where the text names no delivery."""
        match = _NAME.fullmatch(text.strip())
        try:
            if match:
                return cls(match[1], match[2], date.fromisoformat(match[3]), int(match[4]))
        except ValueError:
            pass
        raise UsageError("Name a delivery by its folder, such as tax/330100/2015-12-31/001.")

    @property
    def identity(self) -> tuple[str, date, int]:
        return self.region, self.business_date, self.delivery_no

    def __str__(self) -> str:
        return f"{self.feed}/{self.region}/{self.business_date}/{self.delivery_no:03d}"


def withdraw(lake: str, delivery: Named, reason: str) -> Judgement:
    """From now on nothing of the delivery is used; UsageError where nothing of it is used now."""
    with leased(lake, of_feed(delivery.feed)):
        judged = _standing(lake, delivery.feed)
        before = judged.get(delivery.identity)
        if before is None or before.status != "accepted":
            status = before.status if before else "not judged"
            raise UsageError(f"{delivery} is {status}; only an accepted delivery can be withdrawn.")
        withdrawn = replace(
            before,
            status="withdrawn",
            reason="withdrawn",
            detail=harmless(reason),
            judged_at=_after(judged.values()),
        )
        ledger.append(lake, delivery.feed, [withdrawn])
        return withdrawn


def rejudge(lake: Lake, settings: Settings, feed: str, only: Named | None = None) -> list[Judgement]:
    """Judges the feed's deliveries anew by today's contract and rules, or the one; withdrawn ones stay so.

    UsageError where the one was never judged, is withdrawn, or lies in the landing no more.
    """
    with leased(lake.root, of_feed(feed)):
        judged = _standing(lake.root, feed)
        wanted = {identity for identity, j in judged.items() if j.status != "withdrawn"}
        if only is not None and only.identity not in wanted:
            raise UsageError(f"{only} was never judged, or is withdrawn.")
        chosen = {only.identity} if only else wanted
        places = [p for p in landed(settings.landing, feed, date.max).places if p.identity in chosen]
        if only is not None and not places:
            raise UsageError(f"{only} lies in the landing no more; its sender must deliver it again.")
        contract = contracts.feed(feed) if feed in contracts.feed_names() else None
        found = [receive(place, contract, settings) for place in places]
        return ingest(lake, feed, contract, found) if found else []


def _standing(lake: str, feed: str) -> dict[tuple[str, date, int], Judgement]:
    return {j.identity: j for j in ledger.standing(ledger.read(lake, feed))}


def _after(judgements: Collection[Judgement]) -> datetime:
    return max(clock.now(), *(j.judged_at + _LATER for j in judgements))
