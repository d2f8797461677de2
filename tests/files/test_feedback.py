"""What departments are told of their own records, and nobody else's."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from lib.delivery import deliver
from lib.lakes import NEW_YEARS_EVE, publish, write

from popbase import contracts
from popbase.base import sector
from popbase.publish.feedback import FILE, HEADERS, REGISTERED, SECTOR
from popbase.publish.publication import DeliveryRef
from popbase.workbench.cases import kinds

NUMBER, NAME = "33010019900101123X", "王小明"  # made up
LONG_AGO = date(2014, 6, 1)

# Housing: what is true of each record, and what its bureau is told.
HOUSING = [
    ("H1", "MATCHED", "p1", LONG_AGO, None, [], None),
    ("H2", "MATCHED", "p1", NEW_YEARS_EVE, None, [], "相符"),
    ("H3", "NAME_MISMATCH", None, LONG_AGO, None, [], "姓名不符"),
    ("H4", "NOT_IN_REGISTER", None, LONG_AGO, None, [], "库中无此号"),
    ("H5", "NO_NUMBER", None, LONG_AGO, None, [], "无号码"),
    ("H6", "CONTESTED", None, LONG_AGO, None, [], "重号"),
    ("H7", "MATCHED", "p1", LONG_AGO, None, ["former_number"], "原号码"),
    ("H8", "MATCHED", "dead", LONG_AGO, None, [], "已登记死亡"),
    ("H9", "MATCHED", "dead", LONG_AGO, LONG_AGO, [], None),
    ("HA", "MATCHED", "away", LONG_AGO, None, [], "户口已注销"),
    ("HB", "NAME_MISMATCH", None, LONG_AGO, None, [], "号码疑似录入有误"),
]


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """One publication: housing of two bureaus, one of which delivers in GB18030, and the register's cases."""
    columns = ("record_no", "match_status", "person_id", "set_on", "held_to", "flags")
    rows = [
        {"region": "330100", "citizen_id": NUMBER, "owner_name": NAME, "held_from": LONG_AGO}
        | dict(zip(columns, row, strict=False))
        for row in HOUSING
    ]
    other = rows[2] | {"region": "440100", "record_no": "广1"}
    texts = ("region", "citizen_id", "owner_name", "record_no", "match_status", "person_id")
    days = ("held_from", "held_to", "set_on")
    schema = pa.schema([
        *((name, pa.string()) for name in texts), *((name, pa.date32()) for name in days),
        ("flags", pa.list_(pa.string())),
    ])  # fmt: skip
    persons = [
        {"person_id": "p1", "status": "REGISTERED"},
        {"person_id": "dead", "status": "DEAD"},
        {"person_id": "away", "status": "MOVED_OUT"},
    ]
    cases = [
        {"kind": "same_person", "status": "open", "record_nos": ["330100/R1", "440100/R2"]},
        {"kind": "wrong_number", "status": "closed", "record_nos": ["330100/R1"]},
        {"kind": "name_mismatch", "status": "open", "record_nos": ["330100/R1", "330100/housing:甲9"]},
        {
            "kind": "mistyped_number",
            "status": "open",
            "record_nos": ["330100/R2", f"330100/housing:{HOUSING[-1][0]}"],
        },
    ]
    tables = {
        "base/housing": pa.Table.from_pylist([*rows, other], schema=schema),
        "base/person": pa.Table.from_pylist(persons), "base/id_case": pa.Table.from_pylist(cases),
    }  # fmt: skip
    versions = {name: write(tmp_path, name, table) for name, table in tables.items()}
    seen = [
        DeliveryRef(feed=feed, region=region, business_date=NEW_YEARS_EVE, delivery_no=number)
        for feed, region, number in (
            ("housing", "330100", 1), ("housing", "330100", 2), ("housing", "440100", 1),
            ("household_registration", "330100", 1),
        )
    ]  # fmt: skip
    publish(tmp_path, versions, deliveries=tuple(seen))
    for number, encoding in ((1, "UTF-8"), (2, "GB18030")):
        folder = deliver(
            tmp_path / "landing",
            contracts.feed("housing"),
            [],
            region="330100",
            day=NEW_YEARS_EVE,
            number=number,
        )
        said = json.loads((folder / "manifest.json").read_text("utf-8"))
        said["files"][0]["encoding"] = encoding
        (folder / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
    return tmp_path


@pytest.fixture
def outbox(lake: Path, popbase: Any) -> Path:
    told = popbase("feedback", "--outbox", str(lake / "outbox"), "--landing", str(lake / "landing"))
    assert (told.code, "3 bureaus told" in told.out) == (0, True), told.err
    return lake / "outbox"


def read(outbox: Path, feed: str, region: str, encoding: str) -> list[list[str]]:
    with (outbox / feed / region / str(NEW_YEARS_EVE) / FILE).open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def test_a_bureau_is_told_what_is_not_in_order_and_what_the_day_brought(outbox: Path) -> None:
    header, *rows = read(outbox, "housing", "330100", "GB18030")
    assert header == ["业务编号", *HEADERS]
    assert [(key, said) for key, said, _ in rows] == [(r[0], r[-1]) for r in HOUSING if r[-1] is not None]
    assert all(to_do for _, _, to_do in rows)


def test_a_bureau_without_its_folder_is_told_in_utf_8_and_of_its_own_alone(outbox: Path) -> None:
    assert [row[:2] for row in read(outbox, "housing", "440100", "UTF-8")[1:]] == [["广1", "姓名不符"]]


def test_the_register_is_told_of_open_cases_about_its_own_records(outbox: Path) -> None:
    assert [row[:2] for row in read(outbox, "household_registration", "330100", "UTF-8")] == [
        ["人员编号", HEADERS[0]], ["R1", REGISTERED["same_person"].said]
    ]  # fmt: skip
    assert not (outbox / "household_registration" / "440100").exists()


def test_nobodys_number_or_name_leaves(outbox: Path) -> None:
    sent = [file.read_bytes() for file in outbox.rglob("*") if file.is_file()]
    assert len(sent) == 3
    for text in (NUMBER, NAME):
        for encoding in ("UTF-8", "GB18030"):
            assert not any(text.encode(encoding) in content for content in sent)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"files": 1}', b"\xff", "a folder"])
def test_a_manifest_that_is_none_any_more_stops_nobodys_feedback(
    lake: Path, popbase: Any, content: bytes | str
) -> None:
    manifest = lake / f"landing/housing/330100/{NEW_YEARS_EVE}/002/manifest.json"
    manifest.unlink()
    if isinstance(content, bytes):
        manifest.write_bytes(content)
    else:
        manifest.mkdir()
    told = popbase("feedback", "--outbox", str(lake / "outbox"), "--landing", str(lake / "landing"))
    assert (told.code, "3 bureaus told" in told.out) == (0, True), told.err
    assert read(lake / "outbox", "housing", "330100", "UTF-8")[0] == ["业务编号", *HEADERS]


def test_every_kind_of_case_has_words_for_its_bureau() -> None:
    of_sectors = {kind for kind in kinds() if kind.upper() in SECTOR}
    assert set(REGISTERED) | of_sectors == set(kinds())


def test_every_match_status_has_words_for_its_department() -> None:
    said = {sector.NO_NUMBER, sector.CONTESTED, sector.NOT_IN_REGISTER, sector.MATCHED, sector.NAME_MISMATCH}
    assert said <= set(SECTOR)


def test_without_an_outbox_there_is_a_sentence(lake: Path, popbase: Any) -> None:
    assert "POPBASE_OUTBOX" in popbase("feedback").err
