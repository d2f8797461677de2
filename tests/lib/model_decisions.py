"""Decisions about numbers, one after the other, by the letter of design section 7, step 6."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from lib.model_identity import Joined, Record, Row, Where, component


@dataclass
class Decided:
    """Records under the numbers that decisions gave them, and what became of the decisions."""

    records: list[Record]
    joined: Joined = frozenset()
    replaced: dict[str, str] = field(default_factory=dict)
    given_by: dict[str, str] = field(default_factory=dict)  # the last decision that replaced a number
    not_applied: list[Row] = field(default_factory=list)

    def named(self, region: str | None, record_no: str | None) -> Record | None:
        """The record at that bureau, else one that stood there first and moved with its bureau."""
        here = [r for r in self.records if r.where == (region, record_no)]
        once_here = [r for r in self.records if r.lineage == (region, record_no)]
        return next(iter([*here, *once_here]), None)

    def replace(self, old: str, decision: Row) -> None:
        self.replaced[old], self.given_by[old] = decision["new_citizen_id"], decision["decision_no"]

    def renumber(self, those: Iterable[Record], number: str, decision: Row) -> None:
        places = {r.where for r in those}
        self.records = [
            r.renumbered(number, decision["decision_no"]) if r.where in places else r for r in self.records
        ]


def decide(records: Sequence[Record], decisions: Iterable[Row], on: date) -> Decided:
    decided = Decided(list(records))
    for decision in in_force(decisions, on):
        applied = join(decided, decision) if decision["kind"] == "90" else correct(decided, decision)
        if not applied:
            decided.not_applied.append(decision)
    return decided


def in_force(decisions: Iterable[Row], on: date) -> list[Row]:
    effective = [d for d in decisions if d["effective_on"] <= on]
    revoked = {d["revokes"] for d in effective if d["kind"] == "99"}
    standing = [d for d in effective if d["kind"] != "99" and d["decision_no"] not in revoked]
    return sorted(standing, key=lambda d: (d["effective_on"], d["decision_no"]))


def correct(decided: Decided, decision: Row) -> bool:
    """11 and 12: another number for a record and those that link to it under its old one."""
    named = decided.named(decision["register_region"], decision["record_no"])
    old, new = decision["old_citizen_id"], decision["new_citizen_id"]
    if named is None or new is None or named.citizen_id not in (old, new):
        return False
    those = [named] if old is None else under(old, named, decided)
    decided.renumber(those, new, decision)
    if decision["kind"] == "12" and old and old != new:
        decided.replace(old, decision)
    return True


def under(old: str, named: Record, decided: Decided) -> list[Record]:
    start = named.renumbered(old, "")
    return component(start, [r for r in decided.records if r.citizen_id == old], decided.joined)


def join(decided: Decided, decision: Row) -> bool:
    """90: the two named records are one person, under the new number with all that links to either."""
    pair: list[tuple[str, str]] = [("register_region", "record_no"), ("other_region", "other_record_no")]
    named = [decided.named(decision[region], decision[record]) for region, record in pair]
    found = [r for r in named if r is not None]
    new = decision["new_citizen_id"]
    if not found or new is None:
        return False
    those = [linked for r in found for linked in component(r, decided.records, decided.joined)]
    for old in {r.citizen_id for r in those} - {None, new}:
        decided.replace(str(old), decision)
    decided.renumber(those, new, decision)
    two: frozenset[Where] = frozenset(r.where for r in found)
    decided.joined |= {two}
    return True
