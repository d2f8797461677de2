"""What a manifest may say, and what makes it unreadable (design section 4)."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from lib.landing import csv_bytes, deliver, disk, entry, manifest

from popbase.intake.landing import MANIFEST
from popbase.intake.manifest import LARGEST, Refusal, changed, harmless, manifest_bytes, parse
from popbase.intake.sender_folder import DiskFolder

FILE = entry("part-0001.csv", csv_bytes())


def encoded(**said: Any) -> bytes:
    return json.dumps(manifest(**{"files": [FILE], **said})).encode()


def refused(data: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse(data)
    assert caught.value.reason == "manifest.unreadable"
    return caught.value


def test_every_field_of_a_sound_manifest_is_read():
    found = parse(encoded(replaces_regions=["330182"]))
    assert (found.region, found.kind, found.replaces_regions) == ("330100", "snapshot", ["330182"])
    assert found.prepared_at == datetime(2016, 1, 1, 1, 12, tzinfo=timezone(timedelta(hours=8)))
    assert found.files[0].name == "part-0001.csv"


def test_nobody_takes_over_more_bureaus_than_there_are():
    many = [f"{code:06d}" for code in range(1001)]
    assert "'replaces_regions'" in refused(encoded(replaces_regions=many)).detail
    assert len(parse(encoded(replaces_regions=many[1:])).replaces_regions) == 1000


@pytest.mark.parametrize(
    "field",
    ["manifest_version", "feed", "contract_version", "region", "business_date", "delivery_no", "kind",
     "prepared_at", "files"],
)  # fmt: skip
def test_every_field_but_replaces_regions_is_required(field):
    assert f"'{field}'" in refused(encoded(**{field: ...})).detail


@pytest.mark.parametrize("field", ["name", "format", "encoding", "bytes", "rows", "sha256"])
def test_every_field_of_a_file_is_required(field):
    file = {name: value for name, value in FILE.items() if name != field}
    assert f"'files.0.{field}'" in refused(encoded(files=[file])).detail


@pytest.mark.parametrize(
    "said",
    [
        {"manifest_version": True},
        {"manifest_version": "1"},
        {"manifest_version": 1.0},
        {"feed": None},
        {"region": "33010"},
        {"region": "330100\n"},
        {"region": "３３０１００"},
        {"region": 330100},
        {"business_date": "20151231"},
        {"business_date": "2015-02-29"},
        {"business_date": "2015-12-31T00:00:00"},
        {"delivery_no": 0},
        {"delivery_no": "1"},
        {"kind": "full"},
        {"prepared_at": "2016-01-01T01:12:00"},
        {"prepared_at": "2016-01-01"},
        {"prepared_at": "2016-13-01T01:12:00+08:00"},
        {"prepared_at": "0001-01-01T00:00:00+14:00"},
        {"prepared_at": 1451581920},
        {"replaces_regions": None},
        {"replaces_regions": ["3301"]},
        {"files": {}},
        {"feed": "\ud800"},
    ],
    ids=str,
)
def test_a_value_of_the_wrong_type_or_outside_its_values_makes_it_unreadable(said):
    refused(encoded(**said))


@pytest.mark.parametrize(
    "said",
    [
        {"name": ""},
        {"name": 1},
        {"format": "xlsx"},
        {"encoding": "GBK"},
        {"bytes": -1},
        {"bytes": False},
        {"rows": 1.0},
        {"rows": "10"},
        {"sha256": "0" * 63},
        {"sha256": "g" * 64},
    ],
    ids=str,
)
def test_a_file_described_wrongly_makes_it_unreadable(said):
    refused(encoded(files=[FILE | said]))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(encoded()[:-1], id="cut off"),
        pytest.param(b"\xef\xbb\xbf" + encoded(), id="a BOM"),
        pytest.param(encoded().decode().encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"feed": "a", ' + encoded()[1:], id="a key twice"),
        pytest.param(encoded(rows=float("nan")), id="NaN, even where nobody looks"),
        pytest.param(b"[" * 1_000_000, id="a million brackets"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="objects in objects"),
        pytest.param(encoded(x=1).replace(b'"x": 1', b'"x": ' + b"9" * 5000), id="an endless number"),
        pytest.param(encoded() + b" " * LARGEST, id="over the limit"),
        pytest.param(encoded(feed="X").replace(b'"X"', b'"\xff"'), id="bytes that are no UTF-8"),
    ],
)
def test_what_is_no_json_object_in_utf_8_is_unreadable(data):
    refused(data)


def test_a_name_listed_twice_makes_it_unreadable():
    assert "part-0001.csv" in refused(encoded(files=[FILE, FILE | {"rows": 7}])).detail


def test_any_integer_version_and_any_string_feed_can_be_read():
    found = parse(encoded(manifest_version=-(10**30), feed="", contract_version="未定"))
    assert (found.manifest_version, found.feed, found.contract_version) == (-(10**30), "", "未定")


def test_fields_that_nobody_asked_for_are_of_no_concern():
    assert parse(encoded(comment={"from": "Hangzhou"})).region == "330100"


def test_a_checksum_may_be_written_in_capitals():
    assert parse(encoded(files=[FILE | {"sha256": FILE["sha256"].upper()}])).files[0].sha256 == FILE["sha256"]


@pytest.mark.parametrize(
    "instant", ["2015-12-31T17:12:00Z", "2015-12-31 17:12+00:00", "2016-01-01T01:12:00.000+08:00"]
)
def test_an_instant_may_have_any_offset(instant):
    assert parse(encoded(prepared_at=instant)).prepared_at.isoformat() == "2016-01-01T01:12:00+08:00"


def test_a_refusal_never_repeats_a_value():
    assert "330102" not in refused(encoded(region="33010219900101123X")).detail


def test_words_of_a_sender_are_made_harmless():
    assert harmless("a\nb\x1b[0m ３３０１０２１９９００１０１１２３X 330102199001011232") == "a�b�[0m … …"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_manifest_that_is_no_regular_file_is_never_opened(tmp_path, make):
    make(tmp_path / MANIFEST)
    assert manifest_bytes(DiskFolder(tmp_path)) == b""


def test_a_huge_manifest_is_cut_where_its_judgment_is_certain(tmp_path):
    with (tmp_path / MANIFEST).open("wb") as stream:
        stream.truncate(LARGEST * 12)
    assert len(manifest_bytes(DiskFolder(tmp_path))) == LARGEST + 1


def test_a_manifest_changed_after_judgment_is_noticed(tmp_path: Path):
    place = deliver(tmp_path, {})
    judged = "0" * 64
    assert changed(place, judged, accepted=False)
    (disk(place) / MANIFEST).unlink()
    assert not changed(place, judged, accepted=False)


def test_a_file_cut_short_after_its_delivery_was_accepted_is_noticed(tmp_path: Path):
    place = deliver(tmp_path, {"a.csv": b"0123456789"})
    judged = hashlib.sha256((disk(place) / MANIFEST).read_bytes()).hexdigest()
    assert not changed(place, judged, accepted=True)
    (disk(place) / "a.csv").write_bytes(b"01234")
    assert changed(place, judged, accepted=True)
    assert not changed(place, judged, accepted=False)  # it may have been refused for just that
