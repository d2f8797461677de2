"""T5 as a printed form: headings, notes and words."""

from __future__ import annotations

from popbase.statistics.places.size import SizeClass, SizeClasses
from popbase.statistics.printed.form import (
    ABOVE,
    REGISTERED,
    TOWNS,
    Column,
    Facts,
    Group,
    Printed,
    Sheet,
    by_part,
    group,
    noted,
)

MEASURES = {
    "towns": "镇数", "town_population": "镇人口", "town_agricultural": "其中：农业",
    "town_non_agricultural": "其中：非农业", "town_urban": "其中：城镇", "town_rural": "其中：乡村",
    "town_neither": "其他", "cities": "市数", "counties": "县数", "cities_population": "市人口",
    "counties_population": "县人口",
}  # fmt: skip
_BY = {
    "LEGACY": ("town_agricultural", "town_non_agricultural", "town_neither"),
    "URBAN_RURAL": ("town_urban", "town_rural", "town_neither"),
}
_TEN_THOUSAND = 10_000


def sheets(form: str) -> list[Sheet]:
    """Towns; and cities and counties by size, their numbers and their people each on a sheet."""
    names = ("towns", "town_population", *_BY[form])
    towns = (group("建制镇", MEASURES, *names),)
    classes = SizeClasses.read()
    counted = (_sizes("cities", classes), _sizes("counties", classes))
    people = (_sizes("cities_population", classes), _sizes("counties_population", classes))
    return [
        Sheet("T5 镇", "镇人口统计表", ABOVE, towns),
        Sheet("T5 市县分组", "市、县人口分组统计表（市、县数）", ABOVE, counted),
        Sheet("T5 市县分组人口", "市、县人口分组统计表（人口数）", ABOVE, people),
        Sheet("T5 镇（分乡级）", "镇人口统计表（分镇）", TOWNS, towns),
    ]


def _sizes(measure: str, classes: SizeClasses) -> Group:
    kind = measure.removesuffix("_population")
    words = {size.code: _words(size) for size in classes.of(kind)}
    return Group(MEASURES[measure], (Column("合计", measure), *by_part(measure, "size", words)))


def _words(size: SizeClass) -> str:
    least = f"{size.least / _TEN_THOUSAND:g}万"
    if size.below is None:
        return f"{least}及以上"
    below = f"{size.below / _TEN_THOUSAND:g}万"
    return f"不满{below}" if size.least == 0 else f"{least}—{below}"


def notes(facts: Facts) -> list[str]:
    """What a reader must know before quoting a figure."""
    return noted(
        facts,
        REGISTERED,
        "镇指代码第7位为1的乡级区划，只计有户籍人口的；“其他”为两栏均不能划入的人口。",
        "市指设区市的全部市辖区（合为一市）、县级市和不设区县的地级市；其余县级区划为县。市辖区不单独计数。",
        "分组按户籍总人口，含下限、不含上限；界限见配置。与按城区常住人口划分的城市规模不同。",
    )


T5 = Printed("个、人", sheets, notes, MEASURES, {})
