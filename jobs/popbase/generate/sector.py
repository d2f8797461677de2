"""What every department knows of its people: number, name, sex, birth date, each with its own errors.

A sector's table carries three columns beside the contract's: `_person`, who it is, `_region`, who sends it,
and `_fault`, what is wrong with the number: MISTYPED, FOREIGN or nothing.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from popbase.generate import areas, names, numbers
from popbase.generate.chance import Chance, Days, Flags, Ints
from popbase.generate.parameters import Rates
from popbase.generate.people import People
from popbase.generate.register import iso, padded, text


class Sector:
    """The people a department knows on the first business date, and where they live."""

    def __init__(self, people: People, places: areas.Map, *, live: Flags, first: date, seed: int,
                 rates: Rates, upto: date | None = None) -> None:  # fmt: skip
        self.people, self.places, self.first, self.seed, self.rates = people, places, first, seed, rates
        self.upto = upto or first  # what is reported monthly is reported until then
        self.known = live & (people.number > 0)
        self.numbers = numbers.as_text(people.number)
        # Whose number follows the common rule, for somebody born in this century or the last.
        born = people.number // 10**7 % 10**4
        self._plain = (people.number > 0) & (people.number < 8 * 10**16) & (born >= 1900)

    def rows(self, who: Ints, chance: Chance, *, number: str = "citizen_id",
             name: str = "name", personal: bool = True) -> dict[str, pa.Array]:  # fmt: skip
        """The columns that say who: number and name with the sector's errors, sex and birth date without."""
        lives = pa.array(self.people.lives_in[who])
        written, fault = self._numbers(chance, who)
        columns = {
            "_fault": fault,
            "_person": pa.array(who),
            "_region": pa.array(self.places.region[self.people.lives_in[who]]),
            number: written,
            name: self._names(chance, who),
            "_lives": self.places.codes.take(lives),
            "_serial": padded(np.arange(len(who)), 9),
        }
        if personal:
            columns |= {"sex": text(self.people.sex[who]), "birth_date": iso(self.people.birth[who])}
        return columns

    def _numbers(self, chance: Chance, who: Ints) -> tuple[pa.Array, pa.Array]:
        """A few carry a number that no register row has: its sequence was never given out; or a slip."""
        carried = self.people.number[who]
        foreign = chance.random(len(who)) < self.rates.not_in_register
        other = carried + 2 * chance.integers(1, 200, len(who)) * np.where(carried % 1000 < 500, 1, -1)
        foreign &= ~np.isin(other, self.people.number)
        (typing,) = chance.spawn(1)
        mistyped = (typing.random(len(who)) < self.rates.mistyped) & ~foreign & self._plain[who]
        written = np.where(foreign, other, carried)
        latest = int(f"{self.first:%Y%m%d}")
        written[mistyped] = numbers.mistyped(typing, written[mistyped], areas=_known(), latest=latest)
        fault = np.select([foreign, mistyped], ["FOREIGN", "MISTYPED"], "")
        return numbers.as_text(written), only(fault != "", pa.array(fault))

    def _names(self, chance: Chance, who: Ints) -> pa.Array:
        own = self.people.name.take(pa.array(who))
        wrong = chance.random(len(who)) < self.rates.name_misspelt
        few = who[wrong]
        other = names.full_names(chance, self.people.surname[few], self.people.sex[few])
        return pc.replace_with_mask(own, pa.array(wrong), other)

    def within(self, chance: Chance, days: Ints | int, size: int) -> Days:
        """A day among the last `days` before the first business date."""
        back = (chance.random(size) * days).astype(np.int64)
        return np.full(size, np.datetime64(self.first, "D")) - back

    def arrived(self, chance: Chance, who: Ints, days: Ints | int) -> Days:
        """`within`; but of those away when they came or a few days later, of one in twenty any day since."""
        anyhow = self.within(chance, days, len(who))
        (settling,) = chance.spawn(1)
        since = self.people.away_since[who]
        late = (np.datetime64(self.first, "D") - since).astype(np.int64)
        waits = np.minimum(settling.integers(0, 10, len(who)), late)
        some = settling.random(len(who)) < 0.05
        came = since + np.where(some, (settling.random(len(who)) * late).astype(np.int64), waits)
        return np.where(self.people.away[who], came, anyhow)


@cache
def _known() -> Ints:
    return np.array(sorted(int(code) for code in areas.years()), dtype=np.int64)


def year_months(days: Days) -> pa.Array:
    return pc.strftime(pa.array(days.astype("datetime64[s]")), format="%Y%m")


def money(cents: Ints) -> pa.Array:
    """Hundredths with two decimals."""
    return pc.binary_join_element_wise(text(cents // 100), padded(cents % 100, 2), ".")


def only(where: Flags, values: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(where), values, pa.scalar(None, pa.string()))


def table_of(identity: dict[str, pa.Array], facts: dict[str, pa.Array]) -> pa.Table:
    return pa.table({k: v for k, v in {**identity, **facts}.items() if k not in ("_lives", "_serial")})
