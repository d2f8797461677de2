"""The command line: one line and a code for every failure, no citizen's data, no JVM for a question."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lib.lakes import MADE_AT, NEW_YEARS_EVE, judgement, write_ledger

from popbase import check_contracts
from popbase.errors import LeaseError, exit_codes
from popbase.intake.taken import TakenIn
from popbase.publish.diff import Diff, TableDiff
from popbase.publish.report_lines import intake_line
from popbase.publish.run_report import NightReport

NUMBER = "33010019900101123X"  # made up


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A stand-in for the Spark side; each call is noted."""
    calls: list[tuple[Any, ...]] = []
    module = SimpleNamespace(calls=calls)
    for name in ("run_night", "ingest", "build_base", "report", "reports_due", "publish"):
        setattr(module, name, partial(_noted, calls, name))
    for night in ("popbase.night", "popbase.steps"):
        monkeypatch.setitem(sys.modules, night, module)
    return module


def _noted(calls: list[Any], name: str, _settings: Any, *arguments: Any, **options: Any) -> Any:
    calls.append((name, *arguments, options.get("future")))
    if name == "ingest":
        refused = judgement(region="330200", status="rejected", reason="file.rows")
        return TakenIn(arguments[0], (judgement(), refused))
    return held(outcome="published", publication=3) if name == "publish" else None


def held(**changes: Any) -> NightReport:
    usual: dict[str, Any] = {
        "business_date": NEW_YEARS_EVE, "started": MADE_AT, "ended": MADE_AT, "outcome": "held",
        "publication": None, "why": "A gate failed.",
    }  # fmt: skip
    return NightReport(**(usual | changes))


def test_the_help_tells_every_command_and_every_exit_code(popbase: Any) -> None:
    told = popbase("--help")
    assert told.code == 0
    for command in ("generate", "night", "open", "check-contracts", "quarantine"):
        assert command in told.out
    for code, name, *_ in exit_codes():
        assert f"{code:>4}  {name}" in told.out
    assert popbase().out == told.out


@pytest.mark.parametrize("arguments", [["--help"], ["status"]])
def test_a_question_loads_no_spark(tmp_path: Path, arguments: list[str]) -> None:
    script = (
        "import sys; from popbase import cli\ntry: cli.main()\nexcept SystemExit: pass\n"
        "heavy = {'pyspark', 'great_expectations', 'datacontract'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True, text=True, check=True, env={"POPBASE_LAKE": str(tmp_path)},
    )  # fmt: skip
    assert run.stdout.splitlines()[-1] == "HEAVY []"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nonsense"], 2, "No such command"),
        (["night"], 2, "Missing option '--date'"),
        (["night", "--date", "2015-13-01"], 2, "YYYY-MM-DD"),
        (["deliveries", "--feed", "nonsense"], 2, "There is no feed 'nonsense'"),
        (["open", "--as-of", "2015-01-01", "--publication", "1"], 2, "exclude each other"),
        (["open", "-c", "SELECT 1"], 32, "Nothing is published yet"),
        (["cases"], 32, "Nothing is published yet"),
    ],
)
def test_a_mistake_is_one_line_and_a_code(popbase: Any, arguments: list[str], code: int, says: str) -> None:
    ran = popbase(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert says in ran.err
    assert ran.err.startswith("popbase: ")
    assert ran.err.count("\n") == 1


def test_a_failure_on_purpose_keeps_its_own_exit_code(popbase: Any, stages: Any) -> None:
    def taken(*_: Any, **__: Any) -> None:
        raise LeaseError("Another run holds the lease of base.")

    stages.build_base = taken
    ran = popbase("base", "--date", "2015-12-31")
    assert ran.code == 31
    assert ran.err.splitlines()[-1] == "popbase: lease: Another run holds the lease of base."


def test_a_bug_tells_its_type_and_a_trace_without_any_value(popbase: Any, stages: Any) -> None:
    def bug(*_: Any, **__: Any) -> None:
        try:
            raise KeyError(NUMBER)
        except KeyError as error:
            raise RuntimeError(f"cannot cast {NUMBER}") from error

    stages.build_base = bug
    ran = popbase("base", "--date", "2015-12-31")
    last = ran.err.splitlines()[-1]
    trace = Path(last.rpartition(" ")[2])
    text = trace.read_text(encoding="utf-8")
    trace.unlink()
    assert ran.code == 70
    assert last.startswith("popbase: unexpected: RuntimeError")
    assert NUMBER not in ran.err + text
    assert "KeyError" in text
    assert "in bug" in text


def test_a_disk_that_is_full_anywhere_is_the_storages_failure(popbase: Any, stages: Any) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), NUMBER)

    stages.build_base = full
    ran = popbase("base", "--date", "2015-12-31")
    assert ran.code == 30
    assert ran.err.splitlines()[-1] == "popbase: storage: No space is left on the device."


