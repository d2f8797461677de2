"""The night's stage that looks for trouble beyond the register: it writes cases, and what they are made of.

What sectors say against the register, people who probably have two numbers, and sectors' records that
probably mean another's.
"""

from __future__ import annotations

from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.base import sector_update
from popbase.base.changes import among, named_in
from popbase.base.household import family_home
from popbase.base.sector_case import sector_ref
from popbase.base.sector_finding import RECORD
from popbase.base.update import Changed, Part, People
from popbase.identity.findings import MISTYPED, PROPOSED, REGISTERED
from popbase.lake import Lake
from popbase.renewal import renew, replace
from popbase.schema import conform_to
from popbase.search.comparisons import MISTYPED_NUMBERS, SECOND_NUMBERS
from popbase.search.model import stored
from popbase.search.proposals import among_all, mistyped, mistyped_of_changed, of_changed
from popbase.session import cut_off
from popbase.sources import Sources

TABLE, HISTORY, FINDINGS = "base/id_case", "base/person_history", sector_update.TABLE


def search_all(sources: Sources, on: date) -> None:
    """Every sector's record is looked up, and everybody compared with everybody who shares a block."""
    lake = sources.lake
    known, history = lake.read(TABLE), lake.read(HISTORY)
    found = [
        sector_update.find_all(sources, on),
        _conformed(among_all(stored(SECOND_NUMBERS), history, on), known),
        _conformed(mistyped(stored(MISTYPED_NUMBERS), lake.read(FINDINGS), history, on), known),
    ]
    renew(lake, TABLE, reduce(DataFrame.unionByName, found, known.where(F.col("kind").isin(*REGISTERED))))


def search_changed(lake: Lake, changed: Changed, on: date) -> None:
    """Numbers that the night changed are looked up; the people and the sectors' records that it changed are
    compared with each other and with all others (I6).
    """
    known, history = lake.read(TABLE), lake.read(HISTORY)
    of_sectors, records = sector_update.find_changed(lake, changed, on)
    parts = [of_sectors]
    people = history.limit(0)
    if changed.people is not None:
        people = cut_off(_over_all_dates(history, changed.people))
        proposed = _conformed(of_changed(stored(SECOND_NUMBERS), people, history, on), known)
        old = _told_of(known.where(F.col("kind") == PROPOSED), people, changed.people)
        parts.append(Part(TABLE, old, proposed))
    parts.append(_mistyped(lake, changed, records, people, on))
    old, new = (
        reduce(DataFrame.unionByName, rows) for rows in zip(*((p.old, p.new) for p in parts), strict=True)
    )
    replace(lake, TABLE, old.select(*new.columns), new, key=["case_id"])


def _mistyped(lake: Lake, changed: Changed, records: DataFrame, people: DataFrame, on: date) -> Part:
    """The proposals about the sectors' `records` whose findings the night changed, and about `people`, whom
    it changed.
    """
    known, found = lake.read(TABLE), lake.read(FINDINGS)
    mine = cut_off(found.join(F.broadcast(records), RECORD, how="left_semi"))
    new = mistyped_of_changed(stored(MISTYPED_NUMBERS), mine, found, people, lake.read(HISTORY), on)
    told = known.where(F.col("kind") == MISTYPED)
    named = told.select("case_id", F.explode("record_nos").alias("ref"))
    theirs = named.join(F.broadcast(records.select(sector_ref().alias("ref"))), "ref", how="left_semi")
    ids = theirs.select("case_id")
    if changed.people is not None:
        ids = ids.union(_told_of(told, people, changed.people).select("case_id"))
    old = told.join(F.broadcast(cut_off(ids.distinct())), "case_id", how="left_semi")
    return Part(TABLE, old, _conformed(new, known))


def _over_all_dates(history: DataFrame, changed: People) -> DataFrame:
    """Every row of the people whom the night made anew, and of those who ever shared a family's home with
    them: the names of a household are compared too. A case's dates come from all rows of its people.
    """
    made = cut_off(among(history, changed.register, changed.records))
    homes = changed.homes.union(made.where(family_home().isNotNull()).select("household_id")).distinct()
    beside = history.join(F.broadcast(homes), "household_id", how="left_semi")
    people = made.select("person_id").union(beside.select("person_id")).distinct()
    return history.join(F.broadcast(cut_off(people)), "person_id", how="left_semi")


def _told_of(cases: DataFrame, mine: DataFrame, changed: People) -> DataFrame:
    """The cases that name one of these people's records, as they are or as they were."""
    named = named_in(cases)
    here = mine.select("region", "record_no").distinct()
    theirs = named.join(F.broadcast(here), ["region", "record_no"], how="left_semi").select("case_id")
    before = among(named, changed.register, changed.records).select("case_id")
    return cases.join(F.broadcast(cut_off(theirs.union(before).distinct())), "case_id", how="left_semi")


def _conformed(proposed: DataFrame | None, known: DataFrame) -> DataFrame:
    if proposed is None:
        return known.where(F.lit(False))
    return conform_to(proposed, table_contracts.tables()[TABLE])
