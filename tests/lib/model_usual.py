"""Where people usually live, by the letter of statistics section 7: day by day, in plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

Row = Mapping[str, Any]
AREA = {"education": "school_area", "housing": "area", "social_security": "area"}
ORDER = ("education", "housing", "social_security")
EMPTY = dict.fromkeys(("usual_area", "usual_rule", "usual_evidence", "usual_precision"))


def usual(person: Row, sectors: Mapping[str, Sequence[Row]], on: date) -> dict[str, Any]:
    """The four columns of a row of base/person; `sectors`: feed -> the rows that carry a person_id."""
    if person["status"] not in ("REGISTERED", "MOVED_OUT"):
        return dict(EMPTY)
    home, age = person["registered_area"], years(person["birth_date"], on)
    mine = [
        (feed, row) for feed, rows in sectors.items() for row in rows
        if row["person_id"] == person["person_id"]
    ]  # fmt: skip
    told = [(feed, row) for feed, row in mine if feed in AREA and counts_at_all(feed, row, home)]
    current = [(feed, row) for feed, row in told if says_so(feed, row, on)]
    if not current:
        return placed(None if person["status"] == "MOVED_OUT" else home, "1", "NONE")
    feed, row = min(current, key=lambda sign: rank(*sign, age=age))
    area = row[AREA[feed]]
    if person["status"] == "MOVED_OUT" or area[:9] == home[:9]:
        return placed(area if person["status"] == "MOVED_OUT" else home, "1", feed)
    if age < 6:
        return placed(home, "1", "NONE")
    elsewhere = [(f, r) for f, r in told if r[AREA[f]][:9] != home[:9]]
    left = max(person["registered_on"], began(elsewhere, on))
    if months_later(left, 6) <= on:
        return placed(area, "2", feed)
    return placed(home, "3", feed)


def placed(area: str | None, rule: str, evidence: str) -> dict[str, Any]:
    if area and len(area) == 12:
        area = area[:6] if area.endswith("000000") else area[:9] if area.endswith("000") else area
    return {
        "usual_area": area, "usual_rule": rule, "usual_evidence": evidence,
        "usual_precision": area and str(len(area)),
    }  # fmt: skip


def counts_at_all(feed: str, row: Row, home: str) -> bool:
    if feed == "housing" and row["tenure"] not in ("RENT", "DORM"):
        return False
    if feed == "social_security" and row["insurance_kind"] not in ("110", "310"):
        return False
    area = row[AREA[feed]]
    return area is not None and (len(area) == 12 or area[:6] != home[:6])


def says_so(feed: str, row: Row, day: date) -> bool:
    """Whether the record shows its person living there on the day."""
    if feed == "housing":
        return bool(row["held_from"] <= day and (row["held_to"] is None or day < row["held_to"]))
    if feed == "education":
        since = row["enrolled_on"]
        left = None if row["status"] == "01" else row["status_on"] or since
        return since is not None and since <= day and (left is None or day < left)
    paid_to = row["paid_to"]
    if paid_to is None or (row["paid_from"] or paid_to) > day:
        return False
    behind = (day.year - paid_to.year) * 12 + day.month - paid_to.month
    return bool(behind <= (2 if row["pay_status"] == "1" else 0))


def rank(feed: str, row: Row, *, age: int) -> tuple[Any, ...]:
    school_first = feed == "education" and age < 18
    since = {
        "education": row.get("enrolled_on"),
        "housing": row.get("held_from"),
        "social_security": row.get("paid_from") or row.get("paid_to"),
    }[feed]
    return (-1 if school_first else ORDER.index(feed), -since.toordinal(), row[AREA[feed]])


def began(elsewhere: Sequence[tuple[str, Row]], on: date) -> date:
    """The first day of the run of evidence that reaches the date, over gaps of up to 31 days."""
    first, day = on, on
    while (first - day).days <= 31:
        day -= timedelta(days=1)
        if any(says_so(feed, row, day) for feed, row in elsewhere):
            first = day
        if day < date(1990, 1, 1):
            return first
    return first


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(day.day, last))


def years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
