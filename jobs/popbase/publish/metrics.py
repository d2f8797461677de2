"""What a gate looks at: for each table one row of counts and shares, made by Spark in few passes.

Great Expectations then judges that row (`expectations.py`), so no citizen's value reaches a validation
result. A metric that cannot be told (a share of nothing) is null, and a null never passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.expectations import Metrics
from popbase.identity.rules import UNSETTLED, is_registered, record_ref
from popbase.intake.ledger import Judgement
from popbase.publish.tallies import (
    counted,
    fingerprint,
    person_counts,
    person_shares,
    person_sums,
    together,
    total,
    twice,
)
from popbase.schema import off_contract
from popbase.statistics.tree import UNALLOCATED
from popbase.table_contracts import TableContract


def person(
    people: DataFrame, previous: DataFrame | None = None, takeovers: Mapping[str, str] = MappingProxyType({})
) -> DataFrame:
    """Metrics of base/person; `previous` is the table of the last publication, where there is one, and
    `takeovers` names the bureaus that have gone into another since."""
    regions = since(people.groupBy("region").agg(*person_counts()), previous, takeovers)
    return together(
        regions.agg(*person_sums(regions), greatest_fall()).select("*", *person_shares()),
        numbers_held(people),
        twice(people, "person_id"),
    )


def since(regions: DataFrame, previous: DataFrame | None, takeovers: Mapping[str, str]) -> DataFrame:
    """Each bureau's counts beside the registered people it had `before`, with those of the bureaus it took
    over; one that is gone otherwise counts none."""
    if previous is None:
        return regions.withColumn("before", F.lit(0))
    now_at = F.col("region")
    if takeovers:
        successors = F.create_map(*(F.lit(code) for pair in takeovers.items() for code in pair))
        now_at = F.coalesce(F.try_element_at(successors, now_at), now_at)
    before = previous.groupBy(now_at.alias("region")).agg(F.count_if(is_registered()).alias("before"))
    return regions.join(before, on="region", how="full")


def greatest_fall() -> Column:
    """The greatest share of its registered people that a bureau lost; 0 where none did."""
    lost = F.col("before") - F.coalesce("registered", F.lit(0))
    share = F.greatest(lost, F.lit(0)) / F.nullif(F.col("before"), F.lit(0))
    return F.coalesce(F.max(share), F.lit(0.0)).alias("region_population_fall")


def numbers_held(people: DataFrame) -> DataFrame:
    """Invariant I4, proven without trusting identity: who stands on each number."""
    claimed = F.expr("id_status = 'CONTESTED' AND citizen_id IS NULL")
    number = F.coalesce("citizen_id", "claimed_citizen_id")
    holders = (
        people.where(F.col("citizen_id").isNotNull() | (claimed & F.col("claimed_citizen_id").isNotNull()))
        .select("citizen_id", claimed.alias("claims"), *fingerprint(number))
        .groupBy("_long", "_int")
        .agg(F.count("citizen_id").alias("holders"), F.count_if("claims").alias("claimants"))
    )
    return holders.agg(
        total(F.when(F.expr("holders > 1"), F.col("holders"))).alias("citizen_id_twice"),
        F.count_if(F.expr("holders > 0 AND claimants > 0")).alias("held_and_contested"),
        F.count_if(F.expr("holders = 0 AND claimants = 1")).alias("contested_by_one"),
    )


def person_record(records: DataFrame, people: DataFrame) -> DataFrame:
    """Metrics of base/person_record: every person has one winner, the record that base/person shows."""
    place = F.xxhash64("region", "record_no")
    sides = people.select("person_id", place.alias("shown"), F.lit(1).alias("p"), F.lit(0).alias("w")).union(
        records.select(
            "person_id",
            F.when(F.expr("role = 'WINNER'"), place).otherwise(0),
            F.lit(0),
            F.expr("CAST(role = 'WINNER' AS int)"),
        )
    )
    persons = sides.groupBy("person_id").agg(
        F.sum("p").alias("p"), F.sum("w").alias("w"), F.bit_xor("shown").alias("differs")
    )
    return together(
        counted(records, "person_record"),
        twice(records, "region", "record_no", name="record_twice"),
        persons.agg(
            F.count_if(F.expr("p = 0")).alias("records_without_person"),
            F.count_if(F.expr("p > 0 AND w = 0")).alias("persons_without_winner"),
            F.count_if(F.expr("w > 1")).alias("persons_with_winners"),
            # Equal fingerprints cancel out; a person's row and its winner's must.
            F.count_if(F.expr("p = 1 AND w = 1 AND differs <> 0")).alias("winner_not_shown"),
        ),
    )


def household(households: DataFrame, people: DataFrame) -> DataFrame:
    """Metrics of base/household against the people it is made of (statistics section 2)."""
    members = people.where(
        is_registered() & F.col("household_id").isNotNull() & (F.col("household_kind") != UNSETTLED)
    )
    sides = households.select("household_id", "size", F.lit(1).alias("h"), F.lit(0).alias("m")).union(
        members.select("household_id", F.lit(0), F.lit(0), F.lit(1))
    )
    both = sides.groupBy("household_id").agg(
        F.sum("size").alias("size"), F.sum("h").alias("h"), F.sum("m").alias("m")
    )
    heads = households.select(F.col("head").alias("person_id"), "household_id")
    headless = heads.join(members, on=["person_id", "household_id"], how="left_anti")
    return together(
        counted(households, "household"),
        both.agg(
            F.count_if(F.expr("h > 1")).alias("household_twice"),
            F.count_if(F.expr("h > 0 AND m = 0")).alias("households_without_members"),
            F.count_if(F.expr("h = 0")).alias("members_without_household"),
            F.count_if(F.expr("h = 1 AND m > 0 AND size <> m")).alias("size_differs"),
        ),
        headless.agg(F.count(F.lit(1)).alias("head_not_a_member")),
    )


def id_case(cases: DataFrame, people: DataFrame) -> DataFrame:
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
        twice(cases, "case_id"),
        uncovered.agg(F.count(F.lit(1)).alias("contested_without_case")),
    )


def unregistered(numbers: DataFrame, people: DataFrame) -> DataFrame:
    """Metrics of base/unregistered: none of its numbers is anybody's in the register."""
    known = people.where("id_status <> 'FORMER'").select(
        F.coalesce("citizen_id", "claimed_citizen_id").alias("citizen_id")
    )
    found = numbers.join(known, on="citizen_id", how="left_semi")
    return together(
        counted(numbers, "unregistered", {"seen_backwards": "last_seen < first_seen"}),
        twice(numbers, "citizen_id"),
        found.agg(F.count(F.lit(1)).alias("also_registered")),
    )


