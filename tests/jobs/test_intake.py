"""Design sections 3, 4 and 6: what intake makes of deliveries on disk; every row is somewhere, once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lib.intake import by_region, csv_of, rows_of, send

from popbase.control import read_small
from popbase.intake import feeds, ledger
from popbase.intake.taken import TakenIn
from popbase.lake import Lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from popbase.settings import Settings

DAY = date(2015, 12, 31)
FEED = "social_security"
CONFORMED, QUARANTINE = f"conformed/{FEED}", f"quarantine/{FEED}"
HEADER = "AAC001,AAC002,AAC003,AAC004,AAC006,AAE140,AAC031,AAB301,更新时间"
# Made up, and nowhere but in rows: no log, ledger, remark or exception may hold any of it (invariant I5).
NUMBER, WRONG_NUMBER, NAME = "330102199001010020", "330102199001010021", "欧阳植入"
SECRETS = (NUMBER, WRONG_NUMBER, NAME, '"broken')


def row(no: str, *, number: str = NUMBER, name: str = NAME, kind: str = "110", at: str = "08:00") -> str:
    return f"{no},{number},{name},2,19900101,{kind},1,330102,2015-12-31 {at}"


def bad(no: str) -> str:
    return row(no, number=WRONG_NUMBER)


# Region -> its delivery's rows; each bureau tells one story.
BUREAUS = {
    "330100": [row("1"), row("2"), bad("3"), row("4"), row("5"), '"broken'],  # two of six
    "330200": [row("1"), row("2"), bad("3"), row("4"), row("5")],  # one of five: the limit itself
    "330300": [],
    "330400": [row("1", at="08:00"), row("1", at="09:00", name="乙"), row("1", at="08:59"), row("2")],
    "330500": [row("1", name="甲"), row("1", name="乙"), row("1", name="丙")],
    "330600": [row("1"), '"1"' + row("1")[1:], row("１") + " ", row("1", kind="210")],
    "330700": [row("1"), row("1", at="09:00").replace(NUMBER, WRONG_NUMBER), row("2"), row("3"), row("4")],
}


@dataclass(frozen=True)
class Nights:
    """What one night over `BUREAUS` left, and what a second one did."""

    lake: Lake
    first: TakenIn
    again: TakenIn
    versions: list[int]

    def line(self, region: str) -> tuple[Any, ...]:
        """Of its ledger line status, reason; received, accepted, quarantined, superseded, withheld rows."""
        (found,) = (j for j in ledger.read(self.lake.root, FEED) if j.region == region)
        counts = (found.rows_received, found.rows_accepted, found.rows_quarantined)
        return found.status, found.reason, *counts, found.rows_superseded, found.rows_withheld

    def conformed(self, region: str) -> list[tuple[Any, ...]]:
        rows = rows_of(self.lake, CONFORMED, "region", "person_no", "insurance_kind", "name", "updated_at")
        return by_region(rows).get(region, [])


@pytest.fixture(scope="module")
def nights(_session: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    home = tmp_path_factory.mktemp("intake")
    for region, rows in BUREAUS.items():
        send(home / "landing", FEED, {"a.csv": csv_of(HEADER, *rows)}, region=region)
    send(home / "landing", FEED, {}, region="330800")
    content = csv_of(HEADER, row("1"))
    send(home / "landing", FEED, {"a.csv": content}, region="330900", entries={"a.csv": {"sha256": "0" * 64}})
    lake = Lake(_session, str(home / "lake"))
    own = replace(settings, landing=str(home / "landing"), lake=lake.root)
    first = feeds.take_in(lake, own, FEED, until=DAY)
    versions = [lake.version(table) for table in (CONFORMED, QUARANTINE)]
    return Nights(lake, first, feeds.take_in(lake, own, FEED, until=DAY), versions)


def test_every_row_is_accounted_for_in_every_delivery(nights: Nights) -> None:
    """Invariant I1, against the rows that the tables hold."""
    kept, refused = (
        by_region(rows_of(nights.lake, t, "region", "delivery_no")) for t in (CONFORMED, QUARANTINE)
    )
    for j in ledger.read(nights.lake.root, FEED):
        parts = (j.rows_accepted, j.rows_quarantined, j.rows_superseded, j.rows_withheld)
        assert sum(parts) == j.rows_received
        assert (len(kept.get(j.region, [])), len(refused.get(j.region, []))) == parts[:2], j.region


def test_a_delivery_with_too_many_refused_rows_is_rejected_and_they_are_kept(nights: Nights) -> None:
    assert nights.line("330100") == ("rejected", "quarantine.share", 6, 0, 2, 0, 4)
    assert nights.conformed("330100") == []
    assert by_region(rows_of(nights.lake, QUARANTINE, "region", "key", "reasons", "raw"))["330100"] == [
        ("", ["row.malformed"], '"broken'),
        ("3|110", ["citizen_id.bad_check"], bad("3")),
    ]


def test_a_delivery_at_the_limit_is_accepted(nights: Nights) -> None:
    assert nights.line("330200") == ("accepted", None, 5, 4, 1, 0, 0)
    assert [no for no, *_ in nights.conformed("330200")] == ["1", "2", "4", "5"]


@pytest.mark.parametrize("region", ["330300", "330800"])
def test_a_delivery_without_rows_or_without_files_is_accepted(nights: Nights, region: str) -> None:
    assert nights.line(region) == ("accepted", None, 0, 0, 0, 0, 0)


def test_a_delivery_rejected_whole_leaves_no_rows(nights: Nights) -> None:
    assert nights.line("330900") == ("rejected", "file.checksum", 0, 0, 0, 0, 0)
    assert nights.conformed("330900") == []
    assert "330900" not in by_region(rows_of(nights.lake, QUARANTINE, "region", "key"))


def test_of_rows_with_one_key_the_latest_stays(nights: Nights) -> None:
    assert nights.line("330400") == ("accepted", None, 4, 2, 0, 2, 0)
    assert [(no, name) for no, _, name, _ in nights.conformed("330400")] == [("1", "乙"), ("2", NAME)]


def test_of_rows_of_one_time_the_greater_hash_stays(nights: Nights) -> None:
    """SHA-256 of the contract's fields in its order as text before typing, absent ones empty."""

    def digest(name: str) -> str:
        texts = ["1", NUMBER, name, "2", "19900101", "110", "1", *[""] * 7, "330102", "2015-12-31 08:00"]
        return sha256("\x1f".join(texts).encode()).hexdigest()

    greatest = max("甲乙丙", key=digest)
    assert nights.line("330500") == ("accepted", None, 3, 1, 0, 2, 0)
    assert [name for _, _, name, _ in nights.conformed("330500")] == [greatest]


