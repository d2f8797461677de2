"""A delivery as a whole: every reason for which it is rejected, and their order (design section 4)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lib.landing import (
    CONTRACT,
    CSV,
    FEED,
    HEADER,
    REQUIRED,
    ROW,
    SETTINGS,
    accepted,
    csv_bytes,
    deliver,
    disk,
    rejected,
)

from popbase.intake import delivery
from popbase.intake.delivery import Received, Rejected, receive

SOUND = csv_bytes(ROW, ROW)


def test_a_sound_delivery_is_received_with_what_its_rows_need(tmp_path):
    found = accepted(tmp_path, {CSV: SOUND}, replaces_regions=["330182", "330182"])
    assert (found.kind, found.replaces_regions, found.warnings) == ("snapshot", ("330182",), ())
    assert [(f.rows, f.header, f.header_line) for f in found.files] == [(2, REQUIRED, HEADER.encode())]


def test_files_may_order_their_columns_as_they_like(tmp_path):
    turned = csv_bytes(header=",".join(reversed(REQUIRED)))
    found = accepted(tmp_path, {CSV: SOUND, "b.csv": turned})
    assert [f.header for f in found.files] == [REQUIRED, REQUIRED[::-1]]


def test_an_unknown_column_is_a_warning_without_anything_like_a_number(tmp_path):
    header = HEADER + ",备注,,33010219900101123X"
    found = accepted(tmp_path, {"a.csv": csv_bytes(header=header), "b.csv": csv_bytes(header=header)})
    assert found.warnings == (
        "column.unknown: '备注' in 2 file(s)",
        "column.unknown: '' in 2 file(s)",
        "column.unknown: '…' in 2 file(s)",
    )


def test_of_very_many_unknown_columns_some_are_named(tmp_path):
    many = ",".join(f"x{i}" for i in range(1000))
    found = accepted(tmp_path, {CSV: csv_bytes(header=f"{HEADER},{many}")})
    assert len(found.warnings) == delivery.NAMED + 1
    assert found.warnings[-1] == f"column.unknown: {1000 - delivery.NAMED} more"


def test_the_operation_in_a_snapshot_is_an_unknown_column(tmp_path):
    found = accepted(tmp_path, {CSV: csv_bytes(ROW + ",U", header=HEADER + ",操作")})
    assert found.warnings == ("column.unknown: '操作' in 1 file(s)",)


def test_changes_carry_their_operation(tmp_path):
    found = accepted(tmp_path, {CSV: csv_bytes("U," + ROW, header="操作," + HEADER)}, kind="changes")
    assert (found.kind, found.warnings) == ("changes", ())


@pytest.mark.parametrize("sent", [{}, {CSV: csv_bytes()}], ids=["no file", "a header alone"])
def test_a_delivery_without_rows_is_valid(tmp_path, sent):
    assert sum(f.rows for f in accepted(tmp_path, sent).files) == 0


def test_hidden_files_are_ignored_unless_listed(tmp_path):
    place = deliver(tmp_path, {CSV: SOUND})
    (disk(place) / ".part.swp").touch()
    (disk(place) / "_temporary").mkdir()
    assert isinstance(receive(place, CONTRACT, SETTINGS), Received)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        pytest.param("manifest.unreadable", {"text": b"{"}, id="no JSON"),
        pytest.param("manifest.version", {"manifest_version": 2}, id="a manifest of version 2"),
        pytest.param("manifest.path", {"feed": "tax"}, id="another feed"),
        pytest.param("manifest.path", {"region": "330200"}, id="another region"),
        pytest.param("manifest.path", {"business_date": "2015-12-30"}, id="another date"),
        pytest.param("manifest.path", {"delivery_no": 2}, id="another number"),
        pytest.param("contract.version", {"contract_version": "1.0"}, id="another version of the contract"),
        pytest.param("date.future", {"prepared_at": "2015-12-30T15:59:59Z"}, id="prepared the day before"),
        pytest.param("column.missing", {"kind": "changes"}, id="changes without operation"),
        pytest.param("file.rows", {"entries": {CSV: {"rows": 3}}}, id="one row more than there is"),
    ],
)
def test_a_delivery_is_rejected_for_what_its_manifest_says(tmp_path, reason, said):
    found = rejected(deliver(tmp_path, {CSV: SOUND}, **said))
    assert found.reason == reason
    assert found.detail.endswith(".")


def test_a_rejection_keeps_what_is_known_of_the_delivery(tmp_path):
    found = rejected(
        deliver(tmp_path, {CSV: SOUND}, manifest_version=2, contract_version="a\n330102199001011232")
    )
    assert (found.kind, found.contract_version, len(found.manifest_sha256)) == ("snapshot", "a�…", 64)


def test_a_feed_without_a_contract_is_rejected(tmp_path):
    found = receive(deliver(tmp_path, {CSV: SOUND}), None, SETTINGS)
    assert isinstance(found, Rejected)
    assert (found.reason, found.detail) == ("contract.version", f"The feed '{FEED}' has no contract.")


def test_the_business_date_may_be_the_day_of_preparation_in_china(tmp_path):
    accepted(tmp_path, {CSV: SOUND}, prepared_at="2015-12-30T16:00:00Z")


@pytest.mark.parametrize("lost", REQUIRED)
def test_every_required_column_must_stand(tmp_path, lost):
    found = rejected(deliver(tmp_path, {CSV: csv_bytes(header=HEADER.replace(lost, "X"))}))
    assert (found.reason, found.detail) == ("column.missing", f"'{CSV}' lacks {lost}.")


def test_a_header_of_a_million_commas_is_no_header(tmp_path):
    found = rejected(deliver(tmp_path, {CSV: csv_bytes(header=HEADER + "," * 1_000_000)}))
    assert (found.reason, "more than 2000 columns" in (found.detail or "")) == ("file.unreadable", True)


NAMES = ["../a.csv", "a/b.csv", "/etc/passwd", "..", "a\\b.csv", "C:a.csv", "a\0.csv", ".a.csv", "_a.csv"]
NAMES += ["a.csv._COPYING_"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_elsewhere_is_rejected(tmp_path, name):
    assert rejected(deliver(tmp_path, {CSV: SOUND}, entries={CSV: {"name": name}})).reason == "file.outside"


def as_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOILT = [
    pytest.param(as_link, "file.link", id="a link"),
    pytest.param(lambda path: as_link(path.parent), "file.link", id="its folder a link"),
    pytest.param(lambda path: as_link(path.parents[2]), "file.link", id="its region a link"),
    pytest.param(lambda path: path.unlink(), "file.missing", id="nothing"),
    pytest.param(as_folder, "file.missing", id="a folder"),
    pytest.param(as_pipe, "file.missing", id="a pipe that nobody writes to"),
    pytest.param(lambda path: path.with_name("b.csv").touch(), "file.extra", id="one more file"),
    pytest.param(lambda path: path.with_name("sub").mkdir(), "file.extra", id="a sub-folder"),
    pytest.param(lambda path: path.write_bytes(bytes(2_000_001)), "file.too_large", id="too much"),
    pytest.param(lambda path: path.write_bytes(SOUND + b"\n"), "file.bytes", id="a byte more"),
    pytest.param(lambda path: path.write_bytes(SOUND[::-1]), "file.checksum", id="other bytes"),
]


@pytest.mark.parametrize(("spoil", "reason"), SPOILT)
def test_what_lies_in_the_folder_must_be_what_is_listed(tmp_path, spoil, reason):
    place = deliver(tmp_path, {CSV: SOUND})
    spoil(disk(place) / CSV)
    assert rejected(place).reason == reason


def test_a_name_too_long_for_any_file_is_missing(tmp_path):
    assert (
        rejected(deliver(tmp_path, {CSV: SOUND}, entries={CSV: {"name": "a" * 5000}})).reason
        == "file.missing"
    )
