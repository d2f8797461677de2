"""From register records to persons (design section 7, steps 1-4, 6 and 7), at any number of dates at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.identity import findings
from popbase.identity.anchors import RECORD
from popbase.identity.decisions import REPLACING, TRAIL, applied, in_force, orders
from popbase.identity.links import linked, with_nodes
from popbase.identity.rules import (
    contradictions,
    is_cancelled,
    is_live,
    number17,
    number_key,
    per,
    person_class,
    person_id,
    status,
    winners_first,
)
from popbase.session import settled

# fmt: off
_PERSON = (
    "as_of", "until", "person_id", "citizen_id", "claimed_citizen_id", "id_status", "person_class", "name",
    "former_name", "sex", "birth_date", "region", "record_no", "household_id", "household_kind",
    "relation_to_head", "hukou_nature", "registered_area", "registered_on", "converted_on", "status",
    "ended_on", "end_reason", "unsettled_reason", "updated_at", "flags",
)
# fmt: on
_USUAL = ["usual_area", "usual_rule", "usual_evidence", "usual_precision"]


@dataclass(frozen=True)
class Identity:
    """Who is who at each `as_of`. All but `replaced` derive from `records`: persist that one.

    `records`: one row is a record that takes part: the state's columns with the number after decisions,
    and number17, number_key, person_id, role (WINNER, OTHER), id_status, several (its number had more
    than one record, or a decision touched it), decision_no (the decision that gave the number).
    `person`, `person_record`, `findings`: one row is a person, a record of a person, a finding.
    `replaced`: one row is a number that an applied 12 or 90 replaced (as_of until old_citizen_id
    new_citizen_id effective_on decision_no).
    """

    records: DataFrame
    person: DataFrame
    person_record: DataFrame
    findings: DataFrame
    replaced: DataFrame


def resolve(
    records: DataFrame, decisions: DataFrame, *, kept: Callable[[DataFrame], DataFrame] = settled
) -> Identity:
    """`records` (`anchors.apart`) and `decisions` are states; every date in `as_of` is resolved by itself.

    `until`, optional in both, is the date from which the row is superseded (null: none known); it is
    handed through for `histories`. `kept`: how what all tables derive from is kept. The 99.7 % of records
    whose number is theirs alone are never shuffled.
    """
    candidates = _with_until(records).where(F.col("registered_on") <= F.col("as_of"))
    effective = in_force(_with_until(decisions)).localCheckpoint()
    decided = None if effective.isEmpty() else orders(candidates, effective)
    several = _several_keys(candidates, decided.keys if decided else None).localCheckpoint()
    keyed = candidates.withColumn("number_key", number_key(F.col("citizen_id")))
    shared = keyed.join(F.broadcast(several), ["as_of", "number_key"], how="left_semi").localCheckpoint()
    alone = keyed.join(F.broadcast(several), ["as_of", "number_key"], how="left_anti")
    held = applied(_touched(shared, decided.keys), decided.claims) if decided else None
    resolved = kept(alone_on(alone).unionByName(_ranked(_participants(_corrected(shared, held)))))
    return Identity(
        records=resolved,
        person=person(resolved),
        person_record=person_record(resolved),
        findings=findings.of(resolved, effective, held),
        replaced=_replaced(effective, held),
    )


def person(resolved: DataFrame) -> DataFrame:
    """One row is a person: the facts of the winning record."""
    number, claims = F.col("citizen_id"), F.col("id_status").isin("CONTESTED", "FORMER")
    household = F.when(F.col("household_no").isNotNull(), F.concat_ws("/", "region", "household_no"))
    return (
        resolved.where(F.col("role") == "WINNER")
        .withColumns({
            "person_class": person_class(number),
            "claimed_citizen_id": F.when(claims, number),
            "household_id": household,
            "status": status(),
        })
        .withColumn("citizen_id", F.when(~claims, number))
        .select(*_PERSON, *(F.lit(None).cast("string").alias(c) for c in _USUAL))
    )  # fmt: skip


def person_record(resolved: DataFrame) -> DataFrame:
    """One row is a record of a person."""
    return resolved.select("as_of", "until", "person_id", "region", "record_no", "role")


def _with_until(state: DataFrame) -> DataFrame:
    return state if "until" in state.columns else state.withColumn("until", F.lit(None).cast("date"))


def _several_keys(candidates: DataFrame, decided: DataFrame | None) -> DataFrame:
    """Numbers that more than one record carries, and those that a decision may touch."""
    counted = (
        candidates.select("as_of", number17(F.col("citizen_id")).alias("number_key"))
        .where(F.col("number_key").isNotNull())
        .groupBy("as_of", "number_key")
        .agg(F.count("*").alias("n"))
        .where(F.col("n") > 1)
        .drop("n")
    )
    if decided is None:
        return counted
    return counted.union(decided.withColumnRenamed("key", "number_key")).distinct()


def _touched(shared: DataFrame, keys: DataFrame) -> DataFrame:
    return shared.join(keys.withColumnRenamed("key", "number_key"), ["as_of", "number_key"], how="left_semi")


def _corrected(shared: DataFrame, held: DataFrame | None) -> DataFrame:
    """The records with the numbers that decisions gave them, and what links them (`node`, `kin`)."""
    nodes = with_nodes(shared).withColumn("decision_no", F.lit(None).cast("string"))
    if held is None:
        return nodes.withColumn("number17", number17(F.col("citizen_id")))
    after = F.struct("citizen_id", "kin", "decision_no").alias("after")
    joined = nodes.join(held.select(*RECORD, after), RECORD, how="left").withColumn(
        "flags", F.when(_renumbered(), _flags_after()).otherwise(F.col("flags"))
    )
    kept = ("citizen_id", "kin", "decision_no")
    # A touched record always holds a number or had none before: coalescing cannot bring an old one back.
    corrected = joined.withColumns({name: F.coalesce(f"after.{name}", name) for name in kept})
    return corrected.withColumns({
        "number17": number17(F.col("citizen_id")), "number_key": number_key(F.col("citizen_id")),
    }).drop("after")  # fmt: skip


def _renumbered() -> Column:
    return F.col("after.citizen_id").isNotNull() & ~F.col("after.citizen_id").eqNullSafe(F.col("citizen_id"))


def _flags_after() -> Column:
    """What intake said about the delivered number does not hold of the one a decision gave."""
    others = F.filter("flags", lambda flag: ~flag.startswith("citizen_id."))
    told = F.coalesce(others, F.array().cast("array<string>"))
    return F.sort_array(F.concat(told, contradictions(F.col("after.citizen_id"))))


def _participants(records: DataFrame) -> DataFrame:
    """Without the cancelled, unless all records of the number are; without a number they take part."""
    every = F.min(is_cancelled()).over(per("number_key"))
    keeps = F.col("number17").isNull() | ~is_cancelled() | every
    return records.withColumn("_keeps", keeps).where("_keeps").drop("_keeps")


def _ranked(records: DataFrame) -> DataFrame:
    """Steps 1-3 over records that share a number: components, winners, who holds the number.

    One order serves all: a person's winner is its best record, the number's holder has the best of all.
    """
    number, whole = ("number_key",), ("number_key", "person_key")
    anchor = F.min(F.struct("first_date", "anchor_region", "record_no")).over(per(*whole))
    placed = linked(records).withColumns({
        "place": F.row_number().over(per(*number, order=winners_first())), "anchor": anchor,
    }).withColumns({
        "best": F.min("place").over(per(*whole)), "person_live": F.max(is_live()).over(per(*whole)),
    })  # fmt: skip
    wins = F.col("place") == F.col("best")
    live_persons = F.sum((wins & is_live()).cast("int")).over(per(*number))
    return (
        placed.withColumns({
            "role": F.when(wins, F.lit("WINNER")).otherwise(F.lit("OTHER")),
            "live_persons": live_persons,
            "person_id": person_id(F.col("anchor.anchor_region"), F.col("anchor.record_no")),
            "several": F.lit(True),
        })
        .withColumn("id_status", _id_status())
        .drop("node", "kin", "person_key", "place", "anchor", "best", "person_live", "live_persons")
    )  # fmt: skip


def _id_status() -> Column:
    """Step 3; a number without a live person is held by the one that ended last."""
    return (
        F.when(F.col("number17").isNull(), F.lit("NONE"))
        .when(F.col("person_live") & (F.col("live_persons") > 1), F.lit("CONTESTED"))
        .when(F.col("best") == 1, F.lit("UNIQUE"))
        .otherwise(F.lit("FORMER"))
    )


def alone_on(records: DataFrame) -> DataFrame:
    """Records whose number nobody shares, resolved: plain expressions."""
    number = F.col("citizen_id")
    numbered = records.withColumns({"number17": number17(number), "number_key": number_key(number)})
    return numbered.withColumns({
        "decision_no": F.lit(None).cast("string"),
        "role": F.lit("WINNER"),
        "person_id": person_id(F.col("anchor_region"), F.col("record_no")),
        "several": F.lit(False),
        "id_status": F.when(F.col("number17").isNull(), F.lit("NONE")).otherwise(F.lit("UNIQUE")),
    })  # fmt: skip


def _replaced(effective: DataFrame, held: DataFrame | None) -> DataFrame:
    replacing = effective.where(F.col("kind").isin(*REPLACING))
    order = replacing.select("as_of", "until", "decision_no", "effective_on")
    empty = effective.select("as_of", F.array().cast(TRAIL).alias("trail")).limit(0)
    steps = (empty if held is None else held.select("as_of", "trail")).select("as_of", F.inline("trail"))
    return steps.distinct().join(order, ["as_of", "decision_no"], how="inner")
