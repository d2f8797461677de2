"""Made-up citizen numbers and bureaus of one test case: no two cases share any."""

from __future__ import annotations

from datetime import date

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# Both have been 120 for too long on one of the days that cases are told of.
BORN = (date(1894, 12, 30), date(1895, 1, 2))


def number(case: int, which: int) -> str:
    """Even ones are women's; the second was assigned on another birthday; the last is a foreigner's."""
    first = "9" if which == 4 else "3"
    seventeen = f"{first}{case:05d}{BORN[which == 1]:%Y%m%d}{which:03d}"
    return seventeen + "10X98765432"[sum(int(d) * w for d, w in zip(seventeen, WEIGHTS, strict=True)) % 11]


def region(case: int, which: int) -> str:
    return f"{case:05d}{which}"


def decision(case: int, which: int) -> str:
    """As text in the order of `which` (below ten), and all of one case together."""
    return f"{case:05d}-{which}"
