"""Sector records and the persons they are about (design section 7, "Sector records look their number up")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.base.former import rerouted
from popbase.contracts import Contract, Field
from popbase.identity.rules import below_zero, number17
from popbase.intake.normalise import match_name

NO_NUMBER, CONTESTED, NOT_IN_REGISTER = "NO_NUMBER", "CONTESTED", "NOT_IN_REGISTER"
MATCHED, NAME_MISMATCH = "MATCHED", "NAME_MISMATCH"
FORMER_NUMBER = "former_number"


@dataclass(frozen=True)
class Holders:
    """Who answers to a number.

    `numbers`: one row is a number17 that a UNIQUE or CONTESTED person carries or claims: `holder`
    (person_id, null where contested) and `holder_name`; `former`: number17 -> `current17`, for numbers that
    decisions replaced, or None where none did.
    """

    numbers: DataFrame
    former: DataFrame | None


def holders(person: DataFrame, replaced: DataFrame) -> Holders:
    """UNIQUE numbers stand once each (invariant I4), so that only the few contested ones are grouped."""
    unique = person.where("id_status = 'UNIQUE'").select(
        number17(F.col("citizen_id")).alias("number17"),
        F.col("person_id").alias("holder"),
        match_name(F.col("name")).alias("holder_name"),
    )
    contested = (
        person.where("id_status = 'CONTESTED'")
        .groupBy(number17(F.col("claimed_citizen_id")).alias("number17"))
        .agg(F.lit(None).cast("string").alias("holder"), F.lit(None).cast("string").alias("holder_name"))
    )
    numbers = unique.unionByName(contested)
    return Holders(numbers, None if replaced.isEmpty() else rerouted(replaced, numbers))


def matched(state: DataFrame, contract: Contract, who: Holders) -> DataFrame:
    """One row is a sector record: person_id match_status region, the contract's fields, flags,
    first_date, set_on.

    Only MATCHED ones carry a `person_id`.
    """
    rows = _looked_up(_numbered(state, contract, who), contract, who)
    flags = F.when(
        F.col("row__is_former"), F.sort_array(F.array_append("flags", F.lit(FORMER_NUMBER)))
    ).otherwise(F.col("flags"))
    return rows.select(
        F.when(_status() == MATCHED, F.col("row__holder")).alias("person_id"),
        _status().alias("match_status"),
        "region",
        *(field.name for field in contract.fields),
        flags.alias("flags"),
        "first_date",
        "set_on",
    )


def sightings(states: Sequence[tuple[Contract, DataFrame]], who: Holders, *, as_of: date) -> DataFrame:
    """One row is a number17 and match name, with an `in_<table>` for each sector: active there on `as_of`."""
    seen = reduce(
        DataFrame.unionByName, (_sighting(state, contract, who, as_of) for contract, state in states)
    )
    tables = (str(contract.base_table) for contract, _ in states)
    signs = (F.max(F.col("sector") == table).alias(f"in_{table}") for table in tables)
    return seen.groupBy("number17", "seen_name").agg(*signs)


def _sighting(state: DataFrame, contract: Contract, who: Holders, as_of: date) -> DataFrame:
    found = _numbered(state.where(active(contract, as_of)), contract, who).where("row__number17 IS NOT NULL")
    return found.select(
        F.col("row__number17").alias("number17"),
        F.col("row__name").alias("seen_name"),
        F.lit(contract.base_table).alias("sector"),
    )


def active(contract: Contract, as_of: date) -> Column:
    """Whether a record counts on the date (statistics section 8), as its contract says; always, if it does
    not say.
    """
    return F.expr(contract.counts_on(f"DATE'{as_of:%Y-%m-%d}'"))


def _numbered(state: DataFrame, contract: Contract, who: Holders) -> DataFrame:
    """Adds the number to look up, after decisions that replaced it, and the name to compare.

    Working columns are `row__...`: contracts refuse a field name with two underscores.
    """
    own, name = F.col(in_role(contract, "number").name), F.col(in_role(contract, "name").name)
    rows = state.withColumns({"row__own17": number17(own), "row__name": match_name(name)})
    if who.former is None:
        return rows.withColumns({"row__number17": F.col("row__own17"), "row__is_former": F.lit(False)})
    former = who.former.select(
        F.col("number17").alias("row__own17"), F.col("current17").alias("row__current17")
    )
    return rows.join(F.broadcast(former), on="row__own17", how="left").withColumns({
        "row__number17": F.coalesce("row__current17", "row__own17"),
        "row__is_former": F.col("row__current17").isNotNull(),
    })  # fmt: skip


def in_role(contract: Contract, role: str) -> Field:
    """The field with a role that every sector contract has: one without it is refused when it is read."""
    return next(field for field in contract.fields if field.role == role)


def _looked_up(rows: DataFrame, contract: Contract, who: Holders) -> DataFrame:
    """One shuffle of the sector's rows, by the number as a long; the persons' side is narrow."""
    place = below_zero(F.col("region"), *(F.col(field.name) for field in contract.key))
    spread = rows.withColumn("row__number17", F.coalesce("row__number17", place))
    answers = who.numbers.select(
        *(F.col(name).alias(f"row__{name}") for name in ("number17", "holder", "holder_name")),
        F.lit(True).alias("row__is_known"),
    )
    return spread.join(answers, on="row__number17", how="left")


def _status() -> Column:
    return (
        F.when(F.col("row__own17").isNull(), F.lit(NO_NUMBER))
        .when(F.col("row__is_known").isNull(), F.lit(NOT_IN_REGISTER))
        .when(F.col("row__holder").isNull(), F.lit(CONTESTED))
        .when(F.col("row__holder_name") == F.col("row__name"), F.lit(MATCHED))
        .otherwise(F.lit(NAME_MISMATCH))
    )
