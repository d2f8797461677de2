"""Design section 4: which physical lines are records, and what stands between their commas."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from lib import csv_model
from lib.csv_model import MAX_LINE_BYTES
from lib.landing import CONTRACT, entry
from pyspark.sql import functions as F

from popbase.intake import files
from popbase.intake.cells import with_cells
from popbase.intake.csv_file import BOM
from popbase.intake.delivery import Received
from popbase.intake.landing import Place
from popbase.intake.lines import overlong, read
from popbase.intake.manifest import Entry
from popbase.intake.sender_folder import DiskFolder
from popbase.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

HEADER = ("编号", "文字", "说明")
SOUND = ("1", "王芳", "")

# A record: its cells (None where malformed) as its line was decoded, whether it was not, and what is kept.
Record = tuple[tuple[str, ...] | None, bool, str]
Reader = Callable[[bytes, str], list[Record]]


@pytest.fixture
def records(spark: SparkSession, tmp_path: Path) -> Reader:
    """records(bytes, encoding) -> the records below the header, in the file's order, overlong ones last."""
    numbers = count(1)

    def found(data: bytes, encoding: str) -> list[Record]:
        folder = tmp_path / f"330100/2015-12-31/{next(numbers):03d}"
        folder.mkdir(parents=True)
        whole = f"{','.join(HEADER)}\n".encode(encoding) + data
        (folder / "a.csv").write_bytes(whole)
        said = Entry.model_validate(entry("a.csv", whole, encoding=encoding))
        source = files.read(DiskFolder(folder), said, Settings(landing="", lake="")).source
        place = Place("letters", "330100", date(2015, 12, 31), 1, DiskFolder(folder))
        delivery = Received(place, "snapshot", CONTRACT, "", (), (source,), ())
        some = [with_cells(sent, HEADER) for sent in read(spark, [delivery], HEADER)]
        some += [lines.withColumn("cells", F.lit(None)) for lines in overlong(spark, [delivery])]
        told = (row for frame in some for row in frame.select("cells", "undecodable", "raw").collect())
        rows = [(row.cells and tuple(c or "" for c in row.cells), row.undecodable, row.raw) for row in told]
        assert len(rows) == source.rows  # counted while the bytes passed by, and again by Spark
        return rows

    return found


def test_quotes_are_held_strictly(records: Reader) -> None:
    lines = {
        "1,王芳,": SOUND,
        '"1","王芳",""': SOUND,
        '1,"王芳",': SOUND,
        ' 1 ,\t王芳　,"  "': SOUND,
        '1,"a,b","say ""hello"""': ("1", "a,b", 'say "hello"'),
        '1,"","""",': None,
        '1,"",""""': ("1", "", '"'),
        '1,"""""",x': ("1", '""', "x"),
        '" １ ",x\\,y': ("1", "x\\", "y"),
        "1,王\0芳,": ("1", "王\0芳", ""),
        '1,"王\0芳\0",': ("1", "王\0芳\0", ""),
        ",,": ("", "", ""),
        "1,2": None,
        "1,2,3,4": None,
        "1": None,
        "　": None,
        '1,"2,3': None,
        '1,2,"': None,
        '1,"2"",3': None,
        '1,a"b,3': None,
        '1, "2",3': None,
        '1,2","3': None,
        '1,"2" ,3': None,
        '1,"2"a,3': None,
        '"1","2""3","4"5': None,
        "1,a\rb,3": None,
        '1,"a\rb",3': None,
        "\r1,a,b": None,
        "1,a,b\r": None,
    }
    # The last of them ends in two CRs, of which the line's end takes one.
    found = records("".join(f"{line}\r\n" for line in lines).encode(), "UTF-8")
    assert list(zip(lines, (cells for cells, _, _ in found), strict=True)) == list(lines.items())
    assert [raw for _, _, raw in found] == list(lines)


