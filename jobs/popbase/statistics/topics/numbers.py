"""How good the number is (statistics.md 6): what was found wrong with it, and whom sectors alone know."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.base.event import Period
from popbase.identity.findings import REGISTERED
from popbase.statistics.tally import Tallies, Tally, tallies

TABLE = "numbers"


def cases(id_case: DataFrame, year: Period) -> Tallies:
    """Findings of the register by kind, at the bureau of the first record: open at the end, opened and closed
    in the year.
    """
    bureau = F.split(F.element_at("record_nos", 1), "/")[0]
    told = id_case.where(F.col("kind").isin(*REGISTERED)).select(
        F.rpad(bureau, 12, "0").alias("area"), "kind",
        (F.col("status") == "open").alias("open"),
        _in(year, "opened_on").alias("opened"), _in(year, "closed_on").alias("closed"),
    )  # fmt: skip
    counted = told.groupBy(*told.columns).agg(F.count("*").alias("n"))
    return tallies(counted, map(_cases, ("open", "opened", "closed")))


def _cases(name: str) -> Tally:
    where, kinds = F.col(name), {"kind": "kind"}
    return Tally(TABLE, f"cases_{name}", "area", definition="case", where=where, by=kinds)


def _in(year: Period, day: str) -> Column:
    return F.coalesce(year.has(F.col(day)), F.lit(False))


def sector_only(unregistered: DataFrame) -> Tallies:
    """Numbers that sectors name and nobody in the register has, where the first of them saw it."""
    area = F.rpad(F.coalesce(F.array_min("areas"), F.lit("")), 12, "0")
    counted = unregistered.groupBy(area.alias("area"), F.size("feeds").alias("sectors")).agg(
        F.count("*").alias("n")
    )
    parts: tuple[dict[str, Column | str], ...] = ({}, {"sectors": "sectors"})
    name = "seen_by_sectors_only"
    return tallies(counted, (Tally(TABLE, name, "area", definition="sector", by=by) for by in parts))
