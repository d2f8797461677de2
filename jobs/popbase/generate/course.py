"""What happens to the register between deliveries: births, deaths, moves, corrections, decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from popbase.contracts import DECISIONS, REGISTER
from popbase.generate import areas, names
from popbase.generate import decisions as authority
from popbase.generate import parameters as p
from popbase.generate.chance import count, stream
from popbase.generate.deliver import Cells, Delivery, Row
from popbase.generate.world import World, region_of

REFORM = "2014-07-24"  # from here on entries carry no agricultural or non-agricultural nature
ONE_SIDED = 0.03  # moves of which only one bureau reports its end
WAITS_FOR_NUMBER = 0.3
DAYS_A_YEAR = 365.25


class Course:
    """The register as it goes on; remembers each changed person's present record."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.until = world.first
        self.series = authority.Series()
        self.current: dict[int, Cells] = {}
        self.persons = len(world.people)
        self._queues = {
            "contested": [pair[1] for pair in world.troubles.contested],
            "wrong_item": list(world.troubles.wrong_item),
            "unsettled": [i for i in world.troubles.no_number if world.people.age[i] > 2],
            "newborn": [i for i in world.troubles.no_number if world.people.age[i] <= 2],
            "second_number": list(world.troubles.second_number),
            "double": list(world.troubles.double),
        }
        self._records: dict[int, list[Cells]] = defaultdict(list)
        for row in world.odd.rows:
            self._records[row.person].append(row.cells)

    def advance(self, day: date) -> list[Delivery]:
        """One changes delivery a bureau, and the decisions, for what happened since the last day."""
        self._since, self.until = self.until, day
        self._chance = stream(self.world.seed, "course", day)
        self._rows: dict[str, list[Row]] = {code: [] for code in self.world.places.regions}
        self._decided: list[Row] = []
        for event, rate, at_least in self._events():
            wanted = self._times(rate)
            for person in self._people(wanted, at_least):
                event(person)
        self._settle_troubles()
        register = [Delivery(REGISTER, code, day, "changes", rows=rows) for code, rows in self._rows.items()]
        return [*register, Delivery(DECISIONS, areas.NATION, day, "changes", rows=self._decided)]

    def _events(self) -> tuple[tuple[Callable[[int], None], float, int], ...]:
        """(event, times a person and year, least age)."""
        return (
            (self._birth, p.BIRTH_RATE, 0),
            (self._death, p.DEATH_RATE, 60),
            (self._move, p.MOVE_RATE, 0),
            (self._correction, 0.01, 20),
            (self._removal, 0.0005, 0),
            (self._other_end, 0.001, 18),
        )

    def _times(self, rate: float) -> int:
        years = (self.until - self._since).days / DAYS_A_YEAR
        return count(rate * years, len(self.world.people), least=1)

    def cells(self, person: int) -> Cells:
        """The person's own record as it stands; the first one sent where there are several."""
        if person in self.current:
            return self.current[person]
        sent = self._records.get(person)
        return sent[0] if sent else self.world.odd.cells(person)

    def _say(self, person: int, cells: Cells, *, op: str = "U") -> None:
        """The bureau reports the record as it now stands."""
        self.current[person] = cells
        self._rows[region_of(cells)].append(Row(cells, op=op, person=person))

    def _day(self) -> str:
        """A day since the last delivery, up to this one."""
        span = (self.until - self._since).days
        return (self._since + timedelta(days=int(self._chance.integers(1, span + 1)))).isoformat()

    def _people(self, wanted: int, at_least: int) -> list[int]:
        """Living people whom nothing has happened to yet."""
        untouched = self.world.untouched
        taken = untouched.skim(self.world.people.age >= at_least, wanted) if at_least else untouched.take(wanted)
        return [int(person) for person in taken]

    def _birth(self, parent: int) -> None:
        home, born = self.cells(parent), self._day()
        person, self.persons = self.persons, self.persons + 1
        sex = "1" if self._chance.random() < p.MALE_SHARE else "2"
        given = names.full_names(self._chance, np.array([0]), np.array([int(sex)]))[0].as_py()
        newborn: Cells = {
            **{name: home[name] for name in ("household_no", "household_kind", "registered_area", "registered_address")},
            "record_no": f"{str(home['record_no'])[:6]}{500_000_000 + person:09d}",
            "citizen_id": self._number(home, born, sex),
            "name": str(home["name"])[0] + given[1:],
            "sex": sex,
            "birth_date": born,
            "relation_to_head": "20" if sex == "1" else "30",
            "education": "90",
            "marital_status": "10",
            "registered_on": born,
            "move_in_reason": "BIRTH",
            "address_since": born,
            "updated_at": f"{born} 17:20:00",
        }  # fmt: skip
        if self._chance.random() < WAITS_FOR_NUMBER:
            newborn["citizen_id"] = None
            self._queues["newborn"].append(person)
        self._say(person, newborn)

    def _number(self, home: Cells, born: str, sex: str) -> str:
        """A number of the county as coded in the year in which it is given."""
        county = str(home["registered_area"])[:6]
        return self.world.odd.issued.new(county, born, sex, int(self._chance.integers(499)))

    def _death(self, person: int) -> None:
        died = self._day()
        self._say(person, self._ended(person, "1", died) | {"died_on": died})

    def _other_end(self, person: int) -> None:
        reason = str(self._chance.choice(["2", "5", "6", "9"]))
        self._say(person, self._ended(person, reason, self._day()))

    def _ended(self, person: int, reason: str, day: str) -> Cells:
        return self.cells(person) | {"ended_on": day, "end_reason": reason, "updated_at": f"{day} 16:10:00"}

    def _move(self, person: int) -> None:
        """The old bureau ends its record, the new one begins its own; now and then only one reports."""
        day, old, village = self._day(), self.cells(person), self.world.odd.village()
        code = self.world.places.villages[village].code
        if self._chance.random() > ONE_SIDED / 2:
            self._say(person, self._ended(person, "3", day) | {"move_out_to": code})
        if self._chance.random() > ONE_SIDED / 2:
            self._say(person, self._moved_in(person, old, village, day))

    def _moved_in(self, person: int, old: Cells, village: int, day: str) -> Cells:
        code = self.world.places.villages[village].code
        bases = ("JOB", "HOME", "FAMILY", "POINTS", "SKILL")
        return old | {
            "record_no": f"{code[:6]}{700_000_000 + person:09d}",
            "registered_area": code,
            "registered_address": f"{self.world.places.addresses[village].as_py()}{person % 400 + 1}号",
            "household_no": f"{code[:6]}8{person:09d}",
            "relation_to_head": "02",
            "hukou_nature": None if day >= REFORM else old["hukou_nature"],
            "registered_on": day,
            "move_in_reason": "MOVE",
            "move_in_from": old["registered_area"],
            "settle_basis": str(self._chance.choice(bases)),
            "address_since": day,
            "address_from": old["registered_area"],
            "updated_at": f"{day} 16:40:00",
        }

    def _correction(self, person: int) -> None:
        """A field is brought up to date; the nature disappears with the reform."""
        day = self._day()
        change: Cells = [
            {"marital_status": "20"}, {"education": "21"}, {"hukou_nature": "10"},
            {"hukou_nature": "11", "converted_on": day},
        ][int(self._chance.integers(4))]  # fmt: skip
        self._say(person, self.cells(person) | change | {"updated_at": f"{day} 15:30:00"})

    def _removal(self, person: int) -> None:
        """A record that should never have been: deleted."""
        self._say(person, self.cells(person) | {"updated_at": f"{self._day()} 09:05:00"}, op="D")

    def _settle_troubles(self) -> None:
        share = min(1.0, (self.until - self._since).days / DAYS_A_YEAR / 2)
        for kind, settle in (
            ("contested", self._settle_contested),
            ("wrong_item", self._settle_wrong_item),
            ("unsettled", self._settle_unsettled),
            ("newborn", self._give_number),
            ("second_number", self._settle_second_number),
            ("double", self._cancel_double),
        ):
            queue = self._queues[kind]
            todo = queue[: count(share, len(queue), least=1)]
            self._queues[kind] = queue[len(todo) :]
            for person in todo:
                settle(person)
        self._revoke_one()

    def _settle_contested(self, person: int) -> None:
        """11: the second of the two gets a new number; half the bureaus enter it themselves."""
        cells, day = self.cells(person), self._day()
        new = self._number(cells, str(cells["birth_date"]), str(cells["sex"]))
        self._decide(authority.CONTESTED, day, cells, new, person)
        if self._chance.random() < 0.5:
            self._say(person, cells | {"citizen_id": new, "updated_at": f"{day} 17:00:00"})

    def _settle_wrong_item(self, person: int) -> None:
        """Half the time the number was wrong (12), else the register's item."""
        cells, day = self.cells(person), self._day()
        if self._chance.random() < 0.5:
            new = self._number(cells, str(cells["birth_date"]), str(cells["sex"]))
            self._decide(authority.WRONG, day, cells, new, person)
        else:
            right = self.world.odd.cells(person)
            self._say(person, cells | {f: right[f] for f in ("name", "sex", "birth_date")} | {"updated_at": f"{day} 14:00:00"})

    def _settle_unsettled(self, person: int) -> None:
        """The unsettled get registration and number together, by decision where a record has none."""
        cells, day = self.cells(person), self._day()
        new = self._number(cells, str(cells["birth_date"]), str(cells["sex"]))
        self._decide(authority.WRONG, day, cells, new, person)

    def _give_number(self, person: int) -> None:
        cells, day = self.cells(person), self.until.isoformat()
        new = self._number(cells, str(cells["birth_date"]), str(cells["sex"]))
        self._say(person, cells | {"citizen_id": new, "updated_at": f"{day} 17:40:00"})

    def _settle_second_number(self, person: int) -> None:
        second, first = self._records[person][0], self.world.odd.cells(person)
        self._decided.append(
            self.series.confirm(
                self._day(), one=(region_of(first), first), other=(region_of(second), second), person=person
            )
        )

    def _cancel_double(self, person: int) -> None:
        """The second registration is cancelled (重户注销)."""
        second, day = self._records[person][0], self._day()
        if second.get("ended_on") is None:
            ended = second | {"ended_on": day, "end_reason": "4", "updated_at": f"{day} 16:20:00"}
            self._rows[region_of(second)].append(Row(ended, op="U", person=person))

    def _decide(self, kind: str, day: str, cells: Cells, new: str, person: int) -> None:
        row = self.series.renumber(kind, day, region=region_of(cells), cells=cells, new=new, person=person)
        self._decided.append(row)

    def _revoke_one(self) -> None:
        """One earlier decision does not stand; and one finds nothing to apply to."""
        earlier = [r for r in self.series.made if r not in self._decided and r.cells["kind"] != authority.REVOKED]
        if not earlier:
            return
        day = self.until.isoformat()
        chosen = earlier[int(self._chance.integers(len(earlier)))]
        self._decided.append(self.series.revoke(day, chosen))
        named = {f: chosen.cells.get(f) for f in ("register_region", "old_citizen_id", "new_citizen_id")}
        self._decided.append(self.series.decide(authority.WRONG, day, record_no="0" * 15, **named))
