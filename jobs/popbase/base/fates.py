"""What becomes of the rows of each effective delivery, by the deliveries' calendar (design section 4).

Plain Python over the ledger's few lines. Which bureau a record stands at, and which snapshot could remove
it, depend on no record, so they are told once a delivery and joined to its rows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from popbase.intake.ledger import Judgement

# The order in which one date's events set a bureau's records.
MOVED_IN, FORMER_BUREAU, OWN = 0, 1, 2

Takeovers = Mapping[str, Sequence[tuple[date, str]]]


@dataclass(frozen=True)
class Prospect:
    """What lies ahead of a record at `bureau`: the next snapshot there, and the bureau's own takeover."""

    next_snapshot: date | None
    taken_on: date | None
    taken_by: str | None


@dataclass(frozen=True)
class Fate:
    """One effective delivery: its rows set records of `bureau`, which face `prospect`."""

    region: str
    business_date: date
    delivery_no: int
    rows: int
    bureau: str
    phase: int
    prospect: Prospect


@dataclass(frozen=True)
class Course:
    """The effective deliveries of one feed up to a date, and what they mean for each other."""

    fates: tuple[Fate, ...]
    snapshots: Mapping[str, tuple[date, ...]]
    takeovers: Takeovers

    def prospect(self, bureau: str, on: date, phase: int) -> Prospect:
        """What lies ahead of a record set at a bureau on a date: its next takeover, and the next snapshot,
        a later day's where the bureau's own delivery set the record."""
        following = on + timedelta(days=1)
        snapshots, takeovers = self.snapshots.get(bureau, ()), self.takeovers.get(bureau, ())
        snapshot = bisect_left(snapshots, following if phase == OWN else on)
        taken = bisect_left(takeovers, (following, ""))
        on_by = takeovers[taken] if taken < len(takeovers) else (None, None)
        return Prospect(snapshots[snapshot] if snapshot < len(snapshots) else None, *on_by)

    @property
    def involved(self) -> frozenset[str]:
        """Bureaus that took over others, or were taken over."""
        return frozenset(
            b for old, steps in self.takeovers.items() for b in (old, *(new for _, new in steps))
        )

    @property
    def arrivals(self) -> list[tuple[str, date, Prospect]]:
        """What faces records that move into a bureau on the date of a takeover."""
        places = sorted({(new, on) for steps in self.takeovers.values() for on, new in steps})
        return [(bureau, on, self.prospect(bureau, on, MOVED_IN)) for bureau, on in places]

    @property
    def longest_chain(self) -> int:
        """How often a record can move from bureau to bureau."""
        return max((_moves(self, old, date.min) for old in self.takeovers), default=0)

    def settled(self, limit: int) -> tuple[list[Fate], list[Fate]]:
        """First deliveries of bureaus that only changes follow, and those changes.

        Such a row stands until one of those changes has its key. Where they have more than `limit` rows
        together, only bureaus with one delivery are taken.
        """
        courses = [
            c for b, c in self._by_bureau().items() if b not in self.involved and _only_changes_follow(c)
        ]
        if sum(f.rows for course in courses for f in course[1:]) > limit:
            courses = [course for course in courses if len(course) == 1]
        return [c[0] for c in courses], [f for c in courses for f in c[1:]]

    def _by_bureau(self) -> dict[str, list[Fate]]:
        found: dict[str, list[Fate]] = defaultdict(list)
        for fate in self.fates:
            found[fate.bureau].append(fate)
        return found


def course(effective: Iterable[Judgement]) -> Course:
    """The course of the feed that these effective deliveries make."""
    closed: dict[str, str] = {}
    placed: list[tuple[Judgement, str]] = []
    takeovers: dict[str, list[tuple[date, str]]] = defaultdict(list)
    in_order = sorted(effective, key=lambda j: (j.business_date, j.region))
    for on, group in groupby(in_order, key=lambda j: j.business_date):
        deliveries = list(group)
        moves = _moves_of_the_day(deliveries)
        for old, new in moves.items():
            takeovers[old].append((on, new))
        _close(closed, deliveries, moves)
        placed += [(j, _follow(closed, j.region)) for j in deliveries]
    return _foreseen(placed, takeovers)


def _moves_of_the_day(deliveries: Sequence[Judgement]) -> dict[str, str]:
    """Bureau -> the one that holds its records when the day ends; a takeover in a circle is none."""
    named: dict[str, str] = {}
    for j in deliveries:
        for old in j.replaces_regions:
            if _follow(named, j.region) != old:
                named.setdefault(old, j.region)
    return {old: _follow(named, old) for old in sorted(named)}


def _close(closed: dict[str, str], deliveries: Sequence[Judgement], moves: Mapping[str, str]) -> None:
    """What a closed bureau still sends counts as its successor's, until it takes over or sends a snapshot."""
    for j in deliveries:
        if j.replaces_regions or j.kind == "snapshot":
            closed.pop(j.region, None)
    for new in moves.values():
        closed.pop(new, None)
    closed.update(moves)


def _follow(links: Mapping[str, str], bureau: str) -> str:
    while bureau in links:
        bureau = links[bureau]
    return bureau


def _foreseen(placed: Sequence[tuple[Judgement, str]], takeovers: Takeovers) -> Course:
    snapshots: dict[str, list[date]] = defaultdict(list)
    for j, bureau in placed:
        # A closed bureau's snapshot removes nothing: its records are another's, and not its to list.
        if j.kind == "snapshot" and bureau == j.region:
            snapshots[bureau].append(j.business_date)
    bare = Course((), {b: tuple(dates) for b, dates in snapshots.items()}, dict(takeovers))
    return Course(tuple(_fate(bare, j, bureau) for j, bureau in placed), bare.snapshots, bare.takeovers)


def _fate(course: Course, j: Judgement, bureau: str) -> Fate:
    phase = OWN if bureau == j.region else FORMER_BUREAU
    prospect = course.prospect(bureau, j.business_date, phase)
    return Fate(j.region, j.business_date, j.delivery_no, j.rows_accepted, bureau, phase, prospect)


def _moves(course: Course, bureau: str, on: date) -> int:
    """The number of takeovers that a record takes part in from a date on."""
    moves, ahead = 0, course.prospect(bureau, on, OWN)
    while ahead.taken_on and ahead.taken_by:
        moves, ahead = moves + 1, course.prospect(ahead.taken_by, ahead.taken_on, OWN)
    return moves


def _only_changes_follow(fates: Sequence[Fate]) -> bool:
    return all(f.prospect.next_snapshot is None and f.phase == OWN for f in fates)
