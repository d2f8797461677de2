"""The pieces that a gate's row of metrics is put together from: each a frame of one row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from types import MappingProxyType

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.identity.rules import UNSETTLED, is_registered
from popbase.schema import off_contract


def counted(
    rows: DataFrame,
    table: str,
    conditions: Mapping[str, str] = MappingProxyType({}),
    more: Iterable[Column] = (),
) -> DataFrame:
    """Rows, rows that break the table's contract, rows for which each condition holds, and `more`.

    In one pass: reading the columns takes most of its time.
    """
    return rows.agg(
        F.count(F.lit(1)).alias("rows"),
        F.count_if(off_contract(table_contracts.table(table))).alias("rows_off_contract"),
        *(F.count_if(F.expr(condition)).alias(name) for name, condition in conditions.items()),
        *more,
    )


def twice(rows: DataFrame, *key: str, name: str = "", came: DataFrame | None = None) -> DataFrame:
    """How many rows share their key with another, as `<key>_twice`.

    Keys are compared by 96 bits of two hashes: fixed-width columns aggregate several times faster than
    strings. Equal keys always meet, so none is missed; unequal ones that met would raise a false alarm.
    `came`: see `among`; of rows that were there before, no two share a key.
    """
    groups = among(rows.select(*fingerprint(*key)), came, *key).groupBy("_long", "_int")
    counts = groups.agg(F.count(F.lit(1)).alias("n"))
    return counts.agg(total(F.when(F.expr("n > 1"), F.col("n"))).alias(name or f"{key[0]}_twice"))


def among(rows: DataFrame, came: DataFrame | None, *key: Column | str) -> DataFrame:
    """Of rows with a `fingerprint` those that may share their key with a row that came since the table last
    passed its gates: they alone can break what its keys promise. None: all rows may have come.

    The few that came are sent to all others, which therefore stay where they are.
    """
    if came is None:
        return rows
    keys = came.select(fingerprint(*key)[0]).distinct()
    return rows.join(F.broadcast(keys), on="_long", how="left_semi")


def sums(
    name: str, key: Sequence[str], *, where: Column | None = None, times: Column | None = None
) -> list[Column]:
    """What equal bags of keys have in common, each key counted `times`: its hashes' sums, and how many.

    Unequal ones have the same by chance alone, once in 2**64. A hash is summed in two halves, which fit.
    """
    one = F.lit(1) if times is None else times
    hashed, one = F.xxhash64(*key), one if where is None else F.when(where, one)
    halves = {"high": F.shiftright(hashed, 32), "low": hashed.bitwiseAND(F.lit(0xFFFFFFFF))}
    terms = {"n": one.cast("bigint")} | {half: F.try_multiply(h, one) for half, h in halves.items()}
    return [F.try_sum(term).alias(f"{name}_{part}") for part, term in terms.items()]


def same_sums(name: str, other: str) -> Column:
    """True where two bags are equal; null where nothing was summed, or more than fits."""
    return reduce(
        Column.__and__, (F.col(f"{name}_{part}") == F.col(f"{other}_{part}") for part in ("n", "high", "low"))
    )


def proven(
    told: DataFrame, proof: Column, never: Iterable[str], otherwise: Callable[[], DataFrame]
) -> DataFrame:
    """`told`, one row, and beside it the faults that it may prove not to be there: each of `never` is 0 then.

    Where the proof fails, `otherwise` counts them: what joins whole tables is for nights with a fault.
    """
    told = told.localCheckpoint()
    if told.where(proof).isEmpty():
        return together(told, otherwise())
    return told.withColumns({name: F.lit(0) for name in never})


def fingerprint(*key: Column | str) -> tuple[Column, Column]:
    # Hashing skips nulls: without a mark, (null, x) would meet (x, null).
    told = [F.coalesce((F.col(k) if isinstance(k, str) else k).cast("string"), F.lit("\0")) for k in key]
    return F.xxhash64(*told).alias("_long"), F.hash(*told).alias("_int")


def total(values: Column) -> Column:
    return F.coalesce(F.sum(values), F.lit(0))


def together(*one_row_each: DataFrame) -> DataFrame:
    return reduce(lambda left, right: left.crossJoin(right), one_row_each)


def person_counts() -> list[Column]:
    """Counts over base/person that add up over any grouping of its rows."""
    living, unsettled = is_registered(), F.col("household_kind") == UNSETTLED
    conditions = {
        "rows_off_contract": off_contract(table_contracts.table("person")),
        "unique_without_number": F.expr("id_status = 'UNIQUE' AND citizen_id IS NULL"),
        "number_without_unique": F.expr("id_status <> 'UNIQUE' AND citizen_id IS NOT NULL"),
        "claim_missing": F.expr("id_status IN ('CONTESTED', 'FORMER') AND claimed_citizen_id IS NULL"),
        "claim_unexpected": F.expr("id_status IN ('UNIQUE', 'NONE') AND claimed_citizen_id IS NOT NULL"),
        "ended_without_date": ~living & F.col("ended_on").isNull(),
        "registered": living,
        "males": living & F.expr("sex = '1'"),
        "females": living & F.expr("sex = '2'"),
        "without_number": living & F.expr("id_status = 'NONE'"),
        "contested": living & F.expr("id_status = 'CONTESTED'"),
        "without_household": living & ~unsettled & F.col("household_id").isNull(),
        "without_relation": living & ~unsettled & F.col("relation_to_head").isNull(),
    }
    counts = (F.count_if(condition).alias(name) for name, condition in conditions.items())
    return [F.count(F.lit(1)).alias("rows"), *counts]


def person_sums(regions: DataFrame) -> list[Column]:
    return [total(F.col(name)).alias(name) for name in regions.columns if name not in ("region", "before")]


def person_shares() -> list[Column]:
    return [
        F.try_divide(F.lit(100) * F.col("males"), F.col("females")).alias("males_per_100_females"),
        *(
            F.try_divide(F.col(count), F.col("registered")).alias(f"{count}_share")
            for count in ("without_number", "contested", "without_household", "without_relation")
        ),
    ]
