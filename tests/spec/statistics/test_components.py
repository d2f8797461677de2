"""statistics.md 3: every kind of event is a flow of its own, and stock and flow leave nothing over."""

from __future__ import annotations

import pytest
from spec.statistics.world import report, since

from popbase.statistics.tables.components import COMES, GOES

COMING = {
    "BIRTH": "births", "LATE_REGISTRATION": "late_registrations", "MOVE": "moved_in",
    "TRANSIT_IN": "transit_in", "DISCHARGE": "discharged", "RETURN": "returned",
    "RECODED_IN": "recoded_in", "RESTORE": "restored", "SPLIT": "split", "APPEARED": "appeared",
}  # fmt: skip
GOING = {
    "DEATH": "deaths", "MOVE": "moved_out", "TRANSIT_OUT": "transit_out", "MISSING": "went_missing",
    "ENLIST": "enlisted", "EMIGRATE": "went_abroad", "OTHER": "otherwise_ended",
    "RECODED_OUT": "recoded_out", "CANCEL_DUPLICATE": "cancelled_duplicate",
    "CANCEL_ERROR": "cancelled_error", "MERGE": "merged", "VANISHED": "vanished",
}  # fmt: skip


# One township each: kind of event, its date, since when it is known, people before and after.
STORIES = {
    **{f"in {kind}": (kind, "2015-06-01", "", 100, 101) for kind in COMING},
    **{f"out {kind}": (kind, "2015-06-01", "", 100, 99) for kind in GOING},
    "converted": ("CONVERSION", "2015-06-01", "", 100, 100),
    "came late": ("BIRTH", "2014-11-01", "2015-02-03", 100, 101),
    "went late": ("DEATH", "2014-11-01", "2015-02-03", 100, 99),
    "born next year": ("BIRTH", "2016-01-05", "", 100, 100),
    "died next year": ("DEATH", "2016-01-05", "", 100, 100),
    "two too many": ("BIRTH", "2015-06-01", "", 100, 103),
}  # fmt: skip
TOWNS = {story: f"330106{number:03d}" for number, story in enumerate(STORIES, start=1)}
ELSEWHERE = "330106999001"


@pytest.fixture(scope="module")
def balances(_session) -> dict[str, dict[str, float]]:
    """Story -> the components of its township that are not 0."""
    before, after, steps = ["area | n"], ["area | n"], ["kind | from | to | on | known"]
    for story, (kind, on, known, stock, left) in STORIES.items():
        here = f"{TOWNS[story]}001"
        before.append(f"{here} | {stock}")
        after.append(f"{here} | {left}")
        ends = (here, ELSEWHERE) if story.startswith("out") or kind == "DEATH" else (ELSEWHERE, here)
        steps.append(" | ".join([kind, *ends, on, known]))
    told = since(_session, "\n".join(before), "\n".join(steps))
    cube = report(_session, "\n".join(after), since=told)
    rows = cube.where("`table` = 'components' AND area_level = 'township' AND value <> 0").collect()
    return {
        story: {row.measure: row.value for row in rows if row.area_code == town}
        for story, town in TOWNS.items()
    }


@pytest.mark.parametrize("kind", COMING)
def test_who_comes_counts_by_how_he_came(balances, kind):
    corrected = {"corrections": 1} if kind in ("RESTORE", "SPLIT", "APPEARED") else {}
    stock = {"population_before": 100, "population": 101, "change": 1}
    assert balances[f"in {kind}"] == {**stock, COMING[kind]: 1, **corrected}


@pytest.mark.parametrize("kind", GOING)
def test_who_goes_counts_by_how_he_went(balances, kind):
    correcting = kind in ("CANCEL_DUPLICATE", "CANCEL_ERROR", "MERGE", "VANISHED")
    stock = {"population_before": 100, "population": 99, "change": -1}
    assert balances[f"out {kind}"] == {**stock, GOING[kind]: 1, **({"corrections": -1} if correcting else {})}


def test_every_flow_of_the_balance_is_of_some_kind():
    assert {*COMING.values(), "late_in"} == set(COMES)
    assert {*GOING.values(), "late_out"} == set(GOES)


@pytest.mark.parametrize("story", ["converted", "born next year", "died next year"])
def test_what_changes_no_stock_of_the_year_is_no_flow_of_it(balances, story):
    assert balances[story] == {"population_before": 100, "population": 100}


@pytest.mark.parametrize(
    ("story", "late", "change"), [("came late", "late_in", 1), ("went late", "late_out", -1)]
)
def test_what_is_dated_before_the_year_and_told_after_its_cut_off_is_late(balances, story, late, change):
    stock = {"population_before": 100, "population": 100 + change, "change": change}
    assert balances[story] == {**stock, late: 1}


def test_what_no_flow_accounts_for_is_left_over(balances):
    stock = {"population_before": 100, "population": 103, "change": 3}
    assert balances["two too many"] == {**stock, "births": 1, "residual": 2}
