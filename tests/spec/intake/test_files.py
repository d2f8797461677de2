"""Design section 4: one content in every form of file that a department may send."""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lib.intake import by_region, rows_of, send

from popbase.intake.feeds import take_in
from popbase.intake.taken import TakenIn
from popbase.lake import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from popbase.settings import Settings

FEED = "statistical_division"
AT = "2015-12-31 08:00"
TEXT = f"""统计用区划代码,名称,城乡分类代码,更新时间
330102001001,人民路·东,111,{AT}
330102001002,䶮村,,{AT}
"""
CONTENT = [("330102001001", "人民路·东", "111"), ("330102001002", "䶮村", None)]


@dataclass(frozen=True)
class Form:
    """The content as files, and what the manifest says of them beyond bytes and checksum."""

    files: Mapping[str, bytes]
    said: Mapping[str, Any] = field(default_factory=dict)


def csv(text: str, name: str = "a.csv", encoding: str = "UTF-8") -> Form:
    return Form({name: text.encode(encoding)}, {"rows": 2, "encoding": encoding})


def packed(*members: str, name: str) -> Form:
    return Form({name: b"".join(gzip.compress(m.encode()) for m in members)}, {"rows": 2})


def parquet(**columns: list[str | None]) -> Form:
    sink = io.BytesIO()
    pq.write_table(pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()}), sink)
    return Form({"a.parquet": sink.getvalue()}, {"rows": 2, "format": "parquet"})


def without_third(text: str) -> str:
    return "".join(f"{a},{b},{d}\n" for a, b, _, d in (line.split(",") for line in text.splitlines()))


CODES: list[str | None] = ["330102001001", "330102001002"]
NAMES: list[str | None] = ["人民路·东", "䶮村"]
FORMS = {
    "UTF-8": csv(TEXT),
    "UTF-8 with BOM": csv("\ufeff" + TEXT),
    "GB18030": csv(TEXT, encoding="GB18030"),
    "GB18030 with BOM": csv("\ufeff" + TEXT, encoding="GB18030"),
    "CRLF": csv(TEXT.replace("\n", "\r\n")),
    "CRLF in GB18030": csv(TEXT.replace("\n", "\r\n"), encoding="GB18030"),
    "no LF at the end": csv(TEXT.rstrip("\n")),
    "blank lines": csv("\r\n \t\n" + TEXT.replace("\n", "\n\n \n")),
    "packed": packed(TEXT, name="a.csv.gz"),
    "packed with BOM": packed("\ufeff" + TEXT, name="a.csv.gz"),
    "packed in two members": packed(TEXT[:30], TEXT[30:], name="A.CSV.GZ"),
    "quotes around every cell": csv(f'"{TEXT.strip()}"'.replace(",", '","').replace("\n", '"\n"')),
    "wide characters and blanks": csv(TEXT.replace(",", " ,　").replace("111", "１１１")),
    "unknown columns": csv("".join(line.replace(",", ",x,", 1) + ',",""y"\n' for line in TEXT.splitlines())),
    "columns in another order": csv(
        "".join(",".join(reversed(line.split(","))) + "\n" for line in TEXT.splitlines())
    ),
    "Parquet": parquet(名称=NAMES, 统计用区划代码=CODES, 城乡分类代码=["111", None], 更新时间=[AT, AT]),
    "Parquet with empty texts": parquet(
        备注=["x", None], 统计用区划代码=CODES, 更新时间=[AT, AT], 名称=NAMES, 城乡分类代码=["１１１", "　"]
    ),
}

# What a path, a glob pattern, an address or an SQL text would make something else of.
ODD_NAMES = (
    "人口 第1批.csv",
    "[0-9]{a,b}*?.csv",
    "100%.csv",
    "a%2Fb%20.csv",
    "a#;=&+'.csv",
    '`$(x)".csv',
)


SOUND = [line.encode() for line in (*TEXT.splitlines(), *(f"330102001{n:03d},村,,{AT}" for n in range(3, 5)))]
ENDLESS = b'"' + 50 * 1024**2 * b","
FIVE = {"a.csv": {"rows": 5}}


@dataclass(frozen=True)
class Taken:
    lake: Lake
    night: TakenIn


@pytest.fixture(scope="module")
def taken(_session: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """Every form as a delivery of its own, and one of many files with odd names, in one night."""
    home: Path = tmp_path_factory.mktemp("forms")
    for place, form in enumerate(FORMS.values()):
        entries = {name: form.said for name in form.files}
        send(home / "landing", FEED, form.files, region=f"33{place:04d}", entries=entries)
    header, *_ = TEXT.splitlines()
    odd = {
        name: f"{header}\n3301020010{place:02d},村,,{AT}\n".encode() for place, name in enumerate(ODD_NAMES)
    }
    send(home / "landing", FEED, odd, region="440000")
    send(home / "landing", FEED, {"a.csv": b"\n".join([*SOUND, ENDLESS])}, region="550000", entries=FIVE)
    lake = Lake(_session, str(home / "lake"))
    at_home = replace(settings, landing=str(home / "landing"), lake=lake.root)
    return Taken(lake, take_in(lake, at_home, FEED, until=date(2015, 12, 31)))


def test_every_form_brings_the_same_rows(taken: Taken) -> None:
    found = by_region(rows_of(taken.lake, f"conformed/{FEED}", "region", "code", "name", "urban_rural"))
    expected = {f"33{place:04d}": form for place, form in enumerate(FORMS)}
    assert {form: found.get(region) for region, form in expected.items()} == dict.fromkeys(FORMS, CONTENT)


def test_a_file_may_have_any_name(taken: Taken) -> None:
    found = by_region(rows_of(taken.lake, f"conformed/{FEED}", "region", "code"))["440000"]
    assert found == [(f"3301020010{place:02d}",) for place in range(len(ODD_NAMES))]


def test_all_forms_are_accepted_and_an_unknown_column_is_remarked(taken: Taken) -> None:
    assert {(j.status, j.reason) for j in taken.night.judgements} == {("accepted", None)}
    assert [(r.code, r.detail) for r in taken.night.remarks] == [
        ("column.unknown", "'x' in 1 file(s)"),
        ("column.unknown", "',\"y' in 1 file(s)"),
        ("column.unknown", "'备注' in 1 file(s)"),
    ]


def test_a_line_of_fifty_mebibytes_is_one_refused_row(taken: Taken) -> None:
    (judged,) = (j for j in taken.night.judgements if j.region == "550000")
    assert (judged.rows_received, judged.rows_accepted, judged.rows_quarantined) == (5, 4, 1)
    ((_, reasons, raw),) = rows_of(taken.lake, f"quarantine/{FEED}", "region", "reasons", "raw")
    assert reasons == ["row.malformed"]
    assert raw.encode() == ENDLESS
