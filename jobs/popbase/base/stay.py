"""What a person's time in the register falls into (statistics section 3).

A stay is an unbroken run of days with one winning record, at one bureau and one registered area, living or
ended. What happens to people is what leads from one stay to the next (`event.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from popbase.identity.histories import run_end, runs
from popbase.identity.rules import is_live

LINEAGE = ("anchor_region", "record_no")
_PLACE = ("region", "record_no")
# What is told of a stay by its last day, so that a correction of a date corrects the event.
_FACTS = (
    "registered_on", "birth_date", "move_in_reason", "move_in_from", "move_out_to", "ended_on", "end_reason",
    "died_on", "converted_on",
)  # fmt: skip
# What is told of the stay before or after.
_TOLD = (
    "start", "end", "live", "region", *LINEAGE, "area", "registered_on", "ended_on", "end_reason",
    "converted_on",
)  # fmt: skip


def stays(records: DataFrame, on: date, *, beside: Sequence[str] = ()) -> DataFrame:
    """One row is a stay [start, end) that has begun by `on`, with the facts of its last day.

    `records`: those of an `Identity`, at all dates; `beside`: further columns of theirs to tell.
    `q`, `n`: the stays directly before and after it; `first`: none was before, or a gap after a living one;
    `gap`; `closed`: it ended by `on`; `came_over`, `goes_over`: its record was another person's on the day
    before, or will be on the day after; `left`: the area that its person left with it, if it did.
    """
    return _with_neighbours(_runs(records, beside), on)


def quiet_stays(records: DataFrame, on: date) -> DataFrame:
    """`stays` of records that are their persons' only ones, in one version ever: no row meets another."""
    first = F.col("as_of") == F.greatest("first_date", "registered_on")
    live, area = is_live(), F.col("registered_area")
    before = F.struct(
        F.greatest("first_date", "registered_on").alias("start"), F.col("as_of").alias("end"),
        F.lit(True).alias("live"), "region", *LINEAGE, area.alias("area"), "registered_on", "ended_on",
        "end_reason", "converted_on", F.lit(None).cast("string").alias("left"),
    )  # fmt: skip
    return records.where(F.col("as_of") <= F.lit(on)).withColumns({
        "start": F.col("as_of"), "end": F.lit(None).cast("date"),
        "live": live, "area": area, "first": first, "gap": F.lit(False), "closed": F.lit(False),
        "came_over": F.lit(False), "goes_over": F.lit(False),
        "q": F.when(~first, before),
        "n": F.lit(None).cast("struct<start: date, live: boolean, area: string, registered_on: date>"),
        "left": F.when(~live, area),
    })  # fmt: skip


def _runs(records: DataFrame, beside: Sequence[str]) -> DataFrame:
    # By its place too: a takeover may give what stands there an earlier origin.
    known = (LINEAGE, _PLACE)
    came, goes = (
        reduce(Column.__or__, (_passed(record, *ends) for record in known))
        for ends in ((F.lag, "until", "as_of"), (F.lead, "as_of", "until"))
    )
    passed = {"came_over": came, "goes_over": goes, "live": is_live(), "area": F.col("registered_area")}
    winners = records.withColumns(passed).where("role = 'WINNER'")
    same = ("region", *LINEAGE, "live", "area")
    facts = dict.fromkeys((*_FACTS, *beside))
    last = F.max(F.struct("as_of", "goes_over", *facts)).alias("last")
    first = F.min(F.struct("as_of", "came_over"))["came_over"]
    return (
        runs(winners, "person_id", same=same)
        .groupBy("person_id", "turn", *same)
        .agg(F.min("as_of").alias("start"), run_end().alias("end"), first.alias("came_over"), last)
        .select(
            "person_id", *same, "start", "end", "came_over", "last.goes_over", *(f"last.{f}" for f in facts)
        )
    )  # fmt: skip


def _passed(record: Sequence[str], beside: Callable[[Column], Column], end: str, start: str) -> Column:
    """Whether the record was, or will be, another person's on the day next to the row's."""
    other = beside(F.struct(end, "person_id")).over(Window.partitionBy(*record).orderBy("as_of"))
    passes = (other[end] == F.col(start)) & (other["person_id"] != F.col("person_id"))
    return F.coalesce(passes, F.lit(False))


def _with_neighbours(every: DataFrame, on: date) -> DataFrame:
    begun = every.where(F.col("start") <= F.lit(on))
    in_time = Window.partitionBy("person_id").orderBy("start")
    came = F.lag(F.struct("end", "live", "area")).over(in_time)
    directly = F.coalesce(F.col("came.end") == F.col("start"), F.lit(False))
    first = F.col("came").isNull() | (~directly & F.col("came.live"))
    leaves = ~F.col("live") & (first | (directly & F.col("came.live")))
    left = F.when(leaves, F.when(directly, F.col("came.area")).otherwise(F.col("area")))
    told = F.struct(*_TOLD, "left")
    return (
        begun.withColumn("came", came)
        .withColumns({
            "first": first, "gap": F.col("came").isNotNull() & ~directly, "left": left,
            "closed": F.coalesce(F.col("end") <= F.lit(on), F.lit(False)),
        })
        .withColumns({"before": F.lag(told).over(in_time), "after": F.lead(told).over(in_time)})
        .withColumns({
            "q": F.when(F.col("before.end") == F.col("start"), F.col("before")),
            "n": F.when(F.col("after.start") == F.col("end"), F.col("after")),
        })
    )  # fmt: skip
