"""Decisions on numbers: which are in force, whom they name, what they change (design section 7, step 6)."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.frames import first_per
from popbase.identity.anchors import RECORD
from popbase.identity.groups import grouped
from popbase.identity.links import linked, with_nodes
from popbase.identity.rules import number17, number_key, per

SAME_PERSON = "90"
REVOCATION = "99"
# Only these say that a number was replaced by another; 11 leaves the old one with its other holder.
REPLACING = ("12", SAME_PERSON)

TRAIL = "array<struct<old_citizen_id: string, new_citizen_id: string, decision_no: string>>"


@dataclass(frozen=True)
class Orders:
    """What the decisions in force ask for.

    `claims`: one row is a record that a decision names, with its `rank` within a group of decisions;
    `keys`: the numbers (and places of records without one) that a decision may touch.
    """

    claims: DataFrame
    keys: DataFrame


def in_force(decisions: DataFrame) -> DataFrame:
    """Decisions 11, 12 and 90 effective by `as_of` and not revoked by then; one row a decision_no."""
    latest = per("decision_no", order=[F.col("updated_at").desc(), F.col("region").desc()])
    due = first_per(decisions, latest).where(F.col("effective_on") <= F.col("as_of"))
    revoked = due.where(F.col("kind") == REVOCATION).select("as_of", F.col("revokes").alias("decision_no"))
    return due.where(F.col("kind") != REVOCATION).join(revoked, ["as_of", "decision_no"], how="left_anti")


def orders(candidates: DataFrame, effective: DataFrame) -> Orders:
    """The decisions of `effective` that name a record, ready to be applied round by round."""
    claims = _claims(candidates, effective).localCheckpoint()
    members = _members(claims)
    groups = grouped(members).select("as_of", F.col("member").alias("decision_no"), "group").distinct()
    turn = per("group", order=[F.col("effective_on"), F.col("decision_no")])
    ranked = claims.join(groups, ["as_of", "decision_no"], how="inner").withColumn(
        "rank", F.dense_rank().over(turn)
    )
    return Orders(claims=ranked.localCheckpoint(), keys=members.select("as_of", "key").distinct())


def named_refs() -> Column:
    """The records that a decision names: 90 names two."""
    first = F.struct(F.col("register_region").alias("region"), F.col("record_no"))
    other = F.struct(F.col("other_region").alias("region"), F.col("other_record_no").alias("record_no"))
    both = F.array(first, F.when(F.col("kind") == SAME_PERSON, other))
    complete = F.filter(both, lambda ref: ref["region"].isNotNull() & ref["record_no"].isNotNull())
    return F.array_distinct(complete)


def _claims(candidates: DataFrame, effective: DataFrame) -> DataFrame:
    """One row is a record that a decision names; a record that changed bureau is found by its first one."""
    named = (
        effective.where(F.col("new_citizen_id").isNotNull())
        .withColumn("ref", F.explode(named_refs()))
        .select("as_of", "decision_no", "kind", "effective_on", "old_citizen_id", "new_citizen_id", "ref.*")
        .withColumnRenamed("region", "named_region")
    )
    here = F.col("region") == F.col("named_region")
    found = candidates.join(F.broadcast(named), ["as_of", "record_no"], how="inner").where(
        here | (F.col("anchor_region") == F.col("named_region"))
    )
    exact_first = per("decision_no", "named_region", "record_no", order=[here.desc(), F.col("region")])
    return (
        with_nodes(first_per(found, exact_first))
        .withColumn("partners", F.collect_set("node").over(per("decision_no")))
        .select(
            *RECORD, "decision_no", "kind", "effective_on", "old_citizen_id", "new_citizen_id", "partners",
            number_key(F.col("citizen_id")).alias("key"),
        )
        .distinct()
    )  # fmt: skip


def _members(claims: DataFrame) -> DataFrame:
    """One row is a key that a decision may touch: old, new, and where the records it names stand."""
    keys = F.array("key", number17(F.col("old_citizen_id")), number17(F.col("new_citizen_id")))
    member = F.col("decision_no").alias("member")
    return claims.select("as_of", member, F.explode(F.array_compact(keys)).alias("key")).distinct()


def applied(touched: DataFrame, claims: DataFrame) -> DataFrame:
    """One row is a record of `touched` after all decisions.

    as_of region record_no citizen_id kin trail (numbers replaced, by which decision) applied (decisions
    that found it as they expected) decision_no (the last one that set its number).
    """
    held = with_nodes(touched).select(
        *RECORD, "citizen_id", "node", "kin",
        F.array().cast(TRAIL).alias("trail"),
        F.array().cast("array<string>").alias("applied"),
        F.lit(None).cast("string").alias("decision_no"),
    )  # fmt: skip
    last = claims.agg(F.max("rank")).first()
    for rank in range(1, 1 + ((last and last[0]) or 0)):
        held = _round(held, claims.where(F.col("rank") == rank)).localCheckpoint()
    return held


def _round(held: DataFrame, claims: DataFrame) -> DataFrame:
    """One decision of every group applied."""
    claim = F.struct("decision_no", "kind", "old_citizen_id", "new_citizen_id", "partners").alias("claim")
    claimed = held.join(F.broadcast(claims.select(*RECORD, claim)), RECORD, how="left")
    placed = claimed.withColumns({"takes": _takes(), "number17": number17(_counted_number(_takes()))})
    reach = F.when(F.col("takes"), F.struct("claim.new_citizen_id", "claim.decision_no"))
    carried = F.max(reach).over(per("number17", "person_key"))
    return linked(placed).withColumn("carried", carried).select(*RECORD, "node", *_changes())


def _takes() -> Column:
    """Whether a named record stands as its decision expects."""
    number, old, new = F.col("citizen_id"), F.col("claim.old_citizen_id"), F.col("claim.new_citizen_id")
    joins = F.col("claim.kind") == SAME_PERSON
    expected = F.coalesce(joins | number.eqNullSafe(old) | (number == new), F.lit(False))
    return F.col("claim").isNotNull() & expected


def _counted_number(takes: Column) -> Column:
    """A named record that already carries the new number counts as under the old one: its kin follow."""
    counts_as_old = takes & (F.col("claim.kind") != SAME_PERSON) & F.col("claim.old_citizen_id").isNotNull()
    return F.when(counts_as_old, F.col("claim.old_citizen_id")).otherwise(F.col("citizen_id"))


def _changes() -> list[Column]:
    new = F.col("carried.new_citizen_id")
    named_old = F.when(F.col("takes"), F.col("claim.old_citizen_id"))
    replaced = F.coalesce(F.when(F.col("citizen_id") != new, F.col("citizen_id")), named_old)
    step = F.struct(replaced.alias("old_citizen_id"), "carried.new_citizen_id", "carried.decision_no")
    joins = F.col("takes") & (F.col("claim.kind") == SAME_PERSON)
    return [
        F.coalesce(new, "citizen_id").alias("citizen_id"),
        F.when(joins, F.array_union("kin", "claim.partners")).otherwise(F.col("kin")).alias("kin"),
        F.when(replaced != new, F.array_append("trail", step)).otherwise(F.col("trail")).alias("trail"),
        F.when(F.col("takes"), F.array_append("applied", F.col("claim.decision_no")))
        .otherwise(F.col("applied")).alias("applied"),
        F.coalesce("carried.decision_no", "decision_no").alias("decision_no"),
    ]  # fmt: skip
