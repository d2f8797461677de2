"""Citizen numbers as GB 11643 makes them: area, birth date, sequence, check character."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from popbase.generate.chance import Chance, Days, Flags, Ints

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"

NONE = -1  # no number

# Sequences of one sex within an area and day: 001, 003 ... for men, 002, 004 ... for women.
SEQUENCES = 499


def check_character(first17: str) -> str:
    """ISO 7064 MOD 11-2."""
    return _CHECKS[sum(w * int(d) for w, d in zip(_WEIGHTS, first17, strict=True)) % 11]


def complete(first17: int | str) -> str:
    return f"{first17}{check_character(str(first17))}"


def as_text(first17: Ints) -> pa.Array:
    """18 characters each; null where there is no number."""
    total = np.zeros(len(first17), dtype=np.int64)
    rest = first17.copy()
    for weight in reversed(_WEIGHTS):
        rest, digit = np.divmod(rest, 10)
        total += weight * digit
    checks = pa.array(list(_CHECKS)).take(pa.array(total % 11))
    text = pc.binary_join_element_wise(pc.cast(pa.array(first17), pa.string()), checks, "")
    return pc.if_else(pa.array(first17 > 0), text, pa.scalar(None, pa.string()))


def compact(days: Days) -> Ints:
    """YYYYMMDD as a whole number."""
    months = days.astype("datetime64[M]")
    year = days.astype("datetime64[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12 + 1
    day = (days - months).astype(np.int64) + 1
    written: Ints = (year * 10_000 + month * 100 + day).astype(np.int64)
    return written


def assign(chance: Chance, area: Ints, birth: Days, sex: Ints) -> Ints:
    """The first 17 digits for each person, all different: the sequence runs on within (area, day, sex)."""
    group = (area * 100_000_000 + compact(birth)) * 2 + sex % 2
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(group)))
    position = np.arange(len(group)) - np.repeat(starts, sizes)
    start = np.repeat(chance.integers(0, SEQUENCES, len(starts)), sizes)
    sequence = np.empty(len(group), dtype=np.int64)
    sequence[order] = (start + position) % SEQUENCES * 2
    sequence += np.where(sex % 2 == 1, 1, 2)
    given: Ints = (area * 100_000_000 + compact(birth)) * 1000 + sequence
    return given


class Issued:
    """All numbers given out so far; later ones avoid them."""

    def __init__(self, first17: Ints) -> None:
        self._sorted = np.sort(first17[first17 > 0])
        self._later: set[int] = set()

    def new(self, area: str, birth: str, sex: str, start: int) -> str:
        """A free number of that area, YYYY-MM-DD and sex, searched from sequence `start`."""
        head = int(area + birth.replace("-", "")) * 1000
        for step in range(SEQUENCES):
            first17 = head + (start + step) % SEQUENCES * 2 + (1 if sex == "1" else 2)
            if first17 not in self._later and not self._has(first17):
                self._later.add(first17)
                return complete(first17)
        raise AssertionError("no free sequence is left for one area and day")

    def _has(self, first17: int) -> bool:
        at = int(np.searchsorted(self._sorted, first17))
        return at < len(self._sorted) and int(self._sorted[at]) == first17


def mistyped(chance: Chance, first17: Ints, *, areas: Ints, latest: int) -> Ints:
    """The numbers with one digit slipped, or two neighbours swapped, as a system takes them that makes the
    check character itself: area (one of `areas`) and date (YYYYMMDD up to `latest`) stay possible.
    """
    slipped, open_ = first17.copy(), np.ones(len(first17), dtype=np.bool_)
    while open_.any():
        tried = _slip(chance, first17[open_])
        fits = np.isin(tried // 10**11, areas) & _is_date(tried // 1000 % 10**8, latest)
        fits &= tried != first17[open_]
        where = np.flatnonzero(open_)[fits]
        slipped[where] = tried[fits]
        open_[where] = False
    return slipped


def _slip(chance: Chance, first17: Ints) -> Ints:
    size = len(first17)
    digits = first17[:, None] // 10 ** np.arange(16, -1, -1) % 10
    row, at = np.arange(size), chance.integers(0, 17, size)
    swaps, left = chance.random(size) < 0.4, np.minimum(at, 15)
    other = (digits[row, at] + chance.integers(1, 10, size)) % 10
    typed = digits.copy()
    typed[row, at] = np.where(swaps, typed[row, at], other)
    typed[row[swaps], left[swaps]] = digits[row[swaps], left[swaps] + 1]
    typed[row[swaps], left[swaps] + 1] = digits[row[swaps], left[swaps]]
    number: Ints = (typed * 10 ** np.arange(16, -1, -1)).sum(axis=1)
    return number


def _is_date(written: Ints, latest: int) -> Flags:
    year, month, day = written // 10_000, written // 100 % 100, written % 100
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    known = (month >= 1) & (month <= 12) & (year >= 1900) & (written <= latest)
    last = lengths[np.where(known, month, 0)] + (leap & (month == 2))
    is_date: Flags = known & (day >= 1) & (day <= last)
    return is_date


def upgraded(fifteen: str) -> str:
    """15 digits as 18: the century 19 and the check character added."""
    return complete(fifteen[:6] + "19" + fifteen[6:])


def shortened(eighteen: str) -> str:
    """18 digits as the 15 of before 1999; only for people born 19xx."""
    return eighteen[:6] + eighteen[8:17]


def full_width(text: str) -> str:
    return text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})
