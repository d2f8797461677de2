"""Social security and income tax: what is known of people through their work."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from popbase.generate.chance import Flags, stream
from popbase.generate.register import iso, padded, stamps, text
from popbase.generate.sector import Sector, money, only, table_of, year_months

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
    c = s.rows(who, chance)
    size = len(who)
    began = s.within(chance, np.maximum(np.minimum(age[who] - 16, 20), 1) * 365, size)
    began = np.where(s.people.away[who], np.maximum(began, s.people.away_since[who]), began)
    months = ((np.datetime64(s.upto, "D") - began).astype(np.int64) // 31).astype(np.int64) + 1
    paying = chance.random(size) < 0.94
    paid_to = np.full(size, np.datetime64(s.upto, "M")) - np.where(paying, chance.integers(0, 2, size), 14)
    work, city = employed[who], pc.utf8_slice_codeunits(c["_lives"], 0, 4)
    return table_of(c, {
        "person_no": pc.binary_join_element_wise(city, padded(who, 9), ""),
        "insurance_kind": pa.array(kinds),
        "pay_status": pc.if_else(pa.array(paying), "1", "2"),
        "retired": text((age[who] >= 60).astype(np.int64)),
        "first_enrolled_on": iso(began),
        "paid_from": year_months(began),
        "paid_to": year_months(np.maximum(paid_to.astype("datetime64[D]"), began)),
        "paid_months": text(months),
        "pay_base": only(work, money(chance.integers(2000, 16000, size) * 100)),
        "employer_no": only(work, text(chance.integers(10_000, 99_999, size))),
        "area": pc.utf8_slice_codeunits(c["_lives"], 0, 6),
        "updated_at": stamps(chance, s.within(chance, 30, size) + (s.upto - s.first).days),
    })  # fmt: skip


def employees(s: Sector) -> Flags:
    """About four of ten adults of working age; the away more often. The same for every feed that asks."""
    chance = stream(s.seed, "employed")
    urban = s.places.urban[s.people.lives_in]
    likely = np.where(s.people.away, 0.55, np.where(urban, 0.45, 0.12))
    return s.known & (s.people.age >= 18) & (s.people.age < 60) & (chance.random(len(likely)) < likely)


TAX_MONTHS = 3
ALLOWANCE = 3500  # a month, 2011-09 to 2018-09


def tax(s: Sector) -> pa.Table:
    """The last months' wages of employees, by the rules of before 2018."""
    chance = stream(s.seed, "tax")
    taxed = np.flatnonzero(employees(s) & (chance.random(len(s.people)) < 0.8))
    who = np.repeat(taxed, TAX_MONTHS)
    c = s.rows(who, chance, personal=False)
    size = len(who)
    month = np.full(size, np.datetime64(s.upto, "M")) - np.tile(np.arange(1, TAX_MONTHS + 1), len(taxed))
    periods = year_months(month.astype("datetime64[D]"))
    cents = (chance.lognormal(8.35, 0.5, size) * 100).astype(np.int64)
    taxable = np.maximum(cents - ALLOWANCE * 100, 0)
    return table_of(c, {
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
