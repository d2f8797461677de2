"""What people must decide: findings about numbers, one row a finding at each `as_of` (design section 7).

A finding names records and fields, never a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.identity.decisions import named_refs
from popbase.identity.rules import CONTRADICTIONS, is_death, is_live, is_registered, record_ref
from popbase.intake.citizen_id import MAX_AGE
from popbase.intake.normalise import match_name

# The kinds of case that are proposed and not found: the search writes them, nothing here does.
PROPOSED, MISTYPED = "same_person", "mistyped_number"
AGED = "aged_over_120"
# The kinds that follow from the register and the decisions alone.
REGISTERED = (
    "double_registration", "dead_and_live", "contested_number", "former_conflict", "wrong_number",
    "decision_not_applied", AGED,
)  # fmt: skip
COLUMNS = ["as_of", "until", "kind", "subject", "record_nos", "evidence", "decision_no"]


def of(resolved: DataFrame, effective: DataFrame, held: DataFrame | None) -> DataFrame:
    """All findings: as_of until kind subject record_nos evidence decision_no; match_weight, which is none.

    `subject` is what makes a finding the same one at another date: a person_id, a record or a decision.
    """
    found = [_together(resolved.where("several")), _wrong_numbers(resolved), _not_applied(effective, held)]
    return reduce(DataFrame.unionByName, found).withColumn("match_weight", F.lit(None).cast("double"))


def of_age(persons: DataFrame) -> DataFrame:
    """The same of people who are registered and older than anybody gets; `persons` over [as_of, until)."""
    since, until = F.greatest("as_of", too_old_on()), F.col("until")
    return (
        persons.where(is_registered() & (until.isNull() | (until > since)))
        .withColumns({
            "as_of": since,
            "kind": F.lit(AGED),
            "subject": F.col("person_id"),
            "record_nos": F.array(record_ref()),
            "evidence": F.lit("age=implausible"),
            "decision_no": F.lit(None).cast("string"),
            "match_weight": F.lit(None).cast("double"),
        })
        .select(*COLUMNS, "match_weight")
    )  # fmt: skip


def too_old_on() -> Column:
    """The birthday after the 120th; 29 February completes a year on 1 March (statistics section 2)."""
    birthday = F.add_months("birth_date", 12 * (MAX_AGE + 1))
    leaps = (F.month("birth_date") == 2) & (F.dayofmonth("birth_date") == 29) & (F.dayofmonth(birthday) < 29)
    return F.date_add(birthday, leaps.cast("int"))


@dataclass(frozen=True)
class _Together:
    """A finding about records that stand together `by` a key: which ones, and when it holds of them."""

    by: str
    among: Column
    holds: Column


def _kinds() -> dict[str, _Together]:
    live, contested = is_live(), F.col("id_status") == "CONTESTED"
    deaths, former = F.max(is_death()), F.max(F.col("id_status") == "FORMER")
    return {
        "double_registration": _Together("person_id", live, F.count("*") > 1),
        "dead_and_live": _Together("person_id", live | is_death(), F.max(live) & deaths),
        "contested_number": _Together("number_key", contested, F.lit(True)),
        "former_conflict": _Together("number_key", F.lit(True), former),
    }


def _together(several: DataFrame) -> DataFrame:
    """All kinds in one grouping, so that they cost one shuffle."""
    kinds = _kinds()
    entries = [
        F.when(k.among, F.struct(F.lit(name).alias("kind"), F.col(k.by).cast("string").alias("key")))
        for name, k in kinds.items()
    ]
    holds = F.coalesce(*(F.when(F.col("kind") == name, k.holds) for name, k in kinds.items()))
    return (
        several.withColumn("entry", F.explode(F.array_compact(F.array(*entries))))
        .select("*", "entry.*")
        .groupBy("as_of", "kind", "key")
        .agg(
            holds.alias("holds"),
            F.min("until").alias("until"),
            F.min("person_id").alias("subject"),
            F.sort_array(F.collect_list(record_ref())).alias("record_nos"),
            _agreement().alias("evidence"),
        )
        .where("holds")
        .withColumn("decision_no", F.lit(None).cast("string"))
        .select(*COLUMNS)
    )


def _agreement() -> Column:
    """Which fields of the records agree: 'name=differs;sex=agrees;...'."""
    fields = {
        "name": match_name(F.col("name")),
        "sex": F.col("sex"),
        "birth_date": F.col("birth_date"),
        "registered_area": F.col("registered_area"),
    }
    verdicts = [
        F.concat(
            F.lit(f"{name}="),
            F.when(F.min(value) == F.max(value), F.lit("agrees")).otherwise(F.lit("differs")),
        )
        for name, value in fields.items()
    ]
    return F.concat_ws(";", *verdicts)


def _wrong_numbers(resolved: DataFrame) -> DataFrame:
    """Numbers that contradict the sex or the birth date their own record declares."""
    flags = F.array(*(F.lit(flag) for flag in CONTRADICTIONS))
    said = [
        F.when(F.array_contains("flags", flag), F.lit(f"{field}=differs"))
        for flag, field in CONTRADICTIONS.items()
    ]
    return (
        resolved.where(F.arrays_overlap("flags", flags))
        .withColumns({
            "subject": F.concat_ws("/", "anchor_region", "record_no"),
            "record_nos": F.array(record_ref()),
            "evidence": F.concat_ws(";", *said),
            "kind": F.lit("wrong_number"),
            "decision_no": F.lit(None).cast("string"),
        })
        .select(*COLUMNS)
    )  # fmt: skip


def _not_applied(effective: DataFrame, held: DataFrame | None) -> DataFrame:
    """Decisions in force without a new number, or that no record stood ready for."""
    rows = effective
    if held is not None:
        done = held.select("as_of", F.explode("applied").alias("decision_no")).distinct()
        rows = effective.join(done, ["as_of", "decision_no"], how="left_anti")
    refs = F.transform(named_refs(), lambda ref: F.concat_ws("/", ref["region"], ref["record_no"]))
    missing = F.when(F.col("new_citizen_id").isNull(), F.lit("new_citizen_id=missing"))
    return rows.select(
        "as_of", "until",
        F.lit("decision_not_applied").alias("kind"),
        F.col("decision_no").alias("subject"),
        F.sort_array(refs).alias("record_nos"),
        F.coalesce(missing, F.lit("record=differs")).alias("evidence"),
        "decision_no",
    )  # fmt: skip
