"""What intake came upon, kept for the run report of whoever publishes."""

from __future__ import annotations

from datetime import date

from popbase.control import version
from popbase.intake.taken import Remark, TakenIn, keep, since

CLOSED = Remark("330100", date(2015, 12, 31), 1, "delivery.closed")
ODD = Remark("330200", date(2015, 12, 31), 1, "column.unknown", "备注")


def commits(lake) -> int:
    found = version(str(lake), "control/taken_in/tax")
    return 0 if found is None else found + 1


def test_remarks_of_several_runs_are_told_once_each(tmp_path):
    for remarks in ((CLOSED,), (CLOSED, ODD), ()):
        keep(str(tmp_path), TakenIn("tax", remarks=remarks))
    (taken,) = since(str(tmp_path), ["tax"], None)
    assert taken.remarks == (CLOSED, ODD)


def test_where_there_is_nothing_new_to_say_nothing_is_written(tmp_path):
    keep(str(tmp_path), TakenIn("tax"))
    assert commits(tmp_path) == 0
    for taken in (TakenIn("tax", remarks=(CLOSED,)), TakenIn("tax", remarks=(CLOSED,)), TakenIn("tax")):
        keep(str(tmp_path), taken)
    assert commits(tmp_path) == 1


def test_strays_are_those_of_the_newest_look(tmp_path):
    for strays in (2, 0):
        keep(str(tmp_path), TakenIn("tax", strays=strays))
    assert [taken.strays for taken in since(str(tmp_path), ["tax"], None)] == [0]


def test_what_was_said_before_a_publication_is_not_said_again(tmp_path):
    from popbase import clock

    keep(str(tmp_path), TakenIn("tax", remarks=(CLOSED,)))
    assert since(str(tmp_path), ["tax"], clock.now()) == [TakenIn("tax")]
