"""What people must decide, by the letter of design section 7: findings of one day, cases over the days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from lib.model_decisions import Decided
from lib.model_identity import Person, Record, Where, contradictions, match_name

COMPARED = ("name", "sex", "birth_date", "registered_area")


@dataclass(frozen=True)
class Finding:
    """`lineages` are the same records by where they first stood: a case stays itself when they move."""

    kind: str
    record_nos: tuple[str, ...]
    lineages: tuple[Where, ...]
    evidence: str | None
    decision_no: str | None = None

    @property
    def case(self) -> tuple[Any, ...]:
        return self.kind, self.lineages, self.decision_no


def finding(kind: str, records: Iterable[Record], evidence: str | None = None) -> Finding:
    those = list(records)
    refs, lineages = sorted(r.ref for r in those), sorted(r.lineage for r in those)
    return Finding(kind, tuple(refs), tuple(lineages), evidence or agreement(those))


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
    return [
        *([finding("double_registration", live)] if len(live) > 1 else []),
        *([finding("dead_and_live", [*dead, *live])] if dead and live else []),
        *(finding("wrong_number", [r], differing(r)) for r in wrong),
    ]


def differing(record: Record) -> str:
    fields = {"citizen_id.sex": "sex", "citizen_id.birth_date": "birth_date"}
    return ";".join(f"{name}=differs" for flag, name in fields.items() if flag in record.flags)


def of_number(people: Sequence[Person]) -> list[Finding]:
    contested = [r for p in people if p.id_status == "CONTESTED" for r in p.records]
    everybody = [r for p in people for r in p.records]
    former = any(p.id_status == "FORMER" for p in people)
    return [
        *([finding("contested_number", contested)] if contested else []),
        *([finding("former_conflict", everybody)] if former else []),
    ]


def not_applied(decision: Mapping[str, Any], decided: Decided) -> Finding:
    pairs = [("register_region", "record_no")]
    pairs += [("other_region", "other_record_no")] if decision["kind"] == "90" else []
    named = [(decision[region], decision[record]) for region, record in pairs]
    refs = sorted(f"{region}/{record}" for region, record in named if region and record)
    return Finding("decision_not_applied", tuple(refs), (), None, decision["decision_no"])


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
            told = {"record_nos": list(f.record_nos), "evidence": f.evidence, "decision_no": f.decision_no}
            open_cases[case].update(told)
    return rows


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
