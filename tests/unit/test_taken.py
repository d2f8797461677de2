"""What intake came upon, kept for the run report of whoever publishes."""

from __future__ import annotations

from datetime import date, timedelta

from lib.lakes import MADE_AT, judgement

from popbase import clock
from popbase.control import version
from popbase.intake import ledger
from popbase.intake.taken import Remark, TakenIn, keep, since, with_untold

CLOSED = Remark("330100", date(2015, 12, 31), 1, "delivery.closed")
ODD = Remark("330200", date(2015, 12, 31), 1, "column.unknown", "备注")


def commits(lake) -> int:
    found = version(str(lake), "control/taken_in/tax")
    return 0 if found is None else found + 1


def test_remarks_of_several_runs_are_told_once_each(tmp_path):
    for remarks in ((CLOSED,), (CLOSED, ODD), ()):
        keep(str(tmp_path), TakenIn("tax", remarks=remarks))
    (taken,) = since(str(tmp_path), ["tax"], {})
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
    assert [taken.strays for taken in since(str(tmp_path), ["tax"], {})] == [0]


def test_what_was_said_before_a_publication_is_not_said_again(tmp_path):
    ledger.append(str(tmp_path), "tax", [judgement()])
    keep(str(tmp_path), TakenIn("tax", remarks=(CLOSED,)))
    (taken,) = since(str(tmp_path), ["tax"], {})
    assert since(str(tmp_path), ["tax"], taken.upto) == [TakenIn("tax")]


def test_what_a_run_before_has_done_and_nobody_told_is_told_with_what_this_one_did(tmp_path):
    ledger.append(str(tmp_path), "tax", [judgement()])
    keep(str(tmp_path), TakenIn("tax", remarks=(CLOSED,)))
    (told,) = with_untold(str(tmp_path), [TakenIn("tax", remarks=(ODD,), strays=2)], {})
    assert ([j.region for j in told.judgements], told.remarks, told.strays) == (["330100"], (ODD, CLOSED), 2)


def test_what_comes_after_the_clock_went_back_is_told_and_counts_as_the_newest(tmp_path, monkeypatch):
    ledger.append(str(tmp_path), "tax", [judgement()])
    keep(str(tmp_path), TakenIn("tax", remarks=(CLOSED,), strays=1))
    (before,) = since(str(tmp_path), ["tax"], {})
    monkeypatch.setattr(clock, "now", lambda: MADE_AT - timedelta(days=365))
    ledger.append(str(tmp_path), "tax", [judgement(delivery_no=2, judged_at=clock.now())])
    keep(str(tmp_path), TakenIn("tax", remarks=(ODD,), strays=3))
    (after,) = since(str(tmp_path), ["tax"], before.upto)
    assert ([j.delivery_no for j in after.judgements], after.remarks, after.strays) == ([2], (ODD,), 3)
