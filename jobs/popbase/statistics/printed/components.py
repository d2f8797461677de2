"""The components of change as a printed table: headings, notes and words."""

from __future__ import annotations

from popbase.statistics.printed.form import (
    ABOVE,
    REGISTERED,
    SINCE_LAST,
    Facts,
    Printed,
    Sheet,
    group,
    noted,
)

MEASURES = {
    "population_before": "上年末总人口", "population": "本年末总人口", "change": "增减",
    "births": "出生", "late_registrations": "补录", "moved_in": "迁入", "transit_in": "上年迁出今落户",
    "discharged": "退伍落户", "returned": "回国(境)落户", "recoded_in": "代码变更划入",
    "deaths": "死亡", "moved_out": "迁出", "transit_out": "迁出未落户", "went_missing": "失踪",
    "enlisted": "应征入伍", "went_abroad": "出国(境)定居", "otherwise_ended": "其他注销",
    "recoded_out": "代码变更划出", "restored": "恢复户口", "split": "分为二人", "appeared": "无因新增",
    "cancelled_duplicate": "重户注销", "cancelled_error": "错登注销", "merged": "并为一人",
    "vanished": "无因消失", "corrections": "更正净额", "late_in": "上年及以前增加、截止后报来",
    "late_out": "上年及以前减少、截止后报来", "residual": "未解释差额",
}  # fmt: skip
_STOCKS = ("population_before", "population", "change")
_MORE = (
    "births", "late_registrations", "moved_in", "transit_in", "discharged", "returned", "recoded_in",
)  # fmt: skip
_LESS = (
    "deaths", "moved_out", "transit_out", "went_missing", "enlisted", "went_abroad", "otherwise_ended",
    "recoded_out",
)  # fmt: skip
_CORRECTIONS = (
    "restored", "split", "appeared", "cancelled_duplicate", "cancelled_error", "merged", "vanished",
    "corrections",
)  # fmt: skip
_TITLE = "人口变动平衡表"


def sheets(_: str) -> list[Sheet]:
    """Stocks and ordinary flows on one, what the register corrected and what came late on the other."""
    stocks, residual = group("总人口", MEASURES, *_STOCKS), group("", MEASURES, "residual")
    corrections = group("登记更正", MEASURES, *_CORRECTIONS)
    main = (stocks, group("增加", MEASURES, *_MORE), group("减少", MEASURES, *_LESS), residual)
    rest = (stocks, corrections, group("迟报", MEASURES, "late_in", "late_out"), residual)
    return [
        Sheet("变动平衡 增减", _TITLE, ABOVE, main),
        Sheet("变动平衡 更正", f"{_TITLE}（登记更正）", ABOVE, rest),
    ]


def notes(facts: Facts) -> list[str]:
    """What a reader must know before quoting a figure."""
    return noted(
        facts,
        REGISTERED,
        "本年末总人口＝上年末总人口＋增加－减少＋更正净额＋迟报增加－迟报减少＋未解释差额；“未解释差额”应为0。",
        "迟报指登记日期属于以前年度、在该年度截止日之后才报来的变动；它改变本年的总人口，而不改变已发布的上年数。",
        "上年末总人口按本年的行政区划列示。",
        SINCE_LAST,
    )


COMPONENTS = Printed("人", sheets, notes, MEASURES, {})
