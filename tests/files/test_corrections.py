"""What people correct: deliveries withdrawn, readers taken back, two publications compared. No Spark."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from lib.lakes import MADE_AT, NEW_YEARS_EVE, judgement, publish, write, write_ledger

from popbase import cli
from popbase.errors import LeaseError, UsageError
from popbase.intake import ledger
from popbase.intake.again import Named, withdraw
from popbase.publish.diff import Diff, diff
from popbase.publish.draft import Draft
from popbase.publish.gates import judge_rollback
from popbase.publish.publication import DeliveryRef, Publications
from popbase.run import begin, cursor
from popbase.settings import Settings
from popbase.sources import Sources

FIRST = Named("tax", "330100", NEW_YEARS_EVE, 1)
SECOND = Named("tax", "330100", NEW_YEARS_EVE, 2)


def in_force(lake: Path) -> list[int]:
    return [j.delivery_no for j in ledger.effective(ledger.read(str(lake), "tax"), NEW_YEARS_EVE)]


def test_a_withdrawn_delivery_is_used_no_more_and_what_it_replaced_counts_again(tmp_path: Path) -> None:
    write_ledger(tmp_path, judgement(), judgement(delivery_no=2))
    assert in_force(tmp_path) == [2]
    withdrawn = withdraw(str(tmp_path), SECOND, "three rows in place of 300,000")
    assert in_force(tmp_path) == [1]
    assert (withdrawn.status, withdrawn.detail) == ("withdrawn", "three rows in place of 300,000")
    assert withdrawn.balanced() == withdrawn


def test_a_withdrawal_counts_also_when_the_clock_has_gone_back(tmp_path: Path) -> None:
    write_ledger(tmp_path, judgement(judged_at=MADE_AT + timedelta(days=36500)))
    withdraw(str(tmp_path), FIRST, "sent by mistake")
    assert in_force(tmp_path) == []


def test_a_reason_that_holds_a_number_is_kept_without_it(tmp_path: Path) -> None:
    write_ledger(tmp_path, judgement())
    said = withdraw(str(tmp_path), FIRST, "wrong for 330102199001010020").detail
    assert said == "wrong for …"


@pytest.mark.parametrize("status", ["rejected", "withdrawn", None])
def test_only_what_is_used_can_be_withdrawn(tmp_path: Path, status: Any) -> None:
    write_ledger(tmp_path, *([judgement(status=status)] if status else []))
    with pytest.raises(UsageError, match=f"is {status or 'not judged'}"):
        withdraw(str(tmp_path), FIRST, "again")


@pytest.mark.parametrize(
    "text", ["tax/330100/2015-12-31/001", "tax 330100 2015-12-31 001", " tax/330100/2015-12-31/1"]
)
def test_a_delivery_is_named_as_its_folder_or_as_the_list_shows_it(text: str) -> None:
    assert Named.of(text) == FIRST
    assert str(FIRST) == "tax/330100/2015-12-31/001"


@pytest.mark.parametrize("text", ["tax", "tax/330100/2015-02-30/001", "../330100/2015-12-31/001", ""])
def test_what_names_no_delivery_is_a_mistake(text: str) -> None:
    with pytest.raises(UsageError, match="Name a delivery by its folder"):
        Named.of(text)


def test_a_delivery_that_was_accepted_again_is_another_input_for_the_next_night(tmp_path: Path) -> None:
    """Its rows may be others, though its name is the same."""
    night = begin(Settings(landing="", lake=str(tmp_path)), NEW_YEARS_EVE)
    write_ledger(tmp_path, judgement(), judgement(region="330200"))
    before = cursor(night, Sources.now(night.lake))
    write_ledger(tmp_path, judgement(rows_accepted=11, rows_received=11))
    after = cursor(night, Sources.now(night.lake))
    assert {(d.region, d.judged) for d in set(after) - set(before)} == {("330100", 2)}
    assert {d.identity for d in after} == {d.identity for d in before}


def test_reports_are_not_made_of_a_base_that_somebody_has_begun_to_write() -> None:
    made = Draft(NEW_YEARS_EVE, {}, {"base/person": 4, "base/tax": 2, "statistics/report": 7})
    made.check({"base/person": 4, "base/tax": 2, "statistics/report": 8}, below="base/")
    with pytest.raises(LeaseError, match="begun to write base/person"):
        made.check({"base/person": 5, "base/tax": 2, "statistics/report": 7}, below="base/")
    with pytest.raises(LeaseError, match="statistics/report"):
        made.check({"base/person": 4, "base/tax": 2, "statistics/report": 8})


GOOD = DeliveryRef(feed="tax", region="330100", business_date=NEW_YEARS_EVE, delivery_no=1)
BAD = GOOD.model_copy(update={"delivery_no": 2})
OTHER = GOOD.model_copy(update={"region": "330200"})


def held(lake: Path, *withdrawn: DeliveryRef) -> list[bool]:
    """Whether a night would be, by each finding about a rollback."""
    everything = Publications(lake)
    names = {(d.feed, d.identity) for d in withdrawn}
    findings = judge_rollback(names, everything.current(), everything.rolled_back())
    assert all((f.expectation, f.critical) == ("rollback", True) for f in findings)
    return [not finding.passed for finding in findings]


def test_after_a_rollback_nights_are_held_until_its_cause_is_withdrawn(tmp_path: Path) -> None:
    publish(tmp_path, {"base/person": 1}, deliveries=(GOOD,))
    publish(tmp_path, {"base/person": 2}, deliveries=(BAD, OTHER))
    assert held(tmp_path) == []
    cli_says(tmp_path, "rollback", "1")
    assert held(tmp_path) == [True]
    assert held(tmp_path, GOOD) == [True]
    assert held(tmp_path, BAD) == [False]
    publish(tmp_path, {"base/person": 3}, deliveries=(GOOD,))
    assert held(tmp_path) == []


def test_a_rollback_of_what_no_delivery_caused_is_held_until_it_is_accepted(tmp_path: Path) -> None:
    for version in (1, 2):
        publish(tmp_path, {"base/person": version}, deliveries=(GOOD,))
    cli_says(tmp_path, "rollback", "1")
    assert held(tmp_path) == [True]


def test_readers_taken_forward_again_hold_no_night(tmp_path: Path) -> None:
    publish(tmp_path, {"base/person": 1}, deliveries=(GOOD,))
    publish(tmp_path, {"base/person": 2}, deliveries=(BAD,))
    for seq in ("1", "2"):
        cli_says(tmp_path, "rollback", seq)
    assert held(tmp_path) == []


def test_a_rollback_to_what_readers_see_is_a_mistake(tmp_path: Path) -> None:
    publish(tmp_path, {})
    with pytest.raises(UsageError, match="already"):
        Publications(tmp_path).rollback(1, at=MADE_AT, code_version="1")


def households(*rows: tuple[str, str]) -> pa.Table:
    return pa.table({"household_id": [key for key, _ in rows], "kind": [kind for _, kind in rows]})


def compared(lake: Path) -> Diff:
    one, other = Publications(lake).all()
    return diff(str(lake), one, other)


def test_a_diff_counts_keys_and_names_the_deliveries(tmp_path: Path) -> None:
    before = write(tmp_path, "base/household", households(("a", "1"), ("b", "1"), ("c", "2")))
    same = write(tmp_path, "base/other", households(("a", "1")))
    publish(tmp_path, {"base/household": before, "base/other": same}, deliveries=(GOOD,))
    after = write(tmp_path, "base/household", households(("a", "1"), ("b", "2"), ("d", "2"), ("e", "1")))
    rewritten = write(tmp_path, "base/other", households(("a", "1")))
    publish(tmp_path, {"base/household": after, "base/other": rewritten}, deliveries=(BAD,))
    found = compared(tmp_path)
    (table,) = found.tables  # the other was written anew with the same rows
    assert (table.table, table.rows_before, table.rows_after) == ("base/household", 3, 4)
    assert (table.added, table.removed, table.changed) == (2, 1, 1)
    assert (found.came, found.gone) == ((BAD,), (GOOD,))


def test_a_column_that_came_later_is_no_change(tmp_path: Path) -> None:
    rows = households(("a", "1"))
    publish(tmp_path, {"base/household": write(tmp_path, "base/household", rows)})
    wider = rows.append_column("size", pa.array([3])).select(["size", "kind", "household_id"])
    publish(tmp_path, {"base/household": write(tmp_path, "base/household", wider)})
    assert compared(tmp_path).tables == ()


def test_a_table_that_only_one_of_them_has_is_all_added_or_removed(tmp_path: Path) -> None:
    publish(tmp_path, {})
    at = write(tmp_path, "base/household", households(("a", "1")))
    publish(tmp_path, {"base/household": at})
    (table,) = compared(tmp_path).tables
    assert (table.rows_before, table.added, table.removed) == (0, 1, 0)


def cli_says(lake: Path, *arguments: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*arguments, "--lake", str(lake)])
    assert ended.value.code == 0


def test_the_commands_say_what_they_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_ledger(tmp_path, judgement())
    publish(
        tmp_path,
        {"base/household": write(tmp_path, "base/household", households(("a", "1")))},
        deliveries=(GOOD,),
    )
    publish(
        tmp_path,
        {"base/household": write(tmp_path, "base/household", households(("b", "1")))},
        deliveries=(BAD,),
    )
    cli_says(tmp_path, "withdraw", str(FIRST), "--reason", "a test")
    assert "tax/330100/2015-12-31/001 is withdrawn." in capsys.readouterr().out
    cli_says(tmp_path, "diff", "1", "2")
    shown = capsys.readouterr().out
    assert "base/household" in shown
    assert "came tax/330100/2015-12-31/002" in shown
    cli_says(tmp_path, "diff", "1", "2", "--json")
    assert json.loads(capsys.readouterr().out)["tables"][0]["added"] == 1
    cli_says(tmp_path, "rollback", "1")
    assert capsys.readouterr().out == "Readers see publication 3: the tables of 1, for 2015-12-31.\n"
