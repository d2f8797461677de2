"""What the gates of tables look at that tell of the people in base/person, as `metrics` does for the others.

What people and another table must have in common is proven by sums of hashes, one pass over each
(`tallies.sums`). Joins of the whole tables count the faults where that proof fails, or where all rows may
have come since the table last passed these gates.
"""

from __future__ import annotations

from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.base.usual import USUAL
from popbase.identity.rules import UNSETTLED, is_registered, record_ref
from popbase.publish.tallies import counted, proven, same_sums, sums, together, twice

_PLACE = ("person_id", "region", "record_no")
_WINS = "role <=> 'WINNER'"
_OF_WINNERS = ("records_without_person", "persons_without_winner", "persons_with_winners", "winner_not_shown")
_OF_MEMBERS = (
    "household_twice", "households_without_members", "members_without_household", "size_differs",
    "head_not_a_member",
)  # fmt: skip


def people_told(people: DataFrame) -> DataFrame:
    """The sums of base/person that other tables' sums must equal, in one pass for all of them."""
    return people.agg(
        *sums("facts", facts(people)),
        *sums("shown", _PLACE),
        *sums("members", ["household_id"], where=_is_member()),
    )


def facts(people: DataFrame) -> list[str]:
    """What base/person and base/person_history both tell: where people usually live only the first does."""
    told = table_contracts.table("person_history").names
    return [name for name in told if name in people.columns and name not in USUAL]


def _is_member() -> Column:
    of_a_household = F.col("household_id").isNotNull() & (F.col("household_kind") != UNSETTLED)
    return is_registered() & of_a_household


def person_record(
    records: DataFrame, people: DataFrame, *, came: DataFrame | None = None, told: DataFrame | None = None
) -> DataFrame:
    """Metrics of base/person_record: every person has one winner, the record that base/person shows.

    So it is where the winners are just what people show, none of them twice, and others' persons are there.
    """
    counts = together(
        counted(records, "person_record", more=sums("won", _PLACE, where=F.expr(_WINS))),
        twice(records, "region", "record_no", name="record_twice", came=came),
    )
    of_winners = partial(_winners, records, people)
    if came is None:
        return together(counts, of_winners())
    return proven(
        together(
            counts,
            told or people_told(people),
            twice(records.where(_WINS), "person_id", name="winners_twice", came=came),
            _unknown(records, people),
        ),
        same_sums("won", "shown") & F.expr("winners_twice = 0 AND unknown = 0"),
        _OF_WINNERS,
        of_winners,
    )


def _winners(records: DataFrame, people: DataFrame) -> DataFrame:
    place = F.xxhash64("region", "record_no")
    sides = people.select("person_id", place.alias("shown"), F.lit(1).alias("p"), F.lit(0).alias("w")).union(
        records.select(
            "person_id",
            F.when(F.expr(_WINS), place).otherwise(0),
            F.lit(0),
            F.expr(f"CAST({_WINS} AS int)"),
        )
    )
    persons = sides.groupBy("person_id").agg(
        F.sum("p").alias("p"), F.sum("w").alias("w"), F.bit_xor("shown").alias("differs")
    )
    return persons.agg(
        F.count_if(F.expr("p = 0")).alias("records_without_person"),
        F.count_if(F.expr("p > 0 AND w = 0")).alias("persons_without_winner"),
        F.count_if(F.expr("w > 1")).alias("persons_with_winners"),
        # Equal fingerprints cancel out; a person's row and its winner's must.
        F.count_if(F.expr("p = 1 AND w = 1 AND differs <> 0")).alias("winner_not_shown"),
    )


def _unknown(records: DataFrame, people: DataFrame) -> DataFrame:
    """How many persons of records that win nothing are not there; these records are few."""
    person = F.xxhash64("person_id").alias("_person")
    others = records.where(f"NOT ({_WINS})").select(person).distinct().localCheckpoint()
    there = people.select(person).join(F.broadcast(others), on="_person", how="left_semi").distinct()
    gone = others.join(F.broadcast(there), on="_person", how="left_anti")
    return gone.agg(F.count(F.lit(1)).alias("unknown"))


