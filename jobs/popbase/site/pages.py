"""The static site: every page as text, made from the published figures alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import jinja2

from popbase.site import charts, words
from popbase.site.figures import WHOLE, Published, Row, above
from popbase.statistics.calendar import FIRST_URBAN_RURAL_YEAR, last_cut_off
from popbase.statistics.part import part_of
from popbase.statistics.places.tree import Area, printed
from popbase.statistics.printed.form import ABOVE, STATUS, Column, Sheet
from popbase.statistics.printed.workbook import FORMS, tables_of, write_csv, write_form
from popbase.statistics.topics.ages import LAST, OLDEST

# So many lines of a table stand in a page; what lies below them is in its files.
MOST_LINES = 400
_BREAK = FIRST_URBAN_RURAL_YEAR - 0.5
_PER_CENT = 100.0


@dataclass(frozen=True)
class Page:
    """`name`: its file; `title`: in the navigation and at its head."""

    name: str
    title: str


PAGES = (
    Page("index.html", "概览 Overview"),
    Page("pyramid.html", "人口金字塔 Age pyramid"),
    Page("map.html", "地区 Map by area"),
    Page("origins.html", "迁移去向 Origins and destinations"),
    Page("trends.html", "趋势 Trends"),
    Page("definitions.html", "指标解释 Definitions"),
    Page("revisions.html", "修订 Revisions"),
    Page("calendar.html", "发布日程 Release calendar"),
)


@dataclass(frozen=True)
class Figure:
    """One key figure of the newest year, and how it has changed since the one before."""

    label: str
    unit: str
    decimals: int
    value: float | None
    change: float | None


@dataclass(frozen=True)
class Line:
    """An area's line in a table: its name and code, how deep it lies, and its cells as text."""

    name: str
    code: str
    depth: int
    cells: tuple[str, ...]


def site(told: Published) -> dict[str, bytes]:
    """Every file of the site, by its path in it."""
    files: dict[str, bytes] = {}
    makers: Mapping[str, Callable[[Published], str]] = {
        "index.html": _index, "pyramid.html": _pyramids, "map.html": _map, "origins.html": _origins,
        "trends.html": _trends, "definitions.html": _definitions, "revisions.html": _revisions,
        "calendar.html": _calendar,
    }  # fmt: skip
    for page in PAGES:
        files[page.name] = makers[page.name](told).encode()
    for year in told.years:
        for table in tables_of(told.form(year)):
            files[f"{table}-{year}.html"] = _form(told, year, table).encode()
            files |= _downloads(told, year, table)
    return files


def _drawn(*pictures: tuple[str, str | None]) -> list[tuple[str, str]]:
    """Those of which there is anything to show, with their captions."""
    return [(caption, picture) for caption, picture in pictures if picture]


def _page(template: str, name: str, told: Published, **facts: object) -> str:
    title = next((page.title for page in PAGES if page.name == name), facts.pop("title", ""))
    return _environment().get_template(template).render(
        pages=PAGES, here=name, title=title, site=words.TITLE, told=told, noise=words.NOISE,
        reconstructed=words.RECONSTRUCTED, statuses=words.STATUS,
        tables=[(year, [(t, *words.FORMS[t]) for t in tables_of(told.form(year))]) for year in told.years],
        **facts,
    )  # fmt: skip


def _index(told: Published) -> str:
    return _page("index.html.j2", "index.html", told, figures=list(_key_figures(told)), year=told.latest)


def _key_figures(told: Published) -> Iterator[Figure]:
    year, before = told.latest, told.latest - 1
    for table, measure, label, decimals, unit in words.KEY_FIGURES:
        value, old = (told.value(y, table, measure) for y in (year, before))
        change = None if value is None or old is None else value - old
        yield Figure(label, unit, decimals, value, change)


def _pyramids(told: Published) -> str:
    year = told.latest
    areas = [WHOLE, *told.areas(year, "province")]
    shown = _drawn(*((told.name(year, a), charts.pyramid(_ages(told, year, a))) for a in areas))
    return _page("pictures.html.j2", "pyramid.html", told, year=year, pictures=shown, about=words.NOISE)


def _ages(told: Published, year: int, area: Area) -> dict[str, dict[int, float | None]]:
    """Sex -> years -> people; the oldest together."""
    codes = {years: str(years) for years in range(OLDEST)} | {OLDEST: LAST}
    return {
        sex: {
            years: told.value(year, "age", "population", part_of({"age": code, "sex": sex}), area)
            for years, code in codes.items()
        }
        for sex in ("male", "female")
    }


def _map(told: Published) -> str:
    year = told.latest
    provinces = told.areas(year, "province")

    def shares(table: str, measure: str) -> dict[str, tuple[str, float | None]]:
        return {a.code[:2]: (told.name(year, a), told.value(year, table, measure, "", a)) for a in provinces}

    pictures = _drawn(
        ("常住人口城镇化率 Urban share of residents, %", charts.tiles(shares("usual", "urbanisation"), "%")),
        ("60岁及以上比重 Share of 60 and over, %", charts.tiles(shares("age", "share_60_on"), "%")),
    )
    about = "每格一省，位置近似地图。One tile a province, placed roughly as on a map."
    return _page("pictures.html.j2", "map.html", told, year=year, pictures=pictures, about=about)


