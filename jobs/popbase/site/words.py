"""The pages' words, in Chinese with English labels."""

from __future__ import annotations

TITLE = "人口统计 Population statistics"
RECONSTRUCTED = (
    "表式按已公布的统计资料重建，官方表式未公开。"
    "Forms are reconstructed from published tables; the official ones are not public."
)
NOISE = (
    "小于10的数不公布；其余人数、户数和事件数加入按单元格键确定的随机扰动，同一批人在各表中的扰动相同；"
    "县级及以上的总人口和常住人口为准确数。各数单独扰动，分项之和不必等于合计。"
    "Counts under ten are withheld; others carry noise by cell keys, the same for the same people in every"
    " table. Totals of the registered and the usual population stay exact from the county up. Nothing is"
    " re-added: parts need not sum to their total."
)
FORMS = {
    "T1": ("户数、人口", "Households and population"),
    "T2": ("年龄", "Age by sex"),
    "T3": ("自然变动", "Natural change"),
    "T4": ("迁移", "Migration"),
    "T5": ("镇、市县分组", "Towns, cities and counties by size"),
    "T6": ("暂住、居住登记", "Residence"),
    "components": ("变动平衡", "Components of change"),
    "bridge": ("口径衔接", "Bridge between the definitions"),
}
STATUS = {
    "PRELIMINARY": "初步数 Preliminary",
    "FINAL": "正式数 Final",
    "REVISED": "修订数 Revised",
}
# table, measure, what it is called, decimals, unit
KEY_FIGURES = (
    ("T1", "population", "户籍总人口 Registered population", 0, "人"),
    ("usual", "residents", "常住人口 Usual residents", 0, "人"),
    ("usual", "urbanisation", "常住人口城镇化率 Urban share of residents", 2, "%"),
    ("usual", "floating", "流动人口 Floating population", 0, "人"),
    ("T3", "births", "出生 Births", 0, "人"),
    ("T3", "deaths", "死亡 Deaths", 0, "人"),
    ("T3", "natural_rate", "自然增长率 Rate of natural increase", 2, "‰"),
    ("age", "share_60_on", "60岁及以上比重 Share of 60 and over", 2, "%"),
    ("age", "dependency", "总抚养比 Dependency ratio", 2, "%"),
)
