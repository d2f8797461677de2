"""From files to cells: one physical line is one record (design section 4, RFC 4180 held strictly).

Spark's own CSV reader is not used: it forgives stray quotes, cannot tell an undecodable byte, and reads
several files by position whatever their headers say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import PurePosixPath
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from popbase.intake.csv_file import BOM
from popbase.intake.delivery import Received, SourceFile
from popbase.intake.line_count import LONGEST_RECORD
from popbase.intake.normalise import normalised_cells

SEPARATOR = "\x1f"
REPLACEMENT = "\ufffd"

# from_csv drops a NUL, and the text would look sound; no line that it parses has a CR.
NUL, NUL_STAND_IN = "\0", "\r"

PATTERN_MARKS = frozenset("*?[]{}\\")

# The delivery a record came with, read from its file's place: <region>/<business_date>/<delivery_no>/<file>.
PLACE = ("region", "business_date", "delivery_no")


@dataclass(frozen=True)
class Layout:
    """What files must have in common to be read in one go; `overlong` selects the lines too long for a
    record, without it these are left out."""

    kind: str
    format: str
    encoding: str
    header: tuple[str, ...]
    header_line: bytes
    has_overlong_lines: bool
    overlong: bool = False


@dataclass(frozen=True)
class Sent:
    """Records as sent, of one layout: place, `raw`, `undecodable`, and the file's columns or `line`."""

    layout: Layout
    rows: DataFrame


def read(spark: SparkSession, deliveries: Sequence[Received], columns: Sequence[str]) -> list[Sent]:
    """The deliveries' records, one frame a layout; of Parquet files only the `columns` named.

    Lines too long for a record come in frames of their own: each step that copies one keeps the room for it,
    and the many steps of judging would fill the memory.
    """
    sources = [(_layout(delivery, file, columns), file) for delivery in deliveries for file in delivery.files]
    sources.sort(key=lambda source: (repr(source[0]), _read_alone(source[1]), str(source[1].path)))
    found = []
    for (layout, _), group in groupby(sources, key=lambda source: (source[0], _read_alone(source[1]))):
        reader = _parquet if layout.format == "parquet" else _csv
        files = [file for _, file in group]
        layouts = [layout, *([replace(layout, overlong=True)] if layout.has_overlong_lines else [])]
        found += [Sent(each, reader(spark, each, files)) for each in layouts]
    return found


def _read_alone(file: SourceFile) -> str:
    """Beside a file whose name looks like a pattern Spark lists the other files twice, told not to or not."""
    name = file.path.name
    return name if PATTERN_MARKS.intersection(name) else ""


