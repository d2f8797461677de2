"""What the public opens after three nights: pages that stand by themselves, and SDMX that libraries read."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from pysdmx.io import get_datasets, read_sdmx

from popbase.errors import UsageError
from popbase.publish.publication import Publications
from popbase.site import sdmx
from popbase.site.figures import Published
from popbase.site.pages import PAGES, site

if TYPE_CHECKING:
    from jobs.conftest import Nights

YEAR = 2014


@pytest.fixture(scope="module")
def public(nights: Nights) -> Published:
    return Published.read(str(nights.lake), Publications(nights.lake).shown())


@pytest.fixture(scope="module")
def files(public: Published) -> dict[str, bytes]:
    return site(public)


class Links(HTMLParser):
    """What a page names: other files, and whatever a browser would load or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.named: set[str] = set()
        self.loaded: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "a":
            self.named.add(told.get("href") or "")
        elif tag in ("script", "link", "img", "iframe", "object", "video"):
            self.loaded.append(tag)


def test_every_link_leads_to_a_file_of_the_site(files: dict[str, bytes]) -> None:
    pages = {name: Links(page.decode()) for name, page in files.items() if name.endswith(".html")}
    named = set[str]().union(*(page.named for page in pages.values()))
    assert named <= files.keys()
    assert {page.name for page in PAGES} <= named
    assert set(files) - named <= {"index.html"}


def test_a_page_loads_nothing_and_runs_nothing(files: dict[str, bytes]) -> None:
    for name, page in files.items():
        if name.endswith(".html"):
            assert Links(page.decode()).loaded == [], name
            assert not re.search(r"url\((?!#)|@import|javascript:|\son\w+=", page.decode()), name


def test_the_home_page_shows_the_key_figures_of_the_newest_year(
    public: Published, files: dict[str, bytes]
) -> None:
    page = files["index.html"].decode()
    people = public.value(YEAR, "T1", "population")
    assert people is not None
    assert f"{people:,.0f}" in page
    assert "无上年数可比" in page  # nobody knows 2013


def test_a_form_shows_the_figures_of_the_public_and_no_others(
    public: Published, files: dict[str, bytes]
) -> None:
    page = files[f"T2-{YEAR}.html"].decode()
    shown = {cell.replace(",", "") for cell in re.findall(r"<td>([\d,]+|…)</td>", page)} - {"…"}
    codes = {row["area_code"] for row in public.rows}
    allowed = {f"{row['value']:.0f}" for row in public.of(YEAR, "T2") if row["value"] is not None}
    assert shown - codes <= allowed
    assert len(shown) > 20
    assert "…" in page


def test_the_pyramid_has_both_sexes_and_every_chart_is_a_picture(files: dict[str, bytes]) -> None:
    for name, least in {"pyramid.html": 2, "map.html": 2, "trends.html": 2}.items():
        assert files[name].decode().count("<svg") >= least, name


def test_a_public_workbook_holds_what_its_csv_holds(files: dict[str, bytes]) -> None:
    lines = list(csv.DictReader(io.StringIO(files[f"data/T1-{YEAR}.csv"].decode("utf-8-sig"))))
    book = openpyxl.load_workbook(io.BytesIO(files[f"data/T1-{YEAR}.xlsx"]))
    (nation,) = (
        x for x in lines if (x["area_level"], x["measure"], x["breakdowns"]) == ("nation", "population", "")
    )
    cells = {cell.value for row in book["T1 县级及以上"].iter_rows() for cell in row}
    assert float(nation["value"]) in cells
    withheld = [line for line in lines if line["status"] == "LT10"]
    assert withheld
    assert {line["value"] for line in withheld} == {""}


def test_the_same_figures_make_the_same_site(public: Published, files: dict[str, bytes]) -> None:
    assert site(public) == files


@pytest.fixture(scope="module")
def exchanged(public: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdmx")
    for name, content in sdmx.files(public).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("name", sdmx.STRUCTURES)
def test_the_structures_are_valid_by_the_standards_own_schemas(exchanged: Path, name: str) -> None:
    message = read_sdmx(exchanged / name, validate=True)
    (structure,) = message.get_data_structure_definitions()
    assert [c.id for c in structure.components.dimensions][:2] == ["FREQ", "TABLE_ID"]
    assert {flow.id for flow in message.get_dataflows()} == {sdmx.FLOW}


def test_every_figure_is_exchanged_and_every_code_is_in_its_list(public: Published, exchanged: Path) -> None:
    (data,) = get_datasets(exchanged / sdmx.DATA, exchanged / "structure-3.0.xml", validate=False)
    assert len(data.data) == len(public.rows)
    assert not data.data.duplicated(
        ["TABLE_ID", "INDICATOR", "PART", "AREA_LEVEL", "REF_AREA", "TIME_PERIOD"]
    ).any()
    lists = {
        codes.id.removeprefix("CL_"): {code.id for code in codes.items}
        for codes in read_sdmx(exchanged / "structure-3.0.xml", validate=False).get_codelists()
    }
    with (exchanged / sdmx.DATA).open(encoding="utf-8") as file:
        written = list(csv.DictReader(file))  # as it is written: pandas takes 000000 for a number
    for component, codes in lists.items():
        assert {row[component] for row in written} <= codes, component
        assert all(re.fullmatch(r"[A-Za-z0-9_@$\-]+", code) for code in codes), component


def test_a_withheld_figure_says_so(exchanged: Path) -> None:
    with (exchanged / sdmx.DATA).open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["OBS_STATUS"] == "Q"]
    assert rows
    assert {row["OBS_VALUE"] for row in rows} == {""}


def test_before_the_first_release_there_is_no_site(nights: Nights) -> None:
    first = Publications(nights.lake).all()[0]
    with pytest.raises(UsageError, match="Nothing is released to the public yet"):
        Published.read(str(nights.lake), first)
