"""Frames for the statistics specs: a test names the columns its rule is about, the rest is ordinary."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from lib.tables import parse_table, table
from pyspark.sql import functions as F

from popbase.base.event import Period
from popbase.statistics.calendar import Release, list_vintage, release
from popbase.statistics.forms import Told, forms
from popbase.statistics.places.areas import Geography, geography
from popbase.statistics.population import persons_by_area
from popbase.statistics.since import Since, stock

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PERSON = {
    "person_id": None,
    "area": "330106001001",
    "status": "REGISTERED",
    "id_status": "UNIQUE",
    "sex": "1",
    "birth_date": "1980-01-01",
    "number": "330106198001010014",
    "claimed": None,
    "kind": "10",
    "reason": None,
    "nature": None,
    "converted_on": None,
    "region": "330100",
    "record_no": None,
}
NAMES = {
    "area": "registered_area",
    "number": "citizen_id",
    "claimed": "claimed_citizen_id",
    "kind": "household_kind",
    "reason": "unsettled_reason",
    "nature": "hukou_nature",
}
HANGZHOU = """
    code   | valid_from | level      | kind     | valid_to | successors | name
    330000 | 1981       | PROVINCE   |          |          |            | 浙江省
    330100 | 1981       | PREFECTURE |          |          |            | 杭州市
    330106 | 1981       | COUNTY     | DISTRICT |          |            | 西湖区
"""
NO_DIVISIONS = "code | valid_from | level | kind | valid_to | successors | name"
NO_LIST = "code | urban_rural | business_date"


def persons(spark: SparkSession, text: str) -> DataFrame:
    """One row a line; `n` repeats it. Columns left out are an ordinary registered man's."""
    given = parse_table(text)
    for number, row in enumerate(given):
        row.setdefault("record_no", f"R{number}")
    names = [*PERSON, *(name for name in given[0] if name not in PERSON and name != "n")]
    cells = [
        [(row[c] if c in row else PERSON.get(c)) for c in names] + [int(row.get("n") or 1)] for row in given
    ]
    schema = ", ".join(f"`{NAMES.get(name, name)}` string" for name in names) + ", n int"
    frame = spark.createDataFrame([tuple(c) for c in cells], schema)
    repeated = frame.withColumn("copy", F.explode(F.sequence(F.lit(1), F.col("n")))).drop("copy", "n")
    return repeated.withColumns({name: F.col(name).cast("date") for name in ("converted_on", "birth_date")})


def households(spark: SparkSession, text: str = "household_id | registered_area | kind") -> DataFrame:
    return typed(spark, text)


def places(
    spark: SparkSession, year: int = 2015, *, divisions: str = HANGZHOU, lists: str = NO_LIST
) -> Geography:
    """`lists`: whole lists, each by its `business_date`."""
    every, end = typed(spark, lists, business_date="date"), date(year, 12, 31)
    vintage = list_vintage([row.business_date for row in every.collect()], end)
    return geography(
        typed(spark, divisions, valid_from="bigint", valid_to="bigint"),
        every.where(F.col("business_date") == F.lit(vintage).cast("date")),
        reference_date=end,
        vintage=vintage,
    )


def final(year: int = 2015) -> Release:
    return release(year, date(year + 1, 1, 25))


def counted(
    spark: SparkSession, text: str, *measures: str, year: int = 2015, **options: Any
) -> dict[str, int]:
    """measure -> its sum over these people, straight from the one aggregate that reads persons."""
    frame = persons_by_area(persons(spark, text), options.get("cases"), reference_date=date(year, 12, 31))
    (row,) = frame.groupBy().sum(*measures).collect()
    return dict(zip(measures, row, strict=True))


def areas(spark: SparkSession, codes: str | list[str]) -> DataFrame:
    listed = codes.split() if isinstance(codes, str) else codes
    return spark.createDataFrame([(code,) for code in listed], "registered_area string")


def report(
    spark: SparkSession,
    people: str,
    *,
    year: int = 2015,
    divisions: str = HANGZHOU,
    lists: str = NO_LIST,
    homes: str | None = None,
    **options: Any,
) -> DataFrame:
    """The forms of these people at the year's end, released as final."""
    told = Told(
        persons(spark, people),
        households(spark, homes) if homes else households(spark),
        sectors={name: options.pop(name) for name in ("residence_permit",) if name in options},
        **{name: options.pop(name, None) for name in ("cases", "since")},
    )
    return forms(
        told,
        places(spark, year, divisions=divisions, lists=lists),
        release=options.pop("release", None) or final(year),
        **options,
    )


STEP = {
    "kind": None, "from": None, "to": None, "on": None, "occurred": None, "known": None, "sex": "1",
    "number": None, "one_sided": None, "born": None, "basis": None,
}  # fmt: skip


def since(spark: SparkSession, before: str, text: str, year: int = 2015) -> Since:
    """What lies between the report before and this one: `before`, its people; and a step a line.

    `on`: its date; `known`: from when it is so, else its date; `n` repeats it.
    """
    cells = []
    for row in parse_table(text):
        told = {**STEP, **row}
        told["known"] = told["known"] or told["on"]
        cells += [tuple(told[name] for name in STEP)] * int(row.get("n") or 1)
    frame = spark.createDataFrame(cells, ", ".join(f"`{name}` string" for name in STEP))
    dates = {"event_on": "on", "occurred_on": "occurred", "known_on": "known", "birth_date": "born"}
    steps = frame.select(
        "kind", F.col("from").alias("from_area"), F.col("to").alias("to_area"), "sex",
        F.col("basis").alias("settle_basis"), F.col("number").alias("citizen_id"),
        F.col("one_sided").isNotNull().alias("one_sided"),
        *(F.to_date(name).alias(column) for column, name in dates.items()),
    )  # fmt: skip
    return Since(stock(persons(spark, before)), steps, Period(date(year - 1, 12, 31), date(year, 12, 31)))


def parts(cube: DataFrame, table: str, measure: str, level: str = "nation") -> dict[str, Any]:
    """part -> value of a measure of one level's single area, '' for the total."""
    rows = cube.where((F.col("table") == table) & (F.col("measure") == measure)).collect()
    return {next(iter(row.breakdowns.values()), ""): row.value for row in rows if row.area_level == level}


def values(cube: DataFrame, *measures: str, level: str = "nation") -> dict[str, Any]:
    """measure -> value of one level's single area, totals only."""
    by_area = by_areas(cube, *measures, level=level)
    assert len(by_area) == 1, sorted(by_area)
    (found,) = by_area.values()
    return dict(zip(measures, found, strict=True))


def by_areas(cube: DataFrame, *measures: str, level: str) -> dict[str, tuple[Any, ...]]:
    """area_code -> the values of these measures, totals only; of one in several tables the first's."""
    kept = cube.where(f"area_level = '{level}' AND size(breakdowns) = 0").collect()
    last_to_first = sorted(kept, key=lambda row: row.table, reverse=True)
    figures = {(row.area_code, row.measure): row.value for row in last_to_first}
    return {
        code: tuple(_whole(figures.get((code, m))) for m in measures)
        for code in sorted({c for c, _ in figures})
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def typed(spark: SparkSession, text: str, **types: str) -> DataFrame:
    """`table`, also for a header without rows."""
    if len(text.strip().splitlines()) > 1:
        return table(spark, text, **types)
    names = [name.strip() for name in text.split("|")]
    return spark.createDataFrame([], ", ".join(f"`{n}` {types.get(n, 'string')}" for n in names))