def household(
    households: DataFrame,
    people: DataFrame,
    *,
    came: DataFrame | None = None,
    people_came: DataFrame | None = None,
    told: DataFrame | None = None,
) -> DataFrame:
    """Metrics of base/household against the people it is made of (statistics section 2).

    All is well where members stand on the households as often as these say, each at least once and with a
    row of its own, and where heads are members. Of households that nothing came to the head has stayed: in
    its place somebody would have come, or a member be missing.
    """
    counts = counted(
        households,
        "household",
        {"size_unfit": "coalesce(size < 1, true)"},
        sums("held", ["household_id"], times=F.col("size")),
    )
    of_members = partial(_members, households, people)
    if came is None or people_came is None:
        return together(counts, of_members())
    return proven(
        together(
            counts,
            told or people_told(people),
            twice(households, "household_id", name="ids_twice", came=came),
            _heads_gone(households, people, came, people_came),
        ),
        same_sums("held", "members") & F.expr("size_unfit = 0 AND ids_twice = 0 AND heads_gone = 0"),
        _OF_MEMBERS,
        of_members,
    )


def _members(households: DataFrame, people: DataFrame) -> DataFrame:
    members = people.where(_is_member())
    sides = households.select("household_id", "size", F.lit(1).alias("h"), F.lit(0).alias("m")).union(
        members.select("household_id", F.lit(0), F.lit(0), F.lit(1))
    )
    both = sides.groupBy("household_id").agg(
        F.sum("size").alias("size"), F.sum("h").alias("h"), F.sum("m").alias("m")
    )
    headless = _heads(households).join(members, on=["person_id", "household_id"], how="left_anti")
    return together(
        both.agg(
            F.count_if(F.expr("h > 1")).alias("household_twice"),
            F.count_if(F.expr("h > 0 AND m = 0")).alias("households_without_members"),
            F.count_if(F.expr("h = 0")).alias("members_without_household"),
            F.count_if(F.expr("h = 1 AND m > 0 AND size <> m")).alias("size_differs"),
        ),
        headless.agg(F.count(F.lit(1)).alias("head_not_a_member")),
    )


def _heads(households: DataFrame) -> DataFrame:
    return households.select(F.col("head").alias("person_id"), "household_id")


def _heads_gone(
    households: DataFrame, people: DataFrame, came: DataFrame, people_came: DataFrame
) -> DataFrame:
    """Heads that are no members, of the households that came and of those that members came to."""
    both, member = ["person_id", "household_id"], _is_member()
    theirs = came.select("household_id").union(people_came.where(member).select("household_id")).distinct()
    looked_at = households.join(F.broadcast(theirs), on="household_id", how="left_semi")
    heads = _heads(looked_at).localCheckpoint()
    there = people.where(member).select(*both).join(F.broadcast(heads), on=both, how="left_semi").distinct()
    gone = heads.join(F.broadcast(there), on=both, how="left_anti")
    return gone.agg(F.count(F.lit(1)).alias("heads_gone"))


def id_case(cases: DataFrame, people: DataFrame, *, came: DataFrame | None = None) -> DataFrame:
    """Metrics of base/id_case; every contested person stands in an open case."""
    contested = people.where("id_status = 'CONTESTED'").select(record_ref().alias("record"))
    open_contests = cases.where("kind = 'contested_number' AND status = 'open'")
    in_cases = open_contests.select(F.explode("record_nos").alias("record"))
    uncovered = contested.join(in_cases, on="record", how="left_anti")
    tallies = {
        "closed_without_date": "status = 'closed' AND closed_on IS NULL",
        "open_with_date": "status = 'open' AND closed_on IS NOT NULL",
        "closed_before_opened": "closed_on <= opened_on",
        # A decision that found nothing names records that may not exist.
        "without_records": "size(record_nos) = 0 AND kind <> 'decision_not_applied'",
        "number_in_evidence": r"evidence RLIKE '\\d{15}'",
    }
    return together(
        counted(cases, "id_case", tallies),
        twice(cases, "case_id", came=came),
        uncovered.agg(F.count(F.lit(1)).alias("contested_without_case")),
    )


def unregistered(numbers: DataFrame, people: DataFrame, *, came: DataFrame | None = None) -> DataFrame:
    """Metrics of base/unregistered: none of its numbers is anybody's in the register.

    Asked of the people, as Spark then sends the numbers to all tasks where they are few.
    """
    known = people.where("id_status <> 'FORMER'").select(
        F.coalesce("citizen_id", "claimed_citizen_id").alias("citizen_id")
    )
    found = known.join(numbers.select("citizen_id"), on="citizen_id", how="left_semi").distinct()
    both = numbers.join(found, on="citizen_id", how="left_semi")
    return together(
        counted(numbers, "unregistered", {"seen_backwards": "last_seen < first_seen"}),
        twice(numbers, "citizen_id", came=came),
        both.agg(F.count(F.lit(1)).alias("also_registered")),
    )
