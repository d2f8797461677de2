"""How many people bear a name: two of a rare name are sooner one person than two of a common one.

The shares are the model's, not the night's: a pair's weight must not hang on who else was delivered (I2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

# Of a character that no name of the sample has.
UNSEEN = 1e-5
# A name that so few bear is looked for in the whole country.
RARE = 1e-6


@dataclass(frozen=True)
class NameFrequency:
    """Shares of people: by whole name where many bear it, else the surname's times the given characters'."""

    names: Mapping[str, float]
    surnames: Mapping[str, float]
    given: Mapping[str, float]

    def of(self, rows: DataFrame) -> DataFrame:
        """`rows` with share, and rare_name: the name where few bear it."""
        shares = rows
        for column, at in (("surnames", 1), ("given", 2), ("given", 3)):
            place = f"row__{at}"
            known = F.broadcast(self._table(rows, column).toDF(place, f"{place}_share"))
            shares = shares.withColumn(place, F.substring("name", at, 1)).join(known, place, how="left")
        common = F.broadcast(self._table(rows, "names").toDF("name", "row__whole"))
        # A one-character name has no given one: an empty text stands there.
        parts = [
            F.when(F.col(f"row__{at}") == "", 1.0).otherwise(F.coalesce(f"row__{at}_share", F.lit(UNSEEN)))
            for at in (1, 2, 3)
        ]
        share = F.coalesce("row__whole", parts[0] * parts[1] * parts[2])
        return (
            shares.join(common, "name", how="left")
            .withColumn("share", share)
            .withColumn("rare_name", F.when(F.col("share") < RARE, F.col("name")))
            .select(*rows.columns, "share", "rare_name")
        )

    def _table(self, rows: DataFrame, column: str) -> DataFrame:
        shares: Mapping[str, float] = getattr(self, column)
        return rows.sparkSession.createDataFrame(list(shares.items()), "text string, share double")
