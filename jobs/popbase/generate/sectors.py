"""What the other departments hold: rows of the same people, keyed on their numbers, each with its own errors.

Every table carries two columns beside the contract's: `_person`, who it is, and `_region`, who sends it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from popbase.generate import areas, names, numbers
from popbase.generate.chance import Days, Flags, Ints, stream
from popbase.generate.parameters import Rates
from popbase.generate.people import People
from popbase.generate.register import addresses, iso, nothing, padded, stamps, text


class Sector:
    """The people a department knows on the first business date, and where they live."""

    def __init__(self, people: People, places: areas.Map, *, live: Flags, first: date, seed: int, rates: Rates, upto: date | None = None) -> None:  # fmt: skip
        self.people, self.places, self.first, self.seed, self.rates = people, places, first, seed, rates
        self.upto = upto or first  # what is reported monthly is reported until then
        self.known = live & (people.number > 0)
        self.numbers = numbers.as_text(people.number)

    def rows(self, feed: str, who: Ints, chance: np.random.Generator, *, number: str = "citizen_id",
             name: str = "name", personal: bool = True) -> dict[str, pa.Array]:  # fmt: skip
        """The columns that say who: number and name with the sector's errors, sex and birth date without."""
        lives = pa.array(self.people.lives_in[who])
        columns = {
            "_person": pa.array(who),
            "_region": pa.array(self.places.region[self.people.lives_in[who]]),
            number: self._numbers(chance, who),
            name: self._names(chance, who),
            "_lives": self.places.codes.take(lives),
            "_serial": padded(np.arange(len(who)), 9),
        }
        if personal:
            columns |= {"sex": text(self.people.sex[who]), "birth_date": iso(self.people.birth[who])}
        return columns

    def _numbers(self, chance: np.random.Generator, who: Ints) -> pa.Array:
        """A few carry a number that no register row has: its sequence was never given out."""
        carried = self.people.number[who]
        foreign = chance.random(len(who)) < self.rates.not_in_register
        other = carried + 2 * chance.integers(1, 200, len(who)) * np.where(carried % 1000 < 500, 1, -1)
        foreign &= ~np.isin(other, self.people.number)
        return numbers.as_text(np.where(foreign, other, carried))

    def _names(self, chance: np.random.Generator, who: Ints) -> pa.Array:
        own = self.people.name.take(pa.array(who))
        wrong = chance.random(len(who)) < self.rates.name_misspelt
        few = who[wrong]
        other = names.full_names(chance, self.people.surname[few], self.people.sex[few])
        return pc.replace_with_mask(own, pa.array(wrong), other)

    def within(self, chance: np.random.Generator, days: Ints | int, size: int) -> Days:
        """A day among the last `days` before the first business date."""
        back = (chance.random(size) * days).astype(np.int64)
        return np.full(size, np.datetime64(self.first, "D")) - back


def residence_permit(s: Sector) -> pa.Table:
    """Three of four of those away are registered where they live; half of these hold a permit."""
    chance = stream(s.seed, "residence_permit")
    who = np.flatnonzero(s.known & s.people.away & (chance.random(len(s.people)) < 0.75))
    c = s.rows("residence_permit", who, chance)
    size = len(who)
    began = s.within(chance, 5 * 365, size)
    holds = (began < np.datetime64(s.first, "D") - 184) & (chance.random(size) < 0.7)
    issued, endorsed = began + 184, s.within(chance, 420, size)
    kinds = pa.array(["RENTED", "WORKPLACE", "HOME", "SITE", "HOTEL", "OTHER"])
    reasons = pa.array(["WORK", "TRADE", "SERVICE", "JOIN", "STUDY", "FARM", "NANNY", "OTHER"])
    return _table(c, {
        "record_no": pc.binary_join_element_wise("JZ", c["_serial"], ""),
        "registered_area": s.places.codes.take(pa.array(s.people.village[who])),
        "residence_area": c["_lives"],
        "residence_address": addresses(chance, s.places, pa.array(s.people.lives_in[who])),
        "dwelling_kind": kinds.take(pa.array(chance.choice(6, size, p=(0.6, 0.18, 0.08, 0.08, 0.02, 0.04)))),
        "stay_reason": reasons.take(pa.array(chance.choice(8, size, p=(0.6, 0.1, 0.1, 0.08, 0.05, 0.03, 0.02, 0.02)))),
        "registered_on": iso(began),
        "permit_kind": _only(holds, pa.array(["2"] * size)),
        "permit_no": _only(holds, pc.binary_join_element_wise("ZJ", c["_serial"], "")),
        "permit_issued_on": _only(holds, iso(issued)),
        "endorsed_on": _only(holds, iso(np.maximum(endorsed, issued))),
        "valid_to": nothing(size),
        "continuous_since": iso(began),
        "prior_months": nothing(size),
        "basis": _only(holds, text(chance.integers(1, 4, size))),
        "permit_status": _only(holds, pa.array(["1"] * size)),
        "left_on": nothing(size),
        "updated_at": stamps(chance, began),
    })  # fmt: skip


