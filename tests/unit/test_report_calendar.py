"""statistics.md 1: which report years a night computes."""

from __future__ import annotations

from datetime import date

import pytest

from popbase.statistics.calendar import Release, due, first_year_open_to, form_of, release

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


def years(night: date, change: date | None, computed: set[int], released: set[int]) -> list[tuple[int, str]]:
    found = due(night, first_delivery=FIRST, earliest_change=change, computed=computed, released=released)
    return [(r.year, r.status) for r in found]


def test_the_first_night_computes_every_year_that_has_data():
    assert years(date(2015, 12, 31), FIRST, set(), set()) == [(2014, "FINAL"), (2015, "PRELIMINARY")]


def test_a_night_without_changes_computes_nothing():
    assert years(date(2015, 12, 31), None, {2014, 2015}, {2014}) == []


def test_a_change_of_today_leaves_closed_years_alone():
    assert years(date(2015, 12, 31), date(2015, 12, 31), {2014, 2015}, {2014}) == [(2015, "PRELIMINARY")]


def test_a_change_of_early_january_is_in_both_years():
    assert years(date(2016, 1, 3), date(2016, 1, 3), {2014, 2015}, {2014}) == [
        (2015, "PRELIMINARY"),
        (2016, "PRELIMINARY"),
    ]


def test_a_late_delivery_for_a_closed_year_revises_it_and_all_after():
    assert years(date(2016, 5, 1), date(2014, 12, 31), {2014, 2015, 2016}, {2014, 2015}) == [
        (2014, "REVISED"),
        (2015, "REVISED"),
        (2016, "PRELIMINARY"),
    ]


def test_the_cut_off_falls_due_without_any_change():
    assert years(date(2016, 1, 25), None, {2014, 2015, 2016}, {2014}) == [(2015, "FINAL")]


def test_a_night_before_the_first_delivery_computes_nothing():
    assert due(date(2013, 5, 1), first_delivery=FIRST, earliest_change=None) == []
