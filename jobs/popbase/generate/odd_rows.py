"""The register's rows out of the ordinary, made one by one from what the plain ones would have been."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from popbase.generate import names, numbers
from popbase.generate import parameters as p
from popbase.generate.areas import Map
from popbase.generate.chance import Chance, Flags, Picker, count, stream
from popbase.generate.deliver import Cells, Row
from popbase.generate.people import People
from popbase.generate.troubles import INFANT, Troubles

BEYOND_AGE = "1889-03-07"  # a record that nobody ended: over 120
UNSETTLED_REASONS = ("1", "2", "3", "4", "5", "6", "7", "8")


class OddRows:
    """Turns picked rows of the register's table into rows one by one, each altered in its own way."""

    def __init__(self, table: pa.Table, people: People, places: Map, *, seed: int) -> None:
        self.people, self.places = people, places
        self.chance = stream(seed, "odd rows")
        self.issued = numbers.Issued(people.number)
        self._table = table
        self._taken = np.zeros(len(table), dtype=np.bool_)
        self.rows: list[Row] = []
        self._extra = len(table)

    @property
    def plain(self) -> Flags:
        """Whose row stays in the table."""
        return ~self._taken

    def cells(self, person: int) -> Cells:
        return {name: self._table[name][person].as_py() for name in self._table.column_names}

    def keep(self, person: int, cells: Cells) -> None:
        """The person's row, altered."""
        self._taken[person] = True
        self.rows.append(Row(cells, person=person))

    def add(self, person: int, cells: Cells, village: int, kept: Cells | None = None) -> Cells:
        """A further row of the same person at another place; `kept`: what is nevertheless as it was."""
        code = self.places.villages[village].code
        cells = cells | {
            "record_no": f"{code[:6]}{self._extra:09d}",
            "registered_area": code,
            "registered_address": f"{self.places.addresses[village].as_py()}{self._extra % 300 + 1}号",
            "household_no": f"{code[:6]}9{self._extra:07d}",
            "relation_to_head": "02",
            **(kept or {}),
        }
        self._extra += 1
        self.rows.append(Row(cells, person=person))
        return cells

    def village(self) -> int:
        return int(self.places.draw(self.chance, 1)[0])

    def day_between(self, first: str, last: str) -> str:
        start = np.datetime64(first, "D")
        span = max(int((np.datetime64(last, "D") - start).astype(np.int64)), 0)
        return str(start + int(self.chance.integers(0, span + 1)))


def plant(odd: OddRows, troubles: Troubles, *, last_day: str) -> None:
    """All troubles that are a matter of single rows."""
    buried = [pair[1] for pair in troubles.former] + [one for pair in troubles.both_ended for one in pair]
    for person in troubles.no_number:
        odd.keep(person, without_number(odd, person))
    for person in troubles.wrong_item:
        odd.keep(person, with_wrong_item(odd, person))
    for person in buried:
        odd.keep(person, dead(odd, person, last_day))
    further = (
        (troubles.double, second_registration),
        (troubles.second_number, second_number),
        (troubles.dead_and_live, second_dead),
        (troubles.moved, moved),
    )
    for people, add in further:
        for person in people:
            add(odd, person, last_day=last_day)


def without_number(odd: OddRows, person: int) -> Cells:
    """Newborns wait for their number; the others are unsettled (未落常住户口)."""
    cells = odd.cells(person)
    if odd.people.age[person] <= INFANT:
        return cells
    reason = str(odd.chance.choice(UNSETTLED_REASONS))
    return cells | {
        "household_kind": "30",
        "hukou_nature": "30",
        "household_no": None,
        "unsettled_reason": reason,
    }


def second_registration(odd: OddRows, person: int, *, last_day: str) -> None:
    """The same person registered again elsewhere under the same number, altered at the stated rates."""
    first = odd.cells(person)
    day = odd.day_between(str(first["registered_on"]), last_day)
    second = first | {"registered_on": day, "updated_at": f"{day} 10:00:00", "move_in_reason": "LATE"}
    draw = odd.chance.random(4)
    name = str(first["name"])
    if draw[0] < p.SECOND_FORMER_NAME:
        second |= {"name": names.misspelt(odd.chance, name), "former_name": name}
    elif draw[0] < p.SECOND_FORMER_NAME + p.SECOND_NAME_VARIANT:
        second["name"] = variant(odd.chance, name)
    if draw[1] < p.SECOND_KIND:
        second["household_kind"] = "20"
    if draw[2] < p.SECOND_CANCELLED:
        ended = odd.day_between(day, last_day)
        second |= {"ended_on": ended, "end_reason": "4", "updated_at": f"{ended} 15:00:00"}
    village = odd.village() if draw[3] < p.SECOND_ADDRESS else int(odd.people.village[person])
    odd.add(person, second, village)


def dead(odd: OddRows, person: int, last_day: str) -> Cells:
    cells = odd.cells(person)
    day = odd.day_between(max(str(cells["registered_on"]), f"{int(last_day[:4]) - 1}-01-01"), last_day)
    return cells | {"ended_on": day, "end_reason": "1", "died_on": day, "updated_at": f"{day} 15:10:00"}


def second_dead(odd: OddRows, person: int, *, last_day: str) -> None:
    """A death record elsewhere of somebody who lives on in the register."""
    odd.add(person, dead(odd, person, last_day), odd.village())


