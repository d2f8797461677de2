"""Who is late: the newest delivery of every sender against its contract's cadence (design 3b, 4).

Staleness is a fact of a publication, never of rows: the state of a late sender still counts.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

from popbase import contracts
from popbase.contract_properties import Cadence
from popbase.intake.ledger import Judgement, effective

_MONTHS = {"monthly": 1, "yearly": 12}


@dataclass(frozen=True)
class Sender:
    """One feed of one bureau, as a publication saw it; without a region: nobody ever sent the feed."""

    feed: str
    region: str | None
    cadence: Cadence
    newest: date | None
    days_late: int | None

    @property
    def late(self) -> bool:
        return self.days_late != 0


def all_senders(judgements: Mapping[str, Iterable[Judgement]], *, as_of: date) -> tuple[Sender, ...]:
    """The lines of every feed, by its contract's cadence; `judgements`: feed -> its deliveries as judged."""
    told = (senders(f, contracts.feed(f).cadence, judged, as_of=as_of) for f, judged in judgements.items())
    return tuple(chain.from_iterable(told))


def senders(feed: str, cadence: Cadence, judgements: Iterable[Judgement], *, as_of: date) -> list[Sender]:
    """One line for every bureau that still sends `feed`; accepted deliveries alone count."""
    newest: dict[str, Judgement] = {}
    taken_over: dict[str, date] = {}
    for delivery in sorted(effective(judgements, as_of), key=lambda j: j.business_date):
        newest[delivery.region] = delivery
        others = set(delivery.replaces_regions) - {delivery.region}  # nobody takes over oneself
        taken_over |= dict.fromkeys(others, delivery.business_date)
    if not newest:
        return [Sender(feed, None, cadence, None, None)]
    return [
        _sender(feed, cadence, region, newest=last.business_date, as_of=as_of)
        for region, last in sorted(newest.items())
        if not _closed(last, taken_over.get(region))
    ]


def _closed(last: Judgement, taken_over: date | None) -> bool:
    """A bureau that closes sends an empty snapshot, or its successor names it (design 4)."""
    empty = last.kind == "snapshot" and last.rows_received == 0
    return empty or (taken_over is not None and taken_over >= last.business_date)


def _sender(feed: str, cadence: Cadence, region: str, *, newest: date, as_of: date) -> Sender:
    overdue = (as_of - due_after(newest, cadence)).days + 1
    return Sender(feed, region, cadence, newest, max(overdue, 0))


def due_after(newest: date, cadence: Cadence) -> date:
    """The business date at whose end the next delivery must be there."""
    if cadence == "daily":
        return newest + timedelta(days=1)
    year, month = divmod(newest.year * 12 + newest.month - 1 + _MONTHS[cadence], 12)
    last_day = monthrange(year, month + 1)[1]
    # Who sends on the last day of a month goes on doing so: 30 November is followed by 31 December.
    sends_at_month_end = newest.day == monthrange(newest.year, newest.month)[1]
    return date(year, month + 1, last_day if sends_at_month_end else min(newest.day, last_day))
