"""statistics.md 1: which report years a night computes."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

import pytest

from popbase.statistics.calendar import (
    Release,
    Shown,
    due,
    every_year,
    first_year_open_to,
    form_of,
    release,
    touched,
)

FIRST = date(2014, 12, 31)


@pytest.mark.parametrize(
    ("night", "reference", "cut_off", "status"),
    [
        (date(2015, 6, 1), date(2015, 6, 1), date(2015, 6, 1), "PRELIMINARY"),
        (date(2015, 12, 31), date(2015, 12, 31), date(2015, 12, 31), "PRELIMINARY"),
        (date(2016, 1, 24), date(2015, 12, 31), date(2016, 1, 24), "PRELIMINARY"),
        (date(2016, 1, 25), date(2015, 12, 31), date(2016, 1, 25), "FINAL"),
        (date(2016, 2, 1), date(2015, 12, 31), date(2016, 1, 25), "FINAL"),
    ],
    ids=[
        "within the year",
        "its last day",
        "the day before the cut-off",
        "at it",
        "the first night after it",
    ],
)
def test_dates_and_standing_of_report_year_2015(night, reference, cut_off, status):
    assert release(2015, night) == Release(2015, reference, cut_off, status)


def test_what_is_computed_after_the_release_is_a_revision():
    assert release(2015, date(2016, 2, 1), released=True).status == "REVISED"


def test_2014_is_on_the_old_forms_and_2015_on_the_new_ones():
    assert [form_of(year) for year in (2013, 2014, 2015)] == ["LEGACY", "LEGACY", "URBAN_RURAL"]


def test_a_delivery_of_january_is_still_in_time_for_the_year_before():
    assert [first_year_open_to(d) for d in (date(2016, 1, 25), date(2016, 1, 26))] == [2015, 2016]


def years(
    night: date, change: date | None, known: dict[int, Shown] = MappingProxyType({})
) -> list[tuple[int, str]]:
    """What a night computes after a delivery of the business date `change`."""
    candidates = every_year(night, first_delivery=FIRST, known=known)
    found = due(candidates, known, touched=lambda r: change is not None and change <= r.cut_off)
    return [(r.year, r.status) for r in found]


def stands(cut_off: date) -> Shown:
    return Shown(cut_off, released=(cut_off.month, cut_off.day) == (1, 25))


CLOSED_2014 = {2014: stands(date(2015, 1, 25))}
CLOSED_2015 = CLOSED_2014 | {2015: stands(date(2016, 1, 25))}
LAST_DAY = date(2015, 12, 31)


def test_the_first_night_computes_every_year_that_has_data():
    assert years(LAST_DAY, FIRST) == [(2014, "FINAL"), (2015, "PRELIMINARY")]


def test_the_same_night_again_without_changes_computes_nothing():
    assert years(LAST_DAY, None, CLOSED_2014 | {2015: stands(LAST_DAY)}) == []


def test_a_night_without_deliveries_computes_the_open_years_at_its_own_date():
    assert years(LAST_DAY, None, CLOSED_2014 | {2015: stands(date(2015, 12, 30))}) == [(2015, "PRELIMINARY")]


def test_a_change_of_today_leaves_closed_years_alone():
    known = CLOSED_2014 | {2015: stands(LAST_DAY)}
    assert years(LAST_DAY, LAST_DAY, known) == [(2015, "PRELIMINARY")]


def test_a_change_of_early_january_is_in_both_years():
    today = date(2016, 1, 3)
    assert years(today, today, CLOSED_2014 | {2015: stands(date(2016, 1, 2))}) == [
        (2015, "PRELIMINARY"),
        (2016, "PRELIMINARY"),
    ]


def test_a_late_delivery_for_a_closed_year_revises_it_and_all_after():
    today = date(2016, 5, 1)
    assert years(today, date(2014, 12, 31), CLOSED_2015 | {2016: stands(today)}) == [
        (2014, "REVISED"),
        (2015, "REVISED"),
        (2016, "PRELIMINARY"),
    ]


def test_the_cut_off_falls_due_without_any_change():
    night_before = CLOSED_2014 | dict.fromkeys((2015, 2016), stands(date(2016, 1, 24)))
    assert years(date(2016, 1, 25), None, night_before) == [(2015, "FINAL"), (2016, "PRELIMINARY")]


def test_a_night_before_the_first_delivery_computes_nothing():
    assert years(date(2013, 5, 1), None) == []


FINAL_2015 = Release(2015, date(2015, 12, 31), date(2016, 1, 25), "FINAL")


@pytest.mark.parametrize(
    ("feed", "on", "changes_it"),
    [
        ("household_registration", date(2016, 1, 25), True),
        ("household_registration", date(2016, 1, 26), False),
        ("id_correction", date(2015, 3, 1), True),
        ("admin_division", date(2016, 1, 1), True),
        ("tax", date(2015, 3, 1), False),
    ],
)
def test_a_year_is_changed_by_what_its_figures_are_made_from_up_to_the_cut_off(feed, on, changes_it):
    assert touched(FINAL_2015, {(feed, on)}, lists=[]) == changes_it


@pytest.mark.parametrize(
    ("on", "others", "changes_it"),
    [
        (date(2016, 7, 31), [], True),
        (date(2016, 7, 31), [date(2017, 7, 31)], True),
        (date(2017, 7, 31), [date(2016, 7, 31)], False),
        (date(2014, 12, 31), [date(2016, 7, 31)], True),
        (date(2015, 6, 30), [date(2014, 12, 31)], True),
        (date(2014, 12, 31), [date(2015, 6, 30)], True),
        (date(2016, 7, 31), [date(2014, 12, 31)], False),
    ],
    ids=[
        "the first there is, after the year",
        "the new oldest, after the year",
        "after the one that serves",
        "the first by the year's end",
        "a newer one",
        "one that changes add up on",
        "after the year, which has one",
    ],
)
def test_a_list_changes_the_years_that_are_counted_by_it(on, others, changes_it):
    lists = [on, *others]
    assert touched(FINAL_2015, {("statistical_division", on)}, lists=lists) == changes_it
