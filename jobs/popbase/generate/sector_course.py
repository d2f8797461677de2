"""What the other departments report between deliveries: a few rows each day, months after a long gap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from popbase.contracts import feed as contract_of
from popbase.generate import areas, reference, sectors
from popbase.generate.chance import Chance, count, stream
from popbase.generate.deliver import Cells, Delivery, Row
from popbase.generate.sector import Sector
from popbase.generate.world import World

# Of each sender's rows some are kept at hand, to be the ones that change; a share changes in a year.
KEPT_SHARE = 0.02
CHANGED_A_YEAR = 0.04
DELETED_SHARE = 0.03
# After so many days a monthly reporter sends everybody's new months.
A_LONG_GAP = 45
MONTHLY = ("social_security", "tax")


class SectorCourse:
    def __init__(self, world: World) -> None:
        self.world = world
        self.until = world.first
        self._kept: dict[tuple[str, str], list[Cells]] = {}

    def note(self, delivery: Delivery) -> None:
        """Keeps a few rows of a first delivery; called as it is sent."""
        table = delivery.table
        if delivery.feed not in sectors.FEEDS or table is None or len(table) == 0:
            return
        chance = stream(self.world.seed, "kept", delivery.feed, delivery.region)
        some = chance.choice(len(table), count(KEPT_SHARE, len(table), least=1), replace=False)
        names = [f.name for f in contract_of(delivery.feed).fields]
        self._kept[delivery.feed, delivery.region] = table.select(names).take(pa.array(some)).to_pylist()

    def advance(self, day: date) -> Iterator[Delivery]:
        """One changes delivery a sector and sender, and what the reference lists gained."""
        since, self.until = self.until, day
        gap = (day - since).days
        for feed in sectors.FEEDS:
            tables = self._new_months(feed, day) if feed in MONTHLY and gap > A_LONG_GAP else {}
            for region in self.world.places.regions:
                rows = self._changed(feed, region, day, gap)
                yield Delivery(feed, region, day, "changes", tables.get(region), rows)
        yield from self._references(since, day)

    def _new_months(self, feed: str, day: date) -> dict[str, pa.Table]:
        w = self.world
        known = Sector(
            w.people, w.places, live=w.fates.live, first=w.first, seed=w.seed, rates=w.rates, upto=day
        )
        table = sectors.FEEDS[feed](known)
        return {code: table.filter(pc.equal(table["_region"], i)) for i, code in enumerate(w.places.regions)}

    def _changed(self, feed: str, region: str, day: date, gap: int) -> list[Row]:
        kept = self._kept.get((feed, region), [])
        chance = stream(self.world.seed, "sector course", feed, region, day)
        wanted = min(len(kept), count(CHANGED_A_YEAR / KEPT_SHARE * gap / 365.25, len(kept), least=1))
        rows = []
        for i in sorted(chance.choice(len(kept), wanted, replace=False).tolist()) if kept else []:
            op = "D" if chance.random() < DELETED_SHARE else "U"
            kept[i] = kept[i] | _CHANGES[feed](day, chance) | {"updated_at": f"{day} 12:{i % 60:02d}:00"}
            rows.append(Row(kept[i], op=op))
        return rows

    def _references(self, since: date, day: date) -> Iterator[Delivery]:
        """The yearly lists: new and ended codes, villages that became urban."""
        divisions = reference.division_rows(day.year, day, since=since.year) if day.year > since.year else []
        chance = stream(self.world.seed, "list", day)
        villages = reference.reclassified(self.world.places, day, chance) if day.year > since.year else []
        yield Delivery("admin_division", areas.NATION, day, "changes", rows=divisions)
        yield Delivery("statistical_division", areas.NATION, day, "changes", rows=villages)


def _left(day: date, chance: Chance) -> Cells:
    return {"left_on": day.isoformat()} if chance.random() < 0.4 else {"endorsed_on": day.isoformat()}


def _schooling(day: date, chance: Chance) -> Cells:
    return {"status": str(chance.choice(["01", "07", "10"], p=(0.7, 0.2, 0.1))), "status_on": day.isoformat()}


def _insured(day: date, chance: Chance) -> Cells:
    """Who is paid up to this month has begun by then."""
    return {"pay_status": "1" if chance.random() < 0.8 else "2", "paid_to": f"{day:%Y%m}"}


def _housed(day: date, chance: Chance) -> Cells:
    return {"held_to": day.isoformat()} if chance.random() < 0.5 else {"usage": "住宅"}


def _taxed(_day: date, chance: Chance) -> Cells:
    return {"tax": f"{int(chance.integers(0, 900))}.50"}


_CHANGES: dict[str, Callable[[date, Chance], Cells]] = {
    "residence_permit": _left,
    "education": _schooling,
    "social_security": _insured,
    "housing": _housed,
    "tax": _taxed,
}
