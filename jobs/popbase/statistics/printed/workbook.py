"""A form as people read it: an XLSX in the form's layout and a tidy CSV, both from rows of the cube alone.

A row of the cube holds no person: nothing else is written. Text from the feeds (names of areas) is always
written as a string, so that no spreadsheet takes it for a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import xlsxwriter

from popbase.statistics.part import part_of
from popbase.statistics.places.tree import UNALLOCATED, Area, printed
from popbase.statistics.printed.bridge import BRIDGE
from popbase.statistics.printed.components import COMPONENTS
from popbase.statistics.printed.form import (
    RECONSTRUCTED,
    STATUS,
    Column,
    Facts,
    Key,
    Printed,
    Sheet,
    period,
    release_line,
)
from popbase.statistics.printed.sheet import SheetWriter
from popbase.statistics.printed.t1 import T1
from popbase.statistics.printed.t2 import T2
from popbase.statistics.printed.t3 import T3
from popbase.statistics.printed.t4 import T4
from popbase.statistics.printed.t5 import T5
from popbase.statistics.printed.t6 import T6

Figure = Mapping[str, Any]

FORMS: Mapping[str, Printed] = {
    "T1": T1, "T2": T2, "T3": T3, "T4": T4, "T5": T5, "T6": T6, "components": COMPONENTS, "bridge": BRIDGE,
}  # fmt: skip


def tables_of(form: str) -> list[str]:
    """The tables that a year of this form prints."""
    return [table for table, printed in FORMS.items() if printed.sheets(form)]


_CSV = (
    "report_year", "form", "table", "area_level", "area_code", "area_name", "boundary_year", "list_vintage",
    "measure", "breakdowns", "value", "status", "release_status", "cut_off", "definition_id",
    "previous_value", "note",
)  # fmt: skip
# What a spreadsheet may take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Table:
    """One release of a table: the cube's rows of one report year and the names of areas."""

    rows: list[Figure]
    names: Mapping[str, str]
    more_notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len({(row["report_year"], row["form"], row["table"]) for row in self.rows}) != 1:
            raise ValueError("A workbook holds one table of one report year; the rows given do not.")

    @cached_property
    def areas(self) -> dict[Area, dict[Key, Figure]]:
        found: dict[Area, dict[Key, Figure]] = {}
        for row in self.rows:
            area = Area(row["area_level"], row["area_code"])
            found.setdefault(area, {})[row["measure"], part_of(row["breakdowns"])] = row
        return found

    @property
    def name_of_table(self) -> str:
        return str(self.rows[0]["table"])

    @property
    def printed(self) -> Printed:
        return FORMS[self.name_of_table]

    @property
    def year(self) -> int:
        return int(self.rows[0]["report_year"])

    @property
    def form(self) -> str:
        return str(self.rows[0]["form"])

    @property
    def cut_off(self) -> date:
        """The newest: rows that no revision touched keep none of their own."""
        newest: date = max(row["cut_off"] for row in self.rows)
        return newest

    @property
    def release(self) -> str:
        statuses = {row["release_status"] for row in self.rows}
        return next(s for s in ("REVISED", "PRELIMINARY", "FINAL") if s in statuses)

    @property
    def list_vintage(self) -> date | None:
        """The nation's: areas that a revision leaves without people keep the list they were counted by."""
        return next((row["list_vintage"] for row in self.rows if row["area_level"] == "nation"), None)

    @property
    def revisions(self) -> list[Figure]:
        return [row for row in self.rows if row["release_status"] == "REVISED"]

    def notes(self) -> list[str]:
        official = [row["definition_id"] for row in self.rows if row["measure"] == "agricultural"]
        told = self.printed.notes(
            Facts(
                form=self.form,
                list_vintage=self.list_vintage,
                approximate=any(row["status"] == "APPROXIMATE" for row in self.rows),
                definitions=sorted(set(official)),
                release=self.release,
            )
        )
        return [*told, *self.more_notes]

    def name(self, area: Area) -> str:
        if area.level == "nation":
            return "总　计"
        if area.code.endswith(UNALLOCATED):
            return "未划入下级"
        return self.names.get(area.code, area.code)

    def remark(self, area: Area, columns: Iterable[Column]) -> str:
        statuses = {f["status"] for c in columns if (f := self.areas[area].get(c.key))}
        return "；".join(text for status, text in STATUS.items() if status in statuses)


def write_form(
    path: Path,
    rows: Iterable[Figure],
    *,
    names: Mapping[str, str],
    unit: str = "全国",
    more_notes: Sequence[str] = (),
) -> None:
    """The form's workbook. `rows`: the cube's of one report year; `names`: area code -> Chinese name;
    `unit`: the reporting unit (填报单位); `more_notes`: beside those that the form always has."""
    table = Table(list(rows), names, tuple(more_notes))
    # The cut-off instead of the clock: the same figures give the same bytes.
    created = datetime.combine(table.cut_off, datetime.min.time())
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        title = f"{table.name_of_table} {table.year}"
        book.set_properties({"title": title, "author": "popbase", "created": created})
        writer = SheetWriter(book)
        for sheet in table.printed.sheets(table.form):
            _write_sheet(writer, sheet, table, unit)
        writer.notes("说明", table.notes())
        if table.revisions:
            writer.listing("修订对照", *_revisions(table))


def _write_sheet(writer: SheetWriter, sheet: Sheet, table: Table, unit: str) -> None:
    areas = list(printed(table.areas, sheet.levels))
    top = min((area.depth for area in areas), default=0)
    writer.form(
        sheet,
        subtitle=f"（{table.year}年度）",
        left=f"填报单位：{unit}",
        middle=period(table.year, table.cut_off),
        status=release_line(table.release, table.cut_off),
        unit=table.printed.unit,
        body=[
            (table.name(a), a.code, a.depth - top,
             [(table.areas[a].get(c.key), c.decimals) for c in sheet.columns],
             table.remark(a, sheet.columns))
            for a in areas
        ],
        notes=table.notes(),
    )  # fmt: skip


def _revisions(table: Table) -> tuple[list[str], list[list[str | float | None]]]:
    heads = ["地区", "区划代码", "指标", "分组", "原数", "现数"]
    lines: list[list[str | float | None]] = [
        [
            table.name(Area(row["area_level"], row["area_code"])),
            row["area_code"],
            table.printed.measures.get(row["measure"], row["measure"]),
            "；".join(table.printed.values.get(code, code) for _, code in sorted(row["breakdowns"].items())),
            row["previous_value"],
            row["value"],
        ]
        for row in table.revisions
    ]
    return heads, sorted(lines, key=lambda line: [str(cell) for cell in line[1:4]])


def write_csv(path: Path, rows: Iterable[Figure], *, names: Mapping[str, str]) -> None:
    """One figure a line, UTF-8 with a BOM: spreadsheets take it for the local code page otherwise."""
    ordered = sorted(rows, key=_printed_order)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(_CSV)
        for row in ordered:
            named = {**row, "area_name": names.get(row["area_code"], ""), "note": _note(row)}
            out.writerow([_cell(named[column]) for column in _CSV])


def _printed_order(row: Figure) -> tuple[Any, ...]:
    area = Area(row["area_level"], row["area_code"])
    return row["report_year"], area.path(), row["measure"], sorted(row["breakdowns"].items())


def _note(row: Figure) -> str:
    """Lines of a CSV are quoted one by one: each says what its figure is not."""
    return RECONSTRUCTED + FORMS[row["table"]].caveats.get(row["definition_id"], "")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value)
    if isinstance(value, Mapping):
        return part_of(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
