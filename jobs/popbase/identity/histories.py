"""Findings and numbers over time: what held from which business date to which (design section 7).

Rows come from `resolve` at the dates on which something changes for their people; `until` is the next
such date, so what holds at `as_of` holds until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from popbase.identity.rules import person_id

_LAST = ["record_nos", "evidence", "match_weight", "decision_no"]
CASE = ["case_id", "kind", "status", "opened_on", "closed_on", *_LAST]
_REPLACED = ("old_citizen_id", "new_citizen_id", "effective_on", "decision_no")
ID = ["person_id", "citizen_id", "former_person_id", "valid_from", "valid_to", "decision_no"]


def id_cases(findings: DataFrame, on: date) -> DataFrame:
    """One row is a case as `base/id_case` shows it on the business date `on`.

    A finding that ceases and comes back is another case, told apart by its turn.
    """
    known = up_to(findings, on)
    last = F.max(F.struct("as_of", *_LAST))
    spans = (
        runs(known, "kind", "subject")
        .groupBy("kind", "subject", "turn")
        .agg(F.min("as_of").alias("opened_on"), run_end().alias("closed_on"), last.alias("last"))
    )
    name = F.concat_ws("|", "kind", "subject", F.col("turn").cast("string"))
    return spans.select("*", "last.*").withColumns({
        "case_id": F.substring(F.sha2(name, 256), 1, 32),
        "status": F.when(F.col("closed_on").isNull(), F.lit("open")).otherwise(F.lit("closed")),
    }).select(*CASE)  # fmt: skip


def id_history(records: DataFrame, on: date) -> DataFrame:
    """One row is a number that a person carried, or an id that now means that person, over a time, as it is
    known on the business date `on`. `records`: those of an `Identity`.
    """
    known = up_to(records, on)
    numbers = known.where((F.col("role") == "WINNER") & (F.col("id_status") == "UNIQUE")).select(
        "as_of", "until", "person_id", "citizen_id", F.lit(None).cast("string").alias("former_person_id"),
        "decision_no",
    )  # fmt: skip
    rows = numbers.unionByName(_former_ids(known))
    keys = ("person_id", "citizen_id", "former_person_id")
    first = F.min(F.struct("as_of", "decision_no"))
    spans = (
        runs(rows, *keys)
        .groupBy(*keys, "turn")
        .agg(F.min("as_of").alias("valid_from"), run_end().alias("valid_to"), first.alias("first"))
    )
    return spans.select("*", "first.decision_no").select(*ID)


def replaced_numbers(replaced: DataFrame, on: date) -> DataFrame:
    """One row is a number that a decision replaced by another over a time, as it is known on a date.

    `replaced`: that of an `Identity`.
    """
    known = up_to(replaced.distinct(), on)
    spans = (
        runs(known, *_REPLACED)
        .groupBy(*_REPLACED, "turn")
        .agg(F.min("as_of").alias("valid_from"), run_end().alias("valid_to"))
    )
    return spans.drop("turn")


def quiet_numbers(records: DataFrame, on: date) -> DataFrame:
    """`id_history` of records that are their persons' only ones, in one version ever."""
    since = F.greatest("first_date", "registered_on")
    begins = (F.col("as_of") == since) & (since <= F.lit(on))
    return records.where(F.col("citizen_id").isNotNull() & begins).select(
        "person_id",
        "citizen_id",
        F.lit(None).cast("string").alias("former_person_id"),
        since.alias("valid_from"),
        F.lit(None).cast("date").alias("valid_to"),
        "decision_no",
    )


def up_to(rows: DataFrame, on: date) -> DataFrame:
    """What is known on a date of rows over [as_of, until): what begins later is not, nor what ends later."""
    ends = F.when(F.col("until") <= F.lit(on), F.col("until"))
    return rows.where(F.col("as_of") <= F.lit(on)).withColumn("until", ends)


def _former_ids(records: DataFrame) -> DataFrame:
    """Ids that a person's records carried, or would carry without the others, and nobody carries now.

    By its records alone, not by the order in which they arrived: a late delivery that brings an earlier
    record changes an id in all dates at once, and whoever holds the old one must find the new.
    """
    record = ["anchor_region", "record_no"]
    troubled = records.where("several").select(*record).distinct()
    rows = records.join(F.broadcast(troubled), record, how="left_semi")
    earlier = Window.partitionBy(*record).orderBy("as_of")
    own = F.array(person_id(F.col("anchor_region"), F.col("record_no")))
    ids = F.array_union(F.collect_set("person_id").over(earlier), own)
    carried = rows.select("as_of", F.col("person_id").alias("former_person_id")).distinct()
    return (
        rows.withColumn("ids", ids)
        .select(
            "as_of", "until", "person_id", F.lit(None).cast("string").alias("citizen_id"),
            F.explode("ids").alias("former_person_id"), "decision_no",
        )
        .groupBy("as_of", "person_id", "citizen_id", "former_person_id")
        .agg(F.min("until").alias("until"), F.max("decision_no").alias("decision_no"))
        .join(carried, ["as_of", "former_person_id"], how="left_anti")
    )  # fmt: skip


def runs(rows: DataFrame, *keys: str, same: Sequence[str] = ()) -> DataFrame:
    """`rows` over [as_of, until) with `turn`: 1, 2, ... for each unbroken run of dates on which the keys
    hold and the columns `same` stay as they are.
    """
    in_time = Window.partitionBy(*keys).orderBy("as_of")
    starts = ~F.col("as_of").eqNullSafe(F.lag("until").over(in_time))
    if same:
        told = F.struct(*same)
        starts = starts | ~told.eqNullSafe(F.lag(told).over(in_time))
    return rows.withColumn("starts", starts).withColumn(
        "turn", F.sum(F.col("starts").cast("int")).over(in_time)
    )


def run_end() -> Column:
    """The end of a run: that of its last row, which is open where that one is."""
    return F.max(F.struct("as_of", "until"))["until"]
