"""What a gate looks at: for each table one row of counts and shares, made by Spark in few passes.

Great Expectations then judges that row (`expectations.py`), so no citizen's value reaches a validation
result. A metric that cannot be told (a share of nothing) is null, and a null never passes.

`came`: rows that came since the table last passed these gates (`tallies.among`); None: all rows may have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.expectations import Metrics
from popbase.identity.rules import is_registered
from popbase.intake.ledger import Judgement
from popbase.publish.tallies import (
    among,
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
from popbase.statistics.disclosure import WITHHELD
from popbase.statistics.forms import DIFFERENCES
from popbase.statistics.places.tree import UNALLOCATED
from popbase.statistics.published import too_small
from popbase.statistics.tables import t3
from popbase.table_contracts import TableContract


def person(
    people: DataFrame,
    previous: DataFrame | None = None,
    takeovers: Mapping[str, str] = MappingProxyType({}),
    *,
    came: DataFrame | None = None,
) -> DataFrame:
    """Metrics of base/person; `previous` is the table of the last publication, where there is one, and
    `takeovers` names the bureaus that have gone into another since."""
    regions = since(people.groupBy("region").agg(*person_counts()), previous, takeovers)
    return together(
        regions.agg(*person_sums(regions), greatest_fall()).select("*", *person_shares()),
        numbers_held(people, came),
        twice(people, "person_id", came=came),
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


def numbers_held(people: DataFrame, came: DataFrame | None = None) -> DataFrame:
    """Invariant I4, proven without trusting identity: who stands on each number.

    Of numbers that nobody brought (`among`) the contested ones are looked at: who else claims one may have
    gone. They are few.
    """
    claimed = F.expr("id_status = 'CONTESTED' AND citizen_id IS NULL")
    number = F.coalesce("citizen_id", "claimed_citizen_id")
    standing = people.where(
        F.col("citizen_id").isNotNull() | (claimed & F.col("claimed_citizen_id").isNotNull())
    )
    contested = people.where(claimed & F.col("claimed_citizen_id").isNotNull())
    told = None if came is None else came.select(number.alias("n")).union(contested.select(number.alias("n")))
    rows = standing.select("citizen_id", claimed.alias("claims"), *fingerprint(number))
    holders = (
        among(rows, told, "n")
        .groupBy("_long", "_int")
        .agg(F.count("citizen_id").alias("holders"), F.count_if("claims").alias("claimants"))
    )
    return holders.agg(
        total(F.when(F.expr("holders > 1"), F.col("holders"))).alias("citizen_id_twice"),
        F.count_if(F.expr("holders > 0 AND claimants > 0")).alias("held_and_contested"),
        F.count_if(F.expr("holders = 0 AND claimants = 1")).alias("contested_by_one"),
    )


def sector(rows: DataFrame, contract: TableContract, *, came: DataFrame | None = None) -> DataFrame:
    """Metrics of a sector's base table."""
    matched = F.expr("match_status = 'MATCHED'")
    totals = rows.agg(
        F.count(F.lit(1)).alias("rows"),
        F.count_if(off_contract(contract)).alias("rows_off_contract"),
        F.count_if(matched != F.col("person_id").isNotNull()).alias("matched_otherwise_than_said"),
        F.try_divide(F.count_if(matched), F.count(F.lit(1))).alias("matched_share"),
    )
    return together(totals, twice(rows, *contract.key, name="record_twice", came=came))


def report(cube: DataFrame, identities: DataFrame) -> DataFrame:
    """Metrics of statistics/report; `identities` (statistics.identities) has a row an area."""
    rates, differences = (", ".join(f"'{name}'" for name in names) for names in (t3.RATES, DIFFERENCES))
    tallies = {
        "value_missing": f"status = 'OK' AND value IS NULL AND measure NOT IN ({rates})",
        "value_negative": f"value < 0 AND measure NOT IN ({differences})",
    }
    return together(
        counted(cube, "report", tallies),
        _cell_twice(cube),
        identities.agg(*_greatest_differences(identities), F.count(F.lit(1)).alias("areas")),
        _not_placed(cube),
    )


def figure(published: DataFrame) -> DataFrame:
    """Metrics of published/figure."""
    small = F.count_if(too_small()).alias("shown_too_small")
    withheld = {"withheld_with_value": f"status = '{WITHHELD}' AND value IS NOT NULL"}
    return together(counted(published, "figure", withheld, [small]), _cell_twice(published))


def area(named: DataFrame) -> DataFrame:
    """Metrics of published/area."""
    key = table_contracts.table("area").key
    return together(counted(named, "area"), twice(named, *key, name="area_twice"))


def _cell_twice(cube: DataFrame) -> DataFrame:
    key = table_contracts.table("report").key
    # A map has no hash; its sorted entries have.
    told = {"breakdowns": F.to_json(F.array_sort(F.map_entries("breakdowns")))}
    spread = cube.select(*(told.get(name, F.col(name)).alias(name) for name in key))
    return twice(spread, *key, name="cell_twice")


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
