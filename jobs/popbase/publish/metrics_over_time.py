"""What the gates of the tables over time look at, as `metrics` does for the others."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.publish.metrics_beside_people import facts, people_told
from popbase.publish.tallies import among, counted, fingerprint, same_sums, sums, together, twice


def id_history(history: DataFrame, *, came: DataFrame | None = None) -> DataFrame:
    """Metrics of base/id_history."""
    tallies = {
        "period_empty": "valid_to <= valid_from",
        "says_nothing": "citizen_id IS NULL AND former_person_id IS NULL",
    }
    key = ("person_id", "citizen_id", "former_person_id", "valid_from")
    return together(
        counted(history, "id_history", tallies), twice(history, *key, name="period_twice", came=came)
    )


def person_history(
    history: DataFrame,
    people: DataFrame,
    as_of: date,
    *,
    came: DataFrame | None = None,
    told: DataFrame | None = None,
) -> DataFrame:
    """Metrics of base/person_history; what holds at `as_of` must be what base/person shows."""
    shown = [name for name in table_contracts.table("person_history").key if name in people.columns]
    on, ends = F.lit(as_of), F.coalesce("valid_to", F.lit(date.max))
    now = sums("now", facts(people), where=(F.col("valid_from") <= on) & (ends > on))
    prints = history.select(*fingerprint(*shown), ends.alias("ends"), "valid_from")
    days = (
        among(prints, came, *shown)
        .groupBy("_long", "_int")
        .agg(
            F.sum(F.date_diff("ends", "valid_from")).alias("days"),
            F.date_diff(F.max("ends"), F.min("valid_from")).alias("span"),
        )
    )
    return together(
        counted(history, "person_history", {"period_empty": "valid_to <= valid_from"}, now),
        told or people_told(people),
        days.agg(F.count_if(F.expr("days > span")).alias("periods_overlap")),
    ).withColumn("differs_from_person", F.when(_alike(), 0).otherwise(1))


def _alike() -> Column:
    """Nobody at all is what base/person shows of nobody."""
    return same_sums("now", "facts") | (F.col("now_n").isNull() & F.col("facts_n").isNull())


def replaced_number(numbers: DataFrame, *, came: DataFrame | None = None) -> DataFrame:
    """Metrics of base/replaced_number."""
    key = table_contracts.table("replaced_number").key
    return together(
        counted(numbers, "replaced_number"), twice(numbers, *key, name="replacement_twice", came=came)
    )


def sector_finding(found: DataFrame, *, came: DataFrame | None = None) -> DataFrame:
    """Metrics of base/sector_finding."""
    tallies = {
        "period_empty": "valid_to <= valid_from",
        "without_person": "finding IN ('name_mismatch', 'dead_but_active') AND register_record IS NULL",
    }
    key = table_contracts.table("sector_finding").key
    return together(
        counted(found, "sector_finding", tallies), twice(found, *key, name="finding_twice", came=came)
    )


def event(events: DataFrame, *, came: DataFrame | None = None) -> DataFrame:
    """Metrics of base/event."""
    tallies = {
        "without_area": "from_area IS NULL AND to_area IS NULL",
        "end_missing": "kind IN ('MOVE', 'TRANSIT_IN', 'RECODED_IN', 'RECODED_OUT') "
        "AND (to_area IS NULL OR (from_area IS NULL AND NOT one_sided))",
    }
    return together(counted(events, "event", tallies), twice(events, "event_id", came=came))
