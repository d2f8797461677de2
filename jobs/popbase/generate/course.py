"""What happens to the register between deliveries: births, deaths, moves, corrections, decisions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from popbase.contracts import DECISIONS, REGISTER
from popbase.generate import areas, names
from popbase.generate import parameters as p
from popbase.generate.chance import count, stream
from popbase.generate.deliver import Cells, Delivery, Row
from popbase.generate.settlements import Settlements
from popbase.generate.world import World, region_of

REFORM = "2014-07-24"  # from here on entries carry no agricultural or non-agricultural nature
ONE_SIDED = 0.03  # moves of which only one bureau reports its end
WAITS_FOR_NUMBER = 0.3
DAYS_A_YEAR = 365.25
OF_THE_HOUSEHOLD = ("household_no", "household_kind", "registered_area", "registered_address")


class Course:
    """The register as it goes on; remembers each changed person's present record."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.until = world.first
        self.current: dict[int, Cells] = {}
        self.persons = len(world.people)
        self._sent: dict[int, Cells] = {}
        for row in world.odd.rows:
            self._sent.setdefault(row.person, row.cells)
        self._settlements = Settlements(world, self)

    def advance(self, day: date) -> list[Delivery]:
        """One changes delivery a bureau, and the decisions, for what happened since the last day."""
        self._since, self.until = self.until, day
        self.chance = stream(self.world.seed, "course", day)
        self._rows: dict[str, list[Row]] = {code: [] for code in self.world.places.regions}
        years = (day - self._since).days / DAYS_A_YEAR
        for event, rate, at_least in self._events():
            wanted = count(rate * years, len(self.world.people), least=1)
            for person in self._people(wanted, at_least):
                event(person)
        decided = self._settlements.advance(years)
        register = [Delivery(REGISTER, code, day, "changes", rows=rows) for code, rows in self._rows.items()]
        return [*register, Delivery(DECISIONS, areas.NATION, day, "changes", rows=decided)]

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

    def cells(self, person: int) -> Cells:
        """The person's own record as it stands; the first one sent where there are several."""
        if person in self.current:
            return self.current[person]
        return self._sent.get(person) or self.world.odd.cells(person)

    def say(self, person: int, cells: Cells, *, op: str = "U") -> None:
        """The bureau reports the record as it now stands."""
        self.current[person] = cells
        self._rows[region_of(cells)].append(Row(cells, op=op, person=person))

    def say_beside(self, person: int, cells: Cells) -> None:
        """As `say`, of a further record of the person."""
        self._rows[region_of(cells)].append(Row(cells, op="U", person=person))

    def last_day(self) -> str:
        return self.until.isoformat()

    def day(self) -> str:
        """A day since the last delivery, up to this one."""
        span = (self.until - self._since).days
        return (self._since + timedelta(days=int(self.chance.integers(1, span + 1)))).isoformat()

    def _people(self, wanted: int, at_least: int) -> list[int]:
        """Living people whom nothing has happened to yet."""
        untouched = self.world.untouched
        taken = (
            untouched.skim(self.world.people.age >= at_least, wanted) if at_least else untouched.take(wanted)
        )
        return [int(person) for person in taken]

    def _birth(self, parent: int) -> None:
        home, born = self.cells(parent), self.day()
        person, self.persons = self.persons, self.persons + 1
        sex = "1" if self.chance.random() < p.MALE_SHARE else "2"
        given = names.full_names(self.chance, np.array([0]), np.array([int(sex)]))[0].as_py()
        newborn: Cells = {
            **{name: home[name] for name in OF_THE_HOUSEHOLD},
            "record_no": f"{str(home['record_no'])[:6]}{500_000_000 + person:09d}",
            "citizen_id": self.number(home, born, sex),
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
        if self.chance.random() < WAITS_FOR_NUMBER:
            newborn["citizen_id"] = None
            self._settlements.newborn.append(person)
        self.say(person, newborn)

    def number(self, home: Cells, born: str, sex: str) -> str:
        """A number of the county as coded in the year in which it is given."""
        county = str(home["registered_area"])[:6]
        return self.world.odd.issued.new(county, born, sex, int(self.chance.integers(499)))

    def _death(self, person: int) -> None:
        died = self.day()
        self.say(person, self._ended(person, "1", died) | {"died_on": died})

    def _other_end(self, person: int) -> None:
        reason = str(self.chance.choice(["2", "5", "6", "9"]))
        self.say(person, self._ended(person, reason, self.day()))

    def _ended(self, person: int, reason: str, day: str) -> Cells:
        return self.cells(person) | {"ended_on": day, "end_reason": reason, "updated_at": f"{day} 16:10:00"}

    def _move(self, person: int) -> None:
        """The old bureau ends its record, the new one begins its own; now and then only one reports."""
        day, old, village = self.day(), self.cells(person), self.world.odd.village()
        code = self.world.places.villages[village].code
        if self.chance.random() > ONE_SIDED / 2:
            self.say(person, self._ended(person, "3", day) | {"move_out_to": code})
        if self.chance.random() > ONE_SIDED / 2:
            self.say(person, self._moved_in(person, old, village, day))

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
            "settle_basis": str(self.chance.choice(bases)),
            "address_since": day,
            "address_from": old["registered_area"],
            "updated_at": f"{day} 16:40:00",
        }

    def _correction(self, person: int) -> None:
        """A field is brought up to date; the nature disappears with the reform."""
        day = self.day()
        changes: list[Cells] = [
            {"marital_status": "20"}, {"education": "21"}, {"hukou_nature": "10"},
            {"hukou_nature": "11", "converted_on": day},
        ]  # fmt: skip
        change = changes[int(self.chance.integers(len(changes)))]
        self.say(person, self.cells(person) | change | {"updated_at": f"{day} 15:30:00"})

    def _removal(self, person: int) -> None:
        """A record that should never have been: deleted."""
        self.say(person, self.cells(person) | {"updated_at": f"{self.day()} 09:05:00"}, op="D")
