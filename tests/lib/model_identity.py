"""Whose record is it, on one day, by the letter of design section 7: every record against every other.

Slow and plain on purpose: it shares no idea with `popbase.identity`, which it judges.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

SHOWN = (
    "record_no", "name", "former_name", "sex", "birth_date", "household_kind", "relation_to_head",
    "hukou_nature", "registered_area", "registered_on", "converted_on", "ended_on", "end_reason",
    "unsettled_reason", "updated_at",
)  # fmt: skip
Row = Mapping[str, Any]
Where = tuple[str, str]
STATUS = {"1": "DEAD", "2": "MISSING", "3": "MOVED_OUT", "5": "IN_SERVICE", "6": "EMIGRATED"}


@dataclass(frozen=True)
class Record:
    """A record of the register's state; number and flags are those that decisions left it with."""

    region: str
    row: Row
    first_date: date
    anchor_region: str
    citizen_id: str | None
    flags: frozenset[str]
    decision_no: str | None = None

    @property
    def where(self) -> Where:
        return self.region, self.row["record_no"]

    @property
    def lineage(self) -> Where:
        return self.anchor_region, self.row["record_no"]

    @property
    def ref(self) -> str:
        return "/".join(self.where)

    def live(self, on: date) -> bool:
        return self.row["ended_on"] is None or self.row["ended_on"] > on

    def cancelled(self, on: date) -> bool:
        return not self.live(on) and self.row["end_reason"] in ("4", "7")

    def dead(self, on: date) -> bool:
        return not self.live(on) and self.row["end_reason"] == "1"

    def rank(self) -> tuple[Any, ...]:
        return self.row["registered_on"], self.row["updated_at"], *self.where

    def renumbered(self, number: str, decision_no: str) -> Record:
        """With another number, and what intake would have said of that one."""
        if number == self.citizen_id:
            return replace(self, decision_no=decision_no)
        kept = {flag for flag in self.flags if not flag.startswith("citizen_id.")}
        flags = frozenset(kept | contradictions(self.row, number))
        return replace(self, citizen_id=number, flags=flags, decision_no=decision_no)


def contradictions(row: Row, number: str) -> set[str]:
    sex = "1" if int(number[16]) % 2 else "2"
    found = {"citizen_id.sex"} if row["sex"] in ("1", "2") and row["sex"] != sex else set()
    return found | ({"citizen_id.birth_date"} if f"{row['birth_date']:%Y%m%d}" != number[6:14] else set())


def match_name(name: str | None) -> str | None:
    plain = unicodedata.normalize("NFKC", name or "").upper()
    return "".join(c for c in plain if not c.isspace() and c not in "·•・‧．.･") or None


def alike(a: Record, b: Record) -> bool:
    if a.row["birth_date"] != b.row["birth_date"]:
        return False
    (name_a, former_a), (name_b, former_b) = (
        (match_name(r.row["name"]), match_name(r.row["former_name"])) for r in (a, b)
    )
    return name_a in (name_b, former_b) or name_b == former_a


@dataclass(frozen=True)
class Person:
    """Records that are one person, and what number that person has."""

    records: tuple[Record, ...]
    winner: Record
    live: bool
    person_id: str
    id_status: str = "UNIQUE"

    @property
    def number(self) -> str | None:
        return self.winner.citizen_id

    @property
    def citizen_id(self) -> str | None:
        return self.number if self.id_status == "UNIQUE" else None

    @property
    def claimed_citizen_id(self) -> str | None:
        return self.number if self.id_status in ("CONTESTED", "FORMER") else None


Joined = frozenset[frozenset[Where]]


def component(start: Record, among: Iterable[Record], joined: Joined) -> list[Record]:
    """All that link to a record, directly or through others, under one number or by a decision 90."""
    found, waiting, rest = [], [start], [r for r in among if r.where != start.where]
    while waiting:
        one = waiting.pop()
        found.append(one)
        linked = [r for r in rest if links(one, r, joined)]
        waiting += linked
        rest = [r for r in rest if r not in linked]
    return found


