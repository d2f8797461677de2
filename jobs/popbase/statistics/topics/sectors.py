"""What departments know of how many, and where these usually live (statistics.md 8).

All of it follows from the contracts: a further department is counted without code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase import contracts
from popbase.base.sector import MATCHED, active
from popbase.contracts import Contract
from popbase.session import cut_off
from popbase.statistics.places.areas import Geography, standing_of
from popbase.statistics.places.classification import by_class, with_classes
from popbase.statistics.population import age_group, sex
from popbase.statistics.tally import Tallies, Tally, tallies
from popbase.statistics.units import WEIGHT, count, weighing

TABLE = "sectors"
WHOLE = "ALL"


def counts(person: DataFrame, sectors: Mapping[str, DataFrame], places: Geography, on: date) -> list[Tallies]:
    """Records of every sector by how they match; and the people active there, each once, by where they
    usually live, by class of place, age and sex, and by the sector's own dimensions.

    `person`: base/person on the date; `sectors`: feed -> rows of its base table.
    """
    if not sectors:
        return []
    told = [(contracts.feed(feed), rows) for feed, rows in sectors.items()]
    records = [_records(contract, rows) for contract, rows in told]
    active_there = reduce(DataFrame.union, (_active(*one, on) for one in told)).distinct()
    people = _people(person, active_there, places, on)
    return [*records, tallies(people, _entries([contract for contract, _ in told]))]


def _records(contract: Contract, rows: DataFrame) -> Tallies:
    area = contract.with_role("area")
    place = F.rpad(F.col(area.name if area else "region"), 12, "0")
    grouped = rows.groupBy(place.alias("area"), "match_status").agg(F.count("*").alias("n"))
    sector = F.lit(contract.base_table)
    parts: tuple[dict[str, Column | str], ...] = ({}, {"match_status": "match_status"})
    told = [{"sector": sector, **part} for part in parts]
    return tallies(grouped, (Tally(TABLE, "records", "area", definition="sector", by=by) for by in told))


def _active(contract: Contract, rows: DataFrame, on: date) -> DataFrame:
    """One row is a person with an active record, and one more for each code of a dimension it has there."""
    codes = [
        F.struct(F.lit(name).alias("dimension"), F.col(name).alias("code")) for name in contract.dimensions
    ]
    whole = F.struct(F.lit(WHOLE).alias("dimension"), F.lit(WHOLE).alias("code"))
    counted = rows.where((F.col("match_status") == MATCHED) & active(contract, on))
    return counted.select(
        "person_id", F.lit(contract.base_table).alias("sector"), F.inline(F.array(whole, *codes))
    ).where("code IS NOT NULL")


def _people(person: DataFrame, there: DataFrame, places: Geography, on: date) -> DataFrame:
    told = weighing(person).select(
        "person_id", WEIGHT, sex().alias("sex"), age_group(on).alias("age"),
        F.rpad(F.coalesce("usual_area", F.lit("")), 12, "0").alias("place"),
    )  # fmt: skip
    key = ("sector", "dimension", "code", "place", "sex", "age")
    counted = cut_off(there.join(told, "person_id").groupBy(*key).agg(count()))
    areas = counted.select(F.col("place").alias("registered_area")).distinct()
    classes = with_classes(standing_of(areas, places), places)
    classed = counted.join(
        classes.select(F.col("registered_area").alias("place"), "urban"), "place", how="left"
    )
    urban_rural = F.lit(None).cast("string")
    for name, of_class in by_class().items():
        urban_rural = F.when(of_class, name).otherwise(urban_rural)
    return classed.withColumn("urban_rural", urban_rural)


def _entries(told: Sequence[Contract]) -> Iterator[Tally]:
    whole = F.col("dimension") == WHOLE
    yield _persons(whole)
    yield _persons(whole, by_list=True, by={"urban_rural": "urban_rural"})
    yield _persons(whole, by={"age": "age", "sex": "sex"})
    for contract in told:
        here = F.col("sector") == contract.base_table
        for name in contract.dimensions:
            yield _persons(here & (F.col("dimension") == name), by={name: "code"})


def _persons(where: Column, *, by_list: bool = False, by: Mapping[str, str] | None = None) -> Tally:
    parts = {"sector": "sector", **(by or {})}
    return Tally(TABLE, "persons", "place", where=where, definition="usual", by_list=by_list, by=parts)
