"""The night's stage that looks for people under two numbers: it writes `same_person` cases, nothing else."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.base.changes import among, named_in
from popbase.base.household import family_home
from popbase.base.update import Changed
from popbase.identity.findings import PROPOSED
from popbase.lake import Lake
from popbase.renewal import renew, replace
from popbase.schema import conform_to
from popbase.search.model import stored
from popbase.search.proposals import among_all, of_changed
from popbase.session import cut_off

TABLE, HISTORY = "base/id_case", "base/person_history"


def search_all(lake: Lake, on: date) -> None:
    """Everybody is compared with everybody who shares a block."""
    known = lake.read(TABLE)
    proposed = _conformed(among_all(stored(), lake.read(HISTORY), on), known)
    renew(lake, TABLE, known.where(F.col("kind") != PROPOSED).unionByName(proposed))


def search_changed(lake: Lake, changed: Changed | None, on: date) -> None:
    """People whom the night changed are compared with each other and with all others (I6)."""
    if changed is None:
        return
    history = lake.read(HISTORY)
    mine = cut_off(_over_all_dates(history, changed))
    known = lake.read(TABLE)
    new = _conformed(of_changed(stored(), mine, history, on), known)
    old = _told_of(known.where(F.col("kind") == PROPOSED), mine, changed)
    replace(lake, TABLE, old.select(*new.columns), new, key=["case_id"])


def _over_all_dates(history: DataFrame, changed: Changed) -> DataFrame:
    """Every row of the people whom the night made anew, and of those who ever shared a family's home with
    them: the names of a household are compared too. A case's dates come from all rows of its people.
    """
    made = cut_off(among(history, changed.register, changed.records))
    homes = changed.homes.union(made.where(family_home().isNotNull()).select("household_id")).distinct()
    beside = history.join(F.broadcast(homes), "household_id", how="left_semi")
    people = made.select("person_id").union(beside.select("person_id")).distinct()
    return history.join(F.broadcast(cut_off(people)), "person_id", how="left_semi")


def _told_of(cases: DataFrame, mine: DataFrame, changed: Changed) -> DataFrame:
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
