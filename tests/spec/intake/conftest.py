"""Rows of a text table, sent as one CSV file and judged as a night judges them: from bytes to verdicts.

Left of `=>` stands what is sent, right of it what is found. In a cell `␣` is a blank and `\\u3000` the
character of that code.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.contracts import OP_COLUMN, Contract, Field, feed
from popbase.intake import citizen_id, judge
from popbase.intake.cells import with_cells
from popbase.intake.delivery import Received, SourceFile
from popbase.intake.landing import Place
from popbase.intake.lines import read
from popbase.intake.sender_folder import DiskFolder

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

Cells = dict[str, str | None]

_TWO = {"1": "一", "2": "二"}
# What is true of a type is true of it in every feed.
EVERY_TYPE = Contract(
    feed="every_type", version="1.0.0", kind="reference", cadence="daily", title="",
    fields=(
        Field("no", "编号", "text", required=True, key=True),
        Field("text", "文字", "text"),
        Field("name", "姓名", "text", required=True, role="name"),
        Field("day", "日期", "date"),
        Field("month", "月份", "yearmonth"),
        Field("int", "次数", "integer"),
        Field("dec", "金额", "decimal"),
        Field("a12", "村", "area12"),
        Field("a6", "县", "area6"),
        Field("a", "地", "area"),
        Field("strict", "甲", "code", codes=_TWO, unknown_code="error"),
        Field("lenient", "乙", "code", codes=_TWO, unknown_code="warning"),
        Field("strict_pair", "丙", "code2", unknown_code="error"),
        Field("pair", "丁", "code2", unknown_code="warning"),
        Field("old_number", "原号码", "oldid"),
        Field("cells", "格", "text"),
        Field("deletes", "删除", "text"),
        Field("unreadable", "难读", "text"),
        Field("contended", "争", "text"),
        Field("updated_at", "更新时间", "timestamp", required=True, role="updated_at"),
    ),
)  # fmt: skip

# A sound row of each feed; a table's cells take the place of its own.
SOUND: Mapping[str, Mapping[str, str]] = {
    "every_type": {"no": "1", "name": "王芳", "updated_at": "2015-12-31 08:00:00"},
    "household_registration": {
        "record_no": "1", "citizen_id": "330102199001010020", "name": "王芳", "sex": "2",
        "birth_date": "1990-01-01", "household_kind": "10", "registered_area": "330102001001",
        "registered_on": "2000-01-01", "updated_at": "2015-12-31 08:00:00",
    },
    # Nothing is declared here that a number could differ from.
    "housing": {
        "record_no": "1", "citizen_id": "330102199001010020", "owner_name": "王芳", "tenure": "OWN",
        "area": "330102001001", "held_from": "2010-01-01", "updated_at": "2015-12-31 08:00:00",
    },
    "id_correction": {
        "decision_no": "1", "kind": "12", "effective_on": "2015-12-01", "authority": "杭州市公安局",
        "updated_at": "2015-12-31 08:00:00",
    },
}  # fmt: skip


@pytest.fixture
def agree(spark: SparkSession, tmp_path: Path) -> Callable[..., None]:
    """agree(table): the rows of the table's left half are found to be what its right half says."""

    def compare(text: str, *, of: str = "every_type", kind: str = "snapshot", on: str = "2015-12-31") -> None:
        contract = EVERY_TYPE if of == EVERY_TYPE.feed else feed(of)
        halves = zip(*(line.split("=>") for line in text.strip().splitlines()), strict=True)
        sent, expected = (_parsed(half) for half in halves)
        rows = [{**SOUND[of], **_spelled(row)} for row in sent]
        delivery = _delivery(tmp_path, contract, rows, kind=kind, on=date.fromisoformat(on))
        found = _judged(spark, delivery, names=list(expected[0]))
        assert list(zip(sent, found, strict=True)) == list(zip(sent, map(_spelled, expected), strict=True))

    return compare


def _judged(spark: SparkSession, delivery: Received, *, names: Sequence[str]) -> list[Cells]:
    """The named columns of the judged rows as text, in the file's order; lists are sorted and joined."""
    columns = judge.columns(delivery.contract)
    records = reduce(DataFrame.union, (with_cells(s, columns) for s in read(spark, [delivery], columns)))
    areas = citizen_id.areas(spark)
    judged = judge.judged(records, delivery.contract, areas=areas, contended=None)
    lists = {"reasons", "flags"}
    texts = (F.concat_ws(" ", F.sort_array(n)) if n in lists else F.col(n).cast("string") for n in names)
    return [
        {name: value or None for name, value in zip(names, row, strict=True)}
        for row in judged.select(*texts).collect()
    ]


def _delivery(folder: Path, contract: Contract, rows: Sequence[Cells], *, kind: str, on: date) -> Received:
    headers = [field.header for field in contract.fields] + [OP_COLUMN]
    names = [field.name for field in contract.fields] + ["op"]
    sent = DiskFolder(folder / "330100" / on.isoformat() / "001")
    place = Place(contract.feed, "330100", on, 1, sent)
    sent.path.mkdir(parents=True)
    lines = [_line(headers), *(_line([row.get(name) or "" for name in names]) for row in rows)]
    (sent.path / "part-0001.csv").write_bytes("".join(f"{line}\n" for line in lines).encode())
    source = SourceFile(
        sent, "part-0001.csv", "csv", "UTF-8", tuple(headers), lines[0].encode(), 0, len(rows)
    )
    return Received(place, kind, contract, "0" * 64, (), (source,), ())


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _parsed(half: Sequence[str]) -> list[Cells]:
    header, *lines = ([cell.strip() for cell in line.split("|")] for line in half)
    return [dict(zip(header, (cell or None for cell in line), strict=True)) for line in lines]


def _spelled(row: Cells) -> Cells:
    return {name: cell and _characters(cell) for name, cell in row.items()}


def _characters(cell: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), cell.replace("␣", " "))
