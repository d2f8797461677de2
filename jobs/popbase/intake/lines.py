"""From files to cells: one physical line is one record (design section 4, RFC 4180 held strictly).

Spark's own CSV reader is not used: it forgives stray quotes, cannot tell an undecodable byte, and reads
several files by position whatever their headers say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from popbase.intake.delivery import Received, SourceFile

MAX_LINE_BYTES = 1024 * 1024
BOM = "\ufeff"
REPLACEMENT = "\ufffd"

# The delivery a record came with, read from its file's place: <region>/<business_date>/<delivery_no>/<file>.
PLACE = ("region", "business_date", "delivery_no")


@dataclass(frozen=True)
class Layout:
    """What files must have in common to be read in one go."""

    kind: str
    format: str
    encoding: str
    header: tuple[str, ...]


@dataclass(frozen=True)
class Records:
    """Records as sent, of one layout: place, `raw`, `undecodable`, and the `line` or the file's columns."""

    layout: Layout
    rows: DataFrame


def read(spark: SparkSession, deliveries: Sequence[Received], headers: Sequence[str]) -> list[Records]:
    """The deliveries' records, one frame a layout; of Parquet files only the columns in `headers`."""
    sources = [
        (_layout(delivery, file, headers), delivery, file) for delivery in deliveries for file in delivery.files
    ]
    sources.sort(key=lambda source: (repr(source[0]), str(source[2].path)))
    found = []
    for layout, group in groupby(sources, key=lambda source: source[0]):
        files = [(delivery, file) for _, delivery, file in group]
        reader = _parquet if layout.format == "parquet" else _csv
        found.append(Records(layout, reader(spark, layout, files)))
    return found


def with_cells(records: Records) -> DataFrame:
    """Adds `cells`, array<string> in the header's order; null of a malformed line."""
    width = len(records.layout.header)
    if records.layout.format == "parquet":
        columns = [F.col(f"`{name}`") for name in records.layout.header]
        return records.rows.withColumn("cells", F.array(*columns))
    # An `if` cascade, cheap tests first: a plain line is only split, an overlong one not even looked at.
    fields = F.when(_is_plain(), F.split("line", ",")).when(_is_quoted(width), _unquoted(width))
    cells = records.rows.withColumn("cells", F.when(_is_short(), fields))
    return cells.withColumn("cells", F.when(F.size("cells") == width, F.col("cells")))


def key_cells(records: Records, headers: Sequence[str]) -> DataFrame:
    """Place and the named columns alone, found without splitting the rest of a plain line."""
    if records.layout.format == "parquet":
        return records.rows.select(*PLACE, *(F.col(f"`{name}`") for name in headers))
    quoted = F.when(_is_short() & ~_is_plain() & _is_quoted(len(records.layout.header)), _unquoted(len(records.layout.header)))
    rows = records.rows.select(*PLACE, "line", quoted.alias("cells"))
    places = {name: records.layout.header.index(name) for name in headers}
    return rows.select(
        *PLACE,
        *(
            F.when(_is_short() & _is_plain(), _plain_cell(place)).otherwise(F.col("cells")[place]).alias(name)
            for name, place in places.items()
        ),
    )


def _is_short() -> Column:
    return (F.octet_length("line") <= MAX_LINE_BYTES) & ~F.col("line").contains("\r")


def _is_plain() -> Column:
    return ~F.col("line").contains('"')


def _plain_cell(place: int) -> Column:
    return F.substring_index(F.substring_index("line", ",", place + 1), ",", -1)


def _layout(delivery: Received, file: SourceFile, headers: Sequence[str]) -> Layout:
    if file.format == "csv":
        return Layout(delivery.kind, "csv", file.encoding, file.header)
    return Layout(delivery.kind, "parquet", "UTF-8", tuple(h for h in headers if h in file.header))


def _csv(spark: SparkSession, layout: Layout, files: list[tuple[Received, SourceFile]]) -> DataFrame:
    paths = [str(file.path) for _, file in files]
    # A file's name is a name, not a pattern.
    text = spark.read.option("lineSep", "\n").option("__globPaths__", "false").text(paths)
    header_lines = {_header_text(file) for _, file in files}
    lines = _lines(text.select(*_place(), F.col("value").alias("sent")), layout.encoding)
    is_header = F.col("line").isin(*header_lines, *(BOM + h for h in header_lines))
    is_blank = F.btrim("line", F.lit(" \t")) == ""
    records = lines.where(~is_header & ~is_blank)
    repeated = list(_repeated_headers(files))
    return records.unionByName(spark.createDataFrame(repeated, records.schema)) if repeated else records


def _lines(text: DataFrame, encoding: str) -> DataFrame:
    """`sent` holds the line's bytes as they came; `line` is its text without the CR before its end."""
    sent = F.col("sent")
    if encoding == "UTF-8":
        decoded, undecodable = sent, ~F.is_valid_utf8(sent)
    else:
        data = sent.cast("binary")
        decoded = F.decode(data, "GB18030")
        # U+FFFD stands for what could not be decoded, unless the sender wrote it.
        undecodable = decoded.contains(REPLACEMENT) & (F.encode(decoded, "GB18030") != data)
    line = F.when(F.col("line").endswith("\r"), F.expr("left(line, char_length(line) - 1)")).otherwise(F.col("line"))
    kept = F.when(F.col("undecodable"), F.concat(F.lit("base64:"), F.base64(sent.cast("binary"))))
    return (
        text.withColumns({"line": decoded, "undecodable": undecodable})
        .withColumns({"line": line, "raw": F.coalesce(kept, line)})
        .select(*PLACE, "raw", "undecodable", "line")
    )


def _parquet(spark: SparkSession, layout: Layout, files: list[tuple[Received, SourceFile]]) -> DataFrame:
    columns = [F.col(f"`{name}`") for name in layout.header]
    schema = ", ".join(f"`{name}` string" for name in layout.header)
    rows = spark.read.option("__globPaths__", "false").schema(schema).parquet(*(str(file.path) for _, file in files))
    invalid = F.exists(F.array(*columns), lambda text: ~F.is_valid_utf8(text))
    return rows.select(
        *_place(),
        F.make_valid_utf8(F.to_json(F.struct(*columns))).alias("raw"),
        F.coalesce(invalid, F.lit(False)).alias("undecodable"),
        *columns,
    )


def _place() -> list[Column]:
    parts = F.split(F.substring_index(F.col("_metadata.file_path"), "/", -4), "/")
    return [
        parts[0].alias("region"),
        parts[1].try_cast("date").alias("business_date"),
        parts[2].try_cast("int").alias("delivery_no"),
    ]


def _header_text(file: SourceFile) -> str:
    return file.header_line.decode(file.encoding).removeprefix(BOM)


def _repeated_headers(files: Iterable[tuple[Received, SourceFile]]) -> Iterable[tuple[object, ...]]:
    """A further line equal to the header is a record like any other; the header's filter took it too."""
    for delivery, file in files:
        place, header = delivery.place, _header_text(file)
        row = (place.region, place.business_date, place.delivery_no, header, False, header)
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


def _unquoted(width: int) -> Column:
    """The fields of a line that `_is_quoted` found strict."""
    schema = ", ".join(f"c{i} string" for i in range(width))
    options = {"quote": '"', "escape": '"', "maxColumns": str(width + 1), "mode": "PERMISSIVE"}
    parsed = F.from_csv("line", schema, options)
    return F.array(*(parsed[f"c{i}"] for i in range(width)))
