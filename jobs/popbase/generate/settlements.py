"""How the planted troubles are settled, some each day: by decision, by the bureau, or by both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from popbase.generate import decisions as authority
from popbase.generate.chance import Chance, count
from popbase.generate.deliver import Cells, Row
from popbase.generate.troubles import INFANT
from popbase.generate.world import World, region_of

SETTLED_A_YEAR = 0.5


class Register(Protocol):
    """What settling asks of the register's course."""

    chance: Chance

    def cells(self, person: int) -> Cells: ...
    def day(self) -> str: ...
    def last_day(self) -> str: ...
    def number(self, home: Cells, born: str, sex: str) -> str: ...
    def say(self, person: int, cells: Cells, *, op: str = "U") -> None: ...
    def say_beside(self, person: int, cells: Cells) -> None: ...


class Settlements:
    """The queues of those who wait, and the decisions made today."""

    def __init__(self, world: World, register: Register) -> None:
        self.world, self.register = world, register
        self.today: list[Row] = []
        self._series = authority.Series()
        without = world.troubles.no_number
        self.newborn = [i for i in without if world.people.age[i] <= INFANT]
        self._queues: tuple[tuple[list[int], Callable[[int], None]], ...] = (
            ([pair[1] for pair in world.troubles.contested], self._contested),
            (list(world.troubles.wrong_item), self._wrong_item),
            ([i for i in without if world.people.age[i] > INFANT], self._unsettled),
            (self.newborn, self._give_number),
            (list(world.troubles.second_number), self._second_number),
            (list(world.troubles.double), self._cancel_double),
        )
        # What `odd.add` sent of a person beside the first record.
        self._second = {row.person: row.cells for row in world.odd.rows}

    def advance(self, years: float) -> list[Row]:
        """Settles the share due; returns the day's decisions."""
        self.today = []
        share = min(1.0, years * SETTLED_A_YEAR)
        for queue, settle in self._queues:
            due = count(share, len(queue), least=1)
            todo, queue[:] = queue[:due], queue[due:]
            for person in todo:
                settle(person)
        self._revoke_one()
        return self.today

    def _contested(self, person: int) -> None:
        """11: the second of the two gets a new number; half the bureaus enter it themselves."""
        cells, day = self.register.cells(person), self.register.day()
        new = self._new_number(cells)
        self._decide(authority.CONTESTED, day, person, new)
        if self.register.chance.random() < 0.5:
            self.register.say(person, cells | {"citizen_id": new, "updated_at": f"{day} 17:00:00"})

    def _wrong_item(self, person: int) -> None:
        """Half the time the number was wrong (12), else the register's item."""
        cells, day = self.register.cells(person), self.register.day()
        if self.register.chance.random() < 0.5:
            self._decide(authority.WRONG, day, person, self._new_number(cells))
            return
        right = self.world.odd.cells(person)
        items: Cells = {name: right[name] for name in ("name", "sex", "birth_date")}
        self.register.say(person, cells | items | {"updated_at": f"{day} 14:00:00"})

    def _unsettled(self, person: int) -> None:
        """The unsettled get a number by decision: the record had none."""
        self._decide(
            authority.WRONG, self.register.day(), person, self._new_number(self.register.cells(person))
        )

    def _give_number(self, person: int) -> None:
        cells, day = self.register.cells(person), self.register.last_day()
        changed: Cells = {"citizen_id": self._new_number(cells), "updated_at": f"{day} 17:40:00"}
        self.register.say(person, cells | changed)

    def _second_number(self, person: int) -> None:
        """90: two records under two numbers are one person."""
        first, second = self.world.odd.cells(person), self._second[person]
        one, other = (region_of(first), first), (region_of(second), second)
        self.today.append(self._series.confirm(self.register.day(), one=one, other=other, person=person))

    def _cancel_double(self, person: int) -> None:
        """The second registration is cancelled (重户注销)."""
        second, day = self._second[person], self.register.day()
        if second.get("ended_on") is None:
            ended: Cells = {"ended_on": day, "end_reason": "4", "updated_at": f"{day} 16:20:00"}
            self.register.say_beside(person, second | ended)

    def _new_number(self, cells: Cells) -> str:
        return self.register.number(cells, str(cells["birth_date"]), str(cells["sex"]))

    def _decide(self, kind: str, day: str, person: int, new: str) -> None:
        cells = self.register.cells(person)
        row = self._series.renumber(kind, day, region=region_of(cells), cells=cells, new=new, person=person)
        self.today.append(row)

    def _revoke_one(self) -> None:
        """One earlier decision is revoked, and one finds nothing to apply to."""
        before = self._series.made[: len(self._series.made) - len(self.today)]
        standing = [row for row in before if row.cells["kind"] != authority.REVOKED]
        if not standing:
            return
        day = self.register.last_day()
        chosen = standing[int(self.register.chance.integers(len(standing)))]
        self.today.append(self._series.revoke(day, chosen))
        self.today.append(self._series.renumber(
            authority.WRONG, day, region=self.world.places.regions[0], person=-1,
            cells={"record_no": "0" * 15, "citizen_id": chosen.cells["old_citizen_id"]},
            new=str(chosen.cells["new_citizen_id"])))  # fmt: skip
