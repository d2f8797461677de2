"""Design sections 3b and 4: nights that were interrupted, fail, or meet what nobody foresaw."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lib.intake import csv_of, rows_of, send

from popbase import contracts
from popbase.contracts import Contract, Field
from popbase.errors import LedgerError, UsageError
from popbase.intake import feeds, ledger, sender_folder
from popbase.intake.again import Named, rejudge, withdraw
from popbase.intake.delivery import Received, receive
from popbase.intake.ingest import ingest
from popbase.intake.landing import landed
from popbase.intake.sender_folder import open_regular
from popbase.intake.staging import stage
from popbase.lake import Lake
from popbase.publish.maintenance import maintain
from popbase.sources import Sources

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from popbase.settings import Settings

DAY = date(2015, 12, 31)
AT = "2015-12-31 08:00"
# Made up, and nowhere but in rows (invariant I5).
SECRETS = NAME, NUMBER = "欧阳植入", "330102199001010020"


@dataclass(frozen=True)
class Office:
    """A lake and a landing of its own, for a feed of four columns."""

    lake: Lake
    settings: Settings
    feed: str = "statistical_division"

    def send(self, *codes: str, region: str, **said: Any) -> Path:
        header = "统计用区划代码,名称,更新时间"
        data = csv_of(header, *(f"{code},{NAME},{AT}" for code in codes))
        sent = {"a.csv": data} if codes else {}
        return send(self.settings.landing_path, self.feed, sent, region=region, **said)

    def night(self) -> list[tuple[str, str, int, int]]:
        taken = feeds.take_in(self.lake, self.settings, self.feed, until=DAY)
        return [(j.region, j.status, j.rows_accepted, j.rows_quarantined) for j in taken.judgements]

    def rows(self) -> list[tuple[Any, ...]]:
        return rows_of(self.lake, f"conformed/{self.feed}", "region", "code")

    def forget(self) -> None:
        """As if the night had been killed between its last commit of rows and the ledger's."""
        shutil.rmtree(f"{self.lake.root}/control/delivery/{self.feed}")


@pytest.fixture
def office(spark: SparkSession, settings: Settings, tmp_path: Path) -> Office:
    own = replace(settings, landing=str(tmp_path / "landing"), lake=str(tmp_path / "lake"))
    return Office(Lake(spark, own.lake), own)


CODES = ("330102001001", "330102001002", "330102001003", "330102001004", "no area")


def test_what_an_interrupted_night_left_is_replaced(office: Office) -> None:
    taken_back = office.send(*CODES, region="330200")
    office.send(*CODES, region="330100")
    first, rows = office.night(), office.rows()
    assert first == [("330100", "accepted", 4, 1), ("330200", "accepted", 4, 1)]
    office.forget()
    shutil.rmtree(taken_back)
    office.send(region="330200")
    assert office.night() == [("330200", "accepted", 0, 0), ("330100", "accepted", 4, 1)]
    assert office.rows() == [row for row in rows if row[0] == "330100"]
    assert rows_of(office.lake, f"quarantine/{office.feed}", "region", "key") == [("330100", "no area")]


def test_of_an_old_snapshots_refused_rows_states_find_all_but_the_text(office: Office) -> None:
    office.send(*CODES, region="330100", kind="snapshot")
    office.night()
    sources = Sources.now(office.lake)
    before = sources.refused(office.feed).drop("raw").collect()
    maintain(replace(office.settings, keep_quarantine_days=0))
    after = sources.refused(office.feed)
    assert after.drop("raw").collect() == before
    assert [row.raw for row in after.collect()] == [None]


def test_a_feed_without_a_contract_is_judged_and_says_so(office: Office) -> None:
    orphan = replace(office, feed="health")
    orphan.send(*CODES, region="330100")
    assert orphan.night() == [("330100", "rejected", 0, 0)]
    assert [j.reason for j in ledger.read(office.lake.root, "health")] == ["contract.version"]
    assert office.lake.tables("conformed", "quarantine") == []
    assert orphan.night() == []


def test_a_manifest_that_changed_after_its_judgment_is_remarked_and_not_read(office: Office) -> None:
    folder = office.send(region="330100")
    office.night()
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + " ", encoding="utf-8")
    taken = feeds.take_in(office.lake, office.settings, office.feed, until=DAY)
    assert taken.judgements == ()
    assert [(r.region, r.code) for r in taken.remarks] == [("330100", "manifest.changed")]


