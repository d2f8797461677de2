"""What happened to people: their winning records over the days, and what lies between two stays.

One row of base/event is something that happened to a person, dated as the register dates it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lib.model_history import ONE_DAY, Day
from lib.model_identity import Record

EXITS = {"1": "DEATH", "2": "MISSING", "3": "TRANSIT_OUT", "4": "CANCEL_DUPLICATE", "5": "ENLIST",
         "6": "EMIGRATE", "7": "CANCEL_ERROR"}  # fmt: skip
ENTRANCES = {"BIRTH": "BIRTH", "LATE": "LATE_REGISTRATION", "DISCHARGE": "DISCHARGE", "RETURN": "RETURN",
             "RESTORE": "RESTORE", "MOVE": "MOVE"}  # fmt: skip
RETURNS = {"DISCHARGE": "DISCHARGE", "RETURN": "RETURN", "RESTORE": "RESTORE", "LATE": "LATE_REGISTRATION"}


@dataclass
class Stay:
    """Days in a row of one person with one winner, one bureau, one area, live or ended; facts of the last."""

    person_id: str
    winner: Record
    live: bool
    start: date
    last: date

    @property
    def end(self) -> date:
        return self.last + ONE_DAY

    @property
    def area(self) -> Any:
        return self.winner.row["registered_area"]

    def said(self, name: str) -> Any:
        return self.winner.row[name]

    def goes_on(self, winner: Record, live: bool, on: date) -> bool:
        same = (self.winner.lineage, self.winner.region, self.area, self.live) == (
            winner.lineage, winner.region, winner.row["registered_area"], live
        )  # fmt: skip
        return same and self.end == on

    def directly_before(self, other: Stay) -> bool:
        return self.end == other.start


def stays(days: Sequence[Day], person: str) -> list[Stay]:
    found: list[Stay] = []
    for d in days:
        p = d.by_id(person)
        if p and found and found[-1].goes_on(p.winner, p.live, d.on):
            found[-1].winner, found[-1].last = p.winner, d.on
        elif p:
            found.append(Stay(person, p.winner, p.live, d.on, d.on))
    return found


Event = dict[str, Any]


def event(p: Stay, kind: str, on: date, **facts: Any) -> Event:
    row = {"person_id": p.person_id, "kind": kind, "event_on": on, "occurred_on": None, "from_area": None,
           "to_area": None, "one_sided": False, **facts}  # fmt: skip
    named = [p.person_id, kind, on.isoformat(), *p.winner.lineage, row["from_area"], row["to_area"]]
    text = "|".join(["event", *(part or "" for part in named)])
    return {"event_id": hashlib.sha256(text.encode()).hexdigest()[:32], **row}


def events(days: Sequence[Day], as_of: date) -> list[Event]:
    found: dict[str, Event] = {}
    for person in sorted({p.person_id for d in days for p in d.people}):
        counted = [s for s in stays(days, person) if s.start <= as_of]
        for e in Story(list(days), counted, as_of).events():
            found.setdefault(e["event_id"], e)
    return list(found.values())


@dataclass
class Story:
    """One person's stays, and what every one of them means after the one before."""

    days: list[Day]
    stays: list[Stay]
    as_of: date

    def events(self) -> Iterator[Event]:
        gone: Any = None  # the area that the person left with the stay before, if it did
        for at, p in enumerate(self.stays):
            q = self.stays[at - 1] if at else None
            after = self.stays[at + 1] if at + 1 < len(self.stays) else None
            before = q if q and q.directly_before(p) else None
            following = after if after and p.directly_before(after) else None
            entered = before is None and (q is None or q.live or p.live)
            if entered:
                yield self.entrance(p, first=q is None)
            if before and p.live:
                yield from moved(before, p) if before.live else come_back(before, p, gone)
            leaves = not p.live and (before.live if before else entered)
            gone = (before.area if before else p.area) if leaves else None
            if leaves:
                yield from left(p, gone, following)
            yield from self.ending(p, following)
            yield from conversion(p, before)

    def entrance(self, p: Stay, *, first: bool) -> Event:
        """Rule 1: how someone comes who was not there the day before."""
        places = [p.winner.where, *self.places(p, p.start - ONE_DAY)]
        if self.someone_elses(p, p.start - ONE_DAY, places):
            return event(p, "SPLIT", p.start, to_area=p.area)
        if not first:
            return event(p, "APPEARED", p.start, to_area=p.area)
        kind = ENTRANCES.get(p.said("move_in_reason"), "APPEARED")
        facts: dict[str, Any] = {"to_area": p.area}
        if kind in ("BIRTH", "LATE_REGISTRATION"):
            facts["occurred_on"] = p.said("birth_date")
        if kind == "MOVE":
            facts |= {"one_sided": True, "from_area": twelve(p.said("move_in_from"))}
        return event(p, kind, p.said("registered_on"), **facts)

    def ending(self, p: Stay, following: Stay | None) -> Iterator[Event]:
        """Rule 5: someone live is not there any more."""
        if not p.live or following or p.end > self.as_of:
            return
        places = [p.winner.where, *self.places(p, p.end)]
        kind = "MERGE" if self.someone_elses(p, p.end, places) else "VANISHED"
        yield event(p, kind, p.end, from_area=p.area)

    def places(self, p: Stay, on: date) -> list[tuple[str, str]]:
        return [r.where for d in self.days if d.on == on for r in d.own if r.lineage == p.winner.lineage]

    def someone_elses(self, p: Stay, on: date, places: Sequence[tuple[str, str]]) -> bool:
        owners = {d.owner(place) for d in self.days if d.on == on for place in places}
        return bool(owners - {None, p.person_id})


