"""Small tables as text, so that a rule's test reads like its page in a methods handbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def parse_table(text: str) -> list[dict[str, str | None]]:
    """Rows of a `|` table whose first line names the columns; an empty cell is None."""
    lines = [
        line for line in text.strip().splitlines() if line.strip() and not set(line.strip()) <= set("-|+ ")
    ]
    header, *body = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [dict(zip(header, (cell or None for cell in row), strict=True)) for row in body]


def table(spark: SparkSession, text: str, **types: str) -> DataFrame:
    """The text as a DataFrame; columns are strings unless `types` gives a Spark SQL type."""
    rows = parse_table(text)
    names = list(rows[0])
    frame = spark.createDataFrame(
        [tuple(r[n] for n in names) for r in rows], ", ".join(f"`{n}` string" for n in names)
    )
    return frame.selectExpr(*(f"CAST(`{n}` AS {types.get(n, 'string')}) AS `{n}`" for n in names))


def rows(frame: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The frame's rows as plain tuples, sorted, for comparison with a literal list."""
    picked = frame.select(*columns) if columns else frame
    return sorted((tuple(r) for r in picked.collect()), key=repr)
