"""T2 as a printed form: headings, notes and words."""

from __future__ import annotations

from popbase.statistics.part import part
from popbase.statistics.printed.form import (
    REGISTERED,
    SEX,
    SEXES,
    Column,
    Facts,
    Group,
    Printed,
    Sheet,
    noted,
    with_towns,
)

MEASURES = {"population": "合计", **SEXES}
AGES = {"0-17": "0—17岁", "18-34": "18—34岁", "35-59": "35—59岁", "60+": "60岁及以上"}
_TITLE = "人口年龄统计表"


def sheets(_: str) -> list[Sheet]:
    """Alike in both forms."""
    groups = tuple(
        Group(label, tuple(Column(name, measure, part("age", age)) for measure, name in MEASURES.items()))
        for age, label in AGES.items()
    )
    return with_towns("T2", _TITLE, groups)


def notes(facts: Facts) -> list[str]:
    """What a reader must know before quoting a figure."""
    return noted(
        facts,
        REGISTERED,
        "年龄为报告期末的周岁，按登记的出生日期计算；2月29日出生的，平年3月1日满周岁。",
        SEX,
    )


T2 = Printed("人", sheets, notes, MEASURES, AGES)
