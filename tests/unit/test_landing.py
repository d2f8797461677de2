"""Which deliveries have arrived (design section 4)."""

from __future__ import annotations

import errno
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from popbase.errors import StorageError
from popbase.intake import landing
from popbase.intake.landing import MANIFEST, landed


def arrive(home: Path, *folders: str) -> Path:
    for folder in folders:
        (home / "tax" / folder).mkdir(parents=True)
        (home / "tax" / folder / MANIFEST).touch()
    return home


def names(home: Path, until: date = date(2016, 1, 1)) -> list[str]:
    return [p.folder.url("").removeprefix(f"{home}/tax/") for p in landed(home, "tax", until).places]


def strays(home: Path) -> list[str]:
    return list(landed(home, "tax", date(2016, 1, 1)).strays)


def test_deliveries_come_in_the_order_of_region_date_and_number(tmp_path):
    ordered = [
        "110100/2016-01-01/001",
        "330100/2015-12-31/002",
        "330100/2015-12-31/999",
        "330100/2015-12-31/1000",
        "330100/2016-01-01/001",
    ]
    assert names(arrive(tmp_path, *reversed(ordered))) == ordered


def test_a_place_is_what_its_folders_say(tmp_path):
    (place,) = landed(arrive(tmp_path, "330100/2015-12-31/012"), "tax", date(2015, 12, 31)).places
    assert (place.feed, place.region, place.business_date, place.delivery_no) == (
        "tax",
        "330100",
        date(2015, 12, 31),
        12,
    )


def test_a_folder_without_manifest_is_still_arriving(tmp_path):
    (tmp_path / "tax/330100/2015-12-31/001").mkdir(parents=True)
    assert names(tmp_path) == []


def test_later_business_dates_are_left_for_their_night(tmp_path):
    arrive(tmp_path, "330100/2015-12-31/001", "330100/2016-01-01/001")
    assert names(tmp_path, date(2015, 12, 31)) == ["330100/2015-12-31/001"]


@pytest.mark.parametrize(
    "folder",
    [
        "33010/2015-12-31/001",
        "330100/20151231/001",
        "330100/2015-02-29/001",
        "330100/0000-00-00/001",
        "330100/0215-12-31/001",
        "330100/1948-12-31/001",
        "330100/2015-12-31/01",
        "330100/2015-12-31/000",
        "330100/2015-12-31/1234567890",
        "330100/2015-12-31/００１",
        "330100/2015-12-31/001.tmp",
        "330100/2015-12-31",
    ],
)
def test_a_folder_that_names_no_delivery_is_no_delivery_but_reported(tmp_path, folder):
    arrive(tmp_path, folder)
    assert names(tmp_path) == []
    assert strays(tmp_path) == [folder]


def test_of_two_folders_with_one_number_the_shorter_name_is_the_delivery(tmp_path):
    arrive(tmp_path, "330100/2015-12-31/0001", "330100/2015-12-31/001", "330100/2015-12-31/0002")
    assert names(tmp_path) == ["330100/2015-12-31/001", "330100/2015-12-31/0002"]
    assert strays(tmp_path) == ["330100/2015-12-31/0001"]


def test_a_link_to_itself_stops_no_night(tmp_path):
    arrive(tmp_path, "330100/2015-12-31/001", "stray")
    (tmp_path / "tax/330200").symlink_to("330200")
    assert (names(tmp_path), strays(tmp_path)) == (["330100/2015-12-31/001"], ["stray"])


@pytest.mark.parametrize(
    ("closed", "reported"),
    [("lost+found", []), ("330200", ["330200"]), ("330200/2015-12-30", ["330200/2015-12-30"])],
)
def test_what_may_not_be_looked_into_stops_no_night(tmp_path, monkeypatch, closed, reported):
    arrive(tmp_path, "330100/2015-12-31/001", f"{closed}/001")
    close(monkeypatch, tmp_path / "tax" / closed)
    assert (names(tmp_path), strays(tmp_path)) == (["330100/2015-12-31/001"], reported)


def test_a_delivery_that_may_not_be_looked_into_is_one(tmp_path, monkeypatch):
    arrive(tmp_path, "330100/2015-12-31/001", "330100/2015-12-31/002")
    close(monkeypatch, tmp_path / "tax/330100/2015-12-31/001")
    assert names(tmp_path) == ["330100/2015-12-31/001", "330100/2015-12-31/002"]


def test_a_feed_that_may_not_be_looked_into_is_no_night_without_deliveries(tmp_path, monkeypatch):
    arrive(tmp_path, "330100/2015-12-31/001")
    close(monkeypatch, tmp_path / "tax")
    with pytest.raises(StorageError, match=os.strerror(errno.EACCES)):
        names(tmp_path)


def close(monkeypatch: pytest.MonkeyPatch, closed: Path) -> None:
    """As `chmod 000` would for any user but root, whom these tests may run as."""

    def guarded(name: str, real: Any) -> Any:
        def call(path: Any, *rest: Any, **options: Any) -> Any:
            if closed in Path(path).parents or (name == "scandir" and Path(path) == closed):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return real(path, *rest, **options)

        return call

    for name in ("scandir", "lstat"):
        monkeypatch.setattr(landing.os, name, guarded(name, getattr(os, name)))


def test_files_among_the_folders_are_no_trouble(tmp_path):
    arrive(tmp_path, "330100/2015-12-31/001")
    (tmp_path / "tax/440100").touch()
    (tmp_path / "tax/330100/2015-12-30").touch()
    assert names(tmp_path) == ["330100/2015-12-31/001"]


def test_a_feed_that_never_delivered_has_no_deliveries(tmp_path):
    assert names(tmp_path) == []


def test_a_landing_folder_that_is_not_there_is_no_night_without_deliveries(tmp_path):
    with pytest.raises(StorageError, match="mounted"):
        landed(tmp_path / "gone", "tax", date.max)
