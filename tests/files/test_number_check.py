"""`popbase check-numbers`: a file of pairs, answered row by row (made-up numbers)."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from lib.lakes import publish, write

from popbase.control import read_small

NUMBER = "11010519491231002X"
ASKED = [["编号", "姓名", "公民身份号码"], ["b", "王芳", NUMBER], ["a", "李红", NUMBER]]


def lake_of_one(root: Path) -> None:
    person = {"id_status": "UNIQUE", "citizen_id": NUMBER, "claimed_citizen_id": None, "name": "王芳"}
    publish(root, {"base/person": write(root, "base/person", pa.Table.from_pylist([person]))})


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_file_is_answered_row_by_row_in_its_encoding(popbase: Any, tmp_path: Path, encoding: str) -> None:
    lake_of_one(tmp_path)
    with (tmp_path / "asked.csv").open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(ASKED)
    out = tmp_path / "answered.csv"
    told = popbase(
        "check-numbers", str(tmp_path / "asked.csv"), "--out", str(out), "--reason", "a test", "--json"
    )
    assert {row["answer"]: row["pairs"] for row in json.loads(told.out)} == {"一致": 1, "不一致": 1}
    with out.open(encoding=encoding, newline="") as file:
        answers = list(csv.reader(file))
    told_apart = ["核查结果", "一致", "不一致"]
    assert answers == [[*row, answer] for row, answer in zip(ASKED, told_apart, strict=True)]
    assert out.stat().st_mode & 0o077 == 0
    (look,) = read_small(str(tmp_path), "control/audit")
    assert (look["what"], look["reason"], look["subjects"]) == ("numbers checked", "a test", ["asked.csv"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("姓名,号码\n王芳,1\n".encode(), "names no columns"),
        ("姓名,公民身份号码\n王芳\n".encode(), "Row 2 of asked.csv has 1 columns"),
        (b"\xff\xff\xff\xff", "neither UTF-8 nor GB18030"),
        (b"", "names no columns"),
    ],
    ids=["another header", "a short row", "bytes", "empty"],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(
    popbase: Any, tmp_path: Path, content: bytes, says: str
) -> None:
    lake_of_one(tmp_path)
    (tmp_path / "asked.csv").write_bytes(content)
    out = tmp_path / "out.csv"
    told = popbase("check-numbers", str(tmp_path / "asked.csv"), "--out", str(out), "--reason", "a test")
    assert (told.code, says in told.err) == (2, True)
    assert not out.exists()
