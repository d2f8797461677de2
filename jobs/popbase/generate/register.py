"""The household register: one row a person, and the odd rows that history left in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from popbase.generate import areas, numbers
from popbase.generate.chance import Chance, Days, Flags, Ints, shares, stream
from popbase.generate.parameters import DEATH_RATE
from popbase.generate.people import People

Cells = dict[str, str | None]

OUT_OF_LIST_SHARE = 0.001  # registered at a township or county that no village list carries
CONVERTED_SHARE = 0.02
ENDS = (("1", 0.86), ("2", 0.01), ("3", 0.08), ("5", 0.02), ("6", 0.02), ("7", 0.005), ("9", 0.005))


@dataclass(frozen=True)
class Fates:
    """What became of whom by the first business date."""

    ended_on: Days  # NaT for the living
    end_reason: Ints  # 0 for the living

    @property
    def live(self) -> Flags:
        return np.isnat(self.ended_on)


def fates(people: People, *, seed: int, first: date) -> Fates:
    """Records ended since 1 January of the year before are still delivered (design section 4)."""
    chance = stream(seed, "fates")
    opened = np.datetime64(f"{first.year - 1}-01-01", "D")
    span = int((np.datetime64(first, "D") - opened).astype(np.int64))
    # Risk of death doubles about every nine years of age; the total is the crude rate over the span.
    risk = 2.0 ** (people.age / 9)
    rate = DEATH_RATE / 0.86 * span / 365 * risk / risk.mean()
    ended_on = opened + chance.integers(0, span + 1, len(people))
    ended = (chance.random(len(people)) < rate) & (people.registered_on <= ended_on)
    reason = np.array([int(code) for code, _ in ENDS])[
        chance.choice(len(ENDS), len(people), p=shares([w for _, w in ENDS]))
    ]
    return Fates(
        ended_on=np.where(ended, ended_on, np.datetime64("NaT", "D")), end_reason=np.where(ended, reason, 0)
    )


def register_table(people: People, ended: Fates, places: areas.Map, *, seed: int) -> pa.Table:
    """All register fields of all people as text; row i is person i."""
    chance = stream(seed, "register")
    size = len(people)
    village = pa.array(people.village)
    county = pc.utf8_slice_codeunits(places.codes, 0, 6).take(village)
    urban = places.urban[people.village]
    moved_in = (people.registered_on - people.birth).astype(np.int64) > 31
    columns: dict[str, pa.Array] = {
        "record_no": record_numbers(county, np.arange(size)),
        "citizen_id": numbers.as_text(people.number),
        "name": people.name,
        "former_name": nothing(size),
        "sex": text(people.sex),
        "birth_date": iso(people.birth),
        "household_no": pc.binary_join_element_wise(county, padded(people.household, 8), ""),
        "household_kind": pc.if_else(pa.array(people.collective), "20", "10"),
        "hukou_nature": text(_natures(chance, urban, people.collective)),
        "relation_to_head": padded(people.relation, 2),
        "registered_area": _registered_areas(chance, places, village),
        "registered_address": addresses(chance, places, village),
        "education": text(_schooling(chance, people.age)),
        "marital_status": text(np.where(np.isin(people.relation, (2, 10)) & (people.age >= 24), 20, 10)),
        "registered_on": iso(people.registered_on),
        "move_in_reason": pc.if_else(pa.array(moved_in), "MOVE", "BIRTH"),
        "move_in_from": _origins(chance, places, moved_in),
        "settle_basis": _settle_bases(chance, moved_in),
        "address_since": iso(people.registered_on),
        "address_from": nothing(size),
        "converted_on": _conversions(chance, people, urban),
        "unsettled_reason": nothing(size),
        **_ends(ended),
        "move_out_to": _unless(
            ended.end_reason != 3, places.codes.take(pa.array(chance.permutation(people.village)))
        ),
        "updated_at": stamps(chance, np.where(ended.live, people.registered_on, ended.ended_on)),
    }
    return pa.table(columns)


def _ends(ended: Fates) -> dict[str, pa.Array]:
    died = np.where(ended.end_reason == 1, ended.ended_on, np.datetime64("NaT", "D"))
    return {
        "ended_on": iso(ended.ended_on),
        "end_reason": _unless(ended.live, text(ended.end_reason)),
        "died_on": iso(died),
    }


def text(values: Ints) -> pa.Array:
    return pc.cast(pa.array(values), pa.string())


def padded(values: Ints, width: int) -> pa.Array:
    return pc.utf8_lpad(text(values), width, "0")


def iso(days: Days) -> pa.Array:
    """YYYY-MM-DD; null where there is no day."""
    return pc.cast(pa.array(days.astype("datetime64[D]")), pa.string())


def nothing(size: int) -> pa.Array:
    return pa.nulls(size, pa.string())


def record_numbers(county: pa.Array, positions: Ints) -> pa.Array:
    return pc.binary_join_element_wise(county, padded(positions, 9), "")


def stamps(chance: Chance, days: Days) -> pa.Array:
    """A working hour of the day, `YYYY-MM-DD HH:MM:SS`."""
    seconds = chance.integers(8 * 3600, 17 * 3600, len(days))
    instants = days.astype("datetime64[s]") + seconds
    return pc.strftime(pa.array(instants), format="%Y-%m-%d %H:%M:%S")


def addresses(chance: Chance, places: areas.Map, village: pa.Array) -> pa.Array:
    """Most plain; some with a comma, few with quotation marks, as real ones have."""
    forms = pa.array(["号", "号,2单元301室", '号"锦绣苑"3幢', "号院1幢"])
    form = forms.take(pa.array(chance.choice(4, len(village), p=(0.9, 0.06, 0.01, 0.03))))
    house = text(chance.integers(1, 400, len(village)))
    return pc.binary_join_element_wise(places.addresses.take(village), house, form, "")


def _unless(hidden: Flags, values: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(hidden), pa.scalar(None, pa.string()), values)


def _natures(chance: Chance, urban: Flags, collective: Flags) -> Ints:
    """Nature follows the place for most, not for all: that is why three definitions stand side by side."""
    agricultural = np.where(urban, chance.random(len(urban)) < 0.25, chance.random(len(urban)) < 0.93)
    return np.where(collective, 21, 11) + agricultural


def _registered_areas(chance: Chance, places: areas.Map, village: pa.Array) -> pa.Array:
    codes = places.codes.take(village)
    draw = chance.random(len(village))
    town = pc.binary_join_element_wise(pc.utf8_slice_codeunits(codes, 0, 9), "000", "")
    county = pc.binary_join_element_wise(pc.utf8_slice_codeunits(codes, 0, 6), "000000", "")
    coarse = pc.if_else(pa.array(draw < OUT_OF_LIST_SHARE / 2), town, county)
    return pc.if_else(pa.array(draw < OUT_OF_LIST_SHARE), coarse, codes)


def _schooling(chance: Chance, age: Ints) -> Ints:
    grown = np.array((90, 80, 70, 60, 40, 31, 21, 10))[
        chance.choice(8, len(age), p=shares((5, 26, 39, 11, 4, 7, 6, 1)))
    ]
    return np.select([age < 7, age < 13, age < 16], [90, 80, 70], default=grown)


def _origins(chance: Chance, places: areas.Map, moved_in: Flags) -> pa.Array:
    return _unless(~moved_in, places.codes.take(pa.array(places.draw(chance, len(moved_in)))))


def _settle_bases(chance: Chance, moved_in: Flags) -> pa.Array:
    bases = pa.array(["JOB", "HOME", "POINTS", "FAMILY", "GRADUATE", "SKILL", "RETURNEE", "OTHER"])
    drawn = bases.take(
        pa.array(chance.choice(8, len(moved_in), p=(0.2, 0.15, 0.02, 0.4, 0.1, 0.03, 0.05, 0.05)))
    )
    return _unless(~moved_in, drawn)


def _conversions(chance: Chance, people: People, urban: Flags) -> pa.Array:
    """Some urban people were once converted from agricultural (农转非), never before they were registered."""
    converted = urban & (chance.random(len(urban)) < CONVERTED_SHARE)
    until = people.registered_on.max()
    day = people.registered_on + (
        chance.random(len(urban)) * (until - people.registered_on).astype(np.int64)
    ).astype(np.int64)
    return _unless(~converted, iso(day))
