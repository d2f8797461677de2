"""What the gates of the tables over time look at, as `metrics` does for the others."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.publish.tallies import counted, fingerprint, together, twice


def id_history(history: DataFrame) -> DataFrame:
    """Metrics of base/id_history."""
    tallies = {
        "period_empty": "valid_to <= valid_from",
        "says_nothing": "citizen_id IS NULL AND former_person_id IS NULL",
    }
    key = ("person_id", "citizen_id", "former_person_id", "valid_from")
    return together(counted(history, "id_history", tallies), twice(history, *key, name="period_twice"))


def person_history(history: DataFrame, people: DataFrame, as_of: date) -> DataFrame:
    """Metrics of base/person_history; what holds at `as_of` must be what base/person shows."""
    shown = [name for name in table_contracts.table("person_history").key if name in people.columns]
    facts = [n for n in table_contracts.table("person_history").names if n in people.columns]
    on, ends = F.lit(as_of), F.coalesce("valid_to", F.lit(date.max))
    now = history.where((F.col("valid_from") <= on) & (ends > on))
    # Equal rows cancel out, whatever their order.
    sums = [
        rows.agg(F.bit_xor(F.xxhash64(*facts)).alias(side)) for side, rows in {"h": now, "p": people}.items()
    ]
    days = history.groupBy(*fingerprint(*shown)).agg(
        F.sum(F.date_diff(ends, "valid_from")).alias("days"),
        F.date_diff(F.max(ends), F.min("valid_from")).alias("span"),
    )
    return together(
        counted(history, "person_history", {"period_empty": "valid_to <= valid_from"}),
        days.agg(F.count_if(F.expr("days > span")).alias("periods_overlap")),
        together(*sums).select((~F.col("h").eqNullSafe(F.col("p"))).cast("int").alias("differs_from_person")),
    )


def event(events: DataFrame) -> DataFrame:
    """Metrics of base/event."""
    tallies = {
        "without_area": "from_area IS NULL AND to_area IS NULL",
        "end_missing": "kind IN ('MOVE', 'TRANSIT_IN', 'RECODED_IN', 'RECODED_OUT') "
        "AND (to_area IS NULL OR (from_area IS NULL AND NOT one_sided))",
    }
    return together(counted(events, "event", tallies), twice(events, "event_id"))
