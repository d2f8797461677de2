"""Citizen numbers judged as intake judges them, without a delivery around them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from popbase.contracts import feed
from popbase.intake import citizen_id, rules
from popbase.intake.normalise import normalised

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ACCEPTED = "accepted"


def judged_numbers(
    spark: SparkSession, numbers: Sequence[tuple[str, date]]
) -> list[tuple[str, frozenset[str]]]:
    """Of each (text, business date), in order: why it is refused, or `accepted`; and its flags.

    A number of a feed without `registered_on`: its business date stands for the year of registration.
    """
    contract = feed("social_security")
    field = contract.with_role("number")
    assert field is not None
    rows = [(place, text, on) for place, (text, on) in enumerate(numbers)]
    texts = spark.createDataFrame(rows, "place int, text string, business_date date").withColumns(
        {
            "text": normalised(F.col("text")),
            # Nothing declared beside the number, so nothing to differ from.
            "sex": F.lit(None).cast("string"),
            "birth_date": F.lit(None).cast("date"),
        }
    )
    compact = texts.withColumn("compact", citizen_id.compact(F.col("text")))
    parts = compact.withColumn("seventeen", citizen_id.number17(F.col("compact")))
    known = parts.withColumn("born", citizen_id.birth_date(F.col("seventeen"))).join(
        citizen_id.areas(spark), how="left", on=citizen_id.area(F.col("seventeen")) == F.col("area")
    )
    number = rules.Number(
        field, *(F.col(c) for c in ("text", "compact", "seventeen", "born", "first_year", "last_year"))
    )
    judged = known.select(
        "place",
        F.coalesce(rules.number_error(number), F.lit(ACCEPTED)).alias("verdict"),
        F.array_compact(F.array(*rules.number_warnings(number, contract))).alias("flags"),
    )
    return [(row["verdict"], frozenset(row["flags"])) for row in judged.orderBy("place").collect()]