def twelve(area: str | None) -> str | None:
    return area if area and len(area) == 12 else None


def come_back(q: Stay, p: Stay, gone: Any) -> Iterator[Event]:
    """Rule 2: live again after an end. `gone`: the area that the person left then; none where another end
    came between."""
    ended_on, registered_on = q.said("ended_on"), p.said("registered_on")
    if q.said("end_reason") == "3":
        kind = "MOVE" if gone and ended_on.year == registered_on.year else "TRANSIT_IN"
        yield event(p, kind, registered_on, from_area=gone or q.area, to_area=p.area)
        return
    by_end = {"5": "DISCHARGE", "6": "RETURN"}.get(q.said("end_reason"), "RESTORE")
    kind = RETURNS.get(p.said("move_in_reason"), by_end)
    yield event(p, kind, registered_on if registered_on >= ended_on else p.start, to_area=p.area)


def moved(q: Stay, p: Stay) -> Iterator[Event]:
    """Rule 3: live before and after."""
    ends = {"from_area": q.area, "to_area": p.area}
    if q.area == p.area:
        return
    if q.winner.lineage == p.winner.lineage and q.winner.region != p.winner.region:
        yield event(p, "RECODED_OUT", p.start, **ends)
        yield event(p, "RECODED_IN", p.start, **ends)
    elif q.winner.lineage == p.winner.lineage:
        same = p.said("registered_on") == q.said("registered_on")
        yield event(p, "MOVE", p.start if same else p.said("registered_on"), **ends)
    elif p.said("registered_on") >= q.said("registered_on"):
        yield event(p, "MOVE", p.said("registered_on"), **ends)
    else:
        yield event(p, "CANCEL_DUPLICATE", p.start, from_area=q.area)
        yield event(p, "RESTORE", p.start, to_area=p.area)


def left(p: Stay, gone: Any, following: Stay | None) -> Iterator[Event]:
    """Rule 4: how someone goes."""
    kind = EXITS.get(p.said("end_reason"), "OTHER")
    facts: dict[str, Any] = {"from_area": gone}
    if kind == "DEATH":
        facts["occurred_on"] = p.said("died_on")
    if kind == "TRANSIT_OUT":
        back = following if following and following.live else None
        if back and p.said("ended_on").year == back.said("registered_on").year:
            return
        facts |= {"to_area": back.area, "one_sided": False} if back else \
            {"to_area": twelve(p.said("move_out_to")), "one_sided": True}  # fmt: skip
    yield event(p, kind, p.said("ended_on"), **facts)


def conversion(p: Stay, q: Stay | None) -> Iterator[Event]:
    """Rule 6."""
    on = p.said("converted_on")
    if on and not (q and q.said("converted_on") == on):
        yield event(p, "CONVERSION", on, from_area=p.area, to_area=p.area)
