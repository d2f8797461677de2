"""Cases about the numbers that sectors carry: one for all records of a sector with one finding about one."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from popbase.base.sector_finding import DEAD_BUT_ACTIVE, FORMER_NUMBER, NAME_MISMATCH, NOT_IN_REGISTER
from popbase.identity.histories import CASE
from popbase.identity.rules import number17

# A dummy number may stand in any number of records; so many are named.
MOST_RECORDS = 100
EVIDENCE = {
    NOT_IN_REGISTER: "register=missing",
    NAME_MISMATCH: "name=differs",
    DEAD_BUT_ACTIVE: "status=differs",
    FORMER_NUMBER: "citizen_id=former",
}

_SUBJECT = ["feed", "finding", "number17"]


def sector_cases(found: DataFrame) -> DataFrame:
    """One row is a case as `base/id_case` shows it. `found`: base/sector_finding, all rows of their numbers.

    A finding that ceases and comes back is another case. Its id is made of the record of which the finding
    was first true: no number is in it.
    """
    ends = F.coalesce("valid_to", F.lit(date.max))
    told = _in_turns(found.withColumns({"number17": number17(F.col("citizen_id")), "ends": ends}))
    cases = told.groupBy(*_SUBJECT, "turn").agg(
        F.min("first").alias("first"),
        F.min("valid_from").alias("opened_on"),
        F.max("ends").alias("last"),
        F.collect_list(F.struct("ends", sector_ref().alias("ref"), "register_record", "decision_no")).alias(
            "rows"
        ),
    )
    here = cases.withColumn("rows", F.filter("rows", lambda row: row["ends"] == F.col("last")))
    has_ended = F.col("last") < F.lit(date.max)
    return here.withColumns({
        "case_id": _case_id(),
        "kind": F.col("finding"),
        "closed_on": F.when(has_ended, F.col("last")),
        "status": F.when(has_ended, F.lit("closed")).otherwise(F.lit("open")),
        "record_nos": _named(),
        "evidence": F.create_map(*(F.lit(t) for pair in EVIDENCE.items() for t in pair))[F.col("finding")],
        "match_weight": F.lit(None).cast("double"),
        "decision_no": F.array_max("rows.decision_no"),
    }).select(*CASE)  # fmt: skip


def _in_turns(rows: DataFrame) -> DataFrame:
    """`rows` with `turn`, 1, 2, ... for each time over which any of a subject's rows holds; and `first`, the
    subject's first row.
    """
    in_time = Window.partitionBy(*_SUBJECT).orderBy("valid_from", "ends", "region", "record_key")
    so_far = F.max("ends").over(in_time.rowsBetween(Window.unboundedPreceding, -1))
    begins = so_far.isNull() | (so_far < F.col("valid_from"))
    first = F.min(F.struct("valid_from", "region", "record_key")).over(Window.partitionBy(*_SUBJECT))
    told = rows.withColumns({"begins": begins.cast("int"), "first": first})
    return told.withColumn("turn", F.sum("begins").over(in_time))


def sector_ref() -> Column:
    """How a case names a sector's record: region/feed:key."""
    return F.concat(F.col("region"), F.lit("/"), F.col("feed"), F.lit(":"), F.col("record_key"))


def _named() -> Column:
    """The sector's records, and whom they are about in the register, sorted."""
    refs = F.slice(F.array_sort(F.array_distinct("rows.ref")), 1, MOST_RECORDS)
    registered = F.array_compact(F.array_distinct("rows.register_record"))
    return F.array_sort(F.concat(refs, F.slice(F.array_sort(registered), 1, MOST_RECORDS)))


def _case_id() -> Column:
    first = (F.col(f"first.{name}").cast("string") for name in ("region", "record_key", "valid_from"))
    name = F.concat_ws("|", "finding", "feed", *first, F.col("turn").cast("string"))
    return F.substring(F.sha2(name, 256), 1, 32)
