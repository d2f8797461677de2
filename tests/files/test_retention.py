"""What is refused, and what senders left, goes after its days; nothing that is still needed does."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from lib.delivery import deliver
from lib.lakes import NEW_YEARS_EVE, QUARANTINE, judgement, write_ledger

from popbase import clock, contracts
from popbase.errors import LeaseError, StorageError, UsageError
from popbase.intake import feeds, ledger
from popbase.intake.again import Named, rejudge
from popbase.intake.landing import landed
from popbase.lake import Lake
from popbase.lease import leased, of_feed
from popbase.publish.maintenance import maintain
from popbase.publish.tables import open_table, query
from popbase.settings import Settings

SECRET = "secret"  # noqa: S105 - a citizen's
OLD, NEW = clock.now() - timedelta(days=401), clock.now() - timedelta(days=399)
PLACE = ["region", "business_date", "delivery_no"]


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    (tmp_path / "landing").mkdir()
    return Settings(landing=str(tmp_path / "landing"), lake=str(tmp_path / "lake"))


def refuse(settings: Settings, *rows: Mapping[str, Any], feed: str = "tax") -> None:
    """Rows in a file a delivery, as intake writes them."""
    usual = {
        "region": "330100",
        "business_date": NEW_YEARS_EVE,
        "key": SECRET,
        "raw": SECRET,
        "reasons": ["x"],
    }
    for row in rows:
        table = pa.Table.from_pylist([usual | row], QUARANTINE)
        write_deltalake(f"{settings.lake}/quarantine/{feed}", table, mode="append", partition_by=PLACE)


def kept(settings: Settings) -> list[tuple[Any, ...]]:
    rows = query("SELECT * FROM q", q=open_table(settings.lake, "quarantine/tax"))
    return sorted((row["delivery_no"], row["key"], row["raw"]) for row in rows)


def sent(settings: Settings, number: int, *, feed: str = "tax", **judged: Any) -> Path:
    """A delivery in the landing, judged as told; not at all where nothing is."""
    folder = deliver(
        Path(settings.landing), contracts.feed(feed), ["1"], region="330100", day=NEW_YEARS_EVE, number=number
    )
    if judged:
        sha = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
        known = {"delivery_no": number, "manifest_sha256": sha, **judged}
        write_ledger(Path(settings.lake), judgement(feed, **known))
    return folder


def test_refused_rows_go_and_of_a_snapshot_the_text_alone(own: Settings) -> None:
    told = [
        {"kind": "snapshot"},
        {"kind": "changes"},
        {"kind": "snapshot", "status": "rejected", "reason": "quarantine.share"},
        {"kind": "snapshot", "status": "withdrawn"},
    ]
    for number, how in enumerate(told, 1):
        write_ledger(Path(own.lake), judgement(delivery_no=number, judged_at=OLD, **how))
    write_ledger(Path(own.lake), judgement(delivery_no=5, judged_at=NEW))
    refuse(own, *({"delivery_no": number} for number in range(1, 7)))  # nobody has judged the sixth
    before = kept(own)
    assert maintain(own, dry_run=True).quarantined_rows == 4
    assert kept(own) == before
    assert maintain(own).quarantined_rows == 4
    assert kept(own) == [(1, SECRET, None), (5, SECRET, SECRET), (6, SECRET, SECRET)]
    assert maintain(own).quarantined_rows == 0


def test_a_rewritten_file_names_its_delivery_for_those_who_read_files_alone(own: Settings) -> None:
    write_ledger(Path(own.lake), judgement(kind="snapshot", judged_at=OLD))
    refuse(own, {"delivery_no": 1})
    maintain(own)
    (file,) = Path(own.lake, "quarantine/tax").glob("*.parquet")
    assert set(PLACE) <= set(pq.read_schema(file).names)


def test_the_last_judgment_counts(own: Settings) -> None:
    write_ledger(Path(own.lake), judgement(judged_at=OLD), judgement(judged_at=NEW))
    refuse(own, {"delivery_no": 1})
    assert maintain(own).quarantined_rows == 0


def test_folders_go_that_were_judged_long_ago_and_no_others(own: Settings) -> None:
    gone = [sent(own, 1, judged_at=OLD), sent(own, 2, judged_at=OLD, status="rejected", reason="file.bytes")]
    changed = sent(own, 3, judged_at=OLD, manifest_sha256="0" * 64)
    arriving = sent(own, 4, judged_at=OLD)
    (arriving / "manifest.json").unlink()
    stay = [changed, arriving, sent(own, 5, judged_at=NEW), sent(own, 6)]
    assert maintain(own, dry_run=True).landing_folders == 2
    assert all(folder.is_dir() for folder in [*gone, *stay])
    assert maintain(own).landing_folders == 2
    assert [folder for folder in [*gone, *stay] if folder.exists()] == stay
    assert maintain(own).landing_folders == 0


def test_a_day_without_deliveries_goes_too(own: Settings) -> None:
    folder = sent(own, 1, judged_at=OLD)
    (folder / "more").mkdir()
    (folder / "more" / ".hidden").touch()
    maintain(own)
    assert not folder.parent.exists()
    assert folder.parents[1].is_dir()


def test_what_a_link_points_at_stays(own: Settings, tmp_path: Path) -> None:
    folder = sent(own, 1, judged_at=OLD)
    elsewhere = tmp_path / "elsewhere"
    shutil.move(folder, elsewhere)
    folder.symlink_to(elsewhere)
    (sent(own, 2, judged_at=OLD) / "linked.csv").symlink_to(elsewhere / "part-0001.csv")
    assert maintain(own).landing_folders == 1
    assert (elsewhere / "part-0001.csv").is_file()


def test_a_removed_folder_is_nothing_new_to_a_night_and_gone_to_whoever_judges_again(own: Settings) -> None:
    sent(own, 1, judged_at=OLD)
    maintain(own)
    lake = Lake(_no_spark, own.lake)
    taken = feeds.take_in(lake, own, "tax", until=NEW_YEARS_EVE)
    assert (taken.judgements, taken.remarks, taken.strays) == ((), (), 0)
    assert rejudge(lake, own, "tax") == ([], ["tax/330100/2015-12-31/001"])
    with pytest.raises(UsageError, match="gone"):
        rejudge(lake, own, "tax", Named.of("tax/330100/2015-12-31/001"))


def test_a_removal_that_was_cut_short_is_no_reason_to_refuse_what_was_accepted(own: Settings) -> None:
    folder = sent(own, 1, judged_at=OLD)
    (folder / "part-0001.csv").unlink()
    assert rejudge(Lake(_no_spark, own.lake), own, "tax") == ([], ["tax/330100/2015-12-31/001"])
    (judged,) = ledger.read(own.lake, "tax")
    assert judged.status == "accepted"
    maintain(own)
    assert not folder.exists()


def test_the_manifest_is_the_last_to_go(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sent(own, 1, judged_at=OLD)
    unlink = Path.unlink

    def killed(path: Path, **how: bool) -> None:
        if path.name == "manifest.json":
            raise OSError(5, "killed")
        unlink(path, **how)

    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(StorageError, match="landing/tax/330100/2015-12-31/001"):
        maintain(own)
    assert [path.name for path in folder.iterdir()] == ["manifest.json"]
    assert len(landed(own.landing, "tax", date.max).places) == 1


def test_nothing_goes_while_its_feed_is_taken_in(own: Settings) -> None:
    folder = sent(own, 1, judged_at=OLD)
    with leased(own.lake, of_feed("tax")), pytest.raises(LeaseError):
        maintain(own)
    assert folder.is_dir()


def test_the_command_says_what_went(popbase: Any, own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPBASE_KEEP_LANDING_DAYS", "1000")
    monkeypatch.setenv("POPBASE_KEEP_QUARANTINE_DAYS", "10")
    sent(own, 1, judged_at=NEW)
    refuse(own, {"delivery_no": 1})
    told = popbase("maintenance", "--dry-run", "--landing", own.landing, "--lake", own.lake).out
    assert "1 refused rows' text and 0 folders of the landing would be removed" in told


def _no_spark() -> Any:
    raise AssertionError("no JVM is needed here")