def sector(rows: DataFrame, contract: TableContract) -> DataFrame:
    """Metrics of a sector's base table."""
    matched = F.expr("match_status = 'MATCHED'")
    totals = rows.agg(
        F.count(F.lit(1)).alias("rows"),
        F.count_if(off_contract(contract)).alias("rows_off_contract"),
        F.count_if(matched != F.col("person_id").isNotNull()).alias("matched_otherwise_than_said"),
        F.try_divide(F.count_if(matched), F.count(F.lit(1))).alias("matched_share"),
    )
    return together(totals, twice(rows, *contract.key, name="record_twice"))


def report(cube: DataFrame, identities: DataFrame) -> DataFrame:
    """Metrics of statistics/report; `identities` (statistics.identities) has a row an area."""
    key = table_contracts.table("report").key
    # A map has no hash; its sorted entries have.
    told = {"breakdowns": F.to_json(F.array_sort(F.map_entries("breakdowns")))}
    spread = cube.select(*(told.get(name, F.col(name)).alias(name) for name in key))
    tallies = {
        "value_missing": "status = 'OK' AND value IS NULL",
        "value_negative": "`table` = 'T1' AND value < 0",
    }
    return together(
        counted(cube, "report", tallies),
        twice(spread, *key, name="cell_twice"),
        identities.agg(*_greatest_differences(identities), F.count(F.lit(1)).alias("areas")),
        _not_placed(cube),
    )


def _not_placed(cube: DataFrame) -> DataFrame:
    """The greatest share, in any year, of people without a class, and of those in no county."""
    people, value = F.col("measure") == "population", F.col("value")
    nation, county = F.col("area_level") == "nation", F.col("area_level") == "county"
    unplaced = county & people & F.col("area_code").endswith(UNALLOCATED)
    years = (
        cube.where("`table` = 'T1' AND size(breakdowns) = 0")
        .groupBy("report_year")
        .agg(
            F.sum(F.when(nation & people, value)).alias("everyone"),
            F.sum(F.when(nation & (F.col("measure") == "unclassified"), value)).alias("unclassified"),
            F.sum(F.when(unplaced, value)).alias("unallocated"),
        )
    )
    return years.agg(
        *(
            F.coalesce(F.max(F.try_divide(name, "everyone")), F.lit(0.0)).alias(f"{name}_share")
            for name in ("unclassified", "unallocated")
        )
    )


def _greatest_differences(identities: DataFrame) -> list[Column]:
    """Of every identity the greatest difference in any area; a form without it adds nothing."""
    return [
        F.coalesce(F.max(F.abs(name)), F.lit(0.0)).alias(f"{name.removesuffix('_difference')}_max_abs_diff")
        for name in identities.columns
        if name.endswith("_difference")
    ]


def conformed(judgements: Iterable[Judgement], *, stored: int, limit: float) -> Metrics:
    """Metrics of a feed's judged deliveries; `stored` are the rows that conformed/<feed> has of them."""
    accepted = [j for j in judgements if j.status == "accepted"]
    received, quarantined = sum(j.rows_received for j in accepted), sum(j.rows_quarantined for j in accepted)
    return {
        "deliveries_unbalanced": sum(j.rows_received != j.accounted for j in accepted),
        "deliveries_over_limit": sum(j.rows_quarantined > limit * j.rows_received for j in accepted),
        "rows_not_stored": abs(sum(j.rows_accepted for j in accepted) - stored),
        "quarantined_share": quarantined / received if received else 0.0,
    }
