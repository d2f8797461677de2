"""A delivery looked at again because people say so: withdrawn, or judged anew (design section 9).

Both are lines in the ledger, whose last one about a delivery counts; so the next night finds a difference to
what readers see, and corrects every date that the delivery touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from popbase import clock, contracts
from popbase.errors import UsageError
from popbase.intake import ledger
from popbase.intake.delivery import Received, Rejected, receive
from popbase.intake.ingest import ingest
from popbase.intake.landing import Place, landed
from popbase.intake.ledger import Identity, Judgement
from popbase.intake.manifest import changed, harmless
from popbase.lake import Lake
from popbase.lease import leased, of_feed
from popbase.settings import Settings

# As 'popbase deliveries' writes it, or as its folder does.
_NAME = re.compile(r"([a-z][a-z0-9_]*)[ /](\d{6})[ /](\d{4}-\d{2}-\d{2})[ /](\d{1,9})")


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
    def identity(self) -> Identity:
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
            judged_at=clock.now(),
        )
        ledger.append(lake, delivery.feed, [withdrawn])
        return withdrawn


def rejudge(
    lake: Lake, settings: Settings, feed: str, only: Named | None = None, *, since: date = date.min
) -> tuple[list[Judgement], list[str]]:
    """Judges the feed's deliveries of these business dates anew by today's contract and rules, or the one;
    withdrawn ones stay so.

    The judgements, and the names of those left as they are: gone from the landing, changed there since, or
    accepted under another version of the contract than today's. UsageError where that holds of the one.
    """
    with leased(lake.root, of_feed(feed)):
        judged = _standing(lake.root, feed)
        used = {identity for identity, j in judged.items() if j.status != "withdrawn"}
        wanted = {identity for identity in used if identity[1] >= since}
        if only is not None and only.identity not in wanted:
            raise UsageError(f"{only} was never judged, or is withdrawn.")
        chosen = {only.identity} if only else wanted
        contract = contracts.feed(feed) if feed in contracts.feed_names() else None
        places = [p for p in landed(settings.landing, feed, date.max).places if p.identity in chosen]
        unchanged = [p for p in places if not _is_other(p, judged[p.identity])]
        received = [receive(place, contract, settings) for place in unchanged]
        found = [d for d in received if not _is_left(d, judged[d.place.identity])]
        left = sorted(chosen - {d.place.identity for d in found})
        if only is not None and left:
            raise UsageError(f"{only} is gone or changed in the landing, or of another contract version.")
        judgements = ingest(lake, feed, contract, found) if found else []
        return judgements, [str(Named(feed, *identity)) for identity in left]


def _is_left(delivery: Received | Rejected, before: Judgement) -> bool:
    """What an earlier contract accepted stays accepted: its sender cannot have known of today's. And what is
    gone from the folder since, as when its removal was cut short, was there when it was judged."""
    if not isinstance(delivery, Rejected) or delivery.reason == before.reason:
        return False
    accepted = before.status == "accepted"
    return delivery.reason == "file.missing" or (delivery.reason == "contract.version" and accepted)


def _is_other(place: Place, before: Judgement) -> bool:
    return changed(place, before.manifest_sha256, accepted=before.status == "accepted")


def _standing(lake: str, feed: str) -> dict[Identity, Judgement]:
    return {j.identity: j for j in ledger.standing(ledger.read(lake, feed))}
