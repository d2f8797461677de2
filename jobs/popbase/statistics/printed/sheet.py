"""One sheet of a form as it would be printed: form block, merged and numbered headings, body, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from popbase.statistics.printed.form import ISSUER, NUMBER, Sheet

Figure = tuple[Mapping[str, Any] | None, int]  # a row of the cube, and its decimals
Body = tuple[str, str, int, list[Figure], str]

_FONT = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
_HEAD = {**_FONT, "align": "center", "text_wrap": True, "border": 1, "bold": True, "bg_color": "#F2F2F2"}
_STYLES: dict[str, dict[str, Any]] = {
    "title": {**_FONT, "font_name": "黑体", "font_size": 16, "align": "center"},
    "subtitle": {**_FONT, "align": "center"},
    "plain": _FONT,
    "right": {**_FONT, "align": "right"},
    "head": _HEAD,
    "number": {**_FONT, "border": 1, "num_format": "#,##0"},
    # The superscript r of statistical yearbooks.
    "revised": {**_FONT, "border": 1, "num_format": '#,##0"ʳ"', "italic": True},
    "withheld": {**_FONT, "border": 1, "align": "right"},
    "code": {**_FONT, "border": 1, "align": "center"},
    "remark": {**_FONT, "border": 1, "font_size": 9, "shrink": True},
    "note": {**_FONT, "font_size": 9, "text_wrap": True, "valign": "top"},
}
_SIGNED = "单位负责人：　　　　　　填表人：　　　　　　报出日期：　　　　年　　月　　日"
_FIRST_FIGURE = 2  # after the area's name and code
_HEAD_ROW = 7
_FEW_COLUMNS = 7
_LINE = 14  # points


class SheetWriter:
    """Writes sheets into one workbook; formats are shared."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._styles = {name: book.add_format(style) for name, style in _STYLES.items()}
        self._names: dict[tuple[int, bool], Format] = {}

    def form(
        self,
        sheet: Sheet,
        *,
        subtitle: str,
        left: str,
        middle: str,
        status: str,
        unit: str,
        body: Sequence[Body],
        notes: Sequence[str],
    ) -> None:
        page = self._page(sheet.name)
        last = _FIRST_FIGURE + len(sheet.columns)
        self._block(page, last, sheet.title, subtitle, (left, middle, status, unit))
        self._headings(page, sheet, last)
        for row, line in enumerate(body, start=_HEAD_ROW + 3):
            self._line(page, row, line)
        width = self._sizes(page, last, body)
        self._foot(page, _HEAD_ROW + 3 + len(body), last, notes, width)
        page.freeze_panes(_HEAD_ROW + 3, _FIRST_FIGURE)
        page.repeat_rows(_HEAD_ROW, _HEAD_ROW + 2)
        page.print_area(0, 0, _HEAD_ROW + 3 + len(body) + len(notes) + 1, last)

    def _page(self, name: str) -> Worksheet:
        page = self._book.add_worksheet(name)
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        page.set_footer("&C第 &P 页，共 &N 页")
        page.hide_gridlines(2)
        page.set_default_row(17)
        return page

    def _block(
        self, page: Worksheet, last: int, title: str, subtitle: str, lines: tuple[str, str, str, str]
    ) -> None:
        left, middle, status, unit = lines
        start = max(last - 5, _FIRST_FIGURE)
        page.merge_range(0, 0, 0, last, title, self._styles["title"])
        page.merge_range(1, 0, 1, last, subtitle, self._styles["subtitle"])
        for row, text in enumerate(
            (f"表　　号：{NUMBER}", f"制定机关：{ISSUER}", status, f"计量单位：{unit}"), 2
        ):
            page.merge_range(row, start, row, last, text, self._styles["plain"])
        page.write_string(5, 0, left, self._styles["plain"])
        if start > _FIRST_FIGURE + 2:
            page.merge_range(5, _FIRST_FIGURE + 1, 5, start - 1, middle, self._styles["subtitle"])
        else:
            page.write_string(5, 1, middle, self._styles["subtitle"])

    def _headings(self, page: Worksheet, sheet: Sheet, last: int) -> None:
        head = self._styles["head"]
        for at, text in ((0, "地　　区"), (1, "区划代码"), (last, "备　注")):
            page.merge_range(_HEAD_ROW, at, _HEAD_ROW + 1, at, text, head)
        at = _FIRST_FIGURE
        for group in sheet.groups:
            self._heading(page, at, group.label, [column.label for column in group.columns])
            at += len(group.columns)
        marks = ["甲", "乙", *map(str, range(1, len(sheet.columns) + 1)), "丙"]
        for column, mark in enumerate(marks):
            page.write_string(_HEAD_ROW + 2, column, mark, head)

    def _heading(self, page: Worksheet, at: int, label: str, columns: list[str]) -> None:
        head = self._styles["head"]
        if not label:
            page.merge_range(_HEAD_ROW, at, _HEAD_ROW + 1, at, columns[0], head)
            return
        page.merge_range(_HEAD_ROW, at, _HEAD_ROW, at + len(columns) - 1, label, head)
        for offset, text in enumerate(columns):
            page.write_string(_HEAD_ROW + 1, at + offset, text, head)

    def _line(self, page: Worksheet, row: int, line: Body) -> None:
        name, code, indent, figures, remark = line
        page.write_string(row, 0, name, self._name_style(indent))
        page.write_string(row, 1, code, self._styles["code"])
        for offset, (figure, decimals) in enumerate(figures):
            self._figure(page, row, _FIRST_FIGURE + offset, figure, decimals)
        page.write_string(row, _FIRST_FIGURE + len(figures), remark, self._styles["remark"])

    def _figure(
        self, page: Worksheet, row: int, column: int, figure: Mapping[str, Any] | None, decimals: int
    ) -> None:
        if figure is None or figure["value"] is None:
            page.write_string(row, column, "…", self._styles["withheld"])
            return
        style = "revised" if figure["release_status"] == "REVISED" else "number"
        page.write_number(row, column, figure["value"], self._number(style, decimals))

    def _number(self, style: str, decimals: int) -> Format:
        """The style with as many decimals; whole numbers have it as it is."""
        name = f"{style}.{decimals}" if decimals else style
        if name not in self._styles:
            zeros = "0." + decimals * "0"
            whole = _STYLES[style]
            form = whole["num_format"].replace("#,##0", f"#,##{zeros}")
            self._styles[name] = self._book.add_format({**whole, "num_format": form})
        return self._styles[name]

    def _name_style(self, indent: int) -> Format:
        key = indent, indent == 0
        if key not in self._names:
            style = {**_FONT, "border": 1, "indent": indent, "bold": indent == 0}
            self._names[key] = self._book.add_format(style)
        return self._names[key]

    def _foot(self, page: Worksheet, row: int, last: int, notes: Sequence[str], width: float) -> None:
        page.merge_range(row, 0, row, last, _SIGNED, self._styles["plain"])
        for offset, note in enumerate(notes, start=1):
            text = f"{'说明：' if offset == 1 else '　　　'}{offset}．{note}"
            page.merge_range(row + offset, 0, row + offset, last, text, self._styles["note"])
            page.set_row(row + offset, _LINE * ceil(2 * len(text) / width))

    def _sizes(self, page: Worksheet, last: int, body: Sequence[Body]) -> float:
        """How wide the sheet is. Of few columns each is wider, for the form's block to stand above them."""
        widest = max((2 * len(name) + 2 * indent for name, _, indent, _, _ in body), default=8)
        figures = last - _FIRST_FIGURE
        code, figure = (11.0, 10.5) if figures > _FEW_COLUMNS else (16.0, 18.0)
        widths = [float(min(max(widest + 2, 14), 40)), code, *[figure] * figures, 13.0]
        for column, width in enumerate(widths):
            page.set_column(column, column, width)
        page.set_row(0, 28)
        page.set_row(_HEAD_ROW, 20)
        page.set_row(_HEAD_ROW + 1, 34)
        return sum(widths)

    def notes(self, name: str, notes: Sequence[str]) -> None:
        page = self._page(name)
        page.set_column(0, 0, 110)
        page.write_string(0, 0, "填表说明", self._styles["title"])
        for row, note in enumerate(notes, start=1):
            page.write_string(row, 0, f"{row}．{note}", self._styles["note"])

    def listing(self, name: str, heads: Sequence[str], lines: Sequence[Sequence[str | float | None]]) -> None:
        """A plain table of text and numbers."""
        page = self._page(name)
        page.set_column(0, len(heads) - 1, 16)
        page.freeze_panes(1, 0)
        for column, head in enumerate(heads):
            page.write_string(0, column, head, self._styles["head"])
        for row, line in enumerate(lines, start=1):
            for column, cell in enumerate(line):
                if isinstance(cell, int | float):
                    page.write_number(row, column, cell, self._styles["number"])
                else:
                    page.write_string(row, column, cell or "", self._styles["withheld"])
