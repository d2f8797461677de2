"""Traditional characters and the simplified ones that stand for them today, for the search alone.

A match name (design section 6) keeps them apart; a search must not.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from opencc import OpenCC
from pyspark.sql import Column
from pyspark.sql import functions as F

_FIRST, _LAST = "\u4e00", "\u9fff"  # the block in which all of them lie


def simplified(text: Column) -> Column:
    """The text with each traditional character written as its simplified one."""
    traditional, simple = _pairs()
    return F.translate(text, traditional, simple)


@cache
def _pairs() -> tuple[str, str]:
    """Both sides, character by character: words, in which some are written otherwise, are no names."""
    every = [chr(code) for code in range(ord(_FIRST), ord(_LAST) + 1)]
    simple = OpenCC("t2s").convert("\n".join(every)).split("\n")
    told = [(one, other) for one, other in zip(every, simple, strict=True) if one != other]
    kept = [(one, other) for one, other in told if len(other) == 1 and unicodedata.category(other) == "Lo"]
    return "".join(one for one, _ in kept), "".join(other for _, other in kept)
