"""The order of the reasons for a rejection, and what changes while it is judged (design section 4)."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from lib.landing import CONTRACT, CSV, ROW, SETTINGS, csv_bytes, deliver, disk, rejected

from popbase.errors import StorageError
from popbase.intake import files, sender_folder
from popbase.intake.delivery import receive
from popbase.intake.landing import ClosedError
from popbase.intake.manifest import Entry, Refusal
from popbase.intake.sender_folder import open_regular

SOUND = csv_bytes(ROW, ROW)

# Each of two files has one of these faults; the reason must be the earlier one's, whichever file has it.
FAULTS: list[tuple[str, bytes, dict[str, Any]]] = [
    ("file.outside", SOUND, {"name": "_x"}),
    ("file.missing", SOUND, {"name": "gone.csv"}),
    ("file.too_large", bytes(2_000_001), {}),
    ("file.bytes", SOUND, {"bytes": 1}),
    ("file.checksum", SOUND, {"sha256": "0" * 64}),
    ("file.unreadable", b"", {}),
    ("column.missing", csv_bytes(header="X"), {}),
    ("file.rows", SOUND, {"rows": 1}),
]


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
@pytest.mark.parametrize(
    "i", range(len(FAULTS) - 1), ids=lambda i: f"{FAULTS[i][0]} before {FAULTS[i + 1][0]}"
)
def test_of_two_faults_in_two_files_the_earlier_reason_counts(tmp_path, i, turned):
    faults = FAULTS[i : i + 2][:: -1 if turned else 1]
    sent = {f"{n}.csv": data for n, (_, data, _) in enumerate(faults)}
    said = {f"{n}.csv": said for n, (_, _, said) in enumerate(faults)}
    assert rejected(deliver(tmp_path, sent, entries=said)).reason == FAULTS[i][0]


SAID: list[tuple[str, dict[str, Any]]] = [
    ("manifest.unreadable", {"kind": "full"}),
    ("manifest.version", {"manifest_version": 2}),
    ("manifest.path", {"region": "330200"}),
    ("contract.version", {"contract_version": "2"}),
    ("date.future", {"prepared_at": "2015-01-01T00:00:00Z"}),
    ("file.outside", {"entries": {CSV: {"name": "a/b"}}}),
]


@pytest.mark.parametrize("i", range(len(SAID)), ids=lambda i: f"{SAID[i][0]} first")
def test_of_several_faults_of_the_manifest_the_earliest_reason_counts(tmp_path, i):
    said = {field: value for _, fields in SAID[i:] for field, value in fields.items()}
    assert rejected(deliver(tmp_path, {CSV: SOUND}, **said)).reason == SAID[i][0]


def test_links_come_before_missing_files_and_these_before_extra_ones(tmp_path):
    place = deliver(tmp_path, {CSV: SOUND, "b.csv": SOUND})
    (disk(place) / "extra").touch()
    (disk(place) / CSV).unlink()
    assert rejected(place).reason == "file.missing"
    (disk(place) / "b.csv").unlink()
    (disk(place) / "b.csv").symlink_to("extra")
    assert rejected(place).reason == "file.link"


def test_a_file_taken_away_while_it_is_judged_is_missing(tmp_path, monkeypatch):
    place = deliver(tmp_path, {CSV: SOUND, "b.csv": SOUND})

    def take_away(path: Path) -> Any:
        (disk(place) / "b.csv").unlink(missing_ok=True)
        return open_regular(path)

    monkeypatch.setattr(sender_folder, "open_regular", take_away)
    assert rejected(place).reason == "file.missing"


def test_a_file_turned_into_a_link_while_it_is_judged_is_not_followed(tmp_path):
    place = deliver(tmp_path, {CSV: SOUND})
    (disk(place) / "_other").touch()
    (disk(place) / CSV).unlink()
    (disk(place) / CSV).symlink_to("_other")
    entry = Entry.model_construct(name=CSV, format="csv", encoding="UTF-8")
    with pytest.raises(Refusal, match=r"file\.link"):
        files.read(place.folder, entry, SETTINGS)


def test_a_delivery_taken_away_is_rejected(tmp_path):
    place = deliver(tmp_path, {CSV: SOUND})
    disk(place).rename(tmp_path / "elsewhere")
    assert rejected(place).reason == "manifest.unreadable"


@pytest.mark.parametrize(("number", "kind"), [(errno.EACCES, ClosedError), (errno.EIO, StorageError)])
def test_what_the_storage_fails_at_is_no_fault_of_the_sender(tmp_path, monkeypatch, number, kind):
    place = deliver(tmp_path, {CSV: SOUND})

    def fail(path: Path) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(sender_folder, "open_regular", fail)
    with pytest.raises(StorageError, match=os.strerror(number)) as raised:
        receive(place, CONTRACT, SETTINGS)
    assert raised.type is kind
