"""What bureaus send, and what is said of it night by night."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from lib.model_history import DECISIONS, REGISTER
from lib.model_state import Delivered
from popbase.intake.ledger import Status

FEEDS = (REGISTER, DECISIONS, "housing", "social_security", "education")


@dataclass(frozen=True)
class Sent:
    """A delivery and what is said of it when it is judged; judged again, the last word counts."""

    feed: str
    delivery: Delivered
    status: Status = "accepted"

    @property
    def place(self) -> tuple[str, str, date, int]:
        d = self.delivery
        return self.feed, d.region, d.business_date, d.delivery_no


@dataclass(frozen=True)
class Case:
    """What is judged in each night."""

    nights: tuple[tuple[Sent, ...], ...]

    @property
    def size(self) -> int:
        return sum(1 + len(s.delivery.rows) for night in self.nights for s in night)

    def known(self, night: int) -> dict[str, list[Delivered]]:
        """Every delivery judged by the night, by its last judgment."""
        last = {s.place: s for told in self.nights[: night + 1] for s in told}
        found: dict[str, list[Delivered]] = {feed: [] for feed in FEEDS}
        for s in last.values():
            found[s.feed].append(replace(s.delivery, accepted=s.status == "accepted"))
        return found
