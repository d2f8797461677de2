"""What all printed forms share: how a sheet is described, their words and notes. Data only; `workbook.py`
lays them out.

The official 公安机关人口统计报表 and their form numbers are not public (domain.md 3.1): headings follow
published tables, and every sheet says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from popbase.statistics.part import part

ABOVE = ("nation", "province", "prefecture", "county")
TOWNS = ("county", "township")

Key = tuple[str, str]  # measure, its part or ''


@dataclass(frozen=True)
class Column:
    """`breakdown`: the `part` of the measure; '' for the whole."""

    label: str
    measure: str
    breakdown: str = ""
    decimals: int = 0

    @property
    def key(self) -> Key:
        return self.measure, self.breakdown


@dataclass(frozen=True)
class Group:
    """Columns under one merged heading; a column that stands alone is a group without a label."""

    label: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Sheet:
    name: str
    title: str
    levels: tuple[str, ...]
    groups: tuple[Group, ...]

    @property
    def columns(self) -> list[Column]:
        return [column for group in self.groups for column in group.columns]


def group(label: str, words: Mapping[str, str], *measures: str, decimals: int = 0) -> Group:
    """Whole measures, called as in `words`."""
    return Group(label, tuple(Column(words[m], m, decimals=decimals) for m in measures))


def by_part(measure: str, dimension: str, words: Mapping[str, str]) -> tuple[Column, ...]:
    """A measure's parts by one dimension: code -> what it is called."""
    return tuple(Column(word, measure, part(dimension, code)) for code, word in words.items())


def with_towns(table: str, title: str, groups: tuple[Group, ...]) -> list[Sheet]:
    """Down to the counties on one sheet; towns apart, since there are a hundred times as many."""
    return [
        Sheet(f"{table} 县级及以上", title, ABOVE, groups),
        Sheet(f"{table} 乡级", f"{title}（乡、镇、街道）", TOWNS, groups),
    ]


@dataclass(frozen=True)
class Facts:
    """Of one release of a table what its notes tell."""

    form: str
    list_vintage: date | None
    approximate: bool
    definitions: Sequence[str]
    release: str


@dataclass(frozen=True)
class Printed:
    """A table as it is printed. `unit`: of its figures; `sheets`: by the form; `measures` and `values`: what
    its measures and its breakdowns' values are called; `caveats`: definition_id -> what a figure is not.
    """

    unit: str
    sheets: Callable[[str], list[Sheet]]
    notes: Callable[[Facts], list[str]]
    measures: Mapping[str, str]
    values: Mapping[str, str]
    caveats: Mapping[str, str] = field(default_factory=dict)


RECONSTRUCTED = "本表按已公布的人口统计资料重建；公安机关人口统计报表的官方表式、表号和填报说明未公开。"
ISSUER = "参照公安部人口统计报表（按公开资料重建）"
NUMBER = "无（官方表号未公开）"
RELEASE = {"PRELIMINARY": "初步数", "FINAL": "正式数", "REVISED": "修订数"}
STATUS = {
    "UNALLOCATED": "未能划入下级",
    "APPROXIMATE": "城乡分类近似",
    "NOT_COMPARABLE": "不可比",
    "NO_PRIOR": "无上年数",
    "LT10": "不足10不公布",
}
REGISTERED = "总人口为户籍登记人口，含未落常住户口人员。"
SEX = "性别按登记；登记为未知或未说明的，取公民身份号码第17位；无号码的列“性别不详”。"
SEXES = {"male": "男", "female": "女", "sex_unknown": "性别不详"}
SINCE_LAST = "没有上年末总人口的，本表各栏不列数（NO_PRIOR）。"
UNPLACED = (
    "代码以ZZ结尾的行为未能划入下级区划的人口，下级之和恒等于上级。"
    "不设区县的地级市只列一行，有未划入人口的除外。"
)


def released(release: str) -> str:
    return (
        f"本次发布为{RELEASE[release]}。初步数在次年1月25日截止前可变动；截止日为正式数；"
        "其后变动为修订数，原数见“修订对照”。"
    )


def noted(facts: Facts, *own: str) -> list[str]:
    """A table's own notes, between those that all tables have."""
    return [RECONSTRUCTED, *own, UNPLACED, released(facts.release)]


def by_list(facts: Facts) -> str | None:
    """Which list the 城乡分类 comes from; none where there is none yet."""
    if facts.list_vintage is None:
        return None
    later = "该清单晚于报告期，有关数字为近似数。" if facts.approximate else ""
    return f"城乡分类采用{day(facts.list_vintage)}的清单。{later}"


def day(of: date) -> str:
    return f"{of.year}年{of.month}月{of.day}日"


def period(year: int, cut_off: date) -> str:
    return day(min(cut_off, date(year, 12, 31)))


def release_line(release: str, cut_off: date) -> str:
    return f"数据状态：{RELEASE[release]}（数据截止{day(cut_off)}）"
