"""From register records to persons, in plain Python, for the numbers where anything is out of the ordinary.

Follows design section 7, step by step; the records of one call are all those that could touch each other.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from popbase.generate.judge import match_name

CANCELLED = ("4", "7")
STATUS = {"1": "DEAD", "2": "MISSING", "3": "MOVED_OUT", "5": "IN_SERVICE", "6": "EMIGRATED"}

Identity = tuple[str, str]  # (region, record_no)


@dataclass(frozen=True)
class Record:
    """A register record as it stands on the date asked for."""

    region: str
    record_no: str
    values: dict[str, Any]
    flags: tuple[str, ...]
    first_date: date

    @property
    def identity(self) -> Identity:
        return self.region, self.record_no

    def live(self, on: date) -> bool:
        return self.values["ended_on"] is None or self.values["ended_on"] > on

    def cancelled(self, on: date) -> bool:
        return not self.live(on) and self.values["end_reason"] in CANCELLED


@dataclass(frozen=True)
class Person:
    """One person: the winning record, the number it carries, and in which standing."""

    person_id: str
    number: str | None
    id_status: str
    status: str
    winner: Record
    records: tuple[Record, ...]


class Register:
    """The candidates with the numbers that decisions leave them with (step 6)."""

    def __init__(self, records: Iterable[Record], on: date) -> None:
        self.on = on
        self.records = {r.identity: r for r in records}
        self.number: dict[Identity, str | None] = {i: r.values["citizen_id"] for i, r in self.records.items()}
        self.linked: set[frozenset[Identity]] = set()
        self.not_applied: list[str] = []

    def apply(self, decision: dict[str, Any]) -> None:
        handle = self._confirm if decision["kind"] == "90" else self._renumber
        if decision["new_citizen_id"] is None or not handle(decision):
            self.not_applied.append(str(decision["decision_no"]))

    def _renumber(self, decision: dict[str, Any]) -> bool:
        """Kinds 11 and 12."""
        old, new = decision["old_citizen_id"], decision["new_citizen_id"]
        named = (decision["register_region"], decision["record_no"])
        if named not in self.records or self.number[named] not in (old, new):
            return False
        if old is None:
            self.number[named] = new
            return True
        under_old = [i for i, number in self.number.items() if number == old and i != named]
        for identity in self._component(named, under_old):
            self.number[identity] = new
        return True

    def _confirm(self, decision: dict[str, Any]) -> bool:
        """Kind 90: those it finds of the two carry the new number; with neither there is nothing to do."""
        named = (
            (decision["register_region"], decision["record_no"]),
            (decision["other_region"], decision["other_record_no"]),
        )
        there = [identity for identity in named if identity in self.records]
        for identity in set[Identity]().union(*map(self._with_same_number, there)):
            self.number[identity] = decision["new_citizen_id"]
        if len(there) == len(named):
            self.linked.add(frozenset(there))
        return bool(there)

    def _with_same_number(self, start: Identity) -> set[Identity]:
        if self.number[start] is None:
            return {start}
        others = [i for i, n in self.number.items() if n == self.number[start] and i != start]
        return self._component(start, others)

    def _component(self, start: Identity, others: Iterable[Identity]) -> set[Identity]:
        return component(start, set(others), self._links)

    def _links(self, a: Identity, b: Identity) -> bool:
        """Step 1, of two records under one number."""
        if frozenset((a, b)) in self.linked:
            return True
        one, other = self.records[a].values, self.records[b].values
        if one["birth_date"] != other["birth_date"]:
            return False
        names = match_name(one["name"]), match_name(other["name"])
        former = match_name(one["former_name"]), match_name(other["former_name"])
        return names[0] == names[1] or names[0] == former[1] or names[1] == former[0]

    def persons(self) -> list[Person]:
        """Steps 2 to 4 and 7."""
        by_number: dict[str, list[Identity]] = defaultdict(list)
        found = []
        for identity, number in self.number.items():
            if number is None:
                found.append(self._person([identity], None, "NONE"))
            else:
                by_number[number].append(identity)
        for number, members in by_number.items():
            found += self._of_number(number, members)
        return found

    def _of_number(self, number: str, members: list[Identity]) -> list[Person]:
        taking_part = [i for i in members if not self.records[i].cancelled(self.on)] or members
        groups = components(taking_part, self._links)
        persons = [self._person(g, number, "UNIQUE") for g in groups]
        alive = [p for p in persons if p.status == "REGISTERED"]
        if len(alive) >= 2:
            standing = {p.person_id: "CONTESTED" for p in alive}
        elif alive:
            standing = {alive[0].person_id: "UNIQUE"}
        else:
            last = max(persons, key=lambda p: (p.winner.values["ended_on"], *_order(p.winner)))
            standing = {last.person_id: "UNIQUE"}
        return [
            Person(p.person_id, number, standing.get(p.person_id, "FORMER"), p.status, p.winner, p.records)
            for p in persons
        ]

    def _person(self, group: list[Identity], number: str | None, id_status: str) -> Person:
        records = [self.records[i] for i in group]
        live = [r for r in records if r.live(self.on)]
        if live:
            winner, status = max(live, key=_order), "REGISTERED"
        else:
            winner = max(records, key=lambda r: (r.values["ended_on"], *_order(r)))
            status = STATUS.get(winner.values["end_reason"], "CANCELLED")
        valid = [r for r in records if not r.cancelled(self.on)] or records
        anchor = min(valid, key=lambda r: (r.first_date, r.region, r.record_no))
        return Person(person_id(*anchor.identity), number, id_status, status, winner, tuple(records))


def _order(record: Record) -> tuple[Any, ...]:
    v = record.values
    return v["registered_on"], v["updated_at"], record.region, record.record_no


def person_id(region: str, record_no: str) -> str:
    return hashlib.sha256(f"person|{region}|{record_no}".encode()).hexdigest()[:32]


def component(
    start: Identity, others: set[Identity], links: Callable[[Identity, Identity], bool]
) -> set[Identity]:
    """`start` and all that link to it, directly or through others."""
    inside, frontier = {start}, [start]
    while frontier:
        at = frontier.pop()
        reached = {o for o in others - inside if links(at, o)}
        inside |= reached
        frontier += reached
    return inside


def components(members: list[Identity], links: Callable[[Identity, Identity], bool]) -> list[list[Identity]]:
    groups, left = [], sorted(members)
    while left:
        group = component(left[0], set(left[1:]), links)
        groups.append(sorted(group))
        left = [m for m in left if m not in group]
    return groups


def in_force(decisions: Iterable[dict[str, Any]], on: date) -> list[dict[str, Any]]:
    """The decisions to apply on a date, in their order: effective, and not revoked by then."""
    effective = [d for d in decisions if d["effective_on"] <= on]
    revoked = {d["revokes"] for d in effective if d["kind"] == "99"}
    standing = [d for d in effective if d["kind"] != "99" and d["decision_no"] not in revoked]
    return sorted(standing, key=lambda d: (d["effective_on"], d["decision_no"]))
