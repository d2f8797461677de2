"""Cases that the search proposes (design section 7, step 5): people under two numbers, probably one; and
sectors' records that probably mean somebody else's number than they carry.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.identity.histories import id_cases
from popbase.search.candidates import beside, in_company
from popbase.search.linkage import between, pairs
from popbase.search.model import Model
from popbase.search.rows import FOREVER, numbers, of_sectors, rows, with_members
from popbase.session import cut_off


def among_all(model: Model, history: DataFrame, on: date) -> DataFrame | None:
    """The cases of `base/id_case`, as known on a date, that a whole base/person_history gives; None where
    nobody can be compared with anybody."""
    some = in_company(rows(history, model.frequency), model.asks.blocks)
    return _compared(model, some, None, history, on)


def of_changed(model: Model, changed: DataFrame, history: DataFrame, on: date) -> DataFrame | None:
    """The cases that rows of `history` make, the `changed` ones, with each other and with all others."""
    some = cut_off(rows(changed, model.frequency))
    rest = rows(history, model.frequency).join(
        F.broadcast(some.select("unique_id")), "unique_id", "left_anti"
    )
    return _compared(model, some, beside(some, rest, model.asks.blocks), history, on)


def mistyped(model: Model, found: DataFrame, history: DataFrame, on: date) -> DataFrame | None:
    """The cases of sectors' records in `found`, base/sector_finding, whose number is nearly that of somebody
    of that name in a whole base/person_history; None where none is.
    """
    told = cut_off(of_sectors(found, model.frequency))
    people = numbers(rows(history, model.frequency))
    near = beside(told, people, model.asks.blocks, few=False)
    return _slips(model, told, cut_off(near), on)


def mistyped_of_changed(
    model: Model, changed: DataFrame, found: DataFrame, people: DataFrame, history: DataFrame, on: date
) -> DataFrame | None:
    """The cases that the `changed` rows of `found` make with anybody, and the changed `people`, rows of
    `history`, with any row of `found`.
    """
    frequency, blocks = model.frequency, model.asks.blocks
    mine, theirs = cut_off(of_sectors(changed, frequency)), cut_off(numbers(rows(people, frequency)))
    told, near = mine, theirs
    if not theirs.isEmpty():
        told = mine.unionByName(_others(beside(theirs, of_sectors(found, frequency), blocks), mine))
    if not mine.isEmpty():
        near = theirs.unionByName(_others(beside(mine, numbers(rows(history, frequency)), blocks), theirs))
    return _slips(model, cut_off(told), cut_off(near), on, [_marked(mine, "l"), _marked(theirs, "r")])


def _marked(rows: DataFrame, side: str) -> DataFrame:
    ref = F.col("ref").alias(f"ref_{side}")
    return F.broadcast(rows.select(ref, F.lit(True).alias(f"anew_{side}")).distinct())


def _others(rows: DataFrame, known: DataFrame) -> DataFrame:
    return rows.join(F.broadcast(known.select("unique_id")), "unique_id", how="left_anti")


def _slips(
    model: Model, told: DataFrame, near: DataFrame, on: date, anew: Sequence[DataFrame] = ()
) -> DataFrame | None:
    """`anew`: of which records, and of which people, the pairs are asked for; without any, all are."""
    if told.isEmpty() or near.isEmpty():
        return None
    found = between(model, told, near)
    for side, known in zip("lr", anew, strict=False):
        found = found.join(known, f"ref_{side}", how="left")
    return _cases(found.where("anew_l OR anew_r") if anew else found, model.asks.kind, on)


def _compared(
    model: Model, some: DataFrame, others: DataFrame | None, history: DataFrame, on: date
) -> DataFrame | None:
    parts = [cut_off(part) for part in (some, others) if part is not None]
    if all(part.isEmpty() for part in parts):
        return None
    homes = reduce(DataFrame.union, (part.select("household") for part in parts)).distinct()
    named = history.join(F.broadcast(homes), history.household_id == homes.household, how="left_semi")
    family = cut_off(named)
    told = [cut_off(with_members(part, family)) for part in parts]
    return _cases(pairs(model, *told), model.asks.kind, on)


def _cases(found: DataFrame, kind: str, on: date) -> DataFrame:
    """A pair is a case while both rows hold, with the evidence of the last that did."""
    until = F.least("valid_until_l", "valid_until_r")
    findings = found.select(
        F.greatest("valid_from_l", "valid_from_r").alias("as_of"),
        F.when(until < FOREVER, until).alias("until"),
        F.lit(kind).alias("kind"),
        F.concat_ws("+", F.sort_array(F.array("person_id_l", "person_id_r"))).alias("subject"),
        F.sort_array(F.array("ref_l", "ref_r")).alias("record_nos"),
        "evidence",
        F.lit(None).cast("string").alias("decision_no"),
        F.round("match_weight", 2).alias("match_weight"),
    )
    return id_cases(findings, on)
