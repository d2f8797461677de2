"""Publications appear whole or not at all, are never changed, and the greatest number is current (I3)."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from lib.lakes import MADE_AT, NEW_YEARS_EVE, judgement, publish

from popbase.errors import LeaseError, PublicationError, StorageError, UsageError
from popbase.publish.publication import DeliveryRef, Publication, Publications
from popbase.publish.staleness import due_after, senders
from popbase.storage import folder as module


def test_before_the_first_night_nothing_is_current(tmp_path: Path) -> None:
    assert Publications(tmp_path).current() is None
    assert Publications(tmp_path).next_seq() == 1


def test_the_greatest_number_is_current(tmp_path: Path) -> None:
    for version in (4, 9):
        publish(tmp_path, {"base/person": version})
    current = Publications(tmp_path).current()
    assert current is not None
    assert (current.seq, current.tables) == (2, {"base/person": 9})


def test_a_publication_reads_back_as_it_was_written(tmp_path: Path) -> None:
    made = publish(
        tmp_path,
        {"base/person": 3},
        deliveries=(DeliveryRef(feed="tax", region="330100", business_date=NEW_YEARS_EVE, delivery_no=2),),
        senders=tuple(senders("tax", "daily", [judgement()], as_of=NEW_YEARS_EVE)),
        warnings=("sex_ratio",),
        contracts={"tax": "1.0.0"},
        report="reports/2015-12-31-20160101T021400",
    )
    assert Publications(tmp_path).get(1) == made


def test_a_taken_number_is_refused_and_what_stands_there_stays(tmp_path: Path) -> None:
    first = publish(tmp_path, {"base/person": 1})
    with pytest.raises(LeaseError, match="first"):
        Publications(tmp_path).add(first.model_copy(update={"tables": {"base/person": 2}}))
    assert Publications(tmp_path).get(1).tables == {"base/person": 1}


def test_of_many_that_race_for_a_number_exactly_one_wins(tmp_path: Path) -> None:
    start = Barrier(8)

    def race(version: int) -> int | None:
        start.wait()
        try:
            publish(tmp_path, {"base/person": version}, seq=1)
        except LeaseError:
            return None
        return version

    with ThreadPoolExecutor(8) as pool:
        winners = [v for v in pool.map(race, range(8)) if v is not None]
    assert len(winners) == 1
    assert Publications(tmp_path).get(1).tables == {"base/person": winners[0]}


def test_a_rollback_adds_a_publication_with_the_old_versions(tmp_path: Path) -> None:
    publish(tmp_path, {"base/person": 1}, business_date=NEW_YEARS_EVE - timedelta(days=1))
    publish(tmp_path, {"base/person": 2})
    back = Publications(tmp_path).rollback(1, at=MADE_AT, code_version="0.2.0")
    assert (back.seq, back.kind, back.of, back.tables) == (3, "rollback", 1, {"base/person": 1})
    assert Publications(tmp_path).current() == back
    assert Publications(tmp_path).get(2).tables == {"base/person": 2}


@pytest.mark.parametrize("seq", [1, 3])
def test_a_rollback_to_what_readers_see_already_is_refused(tmp_path: Path, seq: int) -> None:
    """Its run may have been killed just after it had done its work."""
    for version in (1, 2):
        publish(tmp_path, {"base/person": version})
    Publications(tmp_path).rollback(1, at=MADE_AT, code_version="0.2.0")
    with pytest.raises(UsageError, match=f"see publication {seq} already"):
        Publications(tmp_path).rollback(seq, at=MADE_AT, code_version="0.2.0")
    assert Publications(tmp_path).numbers() == [1, 2, 3]


def test_a_rollback_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match="no publication 7"):
        Publications(tmp_path).rollback(7, at=MADE_AT, code_version="0.1.0")


def test_as_of_is_the_newest_publication_of_that_date_or_before(tmp_path: Path) -> None:
    for day in (28, 29, 31):
        publish(tmp_path, {}, business_date=date(2015, 12, day))
    everything = Publications(tmp_path)
    assert everything.as_of(date(2015, 12, 30)).seq == 2
    with pytest.raises(PublicationError, match="2015-12-27"):
        everything.as_of(date(2015, 12, 27))


@pytest.mark.parametrize(("moment", "visible"), [("_write_through", 1), ("_sync_folder", 2)])
def test_a_run_killed_while_publishing_leaves_all_of_it_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, visible: int
) -> None:
    publish(tmp_path, {"base/person": 1})
    if (child := os.fork()) == 0:
        monkeypatch.setattr(module, moment, _killed_after(getattr(module, moment)))
        publish(tmp_path, {"base/person": 2})
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    current = Publications(tmp_path).current()
    assert current is not None
    assert current.tables == {"base/person": visible}
    assert publish(tmp_path, {"base/person": 3}).seq == visible + 1


def _killed_after(step: Any) -> Any:
    def then_die(*arguments: Any) -> None:
        step(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    return then_die


def test_a_full_disk_publishes_nothing_and_leaves_no_scraps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        publish(tmp_path, {"base/person": 1})
    assert list((tmp_path / "publications").iterdir()) == []


def test_a_damaged_publication_is_named_and_never_passed_over(tmp_path: Path) -> None:
    publish(tmp_path, {})
    (tmp_path / "publications/00000002.json").write_text('{"seq": 2')
    with pytest.raises(PublicationError, match=r"00000002\.json"):
        Publications(tmp_path).current()


def test_a_publication_cannot_be_changed_in_memory_either(tmp_path: Path) -> None:
    made = publish(tmp_path, {})
    with pytest.raises(ValueError, match="frozen"):
        made.seq = 2  # type: ignore[misc]
    assert isinstance(made, Publication)


# Who is late ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cadence", "newest", "due"),
    [
        ("daily", date(2015, 12, 30), date(2015, 12, 31)),
        ("monthly", date(2015, 11, 15), date(2015, 12, 15)),
        ("monthly", date(2015, 11, 30), date(2015, 12, 31)),
        ("monthly", date(2016, 1, 30), date(2016, 2, 29)),
        ("yearly", date(2012, 2, 29), date(2013, 2, 28)),
        ("yearly", date(2014, 12, 31), date(2015, 12, 31)),
    ],
)
def test_the_next_delivery_is_due_one_cadence_later(cadence: Any, newest: date, due: date) -> None:
    assert due_after(newest, cadence) == due


def late_days(*judged: Any, cadence: Any = "daily") -> dict[str | None, int | None]:
    return {s.region: s.days_late for s in senders("tax", cadence, judged, as_of=NEW_YEARS_EVE)}


def test_a_sender_is_late_from_the_day_on_which_its_delivery_was_due() -> None:
    assert late_days(
        judgement(region="330100"),
        judgement(region="330200", business_date=date(2015, 12, 30)),
        judgement(region="510100", business_date=date(2015, 12, 28)),
    ) == {"330100": 0, "330200": 1, "510100": 3}


def test_a_refused_or_future_delivery_makes_nobody_punctual() -> None:
    assert late_days(
        judgement(business_date=date(2015, 12, 29)),
        judgement(status="rejected", reason="file.bytes"),
        judgement(business_date=date(2016, 1, 1)),
    ) == {"330100": 2}


def test_a_bureau_that_closed_or_was_taken_over_is_not_awaited() -> None:
    assert late_days(
        judgement(region="330100", replaces_regions=("330300",)),
        judgement(region="330300", business_date=date(2015, 12, 1)),
        judgement(
            region="330200",
            business_date=date(2015, 12, 1),
            kind="snapshot",
            rows_received=0,
            rows_accepted=0,
        ),
    ) == {"330100": 0}


def test_a_bureau_that_names_itself_is_late_like_any_other() -> None:
    itself = judgement(business_date=NEW_YEARS_EVE - timedelta(3), replaces_regions=("330100",))
    (sender,) = senders("tax", "daily", [itself], as_of=NEW_YEARS_EVE)
    assert sender.late


def test_a_feed_that_nobody_ever_delivered_is_late_as_a_whole() -> None:
    (sender,) = senders("tax", "yearly", [], as_of=NEW_YEARS_EVE)
    assert sender.region is None
    assert sender.late
