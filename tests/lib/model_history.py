"""A case's people day by day: who stood how from when to when, and under which number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lib.model_cases import Finding, every_day, findings
from lib.model_decisions import decide
from lib.model_identity import Person, Record, Row, Where, person_id, persons, row_of
from lib.model_state import Delivered, effective, standing

REGISTER, DECISIONS = "household_registration", "id_correction"
Feeds = Mapping[str, Sequence[Delivered]]
ONE_DAY = date(2000, 1, 2) - date(2000, 1, 1)


@dataclass(frozen=True)
class Day:
    """Everybody on one day; `own` are the candidates' records, those that take no part among them."""

    on: date
    people: tuple[Person, ...]
    own: tuple[Record, ...]
    findings: tuple[Finding, ...]
    replaced: Mapping[str, str]
    given_by: Mapping[str, str] = field(default_factory=dict)

    def by_id(self, person: str) -> Person | None:
        return next((p for p in self.people if p.person_id == person), None)

    def owner(self, place: Where) -> str | None:
        """The person whose record, in any role, stands there."""
        return next((p.person_id for p in self.people if place in {r.where for r in p.records}), None)


def day(feeds: Feeds, on: date, by: date | None = None) -> Day:
    """Everybody on one day, by what was delivered by another, else by the day itself."""
    register = standing(feeds[REGISTER], by or on, register=True)
    records = [
        Record(bureau, h.value, h.first_date, h.anchor_region, h.value["citizen_id"], flags_of(h.value))
        for (bureau, _), h in sorted(register.items())
        if h.value["registered_on"] <= on
    ]
    decided = decide(records, decisions(feeds, by or on), on)
    people = persons(decided.records, decided.joined, on)
    found = findings(people, decided, on)
    return Day(on, tuple(people), tuple(decided.records), tuple(found), decided.replaced, decided.given_by)


def flags_of(row: Row) -> frozenset[str]:
    return frozenset(row["flags"])


def decisions(feeds: Feeds, on: date) -> list[Row]:
    """One series for the country: of a decision that two bureaus tell, the later telling counts."""
    told = standing(feeds[DECISIONS], on, register=False)
    latest: dict[str, tuple[Any, ...]] = {}
    for (bureau, (number,)), held in told.items():
        latest[number] = max(latest.get(number, ()), (held.value["updated_at"], bureau, held.value))
    return [said[2] for said in latest.values()]


def history(feeds: Feeds, as_of: date) -> list[Day]:
    """Every day from the first delivery until nothing changes any more, by what is known at `as_of`."""
    known = {feed: effective(told, as_of) for feed, told in feeds.items()}
    told = [d for feed in (REGISTER, DECISIONS) for d in known[feed]]
    if not told:
        return []
    ahead = [v for d in told for row in d.rows if row.value for v in row.value.values() if type(v) is date]
    last = max([as_of, *ahead]) + ONE_DAY
    return [day(known, on) for on in every_day(min(d.business_date for d in told), last)]


def runs(days: Iterable[tuple[date, Mapping[Any, Any]]]) -> list[tuple[Any, Any, date, date | None]]:
    """(key, value, first day, day after the last) of every run of days on which a key has one value."""
    found: list[tuple[Any, Any, date, date | None]] = []
    standing: dict[Any, tuple[Any, date]] = {}
    for on, today in days:
        for key, (value, since) in list(standing.items()):
            if key not in today or today[key] != value:
                found.append((key, value, since, on))
                del standing[key]
        for key, value in today.items():
            standing.setdefault(key, (value, on))
    return [*found, *((key, value, since, None) for key, (value, since) in standing.items())]


def person_history(days: Sequence[Day]) -> list[dict[str, Any]]:
    told = ((d.on, {p.person_id: row_of(p, d.on) for p in d.people}) for d in days)
    return [{**row, "valid_from": since, "valid_to": until} for _, row, since, until in runs(told)]


def id_history(days: Sequence[Day], as_of: date) -> list[dict[str, Any]]:
    """Numbers that were a person's alone, and ids under which a person's records stood or might have."""
    known = [d for d in days if d.on <= as_of]
    rows = []
    for (who, number, former), since, until in spells([(d.on, said(d, known)) for d in known]):
        changed_by = said(next(d for d in known if d.on == since), known)[who, number, former]
        rows.append({"person_id": who, "citizen_id": number, "former_person_id": former,
                     "valid_from": since, "valid_to": until, "decision_no": changed_by})  # fmt: skip
    return rows


Known = tuple[str, str | None, str | None]


def said(d: Day, known: Sequence[Day]) -> dict[Known, str | None]:
    """(person, number, former id) that hold on a day -> the decision that the record goes by."""
    numbers: dict[Known, str | None] = {
        (p.person_id, p.citizen_id, None): p.winner.decision_no for p in d.people if p.citizen_id
    }
    for p in d.people:
        for r in sorted(p.records, key=lambda r: r.decision_no or ""):
            numbers |= {(p.person_id, None, former): r.decision_no for former in former_ids(d, r, known)}
    return numbers


def former_ids(d: Day, record: Record, known: Sequence[Day]) -> set[str]:
    """The id that a record has alone, and those it stood under before: nobody lives on under them."""
    before = {
        p.person_id for earlier in known if earlier.on < d.on for p in earlier.people
        if record.lineage in {r.lineage for r in p.records}
    }  # fmt: skip
    return (before | {person_id(*record.lineage)}) - {p.person_id for p in d.people}


def spells(days: Sequence[tuple[date, Mapping[Known, Any]]]) -> list[tuple[Known, date, date | None]]:
    held = runs((on, dict.fromkeys(today)) for on, today in days)
    return [(key, since, until) for key, _, since, until in held]