def test_a_bug_is_told_also_where_its_trace_finds_no_room(
    popbase: Any, stages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: Any, **__: Any) -> None:
        raise RuntimeError(NUMBER)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    stages.build_base = bug
    monkeypatch.setattr(tempfile, "mkstemp", full)
    ran = popbase("base", "--date", "2015-12-31")
    assert (ran.code, NUMBER in ran.err) == (70, False)
    assert ran.err.splitlines()[-1].startswith(
        "popbase: unexpected: RuntimeError; where it happened: nowhere"
    )


def test_steps_hand_on_what_they_were_given(popbase: Any, stages: Any) -> None:
    ingested = popbase("ingest", "--feed", "tax", "--date", "2015-12-31")
    assert ingested.out == "tax: 1 accepted, 1 rejected (file.rows); late: nobody ever delivered it\n"
    popbase("base", "--date", "2015-12-31", "--future")
    popbase("reports", "--year", "2015")
    popbase("reports", "--date", "2015-12-31")
    published = popbase("publish", "--date", "2015-12-31")
    assert published.out == "Readers see publication 3, made tonight.\n"
    assert stages.calls == [
        ("ingest", "tax", NEW_YEARS_EVE, False), ("build_base", NEW_YEARS_EVE, True),
        ("report", 2015, None), ("reports_due", NEW_YEARS_EVE, None), ("publish", NEW_YEARS_EVE, False),
    ]  # fmt: skip
    for neither in ((), ("--year", "2015", "--date", "2015-12-31")):
        assert popbase("reports", *neither).code == 2


def test_an_ingest_says_who_is_late_though_it_succeeds(tmp_path: Path) -> None:
    write_ledger(
        tmp_path, judgement(), judgement(region="330200", business_date=NEW_YEARS_EVE - timedelta(days=3))
    )
    line = intake_line(str(tmp_path), TakenIn("tax"), NEW_YEARS_EVE)
    assert line == "tax: nothing new; late: 330200 by 3 days"


def test_a_held_night_shows_its_report_and_ends_with_the_gates_code(popbase: Any, stages: Any) -> None:
    stages.run_night = lambda *_, **__: held()
    ran = popbase("night", "--date", "2015-12-31")
    assert "NOT PUBLISHED" in ran.out
    assert ran.code == 21


def test_a_night_as_json_is_one_document(popbase: Any, stages: Any) -> None:
    stages.run_night = lambda *_, **__: held(outcome="unchanged", publication=3, why=None)
    ran = popbase("night", "--date", "2015-12-31", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["outcome"] == "unchanged"


def test_each_file_that_cannot_be_used_is_named(
    popbase: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "schemas/feeds").mkdir(parents=True)
    (tmp_path / "schemas/feeds/bad.odcs.yaml").write_text("kind: [")
    monkeypatch.setattr(check_contracts, "_lint", lambda _: "")  # the standard's own: tests/spark
    monkeypatch.setattr(check_contracts.contracts, "home", lambda: tmp_path)
    ran = popbase("check-contracts")
    assert ran.out.startswith("schemas/feeds/bad.odcs.yaml: bad.odcs.yaml is not an ODCS document")
    assert ran.code == 12


def test_a_rebuild_says_what_it_made_what_it_left_and_what_differs(
    popbase: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = TableDiff("base/person", rows_before=3, rows_after=2, added=0, removed=1, changed=0)
    asked: list[date] = []

    def rebuild(_settings: Any, *, since: date, progress: Any) -> Any:
        asked.append(since)
        report = held(outcome="published", publication=2, why=None)
        return SimpleNamespace(
            report=report, left=("tax/330100/2015-12-31/001",), diff=Diff((table,), (), ())
        )

    monkeypatch.setitem(sys.modules, "popbase.rebuild", SimpleNamespace(rebuild=rebuild))
    shown = popbase("rebuild", "--from", "2015-12-30")
    assert shown.code == 0
    for said in ("gone or changed", "tax/330100/2015-12-31/001", "base/person"):
        assert said in shown.out
    told = json.loads(popbase("rebuild", "--json").out)
    assert (told["report"]["outcome"], told["diff"]["tables"][0]["removed"]) == ("published", 1)
    assert asked == [date(2015, 12, 30), date.min]


def test_a_rebuild_that_a_gate_holds_ends_with_the_gates_code(
    popbase: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rebuild(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(report=held(), left=(), diff=None)

    monkeypatch.setitem(sys.modules, "popbase.rebuild", SimpleNamespace(rebuild=rebuild))
    for more in ([], ["--json"]):
        assert popbase("rebuild", *more).code == 21
