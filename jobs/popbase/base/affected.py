"""Whom changed records can concern: all that ever shared a number with them, or that a decision names too."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.base.changes import ROOT, FeedStep, Step
from popbase.contracts import DECISIONS, REGISTER
from popbase.identity.anchors import apart
from popbase.identity.decisions import REVOCATION, named_refs
from popbase.identity.findings import too_old_on
from popbase.identity.rules import number17
from popbase.session import cut_off

RECORD = [ROOT, "record_no"]
_DATES = ("registered_on", "ended_on", "too_old_on")


@dataclass(frozen=True)
class Affected:
    """Records of the register (row__root record_no), numbers (number17) and decisions (order_no, a
    decision_no), such that none of them has to do with any that is not here.
    """

    records: DataFrame
    numbers: DataFrame
    orders: DataFrame

    @property
    def size(self) -> int:
        return self.records.count() + self.orders.count()


def affected(step: Step) -> Affected | None:
    """None where nothing of the register or the decisions changed, or fell due."""
    register, decisions = step.feed(REGISTER), step.feed(DECISIONS)
    slim = _carried(register)
    told = _orders(decisions, register).localCheckpoint()
    records = _all([register.touched(), slim.where(step.falls_due(*map(F.col, _DATES)))], RECORD)
    decided = [_order_of(decisions.touched(), told), told.where(step.falls_due(F.col("effective_on")))]
    orders = _all([_named(rows) for rows in decided if rows is not None], ["order_no"])
    found = Affected(records.localCheckpoint(), _none(slim), orders.localCheckpoint())
    if found.records.isEmpty() and found.orders.isEmpty():
        return None
    return _closed(found, slim, told)


def said_of(step: Step, who: Affected) -> tuple[DataFrame, DataFrame]:
    """The spans of these records, `apart`, and of these decisions, on the step's new side."""
    register = cut_off(step.feed(REGISTER).versions(who.records))
    orders = F.broadcast(who.orders.toDF("decision_no"))
    decisions = step.new.spans(DECISIONS, step.now).join(orders, "decision_no", how="left_semi")
    return apart(register), decisions


def _carried(register: FeedStep) -> DataFrame:
    """One row is a version of a register's record: its number, and the dates on which it may fall due."""
    rows = register.sources.conformed(REGISTER).withColumn(ROOT, register.rooted())
    number, dates = number17(F.col("citizen_id")).alias("number17"), falling_due()
    return rows.select(*RECORD, number, *(day.alias(name) for name, day in dates.items()))


def falling_due() -> dict[str, Column]:
    """The dates on which a record of the register comes to mean something else, though nobody delivers it."""
    return dict(zip(_DATES, (F.col("registered_on"), F.col("ended_on"), too_old_on()), strict=True))


def _orders(decisions: FeedStep, register: FeedStep) -> DataFrame:
    """One row is a version of a decision: `named`, its number and that of the one it revokes; its citizen
    numbers and records.
    """
    rows = decisions.sources.conformed(DECISIONS)
    revokes = F.when(F.col("kind") == REVOCATION, F.col("revokes"))
    numbers = F.array(number17(F.col("old_citizen_id")), number17(F.col("new_citizen_id")))
    return rows.select(
        "decision_no",
        F.array_distinct(F.array_compact(F.array("decision_no", revokes))).alias("named"),
        F.array_compact(numbers).alias("numbers"),
        F.transform(named_refs(), lambda ref: F.struct(
            _rooted(register, ref["region"]).alias(ROOT), ref["record_no"].alias("record_no")
        )).alias("refs"),
        "effective_on",
    )  # fmt: skip


def _rooted(register: FeedStep, region: Column) -> Column:
    names = register.roots
    known = F.when(F.lit(False), region)
    for bureau, root in sorted(names.items()):
        known = known.when(region == bureau, F.lit(root))
    return known.otherwise(region)


def _named(rows: DataFrame) -> DataFrame:
    return rows.select(F.explode("named").alias("order_no"))


def _order_of(touched: DataFrame | None, told: DataFrame) -> DataFrame | None:
    if touched is None:
        return None
    return told.join(F.broadcast(touched.select("decision_no")), "decision_no", how="left_semi")


def _closed(found: Affected, slim: DataFrame, told: DataFrame) -> Affected:
    """In turns: the numbers of the records that are new, the decisions about either, the records of both."""
    fresh, size = found.records, found.size
    while True:
        numbers = _all([found.numbers, _of(slim, fresh, RECORD, "number17")], ["number17"])
        orders = _met(found, numbers, told).localCheckpoint()
        rows = _of(
            told.select("*", F.explode("named").alias("order_no")), orders, ["order_no"], *told.columns
        )
        told_numbers = rows.select(F.explode("numbers").alias("number17"))
        numbers = _all([numbers, told_numbers], ["number17"]).localCheckpoint()
        carriers = [_of(slim, numbers, ["number17"], *RECORD), rows.select(F.inline("refs"))]
        records = _all([found.records, *carriers], RECORD).localCheckpoint()
        fresh = records.join(F.broadcast(found.records), RECORD, how="left_anti")
        found, before = Affected(records, numbers, orders), size
        size = found.size
        if size == before:
            return found


def _met(found: Affected, numbers: DataFrame, told: DataFrame) -> DataFrame:
    """The decisions that name one of these records, numbers or decisions, beside those known already."""
    by_number = told.select("named", F.explode("numbers").alias("number17"))
    by_record = told.select("named", F.inline("refs"))
    by_name = told.select("named", F.explode("named").alias("order_no"))
    met = [
        _of(by_number, numbers, ["number17"], "named"),
        _of(by_record, found.records, RECORD, "named"),
        _of(by_name, found.orders, ["order_no"], "named"),
    ]
    return _all([found.orders, *map(_named, met)], ["order_no"])


def _of(rows: DataFrame, keys: DataFrame, on: list[str], *columns: str) -> DataFrame:
    return rows.join(F.broadcast(keys), on, how="left_semi").select(*columns)


def _all(parts: list[DataFrame | None], columns: list[str]) -> DataFrame:
    """Each once; without a number there is nothing to share."""
    told = [part.select(*columns) for part in parts if part is not None]
    return reduce(DataFrame.union, told).where(F.col(columns[-1]).isNotNull()).distinct()


def _none(slim: DataFrame) -> DataFrame:
    return slim.select("number17").limit(0)
