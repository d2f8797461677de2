"""Which bureau a delivery's rows stand at, and which snapshots they face, by the calendar alone."""

from __future__ import annotations

from datetime import date

from lib.feeds import judgements
from lib.model_state import Delivered, Row

from popbase.base.fates import FORMER_BUREAU, OWN, Course, Fate, Prospect, course

A, B, C = "330100", "330200", "330300"


def day(number: int) -> date:
    return date(2015, 1, number)


def delivery(region: str, number: int, kind: str = "changes", replaces: str = "", rows: int = 0) -> Delivered:
    rows_ = tuple(Row((str(n),)) for n in range(rows))
    return Delivered(region, day(number), 1, kind, rows_, tuple(replaces.split()))


def course_of(*deliveries: Delivered) -> Course:
    return course(judgements(deliveries, "housing"))


def fate(of: Course, region: str, number: int) -> Fate:
    return next(f for f in of.fates if (f.region, f.business_date) == (region, day(number)))


def nothing_ahead() -> Prospect:
    return Prospect(next_snapshot=None, taken_on=None, taken_by=None)


def test_a_delivery_faces_the_next_snapshot_of_its_own_bureau() -> None:
    past = course_of(
        delivery(A, 1, "snapshot"), delivery(B, 2, "snapshot"), delivery(A, 3), delivery(A, 5, "snapshot")
    )
    assert [fate(past, A, n).prospect.next_snapshot for n in (1, 3, 5)] == [day(5), day(5), None]
    assert fate(past, B, 2).prospect == nothing_ahead()


def test_a_bureau_taken_over_hands_its_records_on_from_that_date() -> None:
    past = course_of(delivery(A, 1, "snapshot"), delivery(B, 3, replaces=A), delivery(A, 4))
    assert fate(past, A, 1).prospect == Prospect(None, day(3), B)
    assert (fate(past, A, 4).bureau, fate(past, A, 4).phase) == (B, FORMER_BUREAU)


def test_a_chain_of_takeovers_on_one_day_ends_at_its_last_bureau() -> None:
    past = course_of(delivery(A, 1), delivery(B, 3, replaces=A), delivery(C, 3, replaces=B))
    assert fate(past, A, 1).prospect.taken_by == C
    assert fate(past, B, 3).bureau == C
    assert past.longest_chain == 1


def test_a_chain_of_takeovers_over_days_is_followed_step_by_step() -> None:
    past = course_of(delivery(A, 1), delivery(B, 3, replaces=A), delivery(C, 5, replaces=B))
    assert past.longest_chain == 2
    assert past.arrivals == [(B, day(3), Prospect(None, day(5), C)), (C, day(5), nothing_ahead())]


def test_bureaus_that_name_each_other_on_one_day_do_not_trade_their_records() -> None:
    past = course_of(delivery(A, 1, replaces=B), delivery(B, 1, replaces=A))
    assert past.takeovers == {B: [(day(1), A)]}


def test_the_snapshot_of_a_closed_bureau_on_the_day_of_its_takeover_removes_nothing() -> None:
    past = course_of(delivery(A, 1, "snapshot"), delivery(A, 3, "snapshot"), delivery(B, 3, replaces=A))
    assert fate(past, A, 1).prospect.next_snapshot is None
    assert past.snapshots == {A: (day(1),)}


def test_a_later_snapshot_of_a_closed_bureau_opens_it_again() -> None:
    past = course_of(delivery(B, 3, replaces=A), delivery(A, 5, "snapshot"), delivery(A, 6))
    assert [(fate(past, A, n).bureau, fate(past, A, n).phase) for n in (5, 6)] == [(A, OWN), (A, OWN)]


def test_a_bureau_that_takes_over_its_successor_is_open_again() -> None:
    past = course_of(delivery(B, 3, replaces=A), delivery(A, 5, replaces=B), delivery(B, 6))
    assert (fate(past, A, 5).bureau, fate(past, B, 6).bureau) == (A, A)


def test_a_first_delivery_that_only_changes_follow_is_settled() -> None:
    past = course_of(delivery(A, 1, "snapshot"), delivery(A, 2, rows=3), delivery(B, 1, "snapshot"))
    firsts, changes = past.settled(limit=3)
    assert [(f.region, f.business_date) for f in firsts] == [(A, day(1)), (B, day(1))]
    assert [(f.region, f.business_date) for f in changes] == [(A, day(2))]


def test_with_more_changes_than_may_be_broadcast_only_lone_deliveries_are_settled() -> None:
    past = course_of(delivery(A, 1, "snapshot"), delivery(A, 2, rows=4), delivery(B, 1, "snapshot"))
    firsts, changes = past.settled(limit=3)
    assert [f.region for f in firsts] == [B]
    assert changes == []


def test_a_bureau_with_a_second_snapshot_or_a_takeover_is_not_settled() -> None:
    twice = course_of(delivery(A, 1, "snapshot"), delivery(A, 2, "snapshot"))
    taken = course_of(delivery(A, 1, "snapshot"), delivery(B, 2, replaces=A))
    assert twice.settled(limit=100) == taken.settled(limit=100) == ([], [])
