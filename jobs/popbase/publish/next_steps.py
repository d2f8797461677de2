"""What the operator does now: one sentence a problem, with the command that shows or mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeVar, get_args

from popbase.publish.run_report import DeliveryLine, NightReport, Notice
from popbase.publish.staleness import Sender
from popbase.publish.wording import NOTICES_FOR_TODAY, count, notice, rejection

T = TypeVar("T")

# now: readers do not get what they should. today: somebody must be asked. note: good to know.
Urgency = Literal["now", "today", "note"]

# More of one kind in one feed than this are one problem, not many: they share a cause.
_NAMED = 3


@dataclass(frozen=True)
class Step:
    urgency: Urgency
    subject: str
    sentence: str
    command: str | None = None


def next_steps(night: NightReport) -> list[Step]:
    """The most urgent first; empty after a night without a problem."""
    steps = [
        *_held(night),
        *_grouped(night.rejected, lambda d: (d.feed, d.reason or ""), one=_refused, many=_many_refused),
        *_grouped(_to_remind(night), lambda s: (s.feed, ""), one=_late, many=_many_late),
        *_astray(night),
        *_grouped(night.notices, lambda n: (n.feed, n.code), one=_noticed, many=_many_noticed),
        *_warned(night),
        *_to_decide(night),
    ]
    return sorted(steps, key=lambda step: get_args(Urgency).index(step.urgency))


def _held(night: NightReport) -> Iterator[Step]:
    again = f"popbase night --date {night.business_date}"
    critical = [g for g in night.gates if g.severity == "critical"]
    for gate in critical:
        yield Step(
            "now",
            gate.table,
            f"breaks '{gate.says}' ({gate.found}). Find the delivery that caused it, have it sent again "
            "under a higher number, then run the night again. If life is so, accept it: "
            f"popbase publish --date {night.business_date} --accept {gate.expectation}.",
            again,
        )
    if night.outcome == "held" and not critical:
        yield Step("now", "night", f"{night.why or 'It did not finish.'} Then run the night again.", again)


def _grouped(
    lines: Iterable[T],
    cause: Callable[[T], tuple[str, str]],
    *,
    one: Callable[[T], Step],
    many: Callable[[list[T]], Step],
) -> Iterator[Step]:
    for _, group in groupby(sorted(lines, key=cause), key=cause):
        same = list(group)
        yield from [many(same)] if len(same) > _NAMED else map(one, same)


def _refused(delivery: DeliveryLine) -> Step:
    what = "quarantine " if delivery.reason == "quarantine.share" else "deliveries --feed "
    return Step(
        "today",
        delivery.name,
        f"was refused whole: {delivery.detail or rejection(delivery.reason or '') + '.'} "
        f"Ask {delivery.region} to mend it and send it as number {delivery.delivery_no + 1:03d}.",
        f"popbase {what}{delivery.feed} --date {delivery.business_date}",
    )


def _many_refused(deliveries: list[DeliveryLine]) -> Step:
    first = deliveries[0]
    return Step(
        "today",
        f"{first.feed}, {count(len(deliveries), 'delivery')}",
        f"refused whole: {rejection(first.reason or '')}. Ask the department.",
        f"popbase deliveries --feed {first.feed}",
    )


def _to_remind(night: NightReport) -> list[Sender]:
    """Who is late and is not asked already to mend what was refused tonight."""
    asked = {(d.feed, d.region) for d in night.rejected}
    return [s for s in night.late if (s.feed, s.region) not in asked]


def _late(sender: Sender) -> Step:
    command = f"popbase deliveries --feed {sender.feed}"
    if sender.region is None:
        return Step("today", sender.feed, "was never delivered and accepted. Ask the department.", command)
    late = f"is {count(sender.days_late or 0, 'day')} late; its state of {sender.newest} was used."
    return Step("today", f"{sender.feed} {sender.region}", f"{late} Ask for the missing delivery.", command)


def _many_late(late: list[Sender]) -> Step:
    longest = count(max(s.days_late or 0 for s in late), "day")
    bureaus = f"{late[0].feed}, {count(len(late), 'bureau')}"
    command = f"popbase deliveries --feed {late[0].feed}"
    return Step("today", bureaus, f"late, up to {longest}; their last states were used. Ask them.", command)


def _astray(night: NightReport) -> Iterator[Step]:
    """Their senders think that they have delivered."""
    for feed, folders in night.strays.items():
        yield Step(
            "today",
            feed,
            f"has {count(folders, 'folder')} that no night judges: a delivery lies in "
            "<region>/<business date>/<number>, and must be readable. Ask the department.",
        )


def _urgency(n: Notice) -> Urgency:
    return "today" if n.code in NOTICES_FOR_TODAY else "note"


def _noticed(n: Notice) -> Step:
    detail = f" ({n.detail})" if n.detail else ""
    command = f"popbase deliveries --feed {n.feed} --date {n.business_date}"
    return Step(_urgency(n), f"{n.name}:", f"{notice(n.code)}{detail}.", command)


def _many_noticed(notices: list[Notice]) -> Step:
    first = notices[0]
    subject = f"{first.feed}, {count(len(notices), 'delivery')}:"
    return Step(_urgency(first), subject, f"{notice(first.code)}.", f"popbase deliveries --feed {first.feed}")


def _warned(night: NightReport) -> Iterator[Step]:
    for gate in night.gates:
        if gate.severity == "warning":
            yield Step("note", gate.table, f"breaks '{gate.says}' ({gate.found}).")


def _to_decide(night: NightReport) -> Iterator[Step]:
    if opened := night.to_decide:
        verb = "waits" if opened == 1 else "wait"
        yield Step("note", count(opened, "new case"), f"{verb} for a decision.", "popbase cases --open")
    if found := night.to_mend:
        what = count(found, "new finding")
        yield Step("note", what, "about sectors' numbers, for their departments.", "popbase feedback")