def test_of_twins_one_stays_however_they_are_written(nights: Nights) -> None:
    assert nights.line("330600") == ("accepted", None, 4, 2, 0, 2, 0)
    assert [(no, kind) for no, kind, *_ in nights.conformed("330600")] == [("1", "110"), ("1", "210")]


def test_a_refused_row_supersedes_nothing(nights: Nights) -> None:
    assert nights.line("330700") == ("accepted", None, 5, 4, 1, 0, 0)
    assert [no for no, *_ in nights.conformed("330700")] == ["1", "2", "3", "4"]


def test_a_second_night_does_nothing(nights: Nights) -> None:
    assert nights.again == TakenIn(FEED)
    assert len(ledger.read(nights.lake.root, FEED)) == len(BUREAUS) + 2
    assert [nights.lake.version(table) for table in (CONFORMED, QUARANTINE)] == nights.versions


def test_nothing_of_a_row_is_in_ledger_remarks_or_commits(nights: Nights) -> None:
    said = repr((read_small(nights.lake.root, f"control/delivery/{FEED}"), nights.first, nights.again))
    commits = "".join(p.read_text(encoding="utf-8") for p in Path(nights.lake.root).rglob("*.json"))
    assert nights.first.judgements
    assert "numRecords" in commits
    assert not [secret for secret in SECRETS if secret in said + commits]
