"""A rebuild from the landing, and the night after an erasure, over a country of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jobs.conftest import FAULTS, SNAPSHOTS

from popbase.contracts import REGISTER, feed
from popbase.errors import PublicationError
from popbase.generate import generate, release
from popbase.intake import ledger
from popbase.publish.cut import Record
from popbase.publish.erasure import erase
from popbase.publish.publication import Publications
from popbase.publish.reader import Reader
from popbase.rebuild import rebuild
from popbase.settings import Settings


@pytest.fixture(scope="module")
def own(_session: object, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One night of three hundred people."""
    from popbase.night import run_night

    home = tmp_path_factory.mktemp("rebuild")
    own = replace(settings, landing=str(home / "landing"), lake=str(home / "lake"))
    days = {"first": SNAPSHOTS, "last": SNAPSHOTS, "days": (SNAPSHOTS,)}
    generate(Path(own.landing), persons=300, seed=5, faults=FAULTS, **days)
    release(Path(own.landing), SNAPSHOTS)
    assert run_night(own, SNAPSHOTS).outcome == "published"
    return own


def ask(own: Settings, sql: str) -> list[tuple[Any, ...]]:
    current = Publications(own.lake).current()
    assert current is not None
    with Reader(own.lake, current) as reader:
        return [row for answer in reader.run(sql) for row in answer.rows]


def test_the_same_rules_make_the_same_tables(own: Settings) -> None:
    before = Publications(own.lake).current()
    rebuilt = rebuild(own)
    assert (rebuilt.report.outcome, rebuilt.left) == ("published", ())
    assert rebuilt.diff is not None
    assert rebuilt.diff.tables == ()
    after = Publications(own.lake).current()
    assert before is not None
    assert after is not None
    assert after.seq == before.seq + 1
    assert after.tables["base/person"] == before.tables["base/person"]
    assert {d.judged for d in after.deliveries} == {2}


def test_only_what_is_of_the_date_or_later_is_judged_again(own: Settings) -> None:
    before = len(ledger.read(own.lake, REGISTER))
    rebuilt = rebuild(own, since=SNAPSHOTS.replace(year=SNAPSHOTS.year + 1))
    assert rebuilt.report.outcome == "published"
    assert len(ledger.read(own.lake, REGISTER)) == before


def test_a_night_after_an_erasure_passes_its_gates_and_the_record_is_not_there(own: Settings) -> None:
    from popbase.night import run_night

    ((region, record_no, people),) = ask(
        own,
        """SELECT region, record_no, (SELECT count(*) FROM base.person) FROM base.person
           WHERE status = 'REGISTERED' AND id_status = 'UNIQUE' ORDER BY record_no LIMIT 1""",
    )
    told = erase(own, Record(feed(REGISTER), region, record_no), "a test")
    assert told.rows == 1
    its = f"FROM base.person WHERE region = '{region}' AND record_no = '{record_no}'"
    assert ask(own, its) == []
    tables = ("person", "household", "person_record")
    reissued = {t: ask(own, f"SELECT count(*) FROM base.{t}") for t in tables}
    assert run_night(own, SNAPSHOTS).outcome == "published"
    assert ask(own, its) == []
    assert ask(own, "SELECT count(*) FROM base.person") == [(people - 1,)]
    assert {t: ask(own, f"SELECT count(*) FROM base.{t}") for t in tables} == reissued


def test_before_the_first_night_there_is_nothing_to_rebuild(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match="first night"):
        rebuild(replace(settings, landing=str(tmp_path), lake=str(tmp_path)))