def links(a: Record, b: Record, joined: Joined) -> bool:
    same_number = a.citizen_id is not None and a.citizen_id == b.citizen_id
    return frozenset((a.where, b.where)) in joined or (same_number and alike(a, b))


def persons(records: Sequence[Record], joined: Joined, on: date) -> list[Person]:
    rest = [r for r in records if takes_part(r, records, on)]
    found = []
    while rest:
        group = component(rest[0], rest, joined)
        rest = [r for r in rest if r not in group]
        found.append(person(group, on))
    return [replace(p, id_status=id_status(p, found, on)) for p in found]


def takes_part(record: Record, records: Sequence[Record], on: date) -> bool:
    same = [r for r in records if r.citizen_id == record.citizen_id]
    return record.citizen_id is None or not record.cancelled(on) or all(r.cancelled(on) for r in same)


def person(group: Sequence[Record], on: date) -> Person:
    live = [r for r in group if r.live(on)]
    winner = max(live, key=Record.rank) if live else max(group, key=ended_order)
    anchor = min((r.first_date, *r.lineage) for r in group)
    return Person(tuple(group), winner, bool(live), person_id(*anchor[1:]))


def ended_order(record: Record) -> tuple[Any, ...]:
    return record.row["ended_on"], *record.rank()


def person_id(region: str, record_no: str) -> str:
    return hashlib.sha256(f"person|{region}|{record_no}".encode()).hexdigest()[:32]


def id_status(one: Person, everybody: Sequence[Person], on: date) -> str:
    if one.number is None:
        return "NONE"
    others = [p for p in everybody if p.number == one.number and p.person_id != one.person_id]
    if one.live:
        return "CONTESTED" if any(p.live for p in others) else "UNIQUE"
    last = all(not p.live and ended_order(p.winner) < ended_order(one.winner) for p in others)
    return "UNIQUE" if last else "FORMER"


def row_of(p: Person, on: date) -> dict[str, Any]:
    """The row of base/person, but for what sectors say of it."""
    row = p.winner.row
    shown = [
        "record_no",
        "name",
        "former_name",
        "sex",
        "birth_date",
        "household_kind",
        "relation_to_head",
        "hukou_nature",
        "registered_area",
        "registered_on",
        "converted_on",
        "ended_on",
        "end_reason",
        "unsettled_reason",
        "updated_at",
    ]
    return {name: row[name] for name in shown} | {
        "person_id": p.person_id,
        "citizen_id": p.citizen_id,
        "claimed_citizen_id": p.claimed_citizen_id,
        "id_status": p.id_status,
        "person_class": person_class(p.number),
        "region": p.winner.region,
        "household_id": row["household_no"] and f"{p.winner.region}/{row['household_no']}",
        "status": "REGISTERED" if p.live else STATUS.get(row["end_reason"], "CANCELLED"),
        "usual_area": None, "usual_rule": None, "usual_evidence": None, "usual_precision": None,
        "flags": sorted(p.winner.flags),
    }  # fmt: skip


def person_class(number: str | None) -> str:
    if number and number[0] == "9":
        return "FOREIGN"
    return "HMT" if number and number[:6] in ("810000", "820000", "830000") else "CITIZEN"


def households(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Statistics section 2: the register's households of those who are registered and settled."""
    members: dict[str, list[Row]] = {}
    for row in rows:
        if row["status"] == "REGISTERED" and row["household_id"] and row["household_kind"] != "30":
            members.setdefault(row["household_id"], []).append(row)
    return [household(where, those) for where, those in members.items()]


def household(where: str, members: Sequence[Row]) -> dict[str, Any]:
    by_number = sorted(members, key=lambda m: m["record_no"])
    heads = [m for m in by_number if m["relation_to_head"] == "02"]
    head = max(heads, key=lambda m: m["updated_at"]) if heads else by_number[0]
    area, kind = head["registered_area"], head["household_kind"]
    return {
        "household_id": where, "registered_area": area, "kind": kind,
        "head": head["person_id"], "size": len(members),
    }  # fmt: skip
