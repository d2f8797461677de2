"""Cases that the search proposes: people under two numbers, probably one (design section 7, step 5)."""

from __future__ import annotations

from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.identity.findings import PROPOSED
from popbase.identity.histories import id_cases
from popbase.search.candidates import beside, in_company
from popbase.search.linkage import pairs
from popbase.search.model import Model
from popbase.search.rows import FOREVER, rows, with_members
from popbase.session import cut_off


def among_all(model: Model, history: DataFrame, on: date) -> DataFrame | None:
    """The cases of `base/id_case`, as known on a date, that a whole base/person_history gives; None where
    nobody can be compared with anybody."""
    some = in_company(rows(history, model.frequency))
    return _compared(model, some, None, history, on)


def of_changed(model: Model, changed: DataFrame, history: DataFrame, on: date) -> DataFrame | None:
    """The cases that rows of `history` make, the `changed` ones, with each other and with all others."""
    some = cut_off(rows(changed, model.frequency))
    rest = rows(history, model.frequency).join(
        F.broadcast(some.select("unique_id")), "unique_id", "left_anti"
    )
    return _compared(model, some, beside(some, rest), history, on)


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
    return _cases(pairs(model, *told), on)


def _cases(found: DataFrame, on: date) -> DataFrame:
    """A pair is a case while both rows hold, with the evidence of the last that did."""
    until = F.least("valid_until_l", "valid_until_r")
    findings = found.select(
        F.greatest("valid_from_l", "valid_from_r").alias("as_of"),
        F.when(until < FOREVER, until).alias("until"),
        F.lit(PROPOSED).alias("kind"),
        F.concat_ws("+", F.sort_array(F.array("person_id_l", "person_id_r"))).alias("subject"),
        F.sort_array(F.array("ref_l", "ref_r")).alias("record_nos"),
        "evidence",
        F.lit(None).cast("string").alias("decision_no"),
        F.round("match_weight", 2).alias("match_weight"),
    )
    return id_cases(findings, on)
