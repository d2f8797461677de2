"""What sectors know of whom, by the letter of design section 7 and statistics section 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from lib.model_history import Day
from lib.model_identity import Person, match_name
from lib.model_state import Delivered, Standing, effective, standing

NAME = {"housing": "owner_name", "education": "name", "social_security": "name"}
AREA = {"housing": "area", "education": "school_area", "social_security": "area"}
TABLES = ("education", "housing", "residence", "social_security", "tax")


def active(feed: str, row: Mapping[str, Any], on: date) -> bool:
    if feed == "housing":
        return bool(row["held_from"] <= on and (row["held_to"] is None or row["held_to"] > on))
    if feed == "education":
        return row["status"] in ("01", "02")
    paid_to, month = row["paid_to"], on.year * 12 + on.month - 2
    return row["pay_status"] == "1" and paid_to is not None and paid_to.year * 12 + paid_to.month >= month


def matched(day: Day, feed: str, deliveries: Sequence[Delivered]) -> list[dict[str, Any]]:
    """One row is a record of the sector on the day; `_told` is what `unregistered` asks of it."""
    held = standing(deliveries, day.on, register=False)
    return [sector_row(day, feed, bureau, told) for (bureau, _), told in held.items()]


def sector_row(day: Day, feed: str, bureau: str, told: Standing) -> dict[str, Any]:
    fields = {name: value for name, value in told.value.items() if name != "flags"}
    number, again = looked_up(day, told.value["citizen_id"])
    status, person = match(day, number, told.value[NAME[feed]])
    flags = sorted({*told.value["flags"], *(["former_number"] if again else [])})
    found = {"region": bureau, "match_status": status, "person_id": person, "flags": flags}
    return fields | found | {"_told": told}


def looked_up(day: Day, number: str | None) -> tuple[str | None, bool]:
    """The number under which the register is asked, and whether it is another than the record's."""
    seen: set[str] = set()
    found = number
    while found and not holders(day, found) and found in day.replaced and found not in seen:
        seen.add(found)
        found = day.replaced[found]
    return found, bool(seen)


def holders(day: Day, number: str) -> list[Person]:
    return [p for p in day.people if p.number == number and p.id_status != "FORMER"]


def match(day: Day, number: str | None, name: str) -> tuple[str, str | None]:
    if number is None:
        return "NO_NUMBER", None
    held = holders(day, number)
    if not held:
        return "NOT_IN_REGISTER", None
    if any(p.id_status == "CONTESTED" for p in held):
        return "CONTESTED", None
    same = match_name(held[0].winner.row["name"]) == match_name(name)
    return ("MATCHED", held[0].person_id) if same else ("NAME_MISMATCH", None)


def sightings(sectors: Mapping[str, Sequence[Mapping[str, Any]]], who: str, on: date) -> dict[str, bool]:
    seen = {
        feed for feed, rows in sectors.items() for row in rows if row["person_id"] == who
        and active(feed, row, on)
    }  # fmt: skip
    return {f"in_{table}": table in seen for table in TABLES}


def unregistered(
    sectors: Mapping[str, Sequence[Mapping[str, Any]]], feeds: Mapping[str, Sequence[Delivered]], as_of: date
) -> list[dict[str, Any]]:
    numbers: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for feed, rows in sectors.items():
        for row in rows:
            if row["match_status"] == "NOT_IN_REGISTER":
                numbers.setdefault(row["citizen_id"], []).append((feed, row))
    return [
        {
            "citizen_id": number,
            "feeds": sorted({feed for feed, _ in seen}),
            "areas": sorted({row[AREA[feed]] for feed, row in seen}),
            "first_seen": min(row["_told"].first_date for _, row in seen),
            "last_seen": max(last_seen(feeds[feed], row, as_of) for feed, row in seen),
        }
        for number, seen in numbers.items()
    ]


def last_seen(deliveries: Sequence[Delivered], row: Mapping[str, Any], as_of: date) -> date:
    """When the record was last told: by its version's delivery, or by its bureau's newest snapshot."""
    snapshots = [
        d.business_date for d in effective(deliveries, as_of)
        if d.kind == "snapshot" and d.region == row["region"]
    ]  # fmt: skip
    told: date = row["_told"].told_on
    return max([told, *snapshots])
