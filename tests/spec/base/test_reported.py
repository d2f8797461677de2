"""From one report to the next: who is counted at both, and that the steps between leave nothing over."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from lib import case_lake
from lib.cases import NIGHTS
from lib.model_history import REGISTER, day
from lib.model_state import effective
from spec.base.test_history_model import drawn

from popbase.base.build import Lives
from popbase.base.event import Period, transitions
from popbase.base.history import at
from popbase.base.reported import Known, changed_between, lived_between
from popbase.contracts import DECISIONS
from popbase.lake import Lake
from popbase.sources import Sources
from popbase.statistics.flows import ENTERS, LEAVES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lib.sent import Case
    from pyspark.sql import DataFrame, Row, SparkSession

    from popbase.base.build import Lives

LAST = NIGHTS[-1]
# Two reports each: their dates, and until when they were told.
REPORTS = {
    "told later": (Known(date(2015, 12, 28), date(2015, 12, 29)), Known(date(2015, 12, 31), LAST)),
    "within the first one's time": (
        Known(date(2015, 12, 28), date(2015, 12, 31)), Known(date(2015, 12, 31), date(2015, 12, 31)),
    ),
    "of two nights": (Known(date(2015, 12, 29), date(2015, 12, 29)), Known(LAST, LAST)),
}  # fmt: skip


# The base holds what a night itself reports.
NIGHTLY = [name for name, (_, now) in REPORTS.items() if now.on == now.by]


@pytest.fixture(scope="module")
def countries(pytestconfig: pytest.Config) -> list[Case]:
    return drawn(int(pytestconfig.getoption("cases")))


@pytest.fixture(scope="module")
def sources(
    countries: list[Case], _session: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Sources:
    """All that was judged, in the order of the nights."""
    lake = Lake(_session, str(tmp_path_factory.mktemp("lake")))
    for night in range(len(NIGHTS)):
        case_lake.take_in(lake.root, [s for case in countries for s in case.nights[night]])
    known = Sources.now(lake)
    for feed in (REGISTER, DECISIONS):
        known.keep(feed, LAST)
    return known


@pytest.fixture(scope="module", params=REPORTS)
def followed(sources: Sources, request: pytest.FixtureRequest) -> tuple[Known, Known, Lives, list[Row]]:
    """Two reports, the people between them and the steps that these took."""
    before, now = REPORTS[request.param]
    lives = lived_between(sources, before, now)
    lives = Lives(lives.judged, lives.quiet.localCheckpoint())
    return before, now, lives, steps_of(lives, before, now)


def test_whom_a_report_counts_is_what_was_told_by_its_cut_off_judged_at_its_date(
    followed: tuple[Known, Known, Lives, list[Row]], countries: list[Case]
) -> None:
    before, now, lives, _ = followed
    for report in (before, now):
        expected = Counter(one for case in countries for one in told(case, report))
        assert counted(at(lives.persons, report.on)) == expected


def test_the_steps_of_every_person_lead_from_one_report_to_the_next(
    followed: tuple[Known, Known, Lives, list[Row]],
) -> None:
    before, now, lives, steps = followed
    expected = registered(at(lives.persons, now.on))
    expected.subtract(registered(at(lives.persons, before.on)))
    found: Counter[tuple[str, str]] = Counter()
    for step in steps:
        if step.known_on > now.on:
            continue
        if step.kind in ENTERS:
            found[step.person_id, step.to_area] += 1
        if step.kind in LEAVES and not (step.kind == "MOVE" and step.one_sided):
            found[step.person_id, step.from_area] -= 1
    assert {k: n for k, n in found.items() if n} == {k: n for k, n in expected.items() if n}
    assert steps


@pytest.mark.parametrize("followed", NIGHTLY, indirect=True)
def test_who_is_not_followed_took_no_step_and_is_where_he_was(
    sources: Sources, followed: tuple[Known, Known, Lives, list[Row]]
) -> None:
    """Of a night itself only whom something since the last report concerns is followed."""
    before, now, every, steps = followed
    few = changed_between(sources, before, now)
    assert few is not None
    told = [[(*step[1:3], *step[5:]) for step in each] for each in (steps, steps_of(few, before, now))]
    assert Counter(told[0]) == Counter(told[1])
    everyone, theirs = (registered(at(lives.persons, now.on)) for lives in (every, few))
    stood = Counter(everyone)
    stood.subtract(theirs)
    stood.update(registered(at(few.persons, before.on)))
    assert +stood == registered(at(every.persons, before.on))
    assert theirs <= everyone


def told(case: Case, report: Known) -> Iterator[tuple[Any, ...]]:
    feeds = {feed: effective(told, report.by) for feed, told in case.known(len(NIGHTS) - 1).items()}
    for p in day(feeds, report.on, report.by).people:
        yield (
            p.winner.region,
            p.winner.row["record_no"],
            p.live,
            p.winner.row["registered_area"],
            p.id_status,
        )


def counted(persons: DataFrame) -> Counter[tuple[Any, ...]]:
    names = ("region", "record_no", "status", "registered_area", "id_status")
    rows = ((*row[:2], row.status == "REGISTERED", *row[3:]) for row in persons.select(*names).collect())
    return Counter(rows)


def steps_of(lives: Lives, before: Known, now: Known) -> list[Row]:
    period = Period(before.on, now.on)
    return transitions(lives.judged.records, lives.quiet, period, known_by=now.by).collect()


def registered(persons: DataFrame) -> Counter[tuple[str, str]]:
    rows = persons.where("status = 'REGISTERED'").select("person_id", "registered_area").collect()
    return Counter((row.person_id, row.registered_area) for row in rows)