STAGES = ((3, "KINDERGARTEN", 0.6), (6, "PRIMARY", 0.99), (12, "JUNIOR", 0.98), (15, "SENIOR", 0.82), (18, "HIGHER", 0.37))


def education(s: Sector) -> pa.Table:
    """From kindergarten to university; one roll in fifty stands without a number."""
    chance = stream(s.seed, "education")
    age = s.people.age
    step = np.searchsorted([a for a, _, _ in STAGES], age, side="right") - 1
    attends = np.array([share for _, _, share in STAGES])[np.maximum(step, 0)]
    live = s.known | (s.people.number < 0)
    who = np.flatnonzero(live & (step >= 0) & (age < 22) & (chance.random(len(age)) < attends))
    c = s.rows("education", who, chance)
    size, at = len(who), pa.array(step[who])
    entered = np.array([a for a, _, _ in STAGES])[step[who]]
    enrolled = np.datetime64(f"{s.first.year}-09-01", "D") - (np.maximum(age[who] - entered, 0) * 366)
    county = pc.utf8_slice_codeunits(c["_lives"], 0, 6)
    boarding = pa.array(["1", "2", "3"]).take(pa.array(chance.choice(3, size, p=(0.7, 0.28, 0.02))))
    away = s.people.away[who]
    return _table(c, {
        "roll_no": pc.binary_join_element_wise("G", county, c["_serial"], ""),
        "citizen_id": _only(chance.random(size) > 0.02, c["citizen_id"]),
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


# Employed people's insurances by the share of the employed who hold them, and the residents' schemes.
EMPLOYED = (("110", 0.95), ("310", 0.95), ("410", 0.8), ("210", 0.45), ("510", 0.25))
RESIDENT = (("170", 0.7), ("390", 0.95))


def social_security(s: Sector) -> pa.Table:
    """Several rows a person: the employed by kind of insurance, all others in the residents' schemes."""
    chance = stream(s.seed, "social_security")
    age = s.people.age
    employed = employees(s)
    people, kinds = [], []
    for kind, share in (*EMPLOYED, *RESIDENT):
        group = employed if kind in dict(EMPLOYED) else s.known & ~employed & ((age >= 16) | (kind == "390"))
        chosen = np.flatnonzero(group & (chance.random(len(age)) < share))
        people.append(chosen)
        kinds += [kind] * len(chosen)
    who = np.concatenate(people)
    c = s.rows("social_security", who, chance)
    size = len(who)
    began = s.within(chance, np.maximum(np.minimum(age[who] - 16, 20), 1) * 365, size)
    months = ((np.datetime64(s.upto, "D") - began).astype(np.int64) // 31).astype(np.int64) + 1
    paying = chance.random(size) < 0.94
    paid_to = np.full(size, np.datetime64(s.upto, "M")) - np.where(paying, chance.integers(0, 2, size), 14)
    work = employed[who]
    return _table(c, {
        "person_no": pc.binary_join_element_wise(pc.utf8_slice_codeunits(c["_lives"], 0, 4), padded(who, 9), ""),
        "insurance_kind": pa.array(kinds),
        "pay_status": pc.if_else(pa.array(paying), "1", "2"),
        "retired": text((age[who] >= 60).astype(np.int64)),
        "first_enrolled_on": iso(began),
        "paid_from": year_months(began),
        "paid_to": year_months(np.maximum(paid_to.astype("datetime64[D]"), began)),
        "paid_months": text(months),
        "pay_base": _only(work, pc.binary_join_element_wise(text(chance.integers(2000, 16000, size)), "00", ".")),
        "employer_no": _only(work, text(chance.integers(10_000, 99_999, size))),
        "area": pc.utf8_slice_codeunits(c["_lives"], 0, 6),
        "updated_at": stamps(chance, s.within(chance, 30, size) + (s.upto - s.first).days),
    })  # fmt: skip


def employees(s: Sector) -> Flags:
    """About four of ten adults of working age; the away more often. The same for every feed that asks."""
    chance = stream(s.seed, "employed")
    urban = s.places.urban[s.people.lives_in]
    likely = np.where(s.people.away, 0.55, np.where(urban, 0.45, 0.12))
    return s.known & (s.people.age >= 18) & (s.people.age < 60) & (chance.random(len(likely)) < likely)


def housing(s: Sector) -> pa.Table:
    """Owners at home, tenants and dormitories among the away."""
    chance = stream(s.seed, "housing")
    draw = chance.random(len(s.people))
    head = s.known & (s.people.relation == 2)
    adult_away = s.known & s.people.away & (s.people.age >= 18)
    own = np.flatnonzero(head & (draw < 0.8))
    rents = np.flatnonzero(adult_away & ~(head & (draw < 0.8)) & (draw < 0.6))
    who = np.concatenate([own, rents])
    c = s.rows("housing", who, chance, name="owner_name", personal=False)
    size = len(who)
    owned = np.arange(size) < len(own)
    home = np.where(owned, s.people.village[who], s.people.lives_in[who])
    lives = pa.array(home)
    held = s.within(chance, np.where(owned, 6000, 700), size)
    dormitory = chance.random(size) < 0.25
    return _table(c | {"_region": pa.array(s.places.region[home])}, {
        "record_no": pc.binary_join_element_wise("FC", c["_serial"], ""),
        "unit_no": _only(owned, pc.binary_join_element_wise(s.places.codes.take(lives), "GB00001F", c["_serial"], "")),
        "tenure": pc.if_else(pa.array(owned), "OWN", pc.if_else(pa.array(dormitory), "DORM", "RENT")),
        "share": _only(owned, pa.array(["1.00"] * size)),
        "usage": pa.array(["住宅"] * size),
        "floor_area_m2": pc.binary_join_element_wise(text(chance.integers(30, 160, size)), padded(chance.integers(0, 100, size), 2), "."),
        "area": s.places.codes.take(lives),
        "address": addresses(chance, s.places, lives),
        "held_from": iso(held),
        "held_to": nothing(size),
        "updated_at": stamps(chance, held),
    })  # fmt: skip


TAX_MONTHS = 3
ALLOWANCE = 3500  # a month, 2011-09 to 2018-09


def tax(s: Sector) -> pa.Table:
    """The last months' wages of employees, by the rules of before 2018."""
    chance = stream(s.seed, "tax")
    taxed = np.flatnonzero(employees(s) & (chance.random(len(s.people)) < 0.8))
    who = np.repeat(taxed, TAX_MONTHS)
    c = s.rows("tax", who, chance, personal=False)
    size = len(who)
    month = np.full(size, np.datetime64(s.upto, "M")) - np.tile(np.arange(1, TAX_MONTHS + 1), len(taxed))
    periods = year_months(month.astype("datetime64[D]"))
    cents = (chance.lognormal(8.35, 0.5, size) * 100).astype(np.int64)
    taxable = np.maximum(cents - ALLOWANCE * 100, 0)
    return _table(c, {
        "record_no": pc.binary_join_element_wise("SB", periods, c["_serial"], ""),
        "employer_tax_no": text(chance.integers(330100000000000, 330199999999999, size)),
        "period": periods,
        "income_item": pa.array(["工资薪金"] * size),
        "income": money(cents),
        "taxable": money(taxable),
        "tax": money(taxable * 3 // 100),
        "area": pc.utf8_slice_codeunits(c["_lives"], 0, 6),
        "updated_at": stamps(chance, month.astype("datetime64[D]") + 44),
    })  # fmt: skip


FEEDS: dict[str, Callable[[Sector], pa.Table]] = {
    "residence_permit": residence_permit,
    "education": education,
    "social_security": social_security,
    "housing": housing,
    "tax": tax,
}


def year_months(days: Days) -> pa.Array:
    return pc.strftime(pa.array(days.astype("datetime64[s]")), format="%Y%m")


def money(cents: Ints) -> pa.Array:
    return pc.binary_join_element_wise(text(cents // 100), padded(cents % 100, 2), ".")


def _only(where: Flags, values: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(where), values, pa.scalar(None, pa.string()))


def _table(identity: dict[str, pa.Array], facts: dict[str, pa.Array]) -> pa.Table:
    return pa.table({k: v for k, v in {**identity, **facts}.items() if k not in ("_lives", "_serial")})
