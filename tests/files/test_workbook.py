"""The form as people read it: workbook and CSV, from the cube's rows alone."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from popbase.statistics.forms import measures
from popbase.statistics.part import part_of
from popbase.statistics.places.tree import Area, printed
from popbase.statistics.printed.workbook import FORMS, tables_of, write_csv, write_form

AREAS = [
    ("township", "330106001"),
    ("nation", "000000"),
    ("prefecture", "330100"),
    ("county", "330106"),
    ("province", "330000"),
    ("county", "3301ZZ"),
    ("township", "3301ZZ"),
    ("province", "440000"),
    ("prefecture", "441900"),
    ("county", "441900"),
    ("township", "441900100"),
]
NAMES = {
    "330000": "浙江省",
    "330100": "杭州市",
    "330106": "=cmd|'/c calc'!A1",
    "441900": "东莞市",
    "440000": "广东省",
    "330106001": "@西溪街道",
}


def figures(year: int = 2014, table: str = "T1", **changes: Any) -> list[dict[str, Any]]:
    form = "LEGACY" if year < 2015 else "URBAN_RURAL"
    keys = {column.key for sheet in FORMS[table].sheets(form) for column in sheet.columns}
    return [
        {
            "report_year": year, "form": form, "table": table, "area_code": code, "area_level": level,
            "boundary_year": year, "list_vintage": date(2015, 6, 30), "measure": measure,
            "breakdowns": _breakdowns(part), "value": 1234567.0, "status": "OK",
            "release_status": "FINAL", "cut_off": date(year + 1, 1, 25),
            "definition_id": "place-2003" if measure == "agricultural" else "registered",
            "previous_value": None, **changes,
        }
        for level, code in AREAS
        for measure, part in sorted(keys)
    ]  # fmt: skip


def _breakdowns(part: str) -> dict[str, str]:
    pairs = (one.split("=") for one in part.split(";") if one)
    return {dimension: code for dimension, code in pairs}


def written(folder: Path, rows: list[dict[str, Any]]) -> openpyxl.Workbook:
    write_form(folder / "t1.xlsx", rows, names=NAMES, unit="浙江省")
    return openpyxl.load_workbook(folder / "t1.xlsx")


@pytest.fixture(scope="module")
def legacy(tmp_path_factory) -> openpyxl.Workbook:
    return written(tmp_path_factory.mktemp("t1"), figures())


def texts(page: Any) -> list[str]:
    return [str(cell.value) for row in page.iter_rows() for cell in row if cell.value is not None]


def body(page: Any) -> list[tuple[Any, Any]]:
    return [(row[0].value, row[1].value) for row in page.iter_rows(min_row=11) if row[1].value]


def test_the_form_names_what_an_official_form_names_and_says_it_is_reconstructed(legacy):
    page = legacy["T1 县级及以上"]
    found = texts(page)
    for words in (
        "户数、人口统计表",
        "（2014年度）",
        "表　　号：无（官方表号未公开）",
        "制定机关：参照公安部人口统计报表（按公开资料重建）",
        "数据状态：正式数（数据截止2015年1月25日）",
        "计量单位：户、人",
        "填报单位：浙江省",
        "2014年12月31日",
        "农业人口",
        "当年农转非",
    ):
        assert words in found
    assert any("户籍登记上的户，不是住房里的户" in text for text in found)


def test_the_new_form_has_urban_and_rural_in_place_of_agricultural(tmp_path):
    found = texts(written(tmp_path, figures(2015))["T1 县级及以上"])
    assert {"城镇人口", "乡村人口", "未分类"} <= set(found)
    assert not {"农业人口", "非农业人口", "当年农转非", "按户口性质"} & set(found)


def test_the_ages_stand_under_one_heading_each_and_count_people_not_households(tmp_path):
    book = written(tmp_path, figures(2015, "T2"))
    found = texts(book["T2 县级及以上"])
    assert {"人口年龄统计表", "0—17岁", "60岁及以上", "计量单位：人", "性别不详"} <= set(found)
    assert not any("户籍登记上的户" in text for text in found)
    assert book.sheetnames == ["T2 县级及以上", "T2 乡级", "说明"]


PRINTED = [
    *((table, 2014) for table in ("T1", "T2", "T3", "T4", "T5", "T6", "components", "bridge")),
    *((table, 2015) for table in ("T1", "T2", "T3", "T4", "T5", "T6", "components")),
]


def test_the_old_form_alone_prints_the_bridge():
    every = [
        (table, year) for form, year in (("LEGACY", 2014), ("URBAN_RURAL", 2015)) for table in tables_of(form)
    ]
    assert every == PRINTED


@pytest.mark.parametrize(("table", "year"), PRINTED)
def test_every_figure_of_a_table_has_a_column_and_every_column_is_a_figure(table, year):
    form = "LEGACY" if year == 2014 else "URBAN_RURAL"
    figures_of = {(m.name, part_of(m.breakdowns)) for m in measures(form) if m.table == table}
    assert {column.key for sheet in FORMS[table].sheets(form) for column in sheet.columns} == figures_of
    assert figures_of


@pytest.mark.parametrize(("table", "year"), PRINTED)
def test_every_table_is_written_with_its_block_and_all_of_its_notes(tmp_path, table, year):
    book = written(tmp_path, figures(year, table))
    for sheet in FORMS[table].sheets("LEGACY" if year == 2014 else "URBAN_RURAL"):
        page = book[sheet.name]
        found = texts(page)
        assert {sheet.title, "填报单位：浙江省", f"{year}年12月31日"} <= set(found)
        assert {column.label for column in sheet.columns} <= set(found)
        assert sum("．" in text for text in found) >= 4
        assert page.print_area


def test_rates_are_printed_with_two_decimals_and_a_revised_one_says_so(tmp_path):
    rows = figures(2015, "T3", value=12.5)
    for row in rows:
        if row["measure"] == "death_rate":
            row |= {"release_status": "REVISED", "previous_value": 12.0}
    page = written(tmp_path, rows)["T3 县级及以上"]
    heads = {cell.value: cell.column for row in page["8:9"] for cell in row if cell.value}
    formats = {name: page.cell(11, heads[name]).number_format for name in ("出生率(‰)", "死亡率(‰)")}
    assert formats == {"出生率(‰)": "#,##0.00", "死亡率(‰)": '#,##0.00"ʳ"'}


def test_totals_come_first_and_every_area_under_its_parent(legacy):
    assert body(legacy["T1 县级及以上"]) == [
        ("总　计", "000000"),
        ("浙江省", "330000"),
        ("杭州市", "330100"),
        ("=cmd|'/c calc'!A1", "330106"),
        ("未划入下级", "3301ZZ"),
        ("广东省", "440000"),
        ("东莞市", "441900"),
    ]


def test_townships_stand_under_their_county_on_a_sheet_of_their_own(legacy):
    assert [code for _, code in body(legacy["T1 乡级"])] == [
        "330106", "330106001", "3301ZZ", "441900", "441900100",
    ]  # fmt: skip


def test_an_area_is_indented_by_its_level(legacy):
    page = legacy["T1 县级及以上"]
    assert [page.cell(row, 1).alignment.indent for row in range(11, 15)] == [0, 1, 2, 3]


def test_a_name_that_looks_like_a_formula_stays_text(legacy, tmp_path):
    cells = [cell for page in legacy for row in page.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    write_csv(tmp_path / "t1.csv", figures(), names=NAMES)
    with (tmp_path / "t1.csv").open(encoding="utf-8-sig") as file:
        names = {line["area_name"] for line in csv.DictReader(file)}
    assert {"'=cmd|'/c calc'!A1", "'@西溪街道"} <= names


def test_figures_are_numbers_with_thousands_separators(legacy):
    cell = legacy["T1 县级及以上"].cell(11, 3)
    assert (cell.value, cell.number_format) == (1234567, "#,##0")


def test_it_prints_one_page_wide_with_its_headings_on_every_page(legacy):
    page = legacy["T1 县级及以上"]
    assert page.sheet_properties.pageSetUpPr.fitToPage
    # A width that is not given is one page.
    assert (page.page_setup.fitToWidth or 1, page.page_setup.fitToHeight) == (1, 0)
    assert (page.print_title_rows, page.freeze_panes) == ("$8:$10", "C11")


def test_a_revision_is_marked_and_listed_with_its_old_value(tmp_path):
    rows = figures()
    rows[0] |= {"release_status": "REVISED", "previous_value": 1234566.0}
    revised = written(tmp_path, rows)
    assert [cell.value for cell in revised["修订对照"][2]][4:] == [1234566, 1234567]
    assert any("数据状态：修订数" in text for text in texts(revised["T1 乡级"]))


def test_approximate_and_unplaced_figures_say_so(tmp_path):
    found = texts(written(tmp_path, figures(status="APPROXIMATE"))["T1 县级及以上"])
    assert "城乡分类近似" in found
    assert any("该清单晚于报告期" in text for text in found)


def test_a_figure_that_cannot_be_given_is_dots(tmp_path):
    assert (
        written(tmp_path, figures(value=None, status="NOT_COMPARABLE"))["T1 县级及以上"].cell(11, 3).value
        == "…"
    )


def test_the_same_figures_give_the_same_bytes(tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        write_form(tmp_path / name, figures(), names=NAMES)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_two_report_years_are_not_one_form(tmp_path):
    with pytest.raises(ValueError, match="one report year"):
        write_form(tmp_path / "t1.xlsx", figures(2014) + figures(2015), names=NAMES)


def test_the_csv_opens_as_chinese_and_holds_one_figure_a_line(tmp_path):
    rows = figures()
    write_csv(tmp_path / "t1.csv", reversed(rows), names=NAMES)
    raw = (tmp_path / "t1.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert len(lines) == len(rows)
    assert (lines[0]["area_code"], lines[0]["value"]) == ("000000", "1234567")
    assert {line["breakdowns"] for line in lines} >= {"", "reason=1", "reason=unknown"}
    write_csv(tmp_path / "again.csv", rows, names=NAMES)
    assert (tmp_path / "again.csv").read_bytes() == raw


def test_a_city_without_counties_is_printed_once():
    areas = [Area("prefecture", "441900"), Area("county", "441900"), Area("township", "441900100")]
    assert [a.level for a in printed(areas, ("prefecture", "county"))] == ["prefecture"]
    assert [a.level for a in printed(areas, ("county", "township"))] == ["county", "township"]
