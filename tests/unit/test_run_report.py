"""The run report: the verdict, who is late, what was refused, what to do; counts only."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from lib.lakes import MADE_AT, NEW_YEARS_EVE, judgement
from rich.console import Console

from popbase.base import sector_finding
from popbase.identity.findings import MISTYPED
from popbase.publish import report_page, run_report
from popbase.publish.next_steps import next_steps
from popbase.publish.run_report import OF_SECTORS, DeliveryLine, GateLine, NightReport, Notice, Stage
from popbase.publish.staleness import Sender
from popbase.publish.wording import count, row_reason
from popbase.terminal.progress import Lines, Progress, progress_for


def night(**changes: Any) -> NightReport:
    usual: dict[str, Any] = {
        "business_date": NEW_YEARS_EVE, "started": MADE_AT, "ended": MADE_AT + timedelta(seconds=75),
        "outcome": "published", "publication": 12,
    }  # fmt: skip
    return NightReport(**(usual | changes))


def line(**changes: Any) -> DeliveryLine:
    reasons = changes.pop("reasons", {})
    return DeliveryLine.of(judgement(**changes), reasons)


def late(feed: str, region: str | None, days: int | None) -> Sender:
    return Sender(feed, region, "daily", date(2015, 12, 28) if region else None, days)


FELL = GateLine("base/person", "region_fell", "critical", 0.034, "at most 0.02", "No region falls by 2 %.")


def terminal(report: NightReport, width: int = 120) -> str:
    out = io.StringIO()
    report_page.show(report, Console(file=out, width=width))
    return out.getvalue()


@pytest.mark.parametrize(
    ("outcome", "publication", "word", "sentence"),
    [
        ("published", 12, "PUBLISHED", "Readers see publication 12, made tonight."),
        ("unchanged", 12, "UNCHANGED", "Readers keep publication 12: no table changed."),
        ("held", 12, "NOT PUBLISHED", "Readers keep publication 12. A gate failed."),
        ("held", None, "NOT PUBLISHED", "Readers see nothing yet. A gate failed."),
    ],
)
def test_the_verdict_is_a_word_and_a_sentence(
    outcome: Any, publication: int | None, word: str, sentence: str
) -> None:
    report = night(
        outcome=outcome, publication=publication, why="A gate failed." if outcome == "held" else None
    )
    for shown in (report_page.html(report), terminal(report)):
        assert word in shown
        assert sentence in shown


def test_eighty_columns_show_every_number_whole() -> None:
    rows = {
        "rows_received": 8_136_800,
        "rows_accepted": 8_123_400,
        "rows_quarantined": 12_345,
        "rows_superseded": 1_055,
    }
    shown = terminal(night(deliveries=(line(feed="household_registration", **rows),)), width=80)
    assert "household_registration 1 - - 8,136,800 8,123,400 12,345 1,055 -" in re.sub(" +", " ", shown)


def test_a_night_without_a_problem_asks_for_nothing() -> None:
    assert next_steps(night(deliveries=(line(),), senders=(late("tax", "330100", 0),))) == []
    assert "Nothing to do." in terminal(night())


def test_what_holds_readers_back_comes_first_and_what_is_good_to_know_last() -> None:
    steps = next_steps(
        night(
            outcome="held",
            gates=(FELL,),
            deliveries=(line(status="rejected", reason="file.checksum"),),
            senders=(late("housing", "330200", 3),),
            notices=(Notice("tax", "330100", NEW_YEARS_EVE, 1, "manifest.changed"),),
            cases={"contested_number": 1},
        )
    )
    assert [s.urgency for s in steps] == ["now", "today", "today", "note", "note"]
    assert steps[0].command == "popbase night --date 2015-12-31"
    assert "send it as number 002" in steps[1].sentence
    assert "3 days late; its state of 2015-12-28 was used" in steps[2].sentence


def test_what_decisions_answer_and_what_departments_mend_are_told_apart() -> None:
    found = {"contested_number": 2, "name_mismatch": 1, "mistyped_number": 3}
    decide, mend = next_steps(night(cases=found))
    assert (decide.subject, decide.command) == ("2 new cases", "popbase cases --open")
    assert (mend.subject, mend.command) == ("4 new findings", "popbase feedback")


def test_the_kinds_of_case_that_departments_mend_are_those_about_sectors() -> None:
    assert {*sector_finding.FINDINGS, MISTYPED} == OF_SECTORS


def test_folders_that_are_no_deliveries_are_told_to_whoever_can_ask() -> None:
    (step,) = next_steps(night(strays={"tax": 2}))
    assert (step.urgency, step.subject) == ("today", "tax")
    assert "2 folders that no night judges" in step.sentence


def test_a_night_held_without_a_gate_says_why() -> None:
    (step,) = next_steps(night(outcome="held", why="No register yet."))
    assert "No register yet." in step.sentence


def test_too_many_bad_rows_lead_to_the_quarantine() -> None:
    (step,) = next_steps(night(deliveries=(line(status="rejected", reason="quarantine.share"),)))
    assert step.command == "popbase quarantine tax --date 2015-12-31"


def test_a_refusal_tells_the_sender_what_is_wrong() -> None:
    told = line(status="rejected", reason="file.rows", detail="'part-0001.csv' has 9 rows, not 10.")
    (step,) = next_steps(night(deliveries=(told,)))
    assert step.sentence.startswith("was refused whole: 'part-0001.csv' has 9 rows, not 10. Ask 330100")


def test_who_was_refused_tonight_is_not_asked_twice() -> None:
    refused = night(
        deliveries=(line(status="rejected", reason="file.bytes"),), senders=(late("tax", "330100", 1),)
    )
    assert len(next_steps(refused)) == 1
    assert len(refused.late) == 1


def test_forty_late_bureaus_of_a_feed_are_one_problem() -> None:
    (step,) = next_steps(night(senders=tuple(late("tax", f"33{i:04}", 1 + i % 2) for i in range(40))))
    assert step.subject == "tax, 40 bureaus"
    assert "up to 2 days" in step.sentence


def test_the_longest_overdue_come_first_and_what_never_came_before_all() -> None:
    report = night(senders=(late("tax", "330100", 1), late("tax", "330200", 4), late("housing", None, None)))
    assert [(s.feed, s.region) for s in report.late] == [
        ("housing", None), ("tax", "330200"), ("tax", "330100"),
    ]  # fmt: skip


def test_a_feeds_rows_add_up_over_its_deliveries() -> None:
    (tax,) = night(
        deliveries=(
            line(rows_accepted=6, rows_quarantined=3, rows_superseded=1, reasons={"op.code": 3, "a.code": 1}),
            line(region="330200", status="rejected", rows_accepted=0, rows_quarantined=4, rows_withheld=6),
        )
    ).totals
    assert (tax.accepted_deliveries, tax.rejected_deliveries) == (1, 1)
    assert tax.received == 20 == tax.accepted + tax.quarantined + tax.superseded + tax.withheld
    assert tax.reasons == (("op.code", 3), ("a.code", 1))


def test_the_page_stands_alone(tmp_path: Path) -> None:
    report = night(deliveries=(line(),), stages=(Stage("intake", 61.0),))
    report_page.write(report, tmp_path)
    html = (tmp_path / report.folder / "index.html").read_text(encoding="utf-8")
    assert report.folder == "reports/2015-12-31-20160101T023000"
    assert not re.search(r"<script|<link|<img|https?:|url\(|@import", html)
    assert "intake 1 min 1 s" in html


def test_a_senders_words_are_text_on_the_page_and_in_the_terminal() -> None:
    hostile = Notice("tax", "330100", NEW_YEARS_EVE, 1, "column.unknown", "<script>[red]x")
    report = night(notices=(hostile,))
    assert "<script" not in report_page.html(report)
    assert "&lt;script&gt;[red]x" in report_page.html(report)
    assert "<script>[red]x" in terminal(report)


@pytest.mark.parametrize("name", ["33010019900101123X", "３３０１００１９９００１０１", "王" * 60])
def test_a_column_named_like_a_citizen_is_not_repeated(name: str) -> None:
    assert name not in report_page.html(
        night(notices=(Notice("tax", "330100", NEW_YEARS_EVE, 1, "column.unknown", name),))
    )


def test_a_report_reads_back_as_it_was_and_the_last_started_counts(tmp_path: Path) -> None:
    assert run_report.newest(tmp_path) is None
    backfill = night(
        business_date=date(2015, 1, 1), started=MADE_AT + timedelta(hours=1), gates=(FELL,),
        deliveries=(line(reasons={"op.code": 1}),), senders=(late("tax", None, None),),
    )  # fmt: skip
    for report in (backfill, night()):
        report_page.write(report, tmp_path)
    assert run_report.newest(tmp_path) == backfill


def test_codes_have_words() -> None:
    assert row_reason("hukou_nature.code") == "hukou_nature is no known code"
    assert row_reason("something.new") == "something.new"
    assert [count(n, "delivery") for n in (0, 1, 1200)] == ["0 deliveries", "1 delivery", "1,200 deliveries"]
    assert count(2, "day") == "2 days"


@pytest.mark.parametrize(("seconds", "text"), [(0.34, "0.3 s"), (75.3, "1 min 15 s"), (7260, "2 h 1 min")])
def test_durations_read_like_a_clock(seconds: float, text: str) -> None:
    assert report_page.duration(seconds) == text


def test_stages_are_timed_and_told_a_failed_one_too() -> None:
    out = io.StringIO()
    progress = Lines(out)
    with progress.stage("intake"):
        pass
    with pytest.raises(KeyError), progress.stage("base"):
        raise KeyError
    assert [s.name for s in progress.stages] == ["intake", "base"]
    told = re.sub(r"[\d.]+ s$", "n s", out.getvalue(), flags=re.MULTILINE)
    assert told.splitlines() == ["intake ...", "intake n s", "base ...", "base failed after n s"]


def test_a_machines_progress_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_for(silent=True).stage("intake"):
        pass
    assert type(progress_for(silent=True)) is Progress
    assert capsys.readouterr() == ("", "")


def test_what_somebody_must_ask_about_today_comes_before_what_explains_itself() -> None:
    told = ("column.unknown", "delivery.closed", "manifest.changed", "region.replaced")
    steps = next_steps(night(notices=tuple(Notice("tax", "330100", NEW_YEARS_EVE, 1, c) for c in told)))
    assert [s.urgency for s in steps] == ["today", "today", "note", "note"]
    assert "may not be read" in steps[0].sentence
