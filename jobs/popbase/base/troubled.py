"""The few whose identity has a past: every date on which something changes for them, as states.

Cases open and close, and numbers change, on business dates; what holds on each is a pure function of the
deliveries (invariant I2), so it is computed for all of those dates at once, for these people alone.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.identity.rules import CONTRADICTIONS, number_key


def past_states(
    register: DataFrame, decisions: DataFrame, *, until: date
) -> tuple[DataFrame, DataFrame, list[date]]:
    """Register and decisions of troubled people at each date on which something changed for any of them.

    Inputs are spans (`state.record_versions`); of the outputs, `as_of` is such a date and `until` the next.
    """
    keyed = register.withColumn("number_key", number_key(F.col("citizen_id")))
    troubled = keyed.join(
        F.broadcast(_keys(keyed, decisions)), on="number_key", how="left_semi"
    ).localCheckpoint()
    dates = _dates(troubled, decisions, until)
    calendar = _calendar(register, dates)
    return _at(troubled.drop("number_key"), calendar), _at(decisions, calendar), dates


def _keys(keyed: DataFrame, decisions: DataFrame) -> DataFrame:
    """Numbers that more than one record ever carried, that contradict their record, or that decisions name."""
    record = F.xxhash64("region", "record_no")
    contradicts = F.arrays_overlap("flags", F.array(*(F.lit(flag) for flag in CONTRADICTIONS)))
    numbers = (
        keyed.groupBy("number_key")
        .agg(
            F.min(record).alias("first"), F.max(record).alias("last"), F.max(contradicts).alias("contradicts")
        )
        .where("first <> last OR contradicts")
        .select("number_key")
    )
    if decisions.isEmpty():
        return numbers
    named = _named(decisions)
    of_records = keyed.join(F.broadcast(named), on=["region", "record_no"], how="left_semi").select(
        "number_key"
    )
    of_decisions = [
        decisions.where(F.col(c).isNotNull()).select(number_key(F.col(c)).alias("number_key"))
        for c in ("old_citizen_id", "new_citizen_id")
    ]
    return numbers.union(of_records).union(of_decisions[0]).union(of_decisions[1]).distinct()


def _named(decisions: DataFrame) -> DataFrame:
    first = decisions.select(F.col("register_region").alias("region"), "record_no")
    other = decisions.select(
        F.col("other_region").alias("region"), F.col("other_record_no").alias("record_no")
    )
    return first.union(other).where("record_no IS NOT NULL").distinct()


def _dates(troubled: DataFrame, decisions: DataFrame, until: date) -> list[date]:
    """Deliveries that change them, and what falls due in between: an end, a registration, a decision's day."""
    changes = [_days(troubled, c) for c in ("from_date", "to_date", "registered_on", "ended_on")]
    changes += [_days(decisions, c) for c in ("from_date", "to_date", "effective_on")]
    found = changes[0]
    for more in changes[1:]:
        found = found.union(more)
    first = troubled.select(F.min("from_date")).union(decisions.select(F.min("from_date")))
    begun = [row[0] for row in first.collect() if row[0]]
    if not begun:
        return []
    days = {
        row[0]
        for row in found.where(F.col("day").between(F.lit(min(begun)), F.lit(until))).distinct().collect()
    }
    return sorted(days)


def _days(rows: DataFrame, column: str) -> DataFrame:
    return rows.where(F.col(column).isNotNull()).select(F.col(column).alias("day"))


def _calendar(rows: DataFrame, dates: list[date]) -> DataFrame:
    following: list[date | None] = [*dates[1:], None]
    pairs = list(zip(dates, following, strict=True)) if dates else []
    return rows.sparkSession.createDataFrame(pairs, "as_of date, until date")


def _at(spans: DataFrame, calendar: DataFrame) -> DataFrame:
    holds = (F.col("from_date") <= F.col("as_of")) & _open_after(F.col("to_date"), F.col("as_of"))
    return spans.join(F.broadcast(calendar), on=holds, how="inner").drop("from_date", "to_date")


def _open_after(end: Column, day: Column) -> Column:
    return end.isNull() | (end > day)
