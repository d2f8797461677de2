"""T3 as a printed form: headings, notes and words."""

from __future__ import annotations

from popbase.statistics.form import (
    RECONSTRUCTED,
    REGISTERED,
    SEX,
    SEXES,
    SINCE_LAST,
    UNPLACED,
    Column,
    Facts,
    Group,
    Printed,
    Sheet,
    released,
    with_towns,
)
from popbase.statistics.part import part

MEASURES = {
    "births": "出生", "deaths": "死亡", "births_born_before": "上年及以前出生",
    "deaths_died_before": "上年及以前死亡", "births_occurred": "本年出生", "deaths_occurred": "本年死亡",
    "natural_increase": "自然增长", "average_population": "年平均人口", "birth_rate": "出生率(‰)",
    "death_rate": "死亡率(‰)", "natural_rate": "自然增长率(‰)",
}  # fmt: skip
_TITLE = "人口自然变动统计表"


def sheets(_: str) -> list[Sheet]:
    """Alike in both forms."""
    groups = (
        _events("出生人数（按登记日期）", "births", "births_born_before"),
        _events("死亡人数（按注销日期）", "deaths", "deaths_died_before"),
        Group("按发生日期", tuple(Column(MEASURES[m], m) for m in ("births_occurred", "deaths_occurred"))),
        Group("", (Column(MEASURES["natural_increase"], "natural_increase"),)),
        Group("", (Column(MEASURES["average_population"], "average_population", decimals=1),)),
        Group("", (Column(MEASURES["birth_rate"], "birth_rate", decimals=2),)),
        Group("", (Column(MEASURES["death_rate"], "death_rate", decimals=2),)),
        Group("", (Column(MEASURES["natural_rate"], "natural_rate", decimals=2),)),
    )
    return with_towns("T3", _TITLE, groups)


def _events(label: str, measure: str, before: str) -> Group:
    by_sex = (Column(name, measure, part("sex", sex)) for sex, name in SEXES.items())
    return Group(label, (Column("合计", measure), *by_sex, Column(f"其中：{MEASURES[before]}", before)))


def notes(facts: Facts) -> list[str]:
    """What a reader must know before quoting a figure."""
    return [
        RECONSTRUCTED,
        REGISTERED,
        "出生、死亡按办理登记、注销的日期计入年度；“按发生日期”两栏按出生、死亡日期计，含次年1月25日前登记的。",
        "率的分母为上年末与本年末总人口的平均数，四舍五入取两位小数。",
        SINCE_LAST,
        SEX,
        UNPLACED,
        released(facts.release),
    ]


T3 = Printed("人", sheets, notes, MEASURES, SEXES)