def test_a_folder_named_like_no_delivery_is_counted_and_not_read(office: Office) -> None:
    folder = office.send(region="330100")
    folder.rename(folder.with_name("first"))
    taken = feeds.take_in(office.lake, office.settings, office.feed, until=DAY)
    assert (taken.judgements, taken.strays) == ((), 1)


def test_a_delivery_that_may_not_be_read_waits_for_the_night_after_it_is_opened(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.send("330102001001", region="330100")
    closed = office.send("330202001001", region="330200")

    def guarded(path: Path) -> object:
        if path.parent == closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open_regular(path)

    with monkeypatch.context() as patched:
        patched.setattr(sender_folder, "open_regular", guarded)
        taken = feeds.take_in(office.lake, office.settings, office.feed, until=DAY)
    assert [(j.region, j.status) for j in taken.judgements] == [("330100", "accepted")]
    assert [(r.region, r.code) for r in taken.remarks] == [("330200", "delivery.closed")]
    assert office.night() == [("330200", "accepted", 1, 0)]


def test_a_file_that_is_written_to_while_it_is_read_is_not_believed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other bytes than those of the checksum, or the same rows from another file, might have been read."""
    office.send("330102001001", region="330100")
    folder = office.send("330202001001", "?", region="330200")

    def written_to(*arguments: Any) -> object:
        found = stage(*arguments)
        os.utime(folder / "a.csv", ns=(0, 0))
        return found

    with monkeypatch.context() as patched:
        patched.setattr("popbase.intake.ingest.stage", written_to)
        taken = feeds.take_in(office.lake, office.settings, office.feed, until=DAY)
    assert [(j.region, j.status) for j in taken.judgements] == [("330100", "accepted")]
    assert [(r.region, r.code) for r in taken.remarks] == [("330200", "delivery.moved")]
    assert office.rows() == [("330100", "330102001001")]
    assert rows_of(office.lake, f"quarantine/{office.feed}", "region") == []
    assert office.night() == [("330200", "rejected", 0, 1)]


def test_a_bureau_that_takes_others_over_is_remarked_once_it_is_believed(office: Office) -> None:
    office.send("330102001001", region="330100", replaces_regions=["330300", "330200", "330100"])
    office.send("?", region="330400", replaces_regions=["330500"])
    taken = feeds.take_in(office.lake, office.settings, office.feed, until=DAY)
    assert [j.status for j in taken.judgements] == ["accepted", "rejected"]
    assert [(r.region, r.code, r.detail) for r in taken.remarks] == [
        ("330100", "region.replaced", "330200, 330300")
    ]


LETTERS = Contract(
    feed="letters", version="1.0.0", kind="reference", cadence="daily", title="",
    fields=(
        Field("left", "左", "text", required=True, key=True),
        Field("right", "右", "text", required=True, key=True),
        Field("updated_at", "更新时间", "timestamp", required=True, role="updated_at"),
    ),
)  # fmt: skip


def letters(office: Office, *rows: str) -> Received:
    """A received delivery of changes; nobody's contract but this file's."""
    landing = office.settings.landing_path
    send(landing, "letters", {"a.csv": csv_of("操作,左,右,更新时间", *rows)}, kind="changes")
    (place,) = landed(landing, "letters", DAY).places
    found = receive(place, LETTERS, office.settings)
    assert isinstance(found, Received)
    return found


def test_keys_whose_parts_read_alike_when_joined_are_two(office: Office) -> None:
    at = "2015-12-31 08:00"
    rows = [
        f"U,a,bc,{at}",
        f"U,ab,c,{at}",
        f"U,a|b,c,{at}",
        f"U,a,b|c,{at}",
        f"D,ab,c,{at}:01",
        f'U,"a,b","c",{at}',
    ]
    (judged,) = ingest(office.lake, "letters", LETTERS, [letters(office, *rows)])
    assert (judged.rows_accepted, judged.rows_superseded) == (5, 1)
    assert rows_of(office.lake, "conformed/letters", "left", "right", "op") == [
        ("a", "bc", "U"), ("a", "b|c", "U"), ("a,b", "c", "U"), ("ab", "c", "D"), ("a|b", "c", "U"),
    ]  # fmt: skip


def test_an_update_stays_beside_a_deletion_of_the_same_content(office: Office) -> None:
    """The design's order ends in a tie here: the same rows must give the same table whatever their order."""
    at = "2015-12-31 08:00"
    ingest(
        office.lake,
        "letters",
        LETTERS,
        [letters(office, f"D,a,b,{at}", f"U,a,b,{at}", f"U,c,d,{at}", f"D,c,d,{at}")],
    )
    assert rows_of(office.lake, "conformed/letters", "left", "op") == [("a", "U"), ("c", "U")]


def test_a_night_that_counts_other_rows_than_came_fails_and_commits_nothing(office: Office) -> None:
    delivery = letters(office, f"U,{NAME},{NUMBER},{AT}")
    wrong = replace(delivery, files=tuple(replace(file, rows=9) for file in delivery.files))
    with pytest.raises(LedgerError) as failure:
        ingest(office.lake, "letters", LETTERS, [wrong])
    assert not [secret for secret in SECRETS if secret in str(failure.value)]
    assert office.lake.tables("conformed", "quarantine") == []
    assert ledger.read(office.lake.root, "letters") == []


def test_what_a_mended_contract_takes_is_judged_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused for one bad row of five; with the contract mended its rows are taken without a new delivery."""
    office.send(
        "330102001001", "330102001002", "330102001003", "330102001004", "33010200100", region="330100"
    )
    office.send("330202001001", region="330200")
    strict = replace(contracts.feed(office.feed), max_quarantine_share=0.1)
    with monkeypatch.context() as patched:
        patched.setattr(contracts, "feed", lambda _: strict)
        assert office.night() == [("330100", "rejected", 0, 1), ("330200", "accepted", 1, 0)]
    named = Named(office.feed, "330100", DAY, 1)
    (judged,), _ = rejudge(office.lake, office.settings, office.feed, named)
    assert (judged.status, judged.rows_accepted, judged.rows_quarantined) == ("accepted", 4, 1)
    assert [row[0] for row in office.rows()] == ["330100"] * 4 + ["330200"]
    assert office.night() == []


def test_a_delivery_that_todays_contract_refuses_loses_its_rows(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.send("330102001001", "no area", region="330100")
    office.send("330202001001", region="330200")
    lenient = replace(contracts.feed(office.feed), max_quarantine_share=0.9)
    with monkeypatch.context() as patched:
        patched.setattr(contracts, "feed", lambda _: lenient)
        assert office.night() == [("330100", "accepted", 1, 1), ("330200", "accepted", 1, 0)]
    withdraw(office.lake.root, Named(office.feed, "330200", DAY, 1), "sent by mistake")
    (judged,), left = rejudge(office.lake, office.settings, office.feed)
    assert left == []
    assert (judged.region, judged.reason) == ("330100", "quarantine.share")
    assert ("330100", "330102001001") not in office.rows()
    assert ledger.effective(ledger.read(office.lake.root, office.feed), DAY) == []


def test_what_cannot_be_judged_again_is_a_mistake(office: Office) -> None:
    folder = office.send("330102001001", region="330100")
    named = Named(office.feed, "330100", DAY, 1)
    with pytest.raises(UsageError, match="never judged"):
        rejudge(office.lake, office.settings, office.feed, named)
    office.night()
    shutil.rmtree(folder)
    with pytest.raises(UsageError, match="gone or changed in the landing"):
        rejudge(office.lake, office.settings, office.feed, named)


def test_what_was_accepted_under_another_contract_or_changed_since_keeps_its_rows(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.send("330102001001", region="330100")
    folder = office.send("330202001001", region="330200")
    office.night()
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + " ", encoding="utf-8")
    newer = replace(contracts.feed(office.feed), version="1.0.1")
    monkeypatch.setattr(contracts, "feed", lambda _: newer)
    judged, left = rejudge(office.lake, office.settings, office.feed)
    assert judged == []
    assert left == [f"{office.feed}/{region}/{DAY}/001" for region in ("330100", "330200")]
    assert len(office.rows()) == 2