def _origins(told: Published) -> str:
    year = told.latest
    moves = [
        (told.name(year, Area("prefecture", r["breakdowns"]["origin"])),
         told.name(year, Area("prefecture", r["area_code"])), r["value"])
        for r in told.of(year, "origin")
        if r["measure"] == "moves" and r["area_level"] == "prefecture" and r["value"] is not None
    ]  # fmt: skip
    pictures = (
        [("户籍迁移（地级）Moves of registration between prefectures", charts.origins(moves))]
        if moves
        else []
    )
    about = "小于10的不列。Fewer than ten are not shown."
    return _page("pictures.html.j2", "origins.html", told, year=year, pictures=pictures, about=about)


def _trends(told: Published) -> str:
    def series(table: str, measure: str) -> dict[int, float | None]:
        return {year: told.value(year, table, measure) for year in told.years}

    def share(measure: str) -> dict[int, float | None]:
        some, every = series("T1", measure), series("T1", "population")
        return {year: _share(some[year], every[year]) for year in told.years}

    people = {"户籍 Registered": series("T1", "population"), "常住 Usual": series("usual", "residents")}
    rates = {"出生率 Births": series("T3", "birth_rate"), "死亡率 Deaths": series("T3", "death_rate")}
    shares = {
        "非农业（至2014年）Non-agricultural, to 2014": share("non_agricultural"),
        "户籍城镇（2015年起）Registered urban, from 2015": share("urban"),
        "常住城镇化率 Urban share of residents": series("usual", "urbanisation"),
    }
    pictures = _drawn(
        ("人口 Population", charts.trend(people, "人 Persons")),
        ("城镇、非农业比重 Urban and non-agricultural shares", charts.trend(shares, "%", break_at=_BREAK)),
        ("自然变动率 Natural change, ‰", charts.trend(rates, "‰")),
    )
    about = (
        "2015年起统计口径由农业／非农业改为城镇／乡村，前后不可比，见口径衔接表。"
        "From 2015 urban and rural replace agricultural and non-agricultural: what stands on both sides of"
        " the line is not comparable."
    )
    return _page("pictures.html.j2", "trends.html", told, year=told.latest, pictures=pictures, about=about)


def _share(some: float | None, every: float | None) -> float | None:
    return None if some is None or not every else some / every * _PER_CENT


def _definitions(told: Published) -> str:
    return _page("definitions.html.j2", "definitions.html", told)


def _revisions(told: Published) -> str:
    lines = [_revision(told, row) for row in told.revised]
    return _page("revisions.html.j2", "revisions.html", told, lines=lines[:MOST_LINES], every=len(lines))


def _revision(told: Published, row: Row) -> tuple[str, ...]:
    year, table = row["report_year"], row["table"]
    area = told.name(year, Area(row["area_level"], row["area_code"]))
    name = words.FORMS.get(table, (table,))[0]
    return str(year), name, area, row["measure"], part_of(row["breakdowns"]), number(row["value"], 0)


def _calendar(told: Published) -> str:
    years = [*told.years, told.latest + 1]
    dates: list[tuple[int, date, date, str]] = [
        (y, date(y, 12, 31), last_cut_off(y), words.STATUS[told.status(y)] if y in told.years else "—")
        for y in years
    ]
    return _page("calendar.html.j2", "calendar.html", told, dates=dates)


def _form(told: Published, year: int, table: str) -> str:
    form = FORMS[table]
    sheets = [sheet for sheet in form.sheets(told.form(year)) if sheet.levels == ABOVE]
    chinese, english = words.FORMS[table]
    return _page(
        "form.html.j2", f"{table}-{year}.html", told, title=f"{chinese} {english}, {year}", year=year,
        table=table, unit=form.unit, sheets=[(sheet, _lines(told, year, table, sheet)) for sheet in sheets],
        status=words.STATUS[told.status(year)], cut_off=told.cut_off(year), words=STATUS,
    )  # fmt: skip


def _lines(told: Published, year: int, table: str, sheet: Sheet) -> list[Line]:
    """Down to the level of which all areas find room."""
    by_level = {level: told.areas(year, level) for level in ABOVE}
    for lowest in reversed(ABOVE):
        levels = list(above(lowest))
        areas = list(printed([a for level in levels for a in by_level[level]], levels))
        if len(areas) <= MOST_LINES:
            break
    return [
        Line(
            told.name(year, a), a.code, a.depth, tuple(_cell(told, year, table, a, c) for c in sheet.columns)
        )
        for a in areas
    ]


def _line(told: Published, year: int, table: str, area: Area, sheet: Sheet) -> Line:
    cells = (_cell(told, year, table, area, column) for column in sheet.columns)
    return Line(told.name(year, area), area.code, area.depth, tuple(cells))


def _cell(told: Published, year: int, table: str, area: Area, column: Column) -> str:
    return number(told.value(year, table, column.measure, column.breakdown, area), column.decimals)


def number(value: float | None, decimals: int) -> str:
    """As in the workbooks: what is not shown is an ellipsis."""
    return "…" if value is None else f"{value:,.{decimals}f}"


def _downloads(told: Published, year: int, table: str) -> dict[str, bytes]:
    rows = told.of(year, table)
    names = {code: name for (y, _, code), name in told.names.items() if y == year}
    with TemporaryDirectory() as draft:
        book, lines = (Path(draft, f"{table}-{year}.{ending}") for ending in ("xlsx", "csv"))
        write_form(book, rows, names=names, more_notes=[words.NOISE])
        write_csv(lines, rows, names=names)
        return {f"data/{file.name}": file.read_bytes() for file in (book, lines)}


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["number"] = number
    return environment
