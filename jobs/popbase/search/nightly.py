"""The night's stage that looks for trouble beyond the register: it writes cases, and what they are made of.

What sectors say against the register, and people who probably have two numbers.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.base import sector_update
from popbase.base.changes import among, named_in
from popbase.base.household import family_home
from popbase.base.update import Changed, People
from popbase.identity.findings import PROPOSED, REGISTERED
from popbase.lake import Lake
from popbase.renewal import renew, replace
from popbase.schema import conform_to
from popbase.search.model import stored
from popbase.search.proposals import among_all, of_changed
from popbase.session import cut_off
from popbase.sources import Sources

TABLE, HISTORY = "base/id_case", "base/person_history"


def search_all(sources: Sources, on: date) -> None:
    """Every sector's record is looked up, and everybody compared with everybody who shares a block."""
    lake = sources.lake
    known = lake.read(TABLE)
    of_sectors = sector_update.find_all(sources, on)
    proposed = _conformed(among_all(stored(), lake.read(HISTORY), on), known)
    cases = known.where(F.col("kind").isin(*REGISTERED)).unionByName(of_sectors).unionByName(proposed)
    renew(lake, TABLE, cases)


def search_changed(lake: Lake, changed: Changed, on: date) -> None:
    """Numbers that the night changed are looked up; the people it changed are compared with each other and
    with all others (I6).
    """
    part = sector_update.find_changed(lake, changed, on)
    old, new = part.old, part.new
    if changed.people is not None:
        history = lake.read(HISTORY)
        mine = cut_off(_over_all_dates(history, changed.people))
        known = lake.read(TABLE)
        proposed = _conformed(of_changed(stored(), mine, history, on), known)
        new = new.unionByName(proposed)
        old = old.unionByName(_told_of(known.where(F.col("kind") == PROPOSED), mine, changed.people))
    replace(lake, TABLE, old.select(*new.columns), new, key=["case_id"])


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
