"""Codes of county level and above over the years: in force when, gone where (statistics.md 4).

A few thousand rows of public reference data: they are walked on the driver, where a chain of
successors is a loop; Spark only joins the result.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DISTRICT = "DISTRICT"
CITY_KINDS = frozenset({DISTRICT, "COUNTY_CITY"})

_SUCCESSOR = re.compile(r"(\d{6})(?:\[(\d{4})\])?")


@dataclass(frozen=True)
class Division:
    """One code over the years [valid_from, valid_to); a year means its 31 December."""

    code: str
    valid_from: int
    level: str
    kind: str | None = None
    valid_to: int | None = None
    successors: str | None = None
    name: str | None = None

    def in_force(self, year: int) -> bool:
        return self.valid_from <= year and (self.valid_to is None or year < self.valid_to)

    def ended_by(self, year: int) -> bool:
        return self.valid_to is not None and self.valid_to <= year

    def links(self) -> Iterator[tuple[str, int | None]]:
        """(successor, year of the transfer): `510213[1994]` says its own year, else it is that of the end."""
        for code, year in _SUCCESSOR.findall(self.successors or ""):
            yield code, int(year) if year else self.valid_to

    def heirs_at_the_end(self) -> set[str]:
        """Who took over what was left: a part that went earlier is no longer this code's."""
        at_the_end = {code for code, year in self.links() if year == self.valid_to}
        return at_the_end or {code for code, _ in self.links()}


@dataclass(frozen=True)
class Standing:
    """Where the people of one code stand in a year.

    `prefix`: six digits are a county (or a prefecture without counties), four or two an area below which
    they cannot be placed. `city`: whether its 街道 count as non-agricultural (section 5, by place);
    `district`: whether it is a district of one.
    `listed_as`: the county's code on the 城乡分类 list's date, where it differs.
    """

    code: str
    prefix: str | None
    city: bool
    district: bool
    listed_as: str | None


class Gazetteer:
    """All periods of all codes."""

    def __init__(self, divisions: Iterable[Division]) -> None:
        self._periods: dict[str, list[Division]] = defaultdict(list)
        for division in sorted(divisions, key=lambda d: (d.code, d.valid_from)):
            self._periods[division.code].append(division)

    def __bool__(self) -> bool:
        return bool(self._periods)

    def in_force(self, code: str, year: int) -> Division | None:
        return next((p for p in reversed(self._periods.get(code, ())) if p.in_force(year)), None)

    def all_in_force(self, year: int) -> list[Division]:
        return [d for code in self._periods if (d := self.in_force(code, year))]

    def successor(self, code: str, year: int) -> Division | None:
        """The code in force in `year` that took this one over: itself, or the end of a chain."""
        seen: set[str] = set()
        while code not in seen:
            seen.add(code)
            if division := self.in_force(code, year):
                return division
            ended = [p for p in self._periods.get(code, ()) if p.ended_by(year)]
            heirs = ended[-1].heirs_at_the_end() - {code} if ended else set()
            if len(heirs) != 1:
                return None
            code = heirs.pop()
        return None

    def heirs(self, code: str, since: int, until: int) -> set[str]:
        """All codes in force in `until` that hold a part of what `code` was at the end of `since`."""
        found: set[str] = set()
        open_, seen = [(code, since)], set[str]()
        while open_:
            at, year = open_.pop()
            if at in seen:
                continue
            seen.add(at)
            if self.in_force(at, until):
                found.add(at)
            for period in self._periods.get(at, ()):
                open_ += [(heir, when) for heir, when in period.links() if when and year < when <= until]
        return found

    def standings(self, year: int, list_year: int | None) -> list[Standing]:
        """One row a code that ever was, and one a prefecture that only its counties' digits know (110100)."""
        divided = {d.code[:4] for d in self.all_in_force(year) if d.level == "COUNTY"}
        above = {p + "00": p for p in divided} | {p[:2] + "0000": p[:2] for p in divided}
        implied = {
            code: Standing(code, prefix, city=False, district=False, listed_as=None)
            for code, prefix in above.items()
        }
        known = {code: self._standing(code, year, list_year, divided) for code in self._periods}
        placed = {code: s for code, s in known.items() if s.prefix is not None}
        return list((known | implied | placed).values())

    def _standing(self, code: str, year: int, list_year: int | None, divided: set[str]) -> Standing:
        now = self.successor(code, year)
        listed = self.successor(code, list_year) if list_year is not None else None
        # Of a code that stands nowhere, what it last was still says whether it was a city.
        periods = self._periods[code]
        was = now or next((p for p in reversed(periods) if p.ended_by(year)), periods[0])
        undivided = now is not None and now.level == "PREFECTURE" and now.code[:4] not in divided
        return Standing(
            code=code,
            prefix=_prefix(now, undivided) if now else None,
            city=undivided or was.kind in CITY_KINDS,
            district=was.kind == DISTRICT,
            listed_as=listed.code if listed and listed.code != code else None,
        )


def _prefix(division: Division, undivided: bool) -> str:
    if division.level == "COUNTY" or undivided:
        return division.code
    return division.code[:4] if division.level == "PREFECTURE" else division.code[:2]