def with_cells(sent: Sent, columns: Sequence[str]) -> DataFrame:
    """Place, `raw`, `undecodable`, `in_changes` and `cells`: one normalised text for each of `columns`.

    An empty cell and a column that the file lacks are empty texts; of a malformed line there are no cells.

    Everything that Spark cannot compile (ICU, lambdas, from_csv) happens here, on a narrow row, and
    everything that differs between layouts: judging sees one shape, and its plan is compiled once a feed.
    """
    layout = sent.layout
    if layout.format == "parquet":
        split = sent.rows.withColumn("cells", F.array(*(F.col(f"`{name}`") for name in layout.header)))
        whole, separator = F.concat_ws(SEPARATOR, "cells"), SEPARATOR
    else:
        split, whole, separator = _split(sent.rows, len(layout.header)), F.col("line"), ","
    cells = split.withColumn("cells", normalised_cells(F.col("cells"), whole, separator))
    return cells.select(
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
    cells = (F.when(_is_plain(), _plain_cell(place)).otherwise(_parsed_cell(place)) for place in places)
    return quoted.select(*PLACE, F.array(*cells).alias("key_cells"))


def _split(rows: DataFrame, width: int) -> DataFrame:
    """Adds `cells`; cheap tests first: a plain line is only split."""
    parsed = F.when(F.col("parsed").isNotNull(), F.array(*map(_parsed_cell, range(width))))
    cells = F.when(_is_plain(), F.split("line", ",")).otherwise(parsed)
    split = _parsed(rows, width).withColumn("cells", cells).drop("parsed")
    return split.withColumn("cells", F.when(F.size("cells") == width, F.col("cells")))


def _parsed(rows: DataFrame, width: int) -> DataFrame:
    """Adds `parsed`: the fields of a line with quotes, where they are strict; a column of its own, since
    Spark would otherwise parse the line once for every field taken out of it."""
    schema = ", ".join(f"c{i} string" for i in range(width))
    options = {"quote": '"', "escape": '"', "maxColumns": str(width + 1), "mode": "PERMISSIVE"}
    strict = ~_has_cr() & F.col("line").contains('"') & _is_quoted(width)
    line = F.replace(F.col("line"), F.lit(NUL), F.lit(NUL_STAND_IN))
    return rows.withColumn("parsed", F.when(strict, F.from_csv(line, schema, options)))


def _parsed_cell(place: int) -> Column:
    return F.replace(F.col(f"parsed.c{place}"), F.lit(NUL_STAND_IN), F.lit(NUL))


def _in_order(header: Sequence[str], columns: Sequence[str]) -> Column:
    if tuple(header) == tuple(columns):
        return F.col("cells")
    found = (F.col("cells")[header.index(name)] if name in header else F.lit("") for name in columns)
    return F.when(F.col("cells").isNotNull(), F.array(*found))


def _has_cr() -> Column:
    return F.col("line").contains("\r")


def _is_blank() -> Column:
    """Nothing but blanks and tabs; the first character tells for nearly every line."""
    first = F.substring("line", 1, 1)
    return F.when(first.isin("", " ", "\t"), F.btrim("line", F.lit(" \t")) == "").otherwise(False)


def _is_plain() -> Column:
    return ~F.col("line").contains('"') & ~_has_cr()


def _plain_cell(place: int) -> Column:
    return F.substring_index(F.substring_index("line", ",", place + 1), ",", -1)


def _layout(delivery: Received, file: SourceFile, columns: Sequence[str]) -> Layout:
    if file.format == "csv":
        return Layout(
            delivery.kind, "csv", file.encoding, file.header, file.header_line, file.has_overlong_lines
        )
    header = tuple(c for c in columns if c in file.header)
    return Layout(delivery.kind, "parquet", "UTF-8", header, b"", has_overlong_lines=False)


def _csv(spark: SparkSession, layout: Layout, files: Sequence[SourceFile]) -> DataFrame:
    # A file's name is a name, not a pattern.
    reader = spark.read.option("lineSep", "\n").option("__globPaths__", "false")
    text = reader.text([str(file.path) for file in files])
    if layout.has_overlong_lines:
        text = text.where(_is_overlong("value") if layout.overlong else ~_is_overlong("value"))
    sent = _placed(text, F.col("value").alias("sent")).where(~_is_header(layout))
    records = _lines(sent, layout.encoding).where(~_is_blank())
    if layout.overlong:
        return records
    repeated = list(_repeated_headers(layout.header_line.decode(layout.encoding), files))
    return records.unionByName(spark.createDataFrame(repeated, records.schema)) if repeated else records


def _is_header(layout: Layout) -> Column:
    """By its bytes: two decoders may disagree on a rare character of an unknown column."""
    boms, ends = (b"", BOM[layout.encoding]), (b"", b"\r")
    headers = [bom + layout.header_line + end for bom in boms for end in ends]
    return F.col("sent").cast("binary").isin(headers)


def _lines(text: DataFrame, encoding: str) -> DataFrame:
    """`sent` holds the line's bytes as they came; `line` is its text without the CR before its end."""
    sent = F.col("sent")
    if encoding == "UTF-8":
        decoded, undecodable = sent, ~F.is_valid_utf8(sent)
    else:
        data = sent.cast("binary")
        text_sent = F.decode(data, "GB18030")
        # U+FFFD stands for what could not be decoded, unless the sender wrote it.
        undecodable = text_sent.contains(REPLACEMENT) & (F.encode(text_sent, "GB18030") != data)
        # Where bytes are broken the decoder may take a comma with them: only their columns are counted.
        decoded = F.when(undecodable, F.decode(data, "ISO-8859-1")).otherwise(text_sent)
    line = F.when(F.col("line").endswith("\r"), F.expr("left(line, char_length(line) - 1)")).otherwise(
        F.col("line")
    )
    kept = F.when(F.col("undecodable"), F.concat(F.lit("base64:"), F.base64(sent.cast("binary"))))
    return (
        text.withColumns({"line": decoded, "undecodable": undecodable})
        .withColumns({"line": line, "raw": F.coalesce(kept, line)})
        .select(*PLACE, "raw", "undecodable", "line")
    )


def _is_overlong(line: str) -> Column:
    return F.octet_length(line) - F.endswith(F.col(line), F.lit("\r")).cast("int") > LONGEST_RECORD


def _parquet(spark: SparkSession, layout: Layout, files: Sequence[SourceFile]) -> DataFrame:
    columns = [F.col(f"`{name}`") for name in layout.header]
    schema = ", ".join(f"`{name}` string" for name in layout.header)
    reader = spark.read.option("__globPaths__", "false").schema(schema)
    rows = reader.parquet(*(str(file.path) for file in files))
    invalid = F.exists(F.array(*columns), lambda text: ~F.is_valid_utf8(text))
    return _placed(rows, *columns).withColumns(
        {
            "raw": F.make_valid_utf8(F.to_json(F.struct(*columns))),
            "undecodable": F.coalesce(invalid, F.lit(False)),
        }
    )


def _placed(rows: DataFrame, *columns: Column) -> DataFrame:
    """With the delivery of each row's file: a lookup by the file's path, which is constant within a task."""
    # Spark spells a local path with three slashes here and with one in a row's metadata.
    spellings = {
        spelling for path in rows.inputFiles() for spelling in (path, path.replace("file:///", "file:/"))
    }
    places = [(path, *_place(unquote(path))) for path in sorted(spellings)]
    schema = "file string, region string, business_date date, delivery_no int"
    lookup = F.broadcast(rows.sparkSession.createDataFrame(places, schema))
    files = rows.select(F.col("_metadata.file_path").alias("file"), *columns)
    return files.join(lookup, on="file", how="inner").drop("file")


def _place(path: str) -> tuple[str, date, int]:
    region, business_date, delivery_no = PurePosixPath(path).parts[-4:-1]
    return region, date.fromisoformat(business_date), int(delivery_no)


def _repeated_headers(header: str, files: Iterable[SourceFile]) -> Iterable[tuple[object, ...]]:
    """A further line equal to the header is a record like any other; the header's filter took it too."""
    for file in files:
        row = (*_place(file.path.as_posix()), header, False, header)
        yield from [row] * file.header_repeats


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
