"""The base tables after a night: people whom something concerns are made anew, nobody else is touched (I6).

The rows come from the functions that make the whole base (`build`), given the records of these people alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.base.build import with_sightings
from popbase.base.changes import FeedStep, Step, among, named_in
from popbase.base.concerned import Concerned, due
from popbase.base.household import family_home, households
from popbase.base.sector import matched, sightings
from popbase.base.unregistered import unregistered
from popbase.base.usual import with_usual
from popbase.contracts import REGISTER, Contract
from popbase.identity.findings import REGISTERED
from popbase.identity.rules import number17
from popbase.renewal import replace
from popbase.schema import conform_to
from popbase.session import at_once, cut_off

# Up to so many persons a night plans longer than it computes; and so many changes a person make it compute
# longer than the whole base does.
REBUILT_ROWS = 100_000
MANY_CHANGES = 0.5
# Tables whose rows follow from the register and the decisions, and how the rows of a person are known there.
_BY_PERSON = ("base/person_history", "base/event", "base/id_history")


@dataclass(frozen=True)
class Part:
    """The rows of a table that a night may have changed: as they are, and as they shall be."""

    table: str
    old: DataFrame
    new: DataFrame


@dataclass(frozen=True)
class People:
    """Whom a night made anew: records (row__root record_no) of the `register`, and the `homes` that their
    families had before (household_id).
    """

    register: FeedStep
    records: DataFrame
    homes: DataFrame


@dataclass(frozen=True)
class Changed:
    """What a night made anew: the `people`, None where neither the register nor a decision concerned anybody;
    the `numbers` (number17) that anything changed about; and of each sector, with its contract, the versions
    of the records that ever had one.
    """

    people: People | None
    numbers: DataFrame
    sectors: tuple[tuple[Contract, DataFrame], ...]


def update_base(step: Step) -> Changed:
    """The base tables, made for the step's old side, become what its new side makes; but for what the search
    writes.
    """
    night = _Update(step)
    people = night.people()
    changed = night.changed()
    _replace(step, people)
    _replace(step, [night.household(people[0])])
    return changed


def is_small(step: Step) -> bool:
    """Whether making the whole base takes less than finding whom a night concerns."""
    persons = step.new.lake.rows("base/person")
    changed = chain.from_iterable(step.feed(feed).changed for feed in step.new.judgements)
    told = sum(j.rows_accepted for j in changed if j.kind == "changes")
    return persons <= REBUILT_ROWS or told > MANY_CHANGES * persons


def is_due(step: Step) -> bool:
    """Whether a date that has come concerns anybody, where nothing was delivered."""
    return not due(step).isEmpty()


def _replace(step: Step, parts: Iterable[Part]) -> None:
    known = table_contracts.tables()
    lake = step.new.lake

    def write(part: Part) -> None:
        new = conform_to(part.new, known[part.table])
        old = part.old.select(*new.columns)
        replace(lake, part.table, old, new, key=known[part.table].key)

    at_once(write, parts)


class _Update(Concerned):
    """The parts of the tables that a step may change."""

    def people(self) -> list[Part]:
        """All tables but the households, base/person first."""
        sectors = [self._sector(contract) for contract in self.contracts]
        return [
            self._person(
                {contract.feed: new for contract, (_, new) in zip(self.contracts, sectors, strict=True)}
            ),
            *self._registered(),
            *(part for part, _ in sectors),
            self._unregistered(sectors),
        ]

    def changed(self) -> Changed:
        """To be asked before the tables are written."""
        sectors = ((contract, self.spans[contract.feed]) for contract in self.contracts)
        return Changed(self._anew(), self.numbers, tuple(sectors))

    def _anew(self) -> People | None:
        if self.who is None:
            return None
        before = self._of_records("base/person_history", self.who.records)
        homes = before.where(family_home().isNotNull()).select("household_id").distinct()
        return People(self.step.feed(REGISTER), self.who.records, cut_off(homes))

    def household(self, person: Part) -> Part:
        """The households that the people of `person` left or live in, from base/person as it is by now."""
        ids = person.old.select("household_id").union(person.new.select("household_id")).distinct()
        theirs = F.broadcast(ids.where("household_id IS NOT NULL").localCheckpoint())
        now = self.head("base/person").join(theirs, "household_id", how="left_semi")
        old = self.head("base/household").join(theirs, "household_id", how="left_semi")
        return Part("base/household", old, households(now))

    def _person(self, sectors: Mapping[str, DataFrame]) -> Part:
        old, now = self.persons
        feeds = [(contract, self.states[contract.feed]) for contract in self.contracts]
        seen = sightings(feeds, self.answers, as_of=self.step.now)
        return Part(
            "base/person", old, cut_off(with_usual(with_sightings(now, seen), sectors, self.step.now))
        )

    def _sector(self, contract: Contract) -> tuple[Part, DataFrame]:
        feed = self.feeds[contract.feed]
        new = matched(self.states[contract.feed], contract, self.answers)
        table = f"base/{contract.base_table}"
        return Part(table, self.relevant(self.head(table), feed), new), new

    def _unregistered(self, sectors: Sequence[tuple[Part, DataFrame]]) -> Part:
        table = "base/unregistered"
        number = number17(F.col("citizen_id"))
        told = self.head(table).withColumn("number17", number)
        old = told.join(F.broadcast(self.numbers), "number17", how="left_semi").drop("number17")
        feeds = [contract.feed for contract in self.contracts]
        snapshots = self.step.new.newest_snapshots(feeds, self.step.now)
        rows = [(c, self.numbered(new, c)) for c, (_, new) in zip(self.contracts, sectors, strict=True)]
        return Part(table, old, unregistered(rows, snapshots))

    def _registered(self) -> list[Part]:
        """The tables that follow from the register and the decisions alone."""
        if self.lives is None or self.who is None:
            return []
        records, decisions = self.who.records, self.decisions
        history = self._of_records("base/person_history", records)
        ids = F.broadcast(history.select("person_id").distinct().localCheckpoint())
        old = {table: self.head(table).join(ids, "person_id", how="left_semi") for table in _BY_PERSON}
        old["base/person_record"] = self._of_records("base/person_record", records)
        old["base/id_case"] = self._cases(records, decisions)
        replaced = self.head("base/replaced_number")
        old["base/replaced_number"] = replaced.join(F.broadcast(decisions), "decision_no", how="left_semi")
        return [Part(table, old[table], new) for table, new in self.lives.tables(self.step.now).items()]

    def _of_records(self, table: str, records: DataFrame) -> DataFrame:
        return among(self.head(table), self.step.feed(REGISTER), records)

    def _cases(self, records: DataFrame, decisions: DataFrame) -> DataFrame:
        cases = self.head("base/id_case").where(F.col("kind").isin(*REGISTERED))
        theirs = among(named_in(cases), self.step.feed(REGISTER), records).select("case_id")
        decided = cases.join(F.broadcast(decisions), "decision_no", how="left_semi").select("case_id")
        both = theirs.union(decided).distinct().localCheckpoint()
        return cases.join(F.broadcast(both), "case_id", how="left_semi")
