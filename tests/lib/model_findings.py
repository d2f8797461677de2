"""What is wrong with the numbers that sectors carry, day by day, and the cases that people get of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from lib.model_cases import every_day
from lib.model_history import Day, runs
from lib.model_sectors import AREA, NAME, active, holders, match
from lib.model_state import Delivered, Standing, standing

EVIDENCE = {"not_in_register": "register=missing", "name_mismatch": "name=differs",
            "dead_but_active": "status=differs", "former_number": "citizen_id=former"}  # fmt: skip
Facts = tuple[tuple[str, Any], ...]
Record = tuple[str, str, str, str]  # feed, bureau, key, finding
Subject = tuple[str, str, str]  # feed, finding, number
Subject = tuple[str, str, str]  # feed, finding, number
Days = list[tuple[date, dict[Record, Facts]]]


def by_day(days: Sequence[Day], sectors: Mapping[str, Sequence[Delivered]], as_of: date) -> Days:
    """Each day with every finding about a sector's record, and what is told of it."""
    told = [d.business_date for deliveries in sectors.values() for d in deliveries]
    if not told:
        return []
    known = {d.on: d for d in days}
    every = [known.get(on, Day(on, (), (), (), {})) for on in every_day(min(told), as_of)]
    return [(d.on, dict(of_day(d, sectors))) for d in every]


def of_day(d: Day, sectors: Mapping[str, Sequence[Delivered]]) -> Iterator[tuple[Record, Facts]]:
    for feed, deliveries in sectors.items():
        for (bureau, key), held in standing(deliveries, d.on, register=False).items():
            if found := finding(d, feed, held):
                yield (feed, bureau, "|".join(key), found), facts(d, feed, held, found)


def finding(d: Day, feed: str, held: Standing) -> str | None:
    number = held.value["citizen_id"]
    if number is None:
        return None
    if not holders(d, number):
        abroad = number[0] in "89"
        return "former_number" if number in d.replaced else None if abroad else "not_in_register"
    status, _ = match(d, number, held.value[NAME[feed]])
    if status == "MATCHED":
        gone = holders(d, number)[0].winner.dead(d.on)
        return "dead_but_active" if gone and active(feed, held.value, d.on) else None
    return "name_mismatch" if status == "NAME_MISMATCH" else None


def facts(d: Day, feed: str, held: Standing, found: str) -> Facts:
    row, number = held.value, held.value["citizen_id"]
    whose = holders(d, number)
    told = {
        "citizen_id": number, "name": row[NAME[feed]], "area": row[AREA[feed]],
        "birth_date": row.get("birth_date"), "sex": row.get("sex"),
        "register_record": whose[0].winner.ref if whose else None,
        "decision_no": d.given_by[number] if found == "former_number" else None,
    }  # fmt: skip
    return tuple(told.items())


def rows(days: Days) -> list[dict[str, Any]]:
    return [
        {"feed": feed, "region": bureau, "record_key": key, "finding": found, **dict(told),
         "valid_from": since, "valid_to": until}
        for (feed, bureau, key, found), told, since, until in runs(days)
    ]  # fmt: skip


def cases(days: Days, as_of: date) -> list[dict[str, Any]]:
    """One for all records of a sector that say the same of one number, as it last was."""
    found = runs((on, dict.fromkeys(subjects(today))) for on, today in days)
    last = dict(days)
    day_before = {on: before for (before, _), (on, _) in pairwise(days)}
    return [
        case(subject, subjects(last[as_of if until is None else day_before[until]])[subject], since, until)
        for subject, _, since, until in found
    ]


def subjects(today: Mapping[Record, Facts]) -> dict[Subject, list[tuple[Record, dict[str, Any]]]]:
    found: dict[Subject, list[tuple[Record, dict[str, Any]]]] = {}
    for record, told in today.items():
        said = dict(told)
        found.setdefault((record[0], record[3], said["citizen_id"]), []).append((record, said))
    return found


def case(
    subject: Subject,
    rows: Sequence[tuple[Record, dict[str, Any]]],
    since: date,
    until: date | None,
) -> dict[str, Any]:
    refs = {f"{bureau}/{feed}:{key}" for (feed, bureau, key, _), _ in rows}
    registered = {told["register_record"] for _, told in rows} - {None}
    decisions = {told["decision_no"] for _, told in rows} - {None}
    return {
        "kind": subject[1], "status": "closed" if until else "open", "opened_on": since, "closed_on": until,
        "record_nos": sorted(refs | registered), "evidence": EVIDENCE[subject[1]], "match_weight": None,
        "decision_no": max(decisions, default=None),
    }  # fmt: skip
