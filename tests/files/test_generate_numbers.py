"""Made-up numbers, names and areas: each looks like a real one, none is given out twice."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from popbase.errors import UsageError
from popbase.generate import areas, names, numbers, people
from popbase.generate.chance import Picker, stream


def test_the_standards_own_example_gets_its_check_character() -> None:
    assert numbers.complete("11010519491231002") == "11010519491231002X"


def test_fifteen_digits_come_back_as_the_same_eighteen() -> None:
    whole = numbers.complete("33010219850307001")
    assert numbers.upgraded(numbers.shortened(whole)) == whole


def test_text_of_many_numbers_is_the_text_of_each() -> None:
    heads = np.array([11010519491231002, 33010219850307001, numbers.NONE])
    assert numbers.as_text(heads).to_pylist() == [
        "11010519491231002X",
        numbers.complete(33010219850307001),
        None,
    ]


def test_people_born_on_one_day_in_one_county_get_different_numbers_of_their_sex() -> None:
    sex = np.array([1, 2] * 300)
    birth = np.full(600, np.datetime64("1990-05-17"))
    given = numbers.assign(stream(1, "numbers"), np.full(600, 330102), birth, sex)
    assert len(set(given.tolist())) == 600
    assert (given % 2 == sex % 2).all()
    assert (given // 1000 == 33010219900517).all()


def test_a_later_number_avoids_all_given_before() -> None:
    taken = np.array([int("33010220150101" + f"{s:03d}") for s in range(1, 998, 2)])[:-1]
    issued = numbers.Issued(taken)
    assert issued.new("330102", "2015-01-01", "1", 7)[:17] == "33010220150101997"


def test_a_code_is_known_by_its_first_and_last_year() -> None:
    assert areas.years()["510122"][1] == 2014  # 双流县, a district since
    assert areas.years()["510116"][0] == 2015


def test_a_county_is_found_under_the_names_it_had() -> None:
    district = next(p for p in areas.history() if p.code == "330111")
    assert {p.code for p in areas.forerunners(district)} >= {"330123", "330183", "330111"}


def test_regions_beyond_the_country_are_refused() -> None:
    with pytest.raises(UsageError, match="--regions"):
        areas.region_codes(5000, 2014)


def test_given_names_have_thousands_of_forms() -> None:
    assert all(len(names.given_names(sex)[0]) > 2_000 for sex in (1, 2))


def test_a_picker_hands_out_nobody_twice() -> None:
    picker = Picker(stream(3, "picker"), np.ones(100, dtype=bool))
    first, second = picker.take(40), picker.skim(np.arange(100) < 50, 30)
    third = picker.take(100)
    assert len({*first.tolist(), *second.tolist(), *third.tolist()}) == 100
    assert (second < 50).all()


def test_a_slip_changes_one_digit_or_swaps_two_neighbours_and_stays_possible() -> None:
    chance, own = stream(1, "slips"), "33010219850307001"
    carried = np.full(500, int(own), dtype=np.int64)
    known = np.array([330102, 330103, 303102, 310102], dtype=np.int64)
    slips = [str(n) for n in numbers.mistyped(chance, carried, areas=known, latest=20151231).tolist()]
    for slip in slips:
        apart = [i for i in range(17) if own[i] != slip[i]]
        swapped = len(apart) == 2 and apart[1] == apart[0] + 1 and slip[apart[0]] == own[apart[1]]
        assert len(apart) == 1 or swapped, slip
        assert int(slip[:6]) in known
        date.fromisoformat(f"{slip[6:10]}-{slip[10:12]}-{slip[12:14]}")
    places = {i for slip in slips for i in range(17) if own[i] != slip[i]}
    assert {1, 2, 5, 13, 14, 15, 16} <= places


def test_a_slipped_name_differs_in_its_last_character_alone() -> None:
    slipped = {names.slipped(stream(n, "names"), "王小明") for n in range(50)}
    assert len(slipped) > 10
    assert all(name[:2] == "王小" and name != "王小明" and len(name) == 3 for name in slipped)


def test_no_family_calls_two_children_the_same() -> None:
    first = date(2015, 12, 31)
    made = people.make(20_000, seed=3, first=first, places=areas.Map(areas.region_codes(3, 2015), 2015))
    named = list(zip(made.household.tolist(), made.name.to_pylist(), strict=True))
    assert len(set(named)) == len(named)
