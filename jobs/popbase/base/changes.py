"""Which records deliveries can have changed, from one state of the ledgers and one date to others (I6).

Too many records cost time, too few would be wrong: a record that may have changed counts. Bureaus that took
each other over stand under one of them, their root: a record may move between them, and stays itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase import contracts
from popbase.base.fates import Course, course
from popbase.base.state import record_versions
from popbase.contracts import Contract
from popbase.identity.histories import run_end, runs
from popbase.intake.ledger import Judgement, effective
from popbase.intake.lines import PLACE
from popbase.sources import Sources

# Contracts refuse a field name with two underscores.
ROOT = "row__root"
_PLACE = "region string, business_date date, delivery_no int"


@dataclass(frozen=True)
class Step:
    """From what the tables were made of, and the date they were made for, to what they shall be made of."""

    old: Sources
    new: Sources
    was: date
    now: date

    def feed(self, feed: str) -> FeedStep:
        before = effective(self.old.judgements.get(feed, ()), self.was)
        after = effective(self.new.judgements[feed], self.now)
        return FeedStep(contracts.feed(feed), self.new, (before, self.was), (after, self.now))

    def falls_due(self, *dates: Column) -> Column:
        """Whether one of these dates has come since the tables were made."""
        due = (day.between(F.date_add(F.lit(self.was), 1), F.lit(self.now)) for day in dates)
        return reduce(lambda one, other: one | other, (F.coalesce(d, F.lit(False)) for d in due))


@dataclass(frozen=True)
class FeedStep:
    """One feed's effective deliveries before and after, each up to its date."""

    contract: Contract
    sources: Sources
    before: tuple[list[Judgement], date]
    after: tuple[list[Judgement], date]

    @property
    def judged_again(self) -> bool:
        """Whether rows that the tables were made from may be gone."""
        old = {j.identity: j for j in self.before[0]}
        return any(old.get(j.identity, j) != j for j in self.after[0])

    @cached_property
    def changed(self) -> frozenset[Judgement]:
        return frozenset(self.before[0]) ^ frozenset(self.after[0])

    @cached_property
    def roots(self) -> Mapping[str, str]:
        """Bureaus that took others over, or were taken over -> the one they all stand under."""
        roots: dict[str, str] = {}
        for past in (course(self.before[0]), course(self.after[0])):
            for old, new in _takeovers(past):
                one, other = sorted((_root(roots, old), _root(roots, new)))
                roots |= {one: one, other: one}
        return {bureau: _root(roots, bureau) for bureau in roots}

    def rooted(self, region: str = "region") -> Column:
        if not self.roots:
            return F.col(region)
        names = F.create_map(*(F.lit(text) for pair in sorted(self.roots.items()) for text in pair))
        return F.coalesce(F.try_element_at(names, F.col(region)), F.col(region))

    @property
    def key(self) -> list[str]:
        return [ROOT, *(f.name for f in self.contract.key)]

    def keys_of(self, rows: DataFrame) -> DataFrame:
        """The records that rows are about."""
        return rows.withColumn(ROOT, self.rooted()).select(*self.key).distinct()

    def rows(self, keys: DataFrame) -> DataFrame:
        """Every version of these records that was ever accepted."""
        return among(self.sources.conformed(self.contract.feed), self, keys)

    def versions(self, keys: DataFrame) -> DataFrame:
        """`record_versions` of these records."""
        judgements, until = self.after
        refused = self.sources.refused(self.contract.feed)
        return record_versions(self.contract, self.rows(keys), refused, judgements, until=until, few=True)

    def touched(self) -> DataFrame | None:
        """The records whose course deliveries may have changed; None where no delivery did.

        Of changes all records they name; of a bureau with another snapshot or takeover those that differ.
        """
        if not self.changed:
            return None
        whole = {self._root(j) for j in self.changed if j.kind == "snapshot" or self._root(j) in self._groups}
        named = [j.identity for j in self.changed if self._root(j) not in whole]
        found = [self._named(named)] if named else []
        return reduce(DataFrame.unionByName, found + ([self._differing(whole)] if whole else []))

    def _root(self, j: Judgement) -> str:
        return self.roots.get(j.region, j.region)

    @property
    def _groups(self) -> set[str]:
        return set(self.roots.values())

    def _named(self, deliveries: list[tuple[str, date, int]]) -> DataFrame:
        rows = self.sources.conformed(self.contract.feed)
        places = rows.sparkSession.createDataFrame(deliveries, _PLACE)
        dates = sorted({on for _, on, _ in deliveries})
        there = rows.where(F.col("business_date").isin(dates))
        return self.keys_of(there.join(F.broadcast(places), list(PLACE), how="left_semi"))

    def _differing(self, roots: set[str]) -> DataFrame:
        rows = self.sources.conformed(self.contract.feed).where(self.rooted().isin(*sorted(roots)))
        sides = [self._courses(rows, roots, *side) for side in (self.before, self.after)]
        told = reduce(DataFrame.unionByName, sides).groupBy(*self.key)
        differs = (F.bit_xor("_long") != 0) | (F.bit_xor("_int") != 0)
        return told.agg(differs.alias("differs")).where("differs").drop("differs")

    def _courses(
        self, rows: DataFrame, roots: set[str], judgements: list[Judgement], until: date
    ) -> DataFrame:
        """Every record's versions as fingerprints; what is said again is one version."""
        refused = self.sources.refused(self.contract.feed)
        mine = [j for j in judgements if self._root(j) in roots]
        spans = record_versions(self.contract, rows, refused, mine, until=until)
        facts = [name for name in spans.columns if name not in (*self.key, "from_date", "to_date")]
        period = F.col("from_date").alias("as_of"), F.col("to_date").alias("until")
        told = spans.withColumn(ROOT, self.rooted()).select(
            *self.key, *period, F.to_json(F.struct(*facts)).alias("row__told")
        )
        merged = (
            runs(told, *self.key, same=("row__told",))
            .groupBy(*self.key, "turn", "row__told")
            .agg(F.min("as_of").alias("since"), run_end().alias("until"))
        )
        said = [F.coalesce(F.col(n).cast("string"), F.lit("")) for n in ("since", "until", "row__told")]
        return merged.select(*self.key, F.xxhash64(*said).alias("_long"), F.hash(*said).alias("_int"))


def among(rows: DataFrame, step: FeedStep, keys: DataFrame) -> DataFrame:
    """The rows of these records."""
    rooted = rows.withColumn(ROOT, step.rooted())
    return rooted.join(F.broadcast(keys), step.key, how="left_semi").drop(ROOT)


def named_in(cases: DataFrame) -> DataFrame:
    """One row is a register record that a case names: case_id region record_no."""
    ref = F.split("ref", "/", 2)
    told = cases.select("case_id", F.explode("record_nos").alias("ref"))
    return told.select("case_id", ref[0].alias("region"), ref[1].alias("record_no"))


def _takeovers(past: Course) -> list[tuple[str, str]]:
    return [(old, new) for old, steps in past.takeovers.items() for _, new in steps]


def _root(roots: Mapping[str, str], bureau: str) -> str:
    while roots.get(bureau, bureau) != bureau:
        bureau = roots[bureau]
    return bureau
