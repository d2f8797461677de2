"""The made-up people: ages, households, names, where they are registered and where they live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from popbase.generate import areas, names, numbers
from popbase.generate.chance import Chance, Days, Flags, Ints, shares, stream
from popbase.generate.parameters import (
    AGES_FEMALE,
    AGES_MALE,
    AWAY_SHARE,
    HOUSEHOLD_SIZES,
    MALE_SHARE,
)

ADULT = 22
COLLECTIVE_SHARE = 0.03
RENUMBERED_SHARE = 0.01  # numbers given anew when the eighteen digits came, under the code of that year
RENUMBERED = 1999
OLDEST_YEAR = 1880
ELSEWHERE_SHARE = 0.06  # numbers whose area is another county: people who moved since
GENERATION = 27
AWAY_DAYS = 10 * 365


@dataclass(frozen=True)
class People:
    """One entry a person in each array; the position is who they are."""

    sex: Ints
    age: Ints
    birth: Days
    surname: Ints
    name: pa.Array
    household: Ints
    relation: Ints  # GB/T 4761
    village: Ints  # registered
    lives_in: Ints  # the village of living; differs for those away
    away_since: Days  # of those away; before the first day
    collective: Flags
    registered_on: Days
    number: Ints  # first 17 digits

    def __len__(self) -> int:
        return len(self.sex)

    @property
    def away(self) -> Flags:
        apart: Flags = self.lives_in != self.village
        return apart


def make(size: int, *, seed: int, first: date, places: areas.Map) -> People:
    """`size` people as they are on the first business date."""
    chance = stream(seed, "people")
    sex = np.where(chance.random(size) < MALE_SHARE, 1, 2).astype(np.int64)
    age = _ages(chance, sex)
    birth = _birth_dates(chance, age, first)
    household, relation = _households(chance, age, sex)
    village = places.draw(chance, int(household.max()) + 1)[household]
    surname = _surnames(chance, household, relation)
    registered_on = _registration_dates(chance, birth, first)
    return People(
        sex=sex,
        age=age,
        birth=birth,
        surname=surname,
        name=_told_apart(chance, names.full_names(chance, surname, sex), household, surname, sex),
        household=household,
        relation=relation,
        village=village,
        lives_in=_living(chance, age, village, places),
        away_since=np.datetime64(first, "D") - stream(seed, "away").integers(1, AWAY_DAYS, size),
        collective=(chance.random(int(household.max()) + 1) < COLLECTIVE_SHARE)[household],
        registered_on=registered_on,
        number=_numbers(chance, birth, sex, village, places),
    )


def _ages(chance: Chance, sex: Ints) -> Ints:
    """Completed years: a five-year group by its share, evenly within it."""
    age = np.empty(len(sex), dtype=np.int64)
    for code, pyramid in ((1, AGES_MALE), (2, AGES_FEMALE)):
        chosen = sex == code
        age[chosen] = chance.choice(len(pyramid), int(chosen.sum()), p=shares(pyramid)) * 5
    return age + chance.integers(0, 5, len(sex))


def _birth_dates(chance: Chance, age: Ints, first: date) -> Days:
    days_old = (age * 365.2425).astype(np.int64) + chance.integers(1, 365, len(age))
    born: Days = np.datetime64(first, "D") - days_old
    return born


def _households(chance: Chance, age: Ints, sex: Ints) -> tuple[Ints, Ints]:
    """(household, relation to its head): heads, their spouses, then who fits by age."""
    household = np.full(len(age), -1, dtype=np.int64)
    relation = np.zeros(len(age), dtype=np.int64)
    slots = _slots(chance, len(age))
    heads = _heads(chance, age, sex, len(slots))
    household[heads], relation[heads] = np.arange(len(heads)), 2
    _marry(chance, household, relation, heads=heads, slots=slots, age=age, sex=sex)
    _fill(chance, household, heads=heads, slots=slots, age=age)
    rest = relation == 0
    relation[rest] = _relations(age[rest] - age[heads][household[rest]], sex[rest])
    return household, relation


def _slots(chance: Chance, people: int) -> Ints:
    """How many members each household has; all together `people`."""
    sizes = chance.choice(len(HOUSEHOLD_SIZES), people, p=shares(HOUSEHOLD_SIZES)) + 1
    enough = int(np.searchsorted(np.cumsum(sizes), people)) + 1
    slots = sizes[:enough].astype(np.int64)
    slots[-1] -= slots.sum() - people
    return slots


def _heads(chance: Chance, age: Ints, sex: Ints, wanted: int) -> Ints:
    """Adults, four of five men; everybody where there are too few adults."""
    unlikely = np.where(age < ADULT, 10.0, 0.0) + np.where(sex == 1, 0.0, 0.6) + chance.random(len(age))
    return np.argsort(unlikely, kind="stable")[:wanted].astype(np.int64)


def _marry(chance: Chance, household: Ints, relation: Ints, *, heads: Ints, slots: Ints, age: Ints,
           sex: Ints) -> None:  # fmt: skip
    """Four of five larger households have a couple: the nth oldest head with the nth oldest spouse."""
    wants = (slots > 1) & (chance.random(len(slots)) < 0.8)
    for head_sex in (1, 2):
        grooms = np.flatnonzero(wants & (sex[heads] == head_sex))
        brides = np.flatnonzero((household < 0) & (sex != head_sex) & (age >= 20))
        couples = min(len(grooms), len(brides))
        grooms, brides = chance.permutation(grooms)[:couples], chance.permutation(brides)[:couples]
        grooms = grooms[np.argsort(age[heads[grooms]] + chance.normal(0, 1.5, couples), kind="stable")]
        brides = brides[np.argsort(age[brides], kind="stable")]
        household[brides], relation[brides] = grooms, 10


def _fill(chance: Chance, household: Ints, *, heads: Ints, slots: Ints, age: Ints) -> None:
    """The rest: children where the head is a generation older, the aged where a generation younger."""
    free = slots - np.bincount(household[household >= 0], minlength=len(slots))
    places = np.repeat(np.arange(len(slots)), np.maximum(free, 0))
    waiting = np.flatnonzero(household < 0)[: len(places)]
    places = chance.permutation(places)[: len(waiting)]
    fits = np.where(age[waiting] < ADULT + 8, age[waiting] + GENERATION, age[waiting] - GENERATION)
    by_fit = waiting[np.argsort(fits, kind="stable")]
    household[by_fit] = places[np.argsort(age[heads[places]], kind="stable")]


def _relations(older_than_head: Ints, sex: Ints) -> Ints:
    """Son, daughter, grandchild, parent, sibling or other by how many years older than the head."""
    return np.select(
        [older_than_head < -45, older_than_head < -14, older_than_head > 45, older_than_head > 14],
        [np.where(sex == 1, 41, 42), np.where(sex == 1, 20, 30), 60, np.where(sex == 1, 51, 52)],
        default=np.where(np.abs(older_than_head) < 10, 70, 80),
    ).astype(np.int64)


def _surnames(chance: Chance, household: Ints, relation: Ints) -> Ints:
    """Heads, their children and parents share a surname."""
    own = names.draw_surnames(chance, len(household))
    heads = relation == 2
    of_head = np.zeros(int(household.max()) + 1, dtype=np.int64)
    of_head[household[heads]] = own[heads]
    shared = np.isin(relation, (20, 30, 41, 42, 51, 70))
    return np.where(shared, of_head[household], own)


def _told_apart(chance: Chance, name: pa.Array, household: Ints, surname: Ints, sex: Ints) -> pa.Array:
    """The names, but no two alike in a household: no family calls two children the same."""
    (anew,) = chance.spawn(1)
    while True:
        kinds = name.dictionary_encode()
        both = household * len(kinds.dictionary) + kinds.indices.to_numpy()
        again = np.ones(len(name), dtype=np.bool_)
        again[np.unique(both, return_index=True)[1]] = False
        if not again.any():
            return name
        others = names.full_names(anew, surname[again], sex[again])
        name = pc.replace_with_mask(name, pa.array(again), others)


def _registration_dates(chance: Chance, birth: Days, first: date) -> Days:
    """A month after birth for six of ten; the others came later, by moving."""
    until = (np.datetime64(first, "D") - birth).astype(np.int64)
    after_birth = chance.integers(0, 31, len(birth))
    moved = (chance.random(len(birth)) * until).astype(np.int64)
    days = np.where(chance.random(len(birth)) < 0.6, after_birth, moved)
    return birth + np.minimum(days, until)


def _living(chance: Chance, age: Ints, village: Ints, places: areas.Map) -> Ints:
    """The away live mostly in towns, in any region; working ages twice as often."""
    likely = np.where((age >= 18) & (age < 60), 1.3, 0.45)
    away = chance.random(len(age)) < AWAY_SHARE * likely / likely.mean()
    elsewhere = places.draw(chance, len(age), urban_share=0.85)
    return np.where(away, elsewhere, village)


def _numbers(chance: Chance, birth: Days, sex: Ints, village: Ints, places: areas.Map) -> Ints:
    """A number from the county of registration as it was coded when the number was given out."""
    index = {p: i for i, p in enumerate(dict.fromkeys(v.county for v in places.villages))}
    county_of_village = np.array([index[v.county] for v in places.villages], dtype=np.int64)
    elsewhere = chance.random(len(birth)) < ELSEWHERE_SHARE
    county = np.where(elsewhere, chance.integers(0, len(index), len(birth)), county_of_village[village])
    born = birth.astype("datetime64[Y]").astype(np.int64) + 1970
    anew = chance.random(len(birth)) < RENUMBERED_SHARE
    given = np.where(anew, np.maximum(born, RENUMBERED), born)
    area = np.empty(len(birth), dtype=np.int64)
    for period, i in index.items():
        chosen = county == i
        area[chosen] = _codes_by_year(period)[given[chosen] - OLDEST_YEAR]
    return numbers.assign(chance, area, birth, sex)


def _codes_by_year(county: areas.Period) -> Ints:
    """The county's code in each year: its own, a forerunner's, else a neighbour's of that year."""
    names_before = areas.forerunners(county)
    return np.array(
        [
            int(next((p.code for p in names_before if p.in_force(year)), _neighbour(county, year)))
            for year in range(OLDEST_YEAR, 2031)
        ],
        dtype=np.int64,
    )


def _neighbour(county: areas.Period, year: int) -> str:
    here = areas.counties(county.code[:4] + "00", year)
    return here[int(county.code) % len(here)].code if here else county.code
