"""Whom a night concerns, and what is said of them: the frames that `update` makes the tables' rows from."""

from __future__ import annotations

from functools import cached_property, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.base.affected import RECORD, Affected, affected, falling_due, said_of
from popbase.base.build import Lives, lived
from popbase.base.changes import ROOT, FeedStep, Step
from popbase.base.former import edges
from popbase.base.history import at
from popbase.base.sector import NOT_IN_REGISTER, Holders, active, holders, in_role
from popbase.base.spans import standing
from popbase.base.usual import person_falls_due, sign_falls_due
from popbase.contracts import DECISIONS, REGISTER, Contract
from popbase.identity.histories import replaced_numbers
from popbase.identity.rules import held17, number17
from popbase.session import at_once, cut_off

_NUMBER = ["number17"]


class Concerned:
    """One step's frames, each made once: who is affected, by which numbers, what the sectors say of those."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.feeds = {c.feed: step.feed(c.feed) for c in table_contracts.sectors()}

    @property
    def contracts(self) -> list[Contract]:
        return [step.contract for step in self.feeds.values()]

    @cached_property
    def who(self) -> Affected | None:
        return affected(self.step)

    @cached_property
    def decisions(self) -> DataFrame:
        """The decisions (decision_no) that name one of these people, or their numbers."""
        orders = (
            self.who.orders if self.who else self.head("base/replaced_number").select("decision_no").limit(0)
        )
        return orders.toDF("decision_no")

    @cached_property
    def lives(self) -> Lives | None:
        """The affected people over all dates."""
        if self.who is None:
            return None
        found = lived(*said_of(self.step, self.who), kept=cut_off)
        return Lives(found.judged, cut_off(found.quiet))

    @cached_property
    def replaced(self) -> DataFrame:
        """One row is a number that a decision replaced over a time, of all."""
        head = self.head("base/replaced_number")
        if self.lives is None or self.who is None:
            return head
        others = head.join(F.broadcast(self.decisions), "decision_no", how="left_anti")
        now = replaced_numbers(self.lives.judged.replaced, self.step.now)
        return others.unionByName(now.select(*others.columns)).localCheckpoint()

    @cached_property
    def touched(self) -> dict[str, DataFrame]:
        """Feed -> its records whose course may have changed."""
        found = at_once(lambda feed: (feed.contract.feed, feed.touched()), self.feeds.values())
        return {feed: keys.localCheckpoint() for feed, keys in found if keys is not None}

    @cached_property
    def numbers(self) -> DataFrame:
        """The numbers of affected people and of sector records that changed or fell due, and those that
        decisions tie to them."""
        mine = [] if self.who is None else [self.who.numbers]
        _ = self.touched  # before the feeds ask for it side by side
        aged = self.head("base/person").where(person_falls_due(self.step)).select(held17().alias("number17"))
        seen = [aged, *at_once(self._numbers_seen, self.feeds.values())]
        every = [rows for rows in [*mine, *seen] if rows is not None]
        if not every:
            return self.step.new.lake.spark.createDataFrame([], "number17 bigint")
        told = reduce(DataFrame.union, every).where("number17 IS NOT NULL").distinct().localCheckpoint()
        return _tied(told, edges(self.replaced))

    def _numbers_seen(self, feed: FeedStep) -> DataFrame | None:
        """Of one sector: those of records whose course or activity changed, or that a new snapshot has
        seen again."""
        number = number17(F.col(in_role(feed.contract, "number").name)).alias("number17")
        head = self.head(f"base/{feed.contract.base_table}")
        counts = [turned(self.step, feed.contract)]
        regions = sorted({j.region for j in feed.changed if j.kind == "snapshot"})
        if regions:
            counts.append(F.col("region").isin(regions) & (F.col("match_status") == NOT_IN_REGISTER))
        parts = [head.where(condition).select(number) for condition in counts]
        if feed.contract.feed in self.touched:
            parts.append(feed.rows(self.touched[feed.contract.feed]).select(number))
        return reduce(DataFrame.union, parts).distinct().localCheckpoint() if parts else None

    @cached_property
    def persons(self) -> tuple[DataFrame, DataFrame]:
        """base/person's rows of these people and numbers as they stand; and as they are now, not yet looked
        for in the sectors."""
        head = self.head("base/person")
        marked = head.withColumns({"number17": held17(), ROOT: self.step.feed(REGISTER).rooted()})
        marked = marked.join(F.broadcast(self.numbers.withColumn("counts", F.lit(True))), _NUMBER, how="left")
        if self.who is not None:
            theirs = F.broadcast(self.who.records.withColumn("changes", F.lit(True)))
            marked = marked.join(theirs, RECORD, how="left")
        else:
            marked = marked.withColumn("changes", F.lit(None).cast("boolean"))
        old = cut_off(marked.where("counts OR changes"))
        sights = [name for name in head.columns if name.startswith("in_")]
        others = old.where("changes IS NULL").select(*(n for n in head.columns if n not in sights))
        if self.lives is not None:
            others = others.unionByName(at(self.lives.persons, self.step.now).select(*others.columns))
        return old.select(*head.columns), cut_off(others)

    @cached_property
    def answers(self) -> Holders:
        tied = self.replaced.withColumn("number17", number17(F.col("old_citizen_id")))
        relevant = tied.join(F.broadcast(self.numbers), _NUMBER, how="left_semi").drop("number17")
        return holders(self.persons[1], relevant.where("valid_to IS NULL"))

    @cached_property
    def spans(self) -> dict[str, DataFrame]:
        """Feed -> the versions of its records that ever had one of these numbers, or whose course changed."""
        return dict(at_once(lambda feed: (feed.contract.feed, self._spans(feed)), self.feeds.values()))

    def _spans(self, feed: FeedStep) -> DataFrame:
        rows = self.step.new.conformed(feed.contract.feed)
        keys = feed.keys_of(self.numbered(rows, feed.contract))
        if feed.contract.feed in self.touched:
            keys = keys.union(self.touched[feed.contract.feed]).distinct()
        return cut_off(feed.versions(keys.localCheckpoint()))

    @cached_property
    def states(self) -> dict[str, DataFrame]:
        """Feed -> its standing records that have one of these numbers, or whose course changed."""

        def state(feed: FeedStep) -> tuple[str, DataFrame]:
            name = feed.contract.feed
            return name, cut_off(self.relevant(standing(self.spans[name], self.step.now), feed))

        _ = self.spans  # before the feeds ask for it side by side
        return dict(at_once(state, self.feeds.values()))

    def relevant(self, rows: DataFrame, feed: FeedStep) -> DataFrame:
        """Of a state, or of the table, the rows that may change."""
        number = number17(F.col(in_role(feed.contract, "number").name))
        numbers = self.numbers.select(F.col("number17").alias("row__number17"), F.lit(True).alias("row__a"))
        marked = rows.withColumn("row__number17", number).join(
            F.broadcast(numbers), "row__number17", how="left"
        )
        counts = F.col("row__a")
        if feed.contract.feed in self.touched:
            keys = self.touched[feed.contract.feed].withColumn("row__b", F.lit(True))
            marked = marked.withColumn(ROOT, feed.rooted()).join(F.broadcast(keys), feed.key, how="left")
            counts = F.coalesce("row__a", "row__b")
        return marked.where(counts).select(*rows.columns)

    def numbered(self, rows: DataFrame, contract: Contract) -> DataFrame:
        number = number17(F.col(in_role(contract, "number").name))
        return rows.withColumn("row__number17", number).join(
            F.broadcast(self.numbers.withColumnRenamed("number17", "row__number17")),
            "row__number17", how="left_semi",
        )  # fmt: skip

    def head(self, table: str) -> DataFrame:
        return self.step.new.lake.read(table)


def due(step: Step) -> DataFrame:
    """One row is something that begins, ends or lapses by a date that has come; one look at every table."""
    told = ((REGISTER, falling_due().values()), (DECISIONS, [F.col("effective_on")]))
    dated = [step.new.conformed(feed).where(step.falls_due(*dates)) for feed, dates in told]
    lapsed = [
        step.new.lake.read(f"base/{contract.base_table}").where(
            turned(step, contract) & F.col(in_role(contract, "number").name).isNotNull()
        )
        for contract in table_contracts.sectors()
    ]
    grown = step.new.lake.read("base/person").where(person_falls_due(step))
    return reduce(DataFrame.union, (rows.select(F.lit(True)) for rows in [*dated, *lapsed, grown]))


def turned(step: Step, contract: Contract) -> Column:
    """Whether a sector's record, as it stood, counts on one of the step's two dates alone, or says of its
    person's living somewhere what it did not say before.
    """
    counts = F.coalesce(active(contract, step.was) != active(contract, step.now), F.lit(True))
    return counts | sign_falls_due(contract.feed, step)


def _tied(numbers: DataFrame, ties: DataFrame) -> DataFrame:
    """`numbers` and all that decisions lead to from them, or from which they lead there."""
    if ties.isEmpty():
        return numbers
    either = ties.union(ties.select("next17", "number17")).toDF("number17", "other17").localCheckpoint()
    while True:
        led = either.join(F.broadcast(numbers), _NUMBER, how="left_semi").select(
            F.col("other17").alias("number17")
        )
        grown = numbers.union(led).distinct().localCheckpoint()
        if grown.count() == numbers.count():
            return grown
        numbers = grown
