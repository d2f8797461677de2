"""Maintenance removes what no kept publication shows, and nothing else (invariant I3)."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest
from lib.lakes import MADE_AT, delete_by_vector, judgement, publish, write, write_ledger

from popbase.control import overwrite_small
from popbase.errors import LeaseError, StorageError
from popbase.intake import ledger
from popbase.lease import leased, of_feed
from popbase.publish import report_page
from popbase.publish.maintenance import kept_of, maintain
from popbase.publish.publication import Publications
from popbase.publish.run_report import NightReport
from popbase.publish.tables import open_table, query
from popbase.settings import Settings

FIRST = date(2014, 12, 30)
NIGHTS = 6
SCHEMA = pa.schema([("night", pa.int32())])
# No publication names them: of each the head alone is needed. Nobody has a contract for health.
ELSEWHERE = ("conformed/tax", "quarantine/tax", "control/taken_in/health", "control/taken_in/tax")


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """Six nights from 30 December 2014 to 4 January 2015, each with a table of its own number."""
    lake = tmp_path / "lake"
    for table in ELSEWHERE:
        overwrite_small(str(lake), table, [{"night": 0}], SCHEMA)
        overwrite_small(str(lake), table, [{"night": 1}], SCHEMA)
    write_ledger(lake, judgement("health"), judgement("health", delivery_no=2))
    for night in range(NIGHTS):
        overwrite_small(str(lake), "base/person", [{"night": night}], SCHEMA)
        report = f"reports/{night}"
        (lake / report).mkdir(parents=True)
        (lake / report / "index.html").touch()
        day = FIRST + timedelta(days=night)
        publish(lake, {"base/person": night}, business_date=day, report=report)
    return Settings(landing="", lake=str(lake), keep_publications=2)


def shown(settings: Settings) -> dict[int, int]:
    """Publication -> the night that its table tells of."""
    every = {p.seq: p.tables["base/person"] for p in Publications(settings.lake).all()}
    return {seq: night_of(settings, at) for seq, at in every.items()}


def night_of(settings: Settings, version: int | None = None) -> int:
    (row,) = query("SELECT night FROM t", t=open_table(settings.lake, "base/person", version))
    return int(row["night"])


def data_files(settings: Settings) -> set[Path]:
    return set(Path(settings.lake, "base/person").glob("*.parquet"))


def test_the_newest_and_the_year_ends_are_kept_and_read_as_before(own: Settings) -> None:
    before = shown(own)
    removed = maintain(own)
    assert removed.publications == (1, 3, 4)
    assert (removed.kept, removed.files) == (3, 3 + len(ELSEWHERE))
    for table in ELSEWHERE:
        assert query("SELECT night FROM t", t=open_table(own.lake, table)) == [{"night": 1}]
    assert len(ledger.read(own.lake, "health")) == 2
    assert shown(own) == {seq: before[seq] for seq in (2, 5, 6)}
    assert len(data_files(own)) == 3
    assert {p.parent.name for p in Path(own.lake, "reports").glob("*/index.html")} == {"1", "4", "5"}


def test_a_second_one_finds_nothing_and_a_dry_run_removes_nothing(own: Settings) -> None:
    files = data_files(own)
    said = maintain(own, dry_run=True)
    assert data_files(own) == files
    assert maintain(own) == said
    assert maintain(own).publications == ()
    assert maintain(own).files == 0


def test_what_a_killed_run_has_staged_goes_and_what_a_head_holds_stays(own: Settings) -> None:
    staged = Path(own.lake, "base/person/staged-0123/part-0.parquet")
    staged.parent.mkdir()
    staged.write_bytes(b"rows that no commit names")
    overwrite_small(own.lake, "base/person", [{"night": 99}], SCHEMA)  # of a night that was held
    maintain(own)
    assert not staged.exists()
    assert night_of(own) == 99


def test_a_deletion_vector_that_a_kept_version_needs_stays_and_another_goes(tmp_path: Path) -> None:
    write(tmp_path, "base/person", pa.table({"night": [1, 2, 3]}))
    publish(tmp_path, {"base/person": delete_by_vector(tmp_path, "base/person", [0, 2], in_file=True)})
    other = tmp_path / "base/person/deletion_vector_00000000-0000-0000-0000-000000000000.bin"
    other.touch()
    settings = Settings(landing="", lake=str(tmp_path))
    assert maintain(settings).files == 1
    assert not other.exists()
    assert night_of(settings) == 2


def test_what_a_killed_run_had_begun_to_write_goes(own: Settings) -> None:
    draft = Path(own.lake, "publications", ".00000007.json.0123abcd.tmp")
    draft.write_bytes(b"{")
    assert maintain(own, dry_run=True).files == maintain(own).files
    assert not draft.exists()
    assert maintain(own).files == 0


def test_the_reports_of_publications_go_that_a_killed_maintenance_removed_and_those_of_held_nights_stay(
    own: Settings,
) -> None:
    report_page.write(NightReport(FIRST, MADE_AT, MADE_AT, outcome="held", publication=6), own.lake)
    Publications(own.lake).remove([1, 3, 4])
    maintain(own)
    found = {p.parent.name for p in Path(own.lake, "reports").glob("*/index.html")}
    assert found == {"1", "4", "5", f"{FIRST}-20160101T023000"}


def test_the_versions_that_a_rollback_shows_are_kept(own: Settings) -> None:
    Publications(own.lake).rollback(1, at=Publications(own.lake).get(1).created_at, code_version="0")
    maintain(own)
    assert shown(own)[7] == 0


def test_the_year_end_that_is_kept_is_what_readers_see_of_it(own: Settings) -> None:
    publish(Path(own.lake), {"base/person": 0}, business_date=date(2014, 12, 30), seq=7)
    everything = Publications(own.lake)
    seen = everything.as_of(date(2014, 12, 31)).seq
    assert seen == 7
    assert seen in [p.seq for p in kept_of(everything.all(), 1)]
    assert 2 not in [p.seq for p in kept_of(everything.all(), 1)]


@pytest.mark.parametrize("feed", ["tax", "health"])
def test_while_a_run_writes_nothing_is_removed(own: Settings, feed: str) -> None:
    files = data_files(own)
    with leased(own.lake, of_feed(feed)), pytest.raises(LeaseError):
        maintain(own)
    assert data_files(own) == files


def test_where_a_needed_file_is_gone_nothing_else_goes(own: Settings) -> None:
    (newest,) = deltalake.DeltaTable(f"{own.lake}/base/person", version=5).file_uris()
    Path(newest).unlink()
    files = data_files(own)
    with pytest.raises(StorageError, match="has lost 1 files"):
        maintain(own)
    assert data_files(own) == files
    assert len(Publications(own.lake).numbers()) == NIGHTS
