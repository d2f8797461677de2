"""The number check: what is answered to a pair of number and name (made-up numbers)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lib.tables import rows, table

from popbase.workbench.number_check import answered

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PEOPLE = """
id_status | citizen_id         | claimed_citizen_id | name
UNIQUE    | 11010519491231002X |                    | 阿依古丽·买买提
CONTESTED |                    | 440524188001010014 | 王芳
CONTESTED |                    | 440524188001010014 | 李红
FORMER    |                    | 110105198001010015 | 赵敏
UNIQUE    | 110105193012310028 |                    | 孙伟
"""

PAIRS = """
number             | name            | answer     | why
11010519491231002X | 阿依古丽·买买提 | 一致       | as it stands
11010519491231002x | 阿依古丽•买买提 | 一致       | lower case, another separator
１１０１０５１９４９１２３１００２Ｘ | 阿依古丽 买买提 | 一致 | full width, a blank for the separator
11010519491231002X | 阿依古丽        | 不一致     | half of the name
110105194912310021 | 阿依古丽·买买提 | 库中无此号 | another check character
110105301231002    | 孙伟            | 一致       | fifteen digits, of 1930
440524188001010014 | 李红            | 一致       | one of the claimants
440524188001010014 | 张红            | 不一致     | none of the claimants
110105198001010015 | 赵敏            | 库中无此号 | only a former holder
110105198001010023 | 赵敏            | 库中无此号 | nobody's
12345              | 赵敏            | 库中无此号 | no number at all
                   | 赵敏            | 库中无此号 | nothing
11010519491231002X |                 | 不一致     | no name
"""


def test_what_is_answered(spark: SparkSession) -> None:
    asked = table(spark, PAIRS).withColumnRenamed("why", "line")
    expected = rows(asked, "line", "answer")
    assert rows(answered(asked.drop("answer"), table(spark, PEOPLE))) == expected
