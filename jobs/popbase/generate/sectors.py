"""Residence permits, schools, housing; and the list of all sector feeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from popbase.generate.chance import stream
from popbase.generate.register import addresses, iso, nothing, stamps, text
from popbase.generate.sector import Sector, money, only, table_of
from popbase.generate.work import social_security, tax

STAY_SHARES = (0.6, 0.1, 0.1, 0.08, 0.05, 0.03, 0.02, 0.02)


def residence_permit(s: Sector) -> pa.Table:
    """Three of four of those away are registered where they live; half of these hold a permit."""
    chance = stream(s.seed, "residence_permit")
    who = np.flatnonzero(s.known & s.people.away & (chance.random(len(s.people)) < 0.75))
    c = s.rows(who, chance)
    size = len(who)
    began = s.arrived(chance, who, 1)
    holds = (began < np.datetime64(s.first, "D") - 184) & (chance.random(size) < 0.7)
    issued, endorsed = began + 184, s.within(chance, 420, size)
    kinds = pa.array(["RENTED", "WORKPLACE", "HOME", "SITE", "HOTEL", "OTHER"])
    reasons = pa.array(["WORK", "TRADE", "SERVICE", "JOIN", "STUDY", "FARM", "NANNY", "OTHER"])
    return table_of(c, {
        "record_no": pc.binary_join_element_wise("JZ", c["_serial"], ""),
        "registered_area": s.places.codes.take(pa.array(s.people.village[who])),
        "residence_area": c["_lives"],
        "residence_address": addresses(chance, s.places, pa.array(s.people.lives_in[who])),
        "dwelling_kind": kinds.take(pa.array(chance.choice(6, size, p=(0.6, 0.18, 0.08, 0.08, 0.02, 0.04)))),
        "stay_reason": reasons.take(pa.array(chance.choice(8, size, p=STAY_SHARES))),
        "registered_on": iso(began),
        "permit_kind": only(holds, pa.array(["2"] * size)),
        "permit_no": only(holds, pc.binary_join_element_wise("ZJ", c["_serial"], "")),
        "permit_issued_on": only(holds, iso(issued)),
        "endorsed_on": only(holds, iso(np.maximum(endorsed, issued))),
        "valid_to": nothing(size),
        "continuous_since": iso(began),
        "prior_months": nothing(size),
        "basis": only(holds, text(chance.integers(1, 4, size))),
        "permit_status": only(holds, pa.array(["1"] * size)),
        "left_on": nothing(size),
        "updated_at": stamps(chance, began),
    })  # fmt: skip


STAGES = (
    (3, "KINDERGARTEN", 0.6),
    (6, "PRIMARY", 0.99),
    (12, "JUNIOR", 0.98),
    (15, "SENIOR", 0.82),
    (18, "HIGHER", 0.37),
)


def education(s: Sector) -> pa.Table:
    """From kindergarten to university; one roll in fifty stands without a number."""
    chance = stream(s.seed, "education")
    age = s.people.age
    step = np.searchsorted([a for a, _, _ in STAGES], age, side="right") - 1
    attends = np.array([share for _, _, share in STAGES])[np.maximum(step, 0)]
    live = s.known | (s.people.number < 0)
    who = np.flatnonzero(live & (step >= 0) & (age < 22) & (chance.random(len(age)) < attends))
    c = s.rows(who, chance)
    size, at = len(who), pa.array(step[who])
    entered = np.array([a for a, _, _ in STAGES])[step[who]]
    began = np.datetime64(f"{s.first.year}-09-01", "D") - (np.maximum(age[who] - entered, 0) * 366)
    enrolled = np.where(s.people.away[who], np.maximum(began, s.people.away_since[who]), began)
    county = pc.utf8_slice_codeunits(c["_lives"], 0, 6)
    boarding = pa.array(["1", "2", "3"]).take(pa.array(chance.choice(3, size, p=(0.7, 0.28, 0.02))))
    away = s.people.away[who]
    return table_of(c, {
        "roll_no": pc.binary_join_element_wise("G", county, c["_serial"], ""),
        "citizen_id": only(chance.random(size) > 0.02, c["citizen_id"]),
        "registered_area": s.places.codes.take(pa.array(s.people.village[who])),
        "school_code": pc.binary_join_element_wise("3", county, text(chance.integers(100, 160, size)), ""),
        "school_area": c["_lives"],
        "stage": pa.array([stage for _, stage, _ in STAGES]).take(at),
        "enrolled_on": iso(enrolled),
        "grade": text(np.maximum(age[who] - entered, 0) + 1),
        "attend_mode": boarding,
        "migrant_child": text(away.astype(np.int64)),
        "left_behind": text((~away & (chance.random(size) < 0.1)).astype(np.int64)),
        "status": pc.if_else(pa.array(chance.random(size) < 0.985), "01", "02"),
        "status_on": iso(enrolled),
        "updated_at": stamps(chance, enrolled),
    })  # fmt: skip


def housing(s: Sector) -> pa.Table:
    """Owners at home, tenants and dormitories among the away."""
    chance = stream(s.seed, "housing")
    draw = chance.random(len(s.people))
    head = s.known & (s.people.relation == 2)
    adult_away = s.known & s.people.away & (s.people.age >= 18)
    own = np.flatnonzero(head & (draw < 0.8))
    rents = np.flatnonzero(adult_away & ~(head & (draw < 0.8)) & (draw < 0.6))
    who = np.concatenate([own, rents])
    c = s.rows(who, chance, name="owner_name", personal=False)
    size = len(who)
    owned = np.arange(size) < len(own)
    home = np.where(owned, s.people.village[who], s.people.lives_in[who])
    lives = pa.array(home)
    bought, rented = s.within(chance, 6000, size), s.arrived(chance, who, 700)
    held = np.where(owned, bought, rented)
    dormitory = chance.random(size) < 0.25
    village = s.places.codes.take(lives)
    return table_of(c | {"_region": pa.array(s.places.region[home])}, {
        "record_no": pc.binary_join_element_wise("FC", c["_serial"], ""),
        "unit_no": only(owned, pc.binary_join_element_wise(village, "GB00001F", c["_serial"], "")),
        "tenure": pc.if_else(pa.array(owned), "OWN", pc.if_else(pa.array(dormitory), "DORM", "RENT")),
        "share": only(owned, pa.array(["1.00"] * size)),
        "usage": pa.array(["住宅"] * size),
        "floor_area_m2": money(chance.integers(3_000, 16_000, size)),
        "area": village,
        "address": addresses(chance, s.places, lives),
        "held_from": iso(held),
        "held_to": nothing(size),
        "updated_at": stamps(chance, held),
    })  # fmt: skip


FEEDS: dict[str, Callable[[Sector], pa.Table]] = {
    "residence_permit": residence_permit,
    "education": education,
    "social_security": social_security,
    "housing": housing,
    "tax": tax,
}
