"""From records as sent to cells: RFC 4180 held strictly, every text normalised (design sections 4 and 6)."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.intake.lines import PLACE, Sent
from popbase.intake.normalise import normalised_cells

SEPARATOR = "\x1f"

# from_csv drops a NUL, and the text would look sound; no line that it parses has a CR.
NUL, NUL_STAND_IN = "\0", "\r"


def with_cells(sent: Sent, columns: Sequence[str]) -> DataFrame:
    """Place, `raw`, `undecodable`, `in_changes` and `cells`: one normalised text for each of `columns`.

    An empty cell and a column that the file lacks are empty texts, those it lacks at the end may be missing;
    of a malformed line there are no cells.

    Everything that Spark cannot compile (ICU, lambdas, from_csv) happens here, on a narrow row, and
    everything that differs between layouts: judging sees one shape, and its plan is compiled once a feed.
    """
    layout = sent.layout
    if layout.format == "parquet":
        split = sent.rows.withColumn("cells", F.array(*(F.col(f"`{name}`") for name in layout.header)))
        whole, separator, plain = F.concat_ws(SEPARATOR, "cells"), SEPARATOR, F.lit(True)
    else:
        split = _split(sent.rows, len(layout.header))
        whole, separator, plain = F.col("line"), ",", F.col("plain")
    complete = F.when(F.size("cells") == len(layout.header), F.col("cells"))
    return split.withColumn("cells", normalised_cells(complete, whole, separator, plain=plain)).select(
        *PLACE,
        "raw",
        "undecodable",
        F.lit(layout.kind == "changes").alias("in_changes"),
        _in_order(layout.header, columns).alias("cells"),
    )


def key_cells(sent: Sent, columns: Sequence[str]) -> DataFrame:
    """Place and `key_cells`: the named columns alone, found without splitting the rest of a plain line."""
    if sent.layout.format == "parquet":
        return sent.rows.select(*PLACE, F.array(*(F.col(f"`{name}`") for name in columns)).alias("key_cells"))
    quoted = _parsed(sent.rows, len(sent.layout.header))
    places = [sent.layout.header.index(name) for name in columns]
    cells = (F.when(F.col("plain"), _plain_cell(place)).otherwise(_parsed_cell(place)) for place in places)
    return quoted.select(*PLACE, F.array(*cells).alias("key_cells"))


def _split(rows: DataFrame, width: int) -> DataFrame:
    """Adds `cells` and `plain`; a plain line is only split."""
    parsed = F.when(F.col("parsed").isNotNull(), F.array(*map(_parsed_cell, range(width))))
    cells = F.when(F.col("plain"), F.split("line", ",")).otherwise(parsed)
    return _parsed(rows, width).withColumn("cells", cells).drop("parsed")


def _parsed(rows: DataFrame, width: int) -> DataFrame:
    """Adds `plain`, and `parsed`: the fields of a line with quotes, where they are strict; a column of its
    own, since Spark would otherwise parse the line once for every field taken out of it.
    """
    schema = ", ".join(f"c{i} string" for i in range(width))
    options = {"quote": '"', "escape": '"', "maxColumns": str(width + 1), "mode": "PERMISSIVE"}
    strict = ~_has_cr() & F.col("line").contains('"') & _is_quoted(width)
    line = F.replace(F.col("line"), F.lit(NUL), F.lit(NUL_STAND_IN))
    return rows.withColumns(
        {"plain": _is_plain(), "parsed": F.when(strict, F.from_csv(line, schema, options))}
    )


def _parsed_cell(place: int) -> Column:
    return F.replace(F.col(f"parsed.c{place}"), F.lit(NUL_STAND_IN), F.lit(NUL))


def _in_order(header: Sequence[str], columns: Sequence[str]) -> Column:
    if tuple(header) == tuple(columns[: len(header)]):
        return F.col("cells")
    found = (F.col("cells")[header.index(name)] if name in header else F.lit("") for name in columns)
    return F.when(F.col("cells").isNotNull(), F.array(*found))


def _has_cr() -> Column:
    return F.col("line").contains("\r")


def _is_plain() -> Column:
    return ~F.col("line").contains('"') & ~_has_cr()


def _plain_cell(place: int) -> Column:
    return F.substring_index(F.substring_index("line", ",", place + 1), ",", -1)


def _is_quoted(width: int) -> Column:
    """RFC 4180: the pieces between quotes are, in turn, outside and inside; outside pieces hold whole fields.

    A quote doubled inside a field leaves an empty piece outside, which is why that one is let through.
    """
    pieces = F.split("line", '"')
    outside = F.filter(pieces, lambda _, i: i % 2 == 0)
    between = F.slice(outside, F.lit(2), F.greatest(F.size(outside) - 2, F.lit(0)))
    first, last = pieces[0], F.element_at(pieces, -1)
    commas = F.aggregate(
        outside, F.lit(0), lambda n, p: n + F.length(p) - F.length(F.replace(p, F.lit(","), F.lit("")))
    )
    return (
        (F.size(pieces) % 2 == 1)
        & ((first == "") | first.endswith(","))
        & ((last == "") | last.startswith(","))
        & F.forall(between, lambda p: (p == "") | (p.startswith(",") & p.endswith(",")))
        & (commas == width - 1)
    )
