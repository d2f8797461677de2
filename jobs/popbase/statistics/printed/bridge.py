"""The bridge from the old form's definitions to the new one's as a printed table."""

from __future__ import annotations

from popbase.statistics.part import part_of
from popbase.statistics.printed.form import (
    ABOVE,
    REGISTERED,
    Column,
    Facts,
    Group,
    Printed,
    Sheet,
    by_list,
    noted,
)
from popbase.statistics.tables.bridge import NATURES, PLACES
from popbase.statistics.tables.t1 import CLASSES

_NATURE = {"agricultural": "农业户口", "non_agricultural": "非农业户口", "unknown": "性质不详"}
_PLACE = {"agricultural": "农业", "non_agricultural": "非农业"}
_CLASS = {"urban": "城镇", "rural": "乡村", "unclassified": "未分类"}


def sheets(form: str) -> list[Sheet]:
    """One, of the old form alone: a group for each nature."""
    if form != "LEGACY":
        return []
    groups = tuple(
        Group(
            f"{_NATURE[nature]}，按地域／按城乡分类",
            tuple(
                Column(f"{_PLACE[place]}／{_CLASS[urban_rural]}", "population", part_of(
                    {"nature": nature, "place": place, "urban_rural": urban_rural}
                ))
                for place in PLACES
                for urban_rural in CLASSES
            ),
        )
        for nature in NATURES
    )  # fmt: skip
    return [Sheet("口径衔接", "总人口按三种口径交叉统计表", ABOVE, groups)]


def notes(facts: Facts) -> list[str]:
    """What a reader must know before quoting a figure."""
    return noted(
        facts,
        REGISTERED,
        "同一人按户口性质、2003年规定的地域和城乡分类三种口径各归一类，用以衔接2014年以前与2015年以后的数字。",
        by_list(facts) or "尚无城乡分类清单。",
    )


BRIDGE = Printed("人", sheets, notes, {"population": "总人口"}, {})
