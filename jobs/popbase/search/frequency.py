"""How many people bear a name: two of a rare name are sooner one person than two of a common one.

The shares are the model's, not the night's: a pair's weight must not hang on who else was delivered (I2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import mul

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

# Of a character that no name of the sample has.
UNSEEN = 1e-5
# A name that so few bear is looked for in the whole country.
RARE = 1e-6


@dataclass(frozen=True)
class NameFrequency:
    """Shares of people by the surname's first character, and of given characters, of which two count. A
    name's share is their product: a model holds nobody's name.
    """

    surnames: Mapping[str, float]
    given: Mapping[str, float]

    def of(self, rows: DataFrame) -> DataFrame:
        """`rows` with share, and rare_name: the name where few bear it."""
        places = ((self.surnames, 1), (self.given, 2), (self.given, 3))
        parts = (_share(shares, F.substring("name", at, 1)) for shares, at in places)
        return rows.withColumn("share", reduce(mul, parts)).withColumn(
            "rare_name", F.when(F.col("share") < RARE, F.col("name"))
        )


def _share(shares: Mapping[str, float], character: Column) -> Column:
    """Looked up by its place in a text: joined tables would cost a small night as much as its people."""
    place = F.position(character, F.lit("".join(shares)))
    told = F.split(F.lit(",".join(map(str, shares.values()))), ",")
    known = F.when(place > 0, F.get(told, place - 1).cast("double")).otherwise(UNSEEN)
    return F.when(character == "", 1.0).otherwise(known)
