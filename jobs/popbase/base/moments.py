"""The dates on which something about a number can change, for `identity.resolve` to judge each of them.

What holds on one such date holds until the next one of the same group: records that ever shared a number,
and the decisions about them. Most records belong to no group, and their first version still stands: what
there is to say of them needs no judging. Dates that lie ahead count too: a known end, a decision to come.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from popbase.identity.decisions import REVOCATION, named_refs
from popbase.identity.groups import grouped
from popbase.identity.rules import CONTRADICTIONS, below_zero, number17, number_key, record_ref

_REF = ["region", "record_no"]


@dataclass(frozen=True)
class Moments:
    """`records` and `decisions`: states at every date to judge, with `until`, the next one.
    `quiet`: likewise, the records that need no judging; each has the number it carries to itself.
    """

    records: DataFrame
    decisions: DataFrame
    quiet: DataFrame


def moments(register: DataFrame, decisions: DataFrame) -> Moments:
    """`register` (`anchors.apart`) and `decisions` are spans of `record_versions`."""
    named = _named(register, decisions).localCheckpoint()
    troubled = _troubled(register, decisions, named).localCheckpoint()
    here = register.join(F.broadcast(troubled), _REF, how="left_semi").localCheckpoint()
    apart = register.join(F.broadcast(troubled), _REF, how="left_anti")
    groups = _groups(here, decisions, named).localCheckpoint()
    records = here.withColumn("_member", record_ref()).join(groups, "_member", how="inner")
    orders = decisions.withColumn("_member", _order()).join(groups, "_member", how="inner")
    dates = _dates(records, orders).localCheckpoint()
    return Moments(
        records=_at_dates(records, dates).unionByName(_alone(apart.where(~_first_stands()))),
        decisions=_at_dates(orders, dates),
        quiet=_alone(apart.where(_first_stands())),
    )


def _first_stands() -> Column:
    """A record's only version so far: it began the record, it stands, and intake found its number right."""
    doubts = F.arrays_overlap("flags", F.array(*(F.lit(flag) for flag in CONTRADICTIONS)))
    began = (F.col("from_date") == F.col("first_date")) & (F.col("region") == F.col("anchor_region"))
    return began & F.col("to_date").isNull() & ~F.coalesce(doubts, F.lit(False))


def _alone(spans: DataFrame) -> DataFrame:
    """Versions of records that no other touches: each holds over its own span, in life and after it."""
    since, end, ended_on = F.greatest("from_date", "registered_on"), F.col("to_date"), F.col("ended_on")
    ends_within = (ended_on > since) & (end.isNull() | (ended_on < end))
    halves = F.array(_period(since, ended_on), _period(ended_on, end))
    periods = F.when(ends_within, halves).otherwise(F.array(_period(since, end)))
    holds = end.isNull() | (end > since)
    return _state(spans.where(holds).select("*", F.inline(periods)))


def _period(start: Column, end: Column) -> Column:
    return F.struct(start.alias("as_of"), end.alias("until"))


def _state(spans: DataFrame) -> DataFrame:
    return spans.drop("from_date", "to_date", "_member", "_group")


def _named(register: DataFrame, decisions: DataFrame) -> DataFrame:
    """One row is a record that a decision names, by the bureau it stands at or the one it began in."""
    refs = decisions.select("decision_no", F.explode(named_refs()).alias("ref")).distinct()
    wanted = F.broadcast(refs.select("decision_no", "ref.record_no", F.col("ref.region").alias("_named")))
    return (
        register.select(*_REF, "anchor_region")
        .join(wanted, "record_no", how="inner")
        .where((F.col("_named") == F.col("region")) | (F.col("_named") == F.col("anchor_region")))
        .select(*_REF, "decision_no")
        .distinct()
    )


def _troubled(register: DataFrame, decisions: DataFrame, named: DataFrame) -> DataFrame:
    """Records that ever carried a number another carried, or one that a decision replaces or gives."""
    number = number17(F.col("citizen_id")).alias("_key")
    shared = (
        register.select(number, _place().alias("place"))
        .where(F.col("_key").isNotNull())
        .groupBy("_key")
        .agg((F.min("place") < F.max("place")).alias("shared"))
        .where("shared")
        .select("_key")
    )
    decided = decisions.select(F.explode(F.array_compact(_numbers())).alias("_key"))
    carriers = register.select(*_REF, number).join(
        F.broadcast(shared.union(decided).distinct()), "_key", how="left_semi"
    )
    return carriers.select(*_REF).union(named.select(*_REF)).distinct()


def _groups(here: DataFrame, decisions: DataFrame, named: DataFrame) -> DataFrame:
    """_member _group: each troubled record and each decision with the group it belongs to."""
    carried = F.explode(F.array_distinct(F.array(number_key(F.col("citizen_id")), _place())))
    said = F.explode(F.array_compact(F.array_append(_numbers(), below_zero(F.col("decision_no")))))
    members = [
        here.select(record_ref().alias("member"), carried.alias("key")),
        decisions.select(_order().alias("member"), said.alias("key")),
        named.select(_order_of(F.col("decision_no")).alias("member"), _place().alias("key")),
    ]
    everyone = members[0].union(members[1]).union(members[2]).distinct()
    labelled = grouped(everyone.withColumn("as_of", F.lit(0)))  # one world, at all its dates
    return labelled.select(F.col("member").alias("_member"), F.col("group").alias("_group")).distinct()


def _numbers() -> Column:
    return F.array(number17(F.col("old_citizen_id")), number17(F.col("new_citizen_id")))


def _place() -> Column:
    """Where a record stands without a number; as a key of its own it makes every record a member."""
    return number_key(F.lit(None).cast("string"))


def _order() -> Column:
    """A revocation belongs where the decision it revokes does."""
    return _order_of(
        F.when(F.col("kind") == REVOCATION, F.coalesce("revokes", "decision_no")).otherwise(
            F.col("decision_no")
        )
    )


def _order_of(decision_no: Column) -> Column:
    """Told apart from records, whose references begin with six digits and a slash."""
    return F.concat(F.lit("decision "), decision_no)


def _dates(records: DataFrame, orders: DataFrame) -> DataFrame:
    """_group as_of until: the dates of each group on which a version, a registration, a life or a decision
    begins or ends.
    """
    of_records = F.array("from_date", "to_date", "registered_on", "ended_on")
    of_orders = F.array("from_date", "to_date", "effective_on")
    turns = records.select("_group", F.explode(of_records).alias("as_of")).union(
        orders.select("_group", F.explode(of_orders).alias("as_of"))
    )
    following = F.lead("as_of").over(Window.partitionBy("_group").orderBy("as_of"))
    return turns.where(F.col("as_of").isNotNull()).distinct().withColumn("until", following)


def _at_dates(spans: DataFrame, dates: DataFrame) -> DataFrame:
    stands = (F.col("from_date") <= F.col("as_of")) & (
        F.col("to_date").isNull() | (F.col("to_date") > F.col("as_of"))
    )
    return _state(spans.join(dates, "_group", how="inner").where(stands))
