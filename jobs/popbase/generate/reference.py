"""The two national reference feeds: village lists with their class, and the divisions' history."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import cache

from popbase.generate import areas
from popbase.generate.chance import Chance
from popbase.generate.deliver import Cells, Row

# `停用年` is the first year a code is no longer in force; the history's last year was its last one within.
FIRST_EDITION = 1980
KINDS = {"区": "DISTRICT", "县": "COUNTY", "市": "COUNTY_CITY", "旗": "BANNER"}


def statistical_rows(places: areas.Map, day: date) -> list[Row]:
    """The villages and everything above them; only villages have a class."""
    cells: dict[str, Cells] = {}
    for village in places.villages:
        for code, name in _ancestors(village, places):
            cells.setdefault(code, {"code": code, "name": name, "urban_rural": None})
        cells[village.code] = {"code": village.code, "name": village.name, "urban_rural": village.urban_rural}
    stamp = f"{day} 09:00:00"
    return [Row(cells[code] | {"updated_at": stamp}) for code in sorted(cells)]


def reclassified(places: areas.Map, day: date, chance: Chance) -> list[Row]:
    """What a yearly list changes: a few villages become urban."""
    rural = [v for v in places.villages if v.urban_rural == "220"]
    chosen = sorted(chance.choice(len(rural), max(1, len(rural) // 100), replace=False).tolist())
    stamp = f"{day} 09:00:00"
    return [
        Row({"code": rural[i].code, "name": rural[i].name, "urban_rural": "122", "updated_at": stamp}, op="U")
        for i in chosen
    ]


def _ancestors(village: areas.Village, places: areas.Map) -> list[tuple[str, str]]:
    code, names = village.code, _names()
    region = places.regions[village.region]
    return [
        (code[:2].ljust(12, "0"), names[code[:2] + "0000"]),
        (region.ljust(12, "0"), names[region]),
        (code[:6].ljust(12, "0"), village.county.name),
        (code[:9].ljust(12, "0"), areas.township_name(village.county, code[6:9])),
    ]


@cache
def _names() -> dict[str, str]:
    return {p.code: p.name for p in areas.history()}


def division_rows(year: int, day: date, *, since: int | None = None) -> list[Row]:
    """Every code as known at the end of `year`; with `since`, only what has changed after that year."""
    rows = []
    for period in areas.history():
        ended = period.last < year
        changed = since is None or period.first > since or since <= period.last < year
        if period.first <= year and changed:
            cells = _division(period, ended=ended) | {"updated_at": f"{day} 09:00:00"}
            rows.append(Row(cells, op=None if since is None else "U"))
    return rows


def _division(period: areas.Period, *, ended: bool) -> Cells:
    heirs = _successors(period) if ended else []
    return {
        "code": period.code,
        "valid_from": str(max(period.first, FIRST_EDITION)),
        "name": period.name,
        "level": _level(period),
        "kind": KINDS.get(period.name[-1], "OTHER") if period.is_county else None,
        "parent": _parent(period),
        "valid_to": str(period.last + 1) if ended else None,
        "successors": ";".join(heirs) or None,
    }


def _successors(period: areas.Period) -> list[str]:
    """The code of the same name that began when this one ended; unknown where names changed too."""
    heirs = _beginning().get((period.code[:4], period.is_county, period.stem, period.last + 1), set())
    return sorted(heirs - {period.code})


@cache
def _beginning() -> dict[tuple[str, bool, str, int], set[str]]:
    """Codes by prefecture, level, name without kind, and first year."""
    found: dict[tuple[str, bool, str, int], set[str]] = defaultdict(set)
    for p in areas.history():
        found[p.code[:4], p.is_county, p.stem, p.first].add(p.code)
    return found


def _level(period: areas.Period) -> str:
    if period.is_county:
        return "COUNTY"
    return "PROVINCE" if period.code[2:4] == "00" else "PREFECTURE"


def _parent(period: areas.Period) -> str | None:
    if period.is_county:
        prefecture = period.code[:4] + "00"
        return prefecture if prefecture in areas.years() else period.code[:2] + "0000"
    return None if period.code[2:4] == "00" else period.code[:2] + "0000"
