"""T6 as a printed form: headings, notes and words."""

from __future__ import annotations

from popbase.statistics.printed.form import (
    ABOVE,
    SEXES,
    TOWNS,
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
    "staying": "暂住人口", "residents_registered": "居住登记人数", "permits_valid": "其中：持有效居住证",
    "half_year_without_permit": "其中：居住半年以上未领证",
}  # fmt: skip
DURATIONS = {"under_a_month": "不满一个月", "to_a_year": "一个月至一年", "over_a_year": "一年以上"}
REASONS = {
    "WORK": "务工", "FARM": "务农", "TRADE": "经商", "SERVICE": "服务", "DUTY": "因公出差",
    "STUDY": "借读培训", "MEDICAL": "治病疗养", "NANNY": "保姆", "JOIN": "投靠亲友",
    "VISIT": "探亲访友", "TOUR": "旅游观光",
}  # fmt: skip
SOURCES = {"same_province": "省内市外", "other_province": "省外", "hmt": "港澳台", "foreign": "国外"}
DWELLINGS = {
    "HOTEL": "旅店", "HOME": "居民家中", "WORKPLACE": "单位内部", "SITE": "工地现场", "RENTED": "租赁房屋",
    "BOAT": "水上船舶",
}  # fmt: skip
_REST = {"OTHER": "其他", "UNKNOWN": "不详"}


def sheets(form: str) -> list[Sheet]:
    """The old form in two sheets, for its columns are forty; the new one with the towns apart."""
    if form == "LEGACY":
        title, total = "暂住人口统计表", group("", MEASURES, "staying")
        time, source = _parts("暂住时间", "duration", DURATIONS), _parts("来源地", "source", SOURCES)
        reasons = _parts("暂住事由", "reason", REASONS | _REST)
        dwellings = _parts("居住处所", "dwelling", DWELLINGS | _REST)
        main, rest = (total, _parts("性别", "sex", SEXES), time, source), (total, reasons, dwellings)
        return [
            Sheet("T6 县级及以上", title, ABOVE, main),
            Sheet("T6 事由和处所", f"{title}（事由、处所）", ABOVE, rest),
            Sheet("T6 乡级", f"{title}（乡、镇、街道）", TOWNS, main),
        ]
    title = "居住登记和居住证统计表"
    told = ("residents_registered", "permits_valid", "half_year_without_permit")
    groups = (group("居住登记", MEASURES, *told),)
    return with_towns("T6", title, groups)


def _parts(label: str, dimension: str, words: dict[str, str]) -> Group:
    return Group(label, by_part("staying", dimension, words))


def notes(facts: Facts) -> list[str]:
    """What a reader must know before quoting a figure."""
    legacy = [
        "暂住人口为在本市办理居住登记、户籍在其他设区市的人员，按居住地统计；户籍地不详的不计入。",
        "暂住时间自居住登记日期起算至报告期末。",
    ]
    urban_rural = [
        "居住登记人数含户籍在本市的人员，按居住地统计。",
        "居住证有效：状态有效，已签发，未过有效期；无有效期的，以末次签注一个月之后的首个签发周年日为止。",
    ]
    return noted(
        facts,
        "按人统计：一人有多项未注销登记的，只计最近一项。",
        *(legacy if facts.form == "LEGACY" else urban_rural),
    )


T6 = Printed("人", sheets, notes, MEASURES, SEXES | DURATIONS | SOURCES | REASONS | DWELLINGS | _REST)
