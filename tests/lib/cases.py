"""Small countries drawn by Hypothesis: bureaus, few people and numbers, and nights of deliveries.

Regions, numbers and decisions are small integers until `told` gives every case its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from lib import model_numbers
from lib.model_history import DECISIONS, REGISTER
from lib.model_identity import contradictions
from lib.model_numbers import BORN
from lib.model_state import Delivered, Row
from lib.sent import FEEDS, Case, Sent
from popbase.clock import ZONE
from popbase.intake.ledger import Status

FIRST = date(2015, 12, 26)
NIGHTS = (date(2015, 12, 29), date(2015, 12, 31), date(2016, 1, 3))
DAYS = [FIRST + timedelta(days=n) for n in range((NIGHTS[-1] - FIRST).days + 1)]
# Dates that records name: long ago, around the nights, after the last of them.
DATES = [date(2000, 1, 1), *DAYS[1:], date(2016, 1, 6), date(2016, 1, 8)]
# Half a year before some of the days around the nights.
HALF_A_YEAR_AGO = (date(2015, 6, 30), date(2015, 7, 1), date(2015, 7, 3))
AREAS = ("330102001001", "330102001002", "330106002001")
NAMES = ("阿依·古丽", "阿依古丽", "王芳", "李雷")

Fields = dict[str, Any]


@dataclass
class Drawing:
    """A case while it is drawn: what is already sent, and who takes over whom from when."""

    chance: Random
    bureaus: int = 2
    sent: list[Sent] = field(default_factory=list)
    people: list[Fields] = field(default_factory=list)
    taken: date | None = None

    def one_of(self, *values: Any) -> Any:
        return self.chance.choice(values)

    def rarely(self, one_in: int) -> bool:
        return self.chance.randrange(one_in) == 0


def cases() -> st.SearchStrategy[Case]:
    """Each by a seed of its own: what Hypothesis would vary of an earlier country would be much like it."""
    return st.randoms(use_true_random=True).map(drawn)


def drawn(chance: Random) -> Case:
    d = Drawing(chance)
    d.bureaus = d.one_of(2, 2, 3)
    d.taken = d.one_of(None, None, None, *DAYS[2:7])
    d.people = [person(d) for _ in range(d.one_of(2, 3, 4, 5))]
    nights = []
    for n, night in enumerate(NIGHTS):
        again = [second_thought(d) for _ in range(d.one_of(0, 0, 1))] if n else []
        before = len(d.sent)
        for bureau in range(0 if n else d.bureaus):
            send(d, night, REGISTER, bureau)
        for _ in range(d.one_of(1, 2, 3, 4)):
            feed = d.one_of(*[REGISTER] * 6, *[DECISIONS] * 2, *FEEDS[2:])
            send(d, night, feed, d.one_of(*range(d.bureaus)))
        if d.taken and d.taken <= night and d.rarely(2):
            send(d, night, REGISTER, 1, day=d.taken)
        nights.append((*d.sent[before:], *again))
    return Case(tuple(nights))


def person(d: Drawing) -> Fields:
    """A record that bureaus keep: who it is about changes rarely."""
    return {
        "region": d.one_of(*range(d.bureaus)), "record_no": d.one_of("1", "2", "3", "11"),
        "citizen_id": d.one_of(0, 0, 0, 0, 1, 2, 4, None), "name": d.one_of(0, 1, 2, 2, 2, 3),
        "former_name": d.one_of(None, None, 2, 3), "born": d.one_of(0, 0, 0, 0, 1),
        "sex": d.one_of("1", "2", "2", "2"),
    }  # fmt: skip


def send(d: Drawing, night: date, feed: str, region: int, day: date | None = None) -> None:
    day = day or d.one_of(*[on for on in DAYS if on <= night])
    if feed == REGISTER and region == 0 and d.taken and day >= d.taken:
        region = 1
    taken = {s.delivery.delivery_no for s in d.sent if s.place[:3] == (feed, str(region), day)}
    number = d.one_of(*[n for n in range(1, 10) if n not in taken][:2])
    kind = d.one_of("changes", "changes", "changes", "snapshot")
    if feed == REGISTER:
        rows = register_rows(d, region, kind, day)
    else:
        rows = decision_rows(d, kind) if feed == DECISIONS else sector_rows(d, feed, kind)
    over = feed == REGISTER and region == 1 and d.taken == day and not d.rarely(4)
    status: Status = "rejected" if d.rarely(12) else "accepted"
    sent = Delivered(str(region), day, number, kind, tuple(rows), ("0",) if over else ())
    d.sent.append(Sent(feed, sent, status))


def second_thought(d: Drawing) -> Sent:
    """A delivery judged before is withdrawn, taken again, or judged once more with the same result."""
    before: Sent = d.one_of(*d.sent)
    return replace(before, status=d.one_of("withdrawn", "accepted", before.status))


def rows_of(d: Drawing, kind: str, rows: Mapping[tuple[str, ...], Fields]) -> list[Row]:
    found = []
    for key, fields in rows.items():
        refused, removed = d.rarely(12), kind == "changes" and d.rarely(7)
        op = "D" if removed else "U"
        found.append(Row(key, None if refused else fields, fields.get("ended_on"), op, refused))
    return found


def register_rows(d: Drawing, region: int, kind: str, day: date) -> list[Row]:
    kept = {0, 1} if region == 1 and d.taken and day >= d.taken else {region}
    told = [p for p in d.people if p["region"] in kept and not d.rarely(4)]
    return rows_of(d, kind, {(p["record_no"],): register_row(d, p) for p in told})


def register_row(d: Drawing, who: Fields) -> Fields:
    if d.rarely(6):
        change = d.one_of("citizen_id", "name", "former_name", "born")
        choices = {"citizen_id": (0, 1, 2, None), "born": (0, 1), "name": (1, 2, 3)}
        who[change] = d.one_of(*choices.get(change, (None, 2, 3)))
    ended_on = None if d.rarely(2) else d.one_of(None, None, None, *DATES[1:])
    return {
        "record_no": who["record_no"], "citizen_id": who["citizen_id"], "name": NAMES[who["name"]],
        "former_name": None if who["former_name"] is None else NAMES[who["former_name"]],
        "sex": who["sex"], "birth_date": BORN[who["born"]],
        "household_no": d.one_of("H1", "H1", "H2", None), "household_kind": d.one_of("10", "10", "20", "30"),
        "hukou_nature": d.one_of(None, "11"), "relation_to_head": d.one_of("02", "10", None),
        "registered_area": d.one_of(AREAS[0], *AREAS), "registered_on": d.one_of(*[DATES[0]] * 8, *DATES),
        "move_in_reason": d.one_of(None, "BIRTH", "LATE", "DISCHARGE", "RETURN", "RESTORE", "MOVE", "OTHER"),
        "move_in_from": d.one_of(None, "3301", AREAS[2]), "converted_on": d.one_of(*[None] * 8, *DATES[1::4]),
        "unsettled_reason": d.one_of(None, "3"), "ended_on": ended_on,
        "end_reason": ended_on and d.one_of("1", "1", "1", "2", "3", "3", "4", "5", "6", "7", "9"),
        "died_on": d.one_of(None, DATES[2]), "move_out_to": d.one_of(None, "3301", AREAS[1]),
        "updated_at": datetime(2015, 12, d.one_of(1, 2, 3), tzinfo=ZONE),
    }  # fmt: skip


def decision_rows(d: Drawing, kind: str) -> list[Row]:
    numbers = sorted({d.one_of(1, 2, 3, 4) for _ in range(d.one_of(1, 1, 2))})
    return rows_of(d, kind, {(str(n),): decision_row(d, n) for n in numbers})


def decision_row(d: Drawing, number: int) -> Fields:
    kind = d.one_of("11", "12", "12", "90", "99")
    first, second = d.one_of(*d.people), d.one_of(*d.people)
    stray = d.rarely(5)
    both = kind == "90"
    return {
        "decision_no": number, "kind": kind, "register_region": None if stray else str(first["region"]),
        "record_no": first["record_no"], "other_region": str(second["region"]) if both else None,
        "other_record_no": second["record_no"] if both else None,
        "old_citizen_id": None if both else d.one_of(first["citizen_id"], first["citizen_id"], 0, None),
        "new_citizen_id": d.one_of(0, 1, 2, 2, 3, None),
        "revokes": d.one_of(1, 2, 3) if kind == "99" else None,
        "effective_on": d.one_of(*DATES), "authority": "某市公安局",
        "updated_at": datetime(2015, 12, d.one_of(1, 2), tzinfo=ZONE),
    }  # fmt: skip


def sector_rows(d: Drawing, feed: str, kind: str) -> list[Row]:
    key = {"housing": ("record_no",), "education": ("roll_no",),
           "social_security": ("person_no", "insurance_kind")}[feed]  # fmt: skip
    keys: Sequence[tuple[str, ...]] = [("1",), ("2",)]
    if feed == "social_security":
        keys = [("1", "110"), ("11", "10"), ("1", "310")]
    told = [k for k in keys if not d.rarely(3)]
    rows = {k: dict(zip(key, k, strict=True)) | sector_row(d, feed) for k in told}
    return rows_of(d, kind, rows)


def sector_row(d: Drawing, feed: str) -> Fields:
    number = d.one_of(0, 0, 1, 2, 3, 4, None) if feed == "education" else d.one_of(0, 0, 1, 2, 3, 4)
    name, area = NAMES[d.one_of(0, 1, 2, 2, 2, 3)], d.one_of(*AREAS)
    who = {"citizen_id": number, "updated_at": datetime(2015, 12, 1, tzinfo=ZONE)}
    if feed == "housing":
        until = d.one_of(None, *DATES[2:])
        return who | {"owner_name": name, "area": area, "tenure": d.one_of("OWN", "RENT", "DORM"),
                      "held_from": d.one_of(*DATES[:5], *HALF_A_YEAR_AGO),
                      "held_to": until}  # fmt: skip
    if feed == "education":
        school = {
            "enrolled_on": d.one_of(None, *DATES[:5], *HALF_A_YEAR_AGO),
            "status_on": d.one_of(None, *DATES[:5]),
        }
        return who | school | {"name": name, "school_area": area, "status": d.one_of("01", "02", "07")}
    paid_to = d.one_of(None, *(date(2015, month, 1) for month in (9, 10, 11, 12)))
    paid_from = d.one_of(None, date(2014, 5, 1), date(2015, 7, 1), date(2015, 11, 1))
    paid = {"pay_status": d.one_of("1", "1", "2"), "paid_from": paid_from, "paid_to": paid_to}
    return who | paid | {"name": name, "area": area[:6]}


def told(case: Case, at: int) -> Case:
    """The case with regions, numbers and decisions of its own."""
    return Case(tuple(tuple(_sent(s, at) for s in night) for night in case.nights))


def _sent(s: Sent, at: int) -> Sent:
    d = s.delivery
    replaces = tuple(model_numbers.region(at, int(r)) for r in d.replaces)
    rows = tuple(_row(s.feed, row, at) for row in d.rows)
    return replace(
        s, delivery=replace(d, region=model_numbers.region(at, int(d.region)), rows=rows, replaces=replaces)
    )


def _row(feed: str, row: Row, at: int) -> Row:
    key = (model_numbers.decision(at, int(row.key[0])),) if feed == DECISIONS else row.key
    if row.value is None:
        return replace(row, key=key)
    value = {name: _cell(name, cell, at) for name, cell in row.value.items()}
    return replace(row, key=key, value=value | {"flags": _flags(feed, value)})


def _cell(name: str, cell: Any, at: int) -> Any:
    if cell is None:
        return None
    if name.endswith("citizen_id"):
        return model_numbers.number(at, cell)
    if name in ("decision_no", "revokes"):
        return model_numbers.decision(at, cell)
    return model_numbers.region(at, int(cell)) if name in ("register_region", "other_region") else cell


def _flags(feed: str, value: Fields) -> list[str]:
    """What intake says of the number beside what the register declares."""
    number = value.get("citizen_id")
    return sorted(contradictions(value, number)) if feed == REGISTER and number else []