def test_blank_lines_are_no_rows_and_the_last_line_may_lack_its_end(records: Reader) -> None:
    found = records("\n \t\n\r\n1,王芳,\n\n　,,\n \r\n1,王芳,".encode(), "UTF-8")
    assert [cells for cells, _, _ in found] == [SOUND, ("", "", ""), SOUND]


@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
def test_a_further_line_equal_to_the_header_is_a_row(records: Reader, encoding: str) -> None:
    header = ",".join(HEADER).encode(encoding)
    found = records(b"\n".join([b"1,a,", header, BOM[encoding] + header, b" " + header]), encoding)
    assert sorted(cells or () for cells, _, _ in found) == sorted([("1", "a", ""), HEADER, HEADER, HEADER])


@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
def test_a_line_may_have_a_mebibyte_as_sent(records: Reader, encoding: str) -> None:
    """王 is two bytes in one encoding and three in the other; what counts is what was sent."""
    wide = "王".encode(encoding)
    most = (MAX_LINE_BYTES - 3) // len(wide) * wide
    longest = b"1," + b"x" * (MAX_LINE_BYTES - 3 - len(most)) + most + b","
    assert len(longest) == MAX_LINE_BYTES
    found = records(b"\r\n".join([longest, b"x" + longest, b"1,a,b"]), encoding)
    assert [cells is None for cells, _, _ in found] == [False, False, True]


UNDECODABLE = {
    "UTF-8": ["ff", "c0af", "eda080", "f4908080", "e78e", "80"],
    "GB18030": ["80", "ff", "81", "8130", "813081", "a1", "e3329a36", "fe39fe39"],
}


@pytest.mark.parametrize("encoding", UNDECODABLE)
def test_undecodable_lines_are_kept_as_their_bytes_and_the_file_goes_on(
    records: Reader, encoding: str
) -> None:
    broken = [b"1,a" + bytes.fromhex(code) + b",b" for code in UNDECODABLE[encoding]]
    sound = "2,王芳�,".encode(encoding)  # the sender's own U+FFFD is a character like any other
    found = records(b"\n".join([*broken, sound, broken[0][:-2]]), encoding)
    assert found[:-2] == [
        (cells, True, _kept(line)) for line, (cells, _, _) in zip(broken, found, strict=False)
    ]
    assert all(cells and (cells[0], cells[2]) == ("1", "b") for cells, _, _ in found[:-2])
    assert found[-2] == (("2", "王芳�", ""), False, "2,王芳�,")
    assert found[-1] == (None, True, _kept(broken[0][:-2]))


def test_every_character_of_gb18030_arrives(records: Reader) -> None:
    """Of two bytes and of four; in the private use area, and beyond the sixteen bits."""
    names = ["䶮", "㼆", "龑", "𫖯", "𠮷", "\ue863", "\ue000", "\uf8ff", "\U0010fffd", "·", "€"]
    found = records("\n".join(f"1,{name},{name}王" for name in names).encode("GB18030"), "GB18030")
    assert [cells for cells, _, _ in found] == [("1", name, f"{name}王") for name in names]


def _kept(line: bytes) -> str:
    return f"base64:{base64.b64encode(line).decode()}"


# Everything that means something to a CSV reader, and what a careless one would trim, drop or escape.
CHARACTERS = st.sampled_from([*',"" \t\r\0a\\#\'', "李", "　", "\u2028", "\ufeff", "\u0301", "�", "𫖯"])
LINES = st.lists(st.text(CHARACTERS, max_size=12), min_size=60, max_size=120)


@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
@examples(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(lines=LINES)
def test_the_line_rules_equal_a_reader_of_one_character_at_a_time(
    records: Reader, encoding: str, lines: list[str]
) -> None:
    data = "\n".join(lines).encode(encoding)
    expected = [csv_model.cells(line, encoding, len(HEADER)) for line in csv_model.records(data)]
    found = [cells for cells, _, _ in records(data, encoding)]
    assert found == [cells and tuple(cells) for cells in expected]
