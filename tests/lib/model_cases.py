"""What people must decide, by the letter of design section 7: findings of one day, cases over the days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from lib.model_decisions import Decided
from lib.model_identity import Person, Record, contradictions, match_name

COMPARED = ("name", "sex", "birth_date", "registered_area")


@dataclass(frozen=True)
class Finding:
    """`about` is what makes it the same case on another day."""

    kind: str
    about: tuple[str, ...]
    record_nos: tuple[str, ...]
    evidence: str | None
    decision_no: str | None = None

    @property
    def case(self) -> tuple[Any, ...]:
        return self.kind, *self.about


def finding(
    kind: str, about: Iterable[str], records: Iterable[Record], evidence: str | None = None
) -> Finding:
    those = list(records)
    return Finding(kind, tuple(about), tuple(sorted(r.ref for r in those)), evidence or agreement(those))


def agreement(records: Sequence[Record]) -> str:
    """Which fields agree among all records, and which differ."""
    said = {name: {match_name(r.row[name]) if name == "name" else r.row[name] for r in records}
            for name in COMPARED}  # fmt: skip
    return ";".join(f"{name}={'agrees' if len(said[name]) == 1 else 'differs'}" for name in COMPARED)


def findings(people: Sequence[Person], decided: Decided, on: date) -> list[Finding]:
    found = [f for p in people for f in of_person(p, on)]
    for number in {p.number for p in people} - {None}:
        found += of_number([p for p in people if p.number == number])
    return [*found, *(not_applied(d, decided) for d in decided.not_applied)]


def of_person(p: Person, on: date) -> list[Finding]:
    live, dead = [r for r in p.records if r.live(on)], [r for r in p.records if r.dead(on)]
    wrong = [r for r in p.records if r.citizen_id and contradictions(r.row, r.citizen_id)]
    aged = p.live and age(p.winner.row["birth_date"], on) > 120
    return [
        *([finding("aged_over_120", [p.person_id], [p.winner], "age=implausible")] if aged else []),
        *([finding("double_registration", [p.person_id], live)] if len(live) > 1 else []),
        *([finding("dead_and_live", [p.person_id], [*dead, *live])] if dead and live else []),
        *(finding("wrong_number", r.lineage, [r], differing(r)) for r in wrong),
    ]


def age(born: date, on: date) -> int:
    """Completed years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def differing(record: Record) -> str:
    fields = {"citizen_id.sex": "sex", "citizen_id.birth_date": "birth_date"}
    return ";".join(f"{name}=differs" for flag, name in fields.items() if flag in record.flags)


def of_number(people: Sequence[Person]) -> list[Finding]:
    contested = [p for p in people if p.id_status == "CONTESTED"]
    former = any(p.id_status == "FORMER" for p in people)
    return [
        *([between("contested_number", contested)] if contested else []),
        *([between("former_conflict", people)] if former else []),
    ]


def between(kind: str, people: Sequence[Person]) -> Finding:
    """The same case for as long as the same person, of all concerned, comes first by id."""
    return finding(kind, [min(p.person_id for p in people)], [r for p in people for r in p.records])


def not_applied(decision: Mapping[str, Any], decided: Decided) -> Finding:
    pairs = [("register_region", "record_no")]
    pairs += [("other_region", "other_record_no")] if decision["kind"] == "90" else []
    named = [(decision[region], decision[record]) for region, record in pairs]
    refs = sorted({f"{region}/{record}" for region, record in named if region and record})
    why = "record=differs" if decision["new_citizen_id"] else "new_citizen_id=missing"
    number = decision["decision_no"]
    return Finding("decision_not_applied", (number,), tuple(refs), why, number)


def id_cases(days: Mapping[date, Sequence[Finding]], as_of: date) -> list[dict[str, Any]]:
    """`days`: of every day up to `as_of`. A case that comes back is another one."""
    rows: list[dict[str, Any]] = []
    open_cases: dict[tuple[Any, ...], dict[str, Any]] = {}
    for on in sorted(d for d in days if d <= as_of):
        today = {f.case: f for f in days[on]}
        for case in set(open_cases) - set(today):
            open_cases.pop(case).update(status="closed", closed_on=on)
        for case, f in today.items():
            if case not in open_cases:
                open_cases[case] = {"kind": f.kind, "status": "open", "opened_on": on, "closed_on": None}
                rows.append(open_cases[case])
            told = {
                "record_nos": list(f.record_nos),
                "evidence": f.evidence,
                "match_weight": None,
                "decision_no": f.decision_no,
            }
            open_cases[case].update(told)
    return rows


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
