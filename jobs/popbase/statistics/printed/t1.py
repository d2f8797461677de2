"""T1 as a printed form: headings, notes and words."""

from __future__ import annotations

from collections.abc import Sequence

from popbase.statistics.printed.form import (
    ABOVE,
    SEX,
    Facts,
    Group,
    Printed,
    Sheet,
    by_list,
    by_part,
    group,
    noted,
    with_towns,
)

REGISTER_HOUSEHOLD = "户数为户籍登记上的户，不是住房里的户；未落常住户口人员和无户号的记录不计入任何户。"
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

_TITLE = "户数、人口统计表"


def sheets(form: str) -> list[Sheet]:
    """What the year is asked for first, and all else on a third sheet."""
    main = (*_people(), _classes(form), _group("", "unsettled"))
    extra = (*(_definitions() if form == "LEGACY" else ()), _reasons(), _beside())
    return [*with_towns("T1", _TITLE, main), Sheet("T1 附表", f"{_TITLE}附表", ABOVE, extra)]


def _group(label: str, *measures: str) -> Group:
    return group(label, MEASURES, *measures)


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
    return Group("未落常住户口人员（按原因）", by_part("unsettled", "reason", REASONS))


def _beside() -> Group:
    return _group("另记", "in_transit", "in_service", "emigrated", "missing", "dead_and_live")


def notes(facts: Facts) -> list[str]:
    """What a reader must know before quoting a figure."""
    always = noted(
        facts,
        "总人口为户籍登记人口，含未落常住户口人员；“另记”各栏在总人口之外，其中“死亡与在册并存”在总人口之内，单独列示。",
        REGISTER_HOUSEHOLD,
        SEX,
    )
    legacy = _legacy_notes(facts.definitions) if facts.form == "LEGACY" else []
    vintage = by_list(facts) or "尚无城乡分类清单，凡依清单划分的均列为“未分类”或按农业计。"
    return [*always, *legacy, vintage]


def _legacy_notes(definitions: Sequence[str]) -> list[str]:
    official = "、".join(DEFINITION[d] for d in definitions)
    return [
        f"“农业人口”“非农业人口”两栏本期口径：{official}；两种口径的数字均列于附表，不得混用。",
        "按户口性质时，户口性质不详者既不计入农业也不计入非农业，见附表。",
        "按地域（2003年规定）：市辖区、县级市和不设区县的地级市的街道，以及镇的居民委员会、镇政府驻地的村（以城乡分类121代替）为非农业，其余为农业。",
    ]


T1 = Printed("户、人", sheets, notes, MEASURES, REASONS, {"register-household": REGISTER_HOUSEHOLD})
