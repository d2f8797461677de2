"""T3 as a printed form: headings, notes and words."""

from __future__ import annotations

from popbase.statistics.printed.form import (
    REGISTERED,
    SEX,
    SEXES,
    SINCE_LAST,
    Column,
    Facts,
    Group,
    Printed,
    Sheet,
    by_part,
    group,
    noted,
    with_towns,
)

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
        group("按发生日期", MEASURES, "births_occurred", "deaths_occurred"),
        group("", MEASURES, "natural_increase"),
        group("", MEASURES, "average_population", decimals=1),
        *(group("", MEASURES, rate, decimals=2) for rate in ("birth_rate", "death_rate", "natural_rate")),
    )
    return with_towns("T3", _TITLE, groups)


def _events(label: str, measure: str, before: str) -> Group:
    by_sex = by_part(measure, "sex", SEXES)
    return Group(label, (Column("合计", measure), *by_sex, Column(f"其中：{MEASURES[before]}", before)))


def notes(facts: Facts) -> list[str]:
    """What a reader must know before quoting a figure."""
    return noted(
        facts,
        REGISTERED,
        "出生、死亡按办理登记、注销的日期计入年度；“按发生日期”两栏按出生、死亡日期计，含次年1月25日前登记的。",
        "率的分母为上年末与本年末总人口的平均数，四舍五入取两位小数。",
        SINCE_LAST,
        SEX,
    )


T3 = Printed("人", sheets, notes, MEASURES, SEXES)