def second_number(odd: OddRows, person: int, *, last_day: str) -> None:
    """The same person registered again under another number: only people can tell (a decision 90)."""
    first = odd.cells(person)
    day = odd.day_between(str(first["registered_on"]), last_day)
    draw, written, born = odd.chance.random(3)
    stays = draw < p.SECOND_NUMBER_SAME_HOUSEHOLD
    village = int(odd.people.village[person]) if stays else odd.village()
    second = first | _named_anew(odd.chance, str(first["name"]), written)
    if born < p.SECOND_NUMBER_BIRTH_SLIP:
        slip = np.datetime64(str(first["birth_date"])) - int(odd.chance.integers(1, 700))
        second |= {"birth_date": str(slip)}
    area = odd.places.villages[village].county.code
    number = odd.issued.new(area, str(second["birth_date"]), str(first["sex"]), person % 499)
    second |= {"citizen_id": number, "registered_on": day, "updated_at": f"{day} 10:00:00"}
    home: Cells = {name: first[name] for name in ("household_no", "registered_address", "relation_to_head")}
    odd.add(person, second, village, home if stays else None)


def _named_anew(chance: Chance, name: str, draw: float) -> Cells:
    """How a second registration under another number writes the name."""
    steps = np.cumsum([p.SECOND_NUMBER_VARIANT, p.SECOND_NUMBER_RENAMED, p.SECOND_NUMBER_NAME_SLIP])
    match int(np.searchsorted(steps, draw, side="right")):
        case 0:
            return {"name": variant(chance, name)}
        case 1:
            return {"name": names.misspelt(chance, name), "former_name": name}
        case 2:
            return {"name": names.slipped(chance, name)}
        case _:
            return {}


def with_wrong_item(odd: OddRows, person: int) -> Cells:
    """Sex or birth date at odds with the number, or a slip in the name."""
    cells = odd.cells(person)
    kind = odd.chance.random()
    if kind < 0.4:
        return cells | {"sex": "1" if cells["sex"] == "2" else "2"}
    if kind < 0.8:
        slip = np.datetime64(str(cells["birth_date"])) - int(odd.chance.integers(1, 40))
        return cells | {"birth_date": str(slip)}
    return cells | {"name": names.misspelt(odd.chance, str(cells["name"]))}


def moved(odd: OddRows, person: int, *, last_day: str) -> None:
    """A move between bureaus in the last year: the old record ended with reason 3, a new one begun."""
    old = odd.cells(person)
    day = odd.day_between(max(str(old["registered_on"]), f"{int(last_day[:4])}-01-01"), last_day)
    village = odd.village()
    code = odd.places.villages[village].code
    new = old | {"registered_on": day, "move_in_reason": "MOVE", "move_in_from": old["registered_area"],
                 "address_since": day, "address_from": old["registered_area"], "settle_basis": "JOB",
                 "updated_at": f"{day} 11:30:00"}  # fmt: skip
    odd.keep(
        person,
        old | {"ended_on": day, "end_reason": "3", "move_out_to": code, "updated_at": f"{day} 11:00:00"},
    )
    odd.add(person, new, village)


def variant(chance: Chance, name: str) -> str:
    """The name as another system writes it: another separator, or none; else with a blank behind."""
    if names.SEPARATOR in name:
        return name.replace(names.SEPARATOR, str(chance.choice(names.VARIANTS)))
    for rare, private in names.PRIVATE_USE.items():
        if rare in name:
            return name.replace(rare, private)
    return f"{name}\u3000"


def forgotten(odd: OddRows, person: int) -> Cells:
    """Somebody long dead whose record nobody ended."""
    cells = odd.cells(person)
    area = odd.places.regions[0][:4] + "02"
    number = odd.issued.new(area, BEYOND_AGE, str(cells["sex"]), person % 499)
    return cells | {"citizen_id": number, "birth_date": BEYOND_AGE}


def write_oddly(odd: OddRows, picker: Picker) -> None:
    """Honest rows in odd writing: 15 digits, lower-case x, full width, name variants, private use."""
    for person in picker.take(2).tolist():
        odd.keep(person, forgotten(odd, person))
    people = odd.people
    text = numbers.as_text(people.number)
    born_19 = (people.birth < np.datetime64("2000-01-01")) & (people.birth >= np.datetime64("1900-01-01"))
    ends_x = np.asarray(pc.fill_null(pc.ends_with(text, "X"), False))
    has = people.number > 0
    size = len(people)
    groups = (
        ("citizen_id", numbers.shortened, born_19 & has, p.FIFTEEN_DIGITS),
        ("citizen_id", str.lower, ends_x, p.LOWER_X),
        ("citizen_id", numbers.full_width, has, p.FULL_WIDTH),
        (
            "name",
            lambda name: variant(odd.chance, name),
            names.is_minority(people.name),
            p.ODD_SEPARATOR * p.MINORITY_SHARE,
        ),
        (
            "name",
            lambda name: variant(odd.chance, name),
            names.is_rare(people.name),
            p.PRIVATE_USE * p.RARE_SHARE,
        ),
    )
    for field_name, rewrite, allowed, rate in groups:
        for person in picker.skim(allowed, count(rate, size, least=1)).tolist():
            cells = odd.cells(person)
            odd.keep(person, cells | {field_name: rewrite(str(cells[field_name]))})
