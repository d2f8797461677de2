"""T1 as a printed form: headings, notes and words. Data only; `workbook.py` lays it out.

The official 公安机关人口统计报表 and its form number are not public (domain.md 3.1): headings follow
published tables, and every sheet says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

Key = tuple[str, str]  # measure, its breakdown's value or ''


@dataclass(frozen=True)
class Column:
    label: str
    measure: str
    breakdown: str = ""

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


RECONSTRUCTED = "本表按已公布的人口统计资料重建；公安机关人口统计报表的官方表式、表号和填报说明未公开。"
REGISTER_HOUSEHOLD = "户数为户籍登记上的户，不是住房里的户；未落常住户口人员和无户号的记录不计入任何户。"
ISSUER = "参照公安部人口统计报表（按公开资料重建）"
NUMBER = "无（官方表号未公开）"
UNIT = "户、人"
RELEASE = {"PRELIMINARY": "初步数", "FINAL": "正式数", "REVISED": "修订数"}
STATUS = {
    "UNALLOCATED": "未能划入下级",
    "APPROXIMATE": "城乡分类近似",
    "NOT_COMPARABLE": "不可比",
    "NO_PRIOR": "无上年数",
}
DEFINITION = {"nature": "按户口性质", "place-2003": "按地域", "mixed": "各省口径不一"}
REASONS = {
    "1": "计划生育", "2": "无出生证明", "3": "收养", "4": "宣告失踪死亡后",
    "5": "婚嫁", "6": "迁移证遗失", "7": "非婚涉外", "8": "其他", "unknown": "原因不详",
}  # fmt: skip
MEASURES = {
    "households": "总户数", "family_households": "家庭户", "collective_households": "集体户",
    "other_households": "其他户", "population": "总人口", "male": "男", "female": "女",
    "sex_unknown": "性别不详", "unsettled": "未落常住户口人员", "agricultural": "农业人口",
    "non_agricultural": "非农业人口", "converted": "当年农转非", "agricultural_nature": "农业户口",
    "non_agricultural_nature": "非农业户口", "nature_unknown": "性质不详", "agricultural_place": "农业",
    "non_agricultural_place": "非农业", "urban": "城镇人口", "rural": "乡村人口", "unclassified": "未分类",
    "in_transit": "迁出未落户", "in_service": "应征入伍", "emigrated": "出国(境)定居", "missing": "失踪",
    "dead_and_live": "死亡与在册并存",
}  # fmt: skip

_ABOVE = ("nation", "province", "prefecture", "county")
_TOWNS = ("county", "township")
_TITLE = "户数、人口统计表"


def sheets(form: str) -> list[Sheet]:
    """Three sheets: what the year is asked for first, towns apart since there are a hundred times as many."""
    main = (*_people(), _classes(form), _alone("unsettled"))
    extra = (*(_definitions() if form == "LEGACY" else ()), _reasons(), _beside())
    return [
        Sheet("T1 县级及以上", _TITLE, _ABOVE, main),
        Sheet("T1 乡级", f"{_TITLE}（乡、镇、街道）", _TOWNS, main),
        Sheet("T1 附表", f"{_TITLE}附表", _ABOVE, extra),
    ]


def _group(label: str, *measures: str) -> Group:
    return Group(label, tuple(Column(MEASURES[m], m) for m in measures))


def _alone(measure: str) -> Group:
    return _group("", measure)


def _people() -> tuple[Group, ...]:
    return (
        _group("户数", "households", "family_households", "collective_households", "other_households"),
        _group("人口数", "population", "male", "female", "sex_unknown"),
    )


def _classes(form: str) -> Group:
    if form == "LEGACY":
        return _group("总人口中", "agricultural", "non_agricultural", "converted")
    return _group("总人口中", "urban", "rural", "unclassified")


def _definitions() -> tuple[Group, ...]:
    return (
        _group("按户口性质", "agricultural_nature", "non_agricultural_nature", "nature_unknown"),
        _group("按地域（2003年规定）", "agricultural_place", "non_agricultural_place"),
    )


def _reasons() -> Group:
    columns = tuple(Column(label, "unsettled", code) for code, label in REASONS.items())
    return Group("未落常住户口人员（按原因）", columns)


def _beside() -> Group:
    return _group("另记", "in_transit", "in_service", "emigrated", "missing", "dead_and_live")


def notes(
    *, form: str, list_vintage: date | None, approximate: bool, definitions: Sequence[str], release: str
) -> list[str]:
    """What a reader must know before quoting a figure."""
    always = [
        RECONSTRUCTED,
        "总人口为户籍登记人口，含未落常住户口人员；“另记”各栏在总人口之外，其中“死亡与在册并存”在总人口之内，单独列示。",
        REGISTER_HOUSEHOLD,
        "性别按登记；登记为未知或未说明的，取公民身份号码第17位；无号码的列“性别不详”。",
        "代码以ZZ结尾的行为未能划入下级区划的人口，下级之和恒等于上级。不设区县的地级市只列一行，有未划入人口的除外。",
        f"本次发布为{RELEASE[release]}。初步数在次年1月25日截止前可变动；截止日为正式数；其后变动为修订数，原数见“修订对照”。",
    ]
    return (
        always
        + (_legacy_notes(definitions) if form == "LEGACY" else [])
        + _list_notes(list_vintage, approximate)
    )


def _legacy_notes(definitions: Sequence[str]) -> list[str]:
    official = "、".join(DEFINITION[d] for d in definitions)
    return [
        f"“农业人口”“非农业人口”两栏本期口径：{official}；两种口径的数字均列于附表，不得混用。",
        "按户口性质时，户口性质不详者既不计入农业也不计入非农业，见附表。",
        "按地域（2003年规定）：市辖区、县级市和不设区县的地级市的街道，以及镇的居民委员会、镇政府驻地的村（以城乡分类121代替）为非农业，其余为农业。",
    ]


def _list_notes(list_vintage: date | None, approximate: bool) -> list[str]:
    if list_vintage is None:
        return ["尚无城乡分类清单，凡依清单划分的均列为“未分类”或按农业计。"]
    text = f"城乡分类采用{_day(list_vintage)}的清单。"
    return [text + ("该清单晚于报告期，有关数字为近似数。" if approximate else "")]


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def period(year: int, cut_off: date) -> str:
    return _day(min(cut_off, date(year, 12, 31)))


def release_line(release: str, cut_off: date) -> str:
    return f"数据状态：{RELEASE[release]}（数据截止{_day(cut_off)}）"
