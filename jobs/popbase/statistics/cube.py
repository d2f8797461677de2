"""The cube's shape: from wide rows an area to one figure a row, and how final each figure is.

One row is one figure; its key is everything before `value` but `list_vintage`.
`value` is a double: whole numbers are exact in it up to 2^53, rates are rounded to their two decimals before
they get here and are never summed again, and every reader (SQL, pandas, R, a spreadsheet) takes it as a
number, which it does not do with decimals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.statistics.calendar import Release
from popbase.statistics.places.areas import Geography
from popbase.statistics.places.tree import UNALLOCATED

COLUMNS = (
    "report_year",
    "form",
    "table",
    "area_code",
    "area_level",
    "boundary_year",
    "list_vintage",
    "measure",
    "breakdowns",
    "value",
    "status",
    "release_status",
    "cut_off",
    "definition_id",
    "previous_value",
)
KEY = ("report_year", "form", "table", "area_code", "area_level", "boundary_year", "measure")


@dataclass(frozen=True)
class Measure:
    """One measure of a form's `table` and the column of the wide frame that holds it.

    `definition`: its definition_id; none: the row's own column `definition_id` says it.
    `by_list`: rests on the 城乡分类 list, as all that is counted by place does (its villages 200-399).
    `since_last`: is not known without the population of the year before.
    """

    table: str
    name: str
    column: str
    definition: str | None
    breakdowns: Mapping[str, str] = field(default_factory=dict)
    by_list: bool = False
    since_last: bool = False

    def cell(self, *, prior: bool) -> str:
        """The figure as a SQL struct: as Columns, a table's cells would be a thousand calls to the JVM.

        `prior`: the population of the year before is known."""
        definition = f"'{self.definition}'" if self.definition else "definition_id"
        pairs = ", ".join(f"'{text}'" for pair in sorted(self.breakdowns.items()) for text in pair)
        by_list = "true" if self.by_list else f"{definition} IN ('place-2003', 'mixed')"
        breakdowns = f"CAST(map({pairs}) AS map<string,string>)"
        unknown = self.since_last and not prior
        value = "NULL" if unknown else self.column
        return (
            f"named_struct('table', '{self.table}', 'measure', '{self.name}', 'breakdowns', {breakdowns},"
            f" 'value', CAST({value} AS double), 'definition_id', {definition}, 'by_list', {by_list},"
            f" 'no_prior', {str(unknown).lower()})"
        )


def figures(
    areas: DataFrame, measures: Sequence[Measure], places: Geography, *, prior: bool = True
) -> DataFrame:
    """One row is a figure: table area_code area_level measure breakdowns value definition_id status.

    `prior`: the population of the year before is known.
    """
    cells = F.expr(f"explode(array({', '.join(measure.cell(prior=prior) for measure in measures)}))")
    return (
        areas.select("area_level", "area_code", cells.alias("cell"))
        .select("area_level", "area_code", "cell.*")
        .withColumn("status", _status(places))
        .drop("by_list", "no_prior")
    )


def _status(places: Geography) -> Column:
    approximate = F.lit(places.approximate) & F.col("by_list")
    return (
        F.when(F.col("no_prior"), "NO_PRIOR")
        .when(F.col("area_code").endswith(UNALLOCATED), "UNALLOCATED")
        .when(approximate, "APPROXIMATE")
        .otherwise("OK")
    )


def cube(figures: DataFrame, *, release: Release, places: Geography, form: str | None = None) -> DataFrame:
    """The figures as rows of the cube, all with the night's release status; `form`: else the year's own."""
    return figures.withColumns(
        {
            "report_year": F.lit(release.year),
            "form": F.lit(form or release.form),
            "boundary_year": F.lit(places.boundary_year),
            "list_vintage": F.lit(places.list_vintage).cast("date"),
            "release_status": F.lit(release.status),
            "cut_off": F.lit(release.cut_off),
            "previous_value": F.lit(None).cast("double"),
        }
    ).select(*COLUMNS)


def standing(rows: DataFrame, release: Release, previous: DataFrame | None) -> DataFrame:
    """The rows as the release stands to what was published: `previous`, the year's of the last publication,
    of which those of the same tables count. A table that was not there yet is not revised.
    """
    if release.status != "REVISED" or previous is None:
        return rows
    before = {row.table for row in previous.select("table").distinct().collect()}
    anew = ~F.col("table").isin(*before)
    told = previous.join(rows.select("table").distinct(), "table", how="left_semi")
    first = rows.where(anew).withColumn("release_status", F.lit("FINAL"))
    return revised(rows.where(~anew), told).unionByName(first)


def revised(rows: DataFrame, previous: DataFrame) -> DataFrame:
    """Rows after the cut-off against those published: what differs is REVISED and keeps the old value.

    What does not differ keeps the standing it had. A figure that is gone (an area lost its last
    person) stays as a zero: readers who have the old one must see what became of it.
    """
    keys = [F.col(f"new.{name}").eqNullSafe(F.col(f"old.{name}")) for name in KEY]
    same_breakdowns = _breakdown_key("new") == _breakdown_key("old")
    joined = rows.alias("new").join(previous.alias("old"), on=[*keys, same_breakdowns], how="full")
    value = F.coalesce(F.col("new.value"), F.when(F.col("new.measure").isNull(), F.lit(0.0)))
    unchanged = F.col("old.measure").isNotNull() & value.eqNullSafe(F.col("old.value"))
    kept = {name: F.coalesce(F.col(f"new.{name}"), F.col(f"old.{name}")) for name in COLUMNS}
    kept |= {
        "value": value,
        "release_status": F.when(unchanged, F.col("old.release_status")).otherwise("REVISED"),
        "previous_value": F.when(unchanged, F.col("old.previous_value")).otherwise(F.col("old.value")),
    }
    return joined.select(*(column.alias(name) for name, column in kept.items()))


def _breakdown_key(side: str) -> Column:
    """Maps cannot be compared; their sorted entries can."""
    return F.array_sort(F.map_entries(F.col(f"{side}.breakdowns")))
