"""T4 as a printed form: headings, notes and words."""

from __future__ import annotations

from popbase.statistics.printed.form import (
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

MEASURES = {"in": "迁入", "out": "迁出", "net": "跨界净迁移"}
RELATIONS = {
    "same_county": "本县(市、区)内", "same_prefecture": "本市(地)其他县", "same_province": "本省其他市",
    "other_province": "外省", "unknown": "不详",
}  # fmt: skip
_TITLE = "人口迁移统计表"


def sheets(_: str) -> list[Sheet]:
    """Alike in both forms."""
    groups = (
        _moves("迁入人数（按迁出地）", "in"),
        _moves("迁出人数（按迁往地）", "out"),
        group("", MEASURES, "net"),
    )
    return with_towns("T4", _TITLE, groups)


def _moves(label: str, measure: str) -> Group:
    return Group(label, (Column("合计", measure), *by_part(measure, "relation", RELATIONS)))


def notes(facts: Facts) -> list[str]:
    """What a reader must know before quoting a figure."""
    return noted(
        facts,
        "迁移指户籍迁移，按登记日期计入年度；各级一律按两端的关系计数，故下级之和等于上级。",
        "“跨界净迁移”只计越过本地区边界的迁移，由各栏导出，下级之和不等于上级；一端不详的计入。",
        "当年迁出且当年在他处落户的为迁移；当年迁出未落户的计入迁出，次年落户的计入次年迁入。",
        "只有一端有户籍记录的迁移，只计该端。",
        SINCE_LAST,
    )


T4 = Printed("人", sheets, notes, MEASURES, RELATIONS)
