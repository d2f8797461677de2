"""What history did to the register: shared numbers, double registrations, wrong items, missing numbers.

Each trouble picks its own people, so that a person has at most one and the truth about it is simple.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from popbase.generate import numbers
from popbase.generate.chance import Chance, Flags, Picker, count, stream
from popbase.generate.parameters import Rates
from popbase.generate.people import People

INFANT = 2
# Settled from Hong Kong, Macao, Taiwan, and permanent residents from abroad (9, province, country).
SPECIAL_AREAS = (810000, 820000, 830000, 933840, 951410)
# Troubles of two people under one number, and of one person alone.
PAIRS = ("contested", "former", "both_ended")
SINGLE = ("double", "second_number", "dead_and_live", "wrong_item", "no_number", "moved", "special")


@dataclass
class Troubles:
    """Who has which trouble; `kinds` is the truth's list: (kind, person, other person)."""

    contested: list[tuple[int, int]] = field(default_factory=list)
    double: list[int] = field(default_factory=list)
    second_number: list[int] = field(default_factory=list)
    wrong_item: list[int] = field(default_factory=list)
    no_number: list[int] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)
    special: list[int] = field(default_factory=list)
    former: list[tuple[int, int]] = field(default_factory=list)
    both_ended: list[tuple[int, int]] = field(default_factory=list)
    dead_and_live: list[int] = field(default_factory=list)

    def all(self) -> list[tuple[str, int, int]]:
        return [(kind, a, b) for kind in PAIRS for a, b in getattr(self, kind)] + [
            (kind, person, -1) for kind in SINGLE for person in getattr(self, kind)
        ]


def plan(people: People, *, live: Flags, seed: int, rates: Rates) -> tuple[People, Troubles, Picker]:
    """The people with shared and missing numbers, and who has which trouble; the picker has the untouched."""
    chance = stream(seed, "troubles")
    picker = Picker(chance, live)
    size = len(people)
    troubles = Troubles()
    infants = people.age <= INFANT
    wanted = count(rates.no_number, size)
    troubles.no_number = [*picker.skim(infants, wanted // 2).tolist()]
    troubles.no_number += picker.take(wanted - len(troubles.no_number)).tolist()
    for kind, rate in zip(
        PAIRS, (rates.contested / 2, rates.contested / 8, rates.contested / 16), strict=True
    ):
        pairs = picker.take(2 * count(rate, size, least=1)).reshape(-1, 2)
        setattr(troubles, kind, [(int(a), int(b)) for a, b in pairs])
    troubles.dead_and_live = picker.take(count(rates.double / 20, size, least=1)).tolist()
    troubles.double = picker.take(count(rates.double, size, least=2)).tolist()
    troubles.second_number = picker.take(count(rates.second_number, size, least=1)).tolist()
    troubles.wrong_item = picker.take(count(rates.wrong_item, size)).tolist()
    troubles.moved = picker.take(count(0.004, size)).tolist()
    troubles.special = picker.take(len(SPECIAL_AREAS)).tolist()
    return _renumbered(people, troubles, chance), troubles, picker


def _renumbered(people: People, troubles: Troubles, chance: Chance) -> People:
    """The second of each pair carries the first one's number, six of ten with the same birth date and sex."""
    number, birth, sex = people.number.copy(), people.birth.copy(), people.sex.copy()
    registered_on = people.registered_on.copy()
    number[np.array(troubles.no_number, dtype=np.int64)] = numbers.NONE
    for first, second in (*troubles.contested, *troubles.former, *troubles.both_ended):
        number[second] = number[first]
        if chance.random() < 0.6:
            birth[second], sex[second] = birth[first], sex[first]
            registered_on[second] = max(registered_on[second], birth[second])
    for area, person in zip(SPECIAL_AREAS, troubles.special, strict=False):
        number[person] = number[person] % 10**11 + area * 10**11
    return replace(people, number=number, birth=birth, sex=sex, registered_on=registered_on)
