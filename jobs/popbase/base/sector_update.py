"""Findings about sectors' numbers, and the cases they make: of the whole base, or of the numbers that a night
changed.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.base.sector_case import sector_cases
from popbase.base.sector_finding import RECORD, findings, told
from popbase.base.update import Changed, Part
from popbase.identity.rules import held17, number17
from popbase.lake import Lake
from popbase.renewal import renew, replace
from popbase.schema import conform_to
from popbase.session import cut_off
from popbase.sources import Sources

TABLE, _CASES = "base/sector_finding", "base/id_case"
_HISTORY, _REPLACED = "base/person_history", "base/replaced_number"


def find_all(sources: Sources, on: date) -> DataFrame:
    """Writes all findings; returns the cases they make."""
    lake = sources.lake
    said = told((c, sources.spans(c.feed, on)) for c in table_contracts.sectors())
    found = findings(said, lake.read(_HISTORY), lake.read(_REPLACED), on)
    renew(lake, TABLE, _conformed(found, TABLE))
    return _conformed(sector_cases(lake.read(TABLE)), _CASES)


def find_changed(lake: Lake, changed: Changed, on: date) -> tuple[Part, DataFrame]:
    """Writes the findings about the numbers that changed; returns the cases that may change with them, and
    the records that these findings are or were about (feed region record_key).
    """
    numbers = F.broadcast(changed.numbers)
    old = cut_off(_of(lake.read(TABLE), number17(F.col("citizen_id")), numbers))
    said = told(changed.sectors).join(numbers, "number17", how="left_semi")
    history = _of(lake.read(_HISTORY), held17(), numbers)
    replaced = _of(lake.read(_REPLACED), number17(F.col("old_citizen_id")), numbers)
    new = cut_off(_conformed(findings(said, cut_off(history), replaced, on), TABLE))
    replace(lake, TABLE, old.select(*new.columns), new, key=table_contracts.tables()[TABLE].key)
    was, now = (_conformed(sector_cases(rows), _CASES) for rows in (old, new))
    known = lake.read(_CASES).join(F.broadcast(cut_off(was.select("case_id"))), "case_id", how="left_semi")
    records = cut_off(old.select(*RECORD).union(new.select(*RECORD)).distinct())
    return Part(_CASES, known.select(*now.columns), now), records


def _of(rows: DataFrame, number: Column, numbers: DataFrame) -> DataFrame:
    return rows.withColumn("number17", number).join(numbers, "number17", how="left_semi").drop("number17")


def _conformed(rows: DataFrame, table: str) -> DataFrame:
    return conform_to(rows, table_contracts.tables()[table])
