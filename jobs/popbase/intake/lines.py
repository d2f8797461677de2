"""From files to records as sent: one physical line is one record (design section 4).

Spark's own CSV reader is not used: it forgives stray quotes, cannot tell an undecodable byte, and reads
several files by position whatever their headers say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import PurePosixPath
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from popbase.intake.csv_file import BOM
from popbase.intake.delivery import Received, SourceFile
from popbase.intake.line_count import LONGEST_RECORD

REPLACEMENT = "\ufffd"

PATTERN_MARKS = frozenset("*?[]{}\\")

# The delivery a record came with, read from its file's place: <region>/<business_date>/<delivery_no>/<file>.
PLACE = ("region", "business_date", "delivery_no")


@dataclass(frozen=True)
class Layout:
    """What files must have in common to be read in one go."""

    kind: str
    format: str
    encoding: str
    header: tuple[str, ...]
    header_line: bytes
    has_overlong_lines: bool


@dataclass(frozen=True)
class Sent:
    """Records as sent, of one layout: place, `raw`, `undecodable`, and the file's columns or `line`."""

    layout: Layout
    rows: DataFrame


def read(spark: SparkSession, deliveries: Sequence[Received], columns: Sequence[str]) -> list[Sent]:
    """The deliveries' records, one frame a layout; of Parquet files only the `columns` named.

    Without the lines too long for a record: see `overlong`.
    """
    readers = {"csv": _csv, "parquet": _parquet}
    return [
        Sent(layout, readers[layout.format](spark, layout, files))
        for layout, files in _by_layout(deliveries, columns)
    ]


def overlong(spark: SparkSession, deliveries: Sequence[Received]) -> list[DataFrame]:
    """The lines too long for a record: place, `raw`, `undecodable`, `line`.

    In frames of their own: each step that copies one keeps the room for it, and the many steps of judging
    would fill the memory.
    """
    return [
        _records(_text(spark, files).where(_is_overlong()), layout)
        for layout, files in _by_layout(deliveries, ())
        if layout.has_overlong_lines
    ]


def _by_layout(
    deliveries: Sequence[Received], columns: Sequence[str]
) -> Iterator[tuple[Layout, list[SourceFile]]]:
    sources = [(_layout(delivery, file, columns), file) for delivery in deliveries for file in delivery.files]
    sources.sort(key=lambda source: (repr(source[0]), _read_alone(source[1]), source[1].url))
    for (layout, _), group in groupby(sources, key=lambda source: (source[0], _read_alone(source[1]))):
        yield layout, [file for _, file in group]


def _read_alone(file: SourceFile) -> str:
    """Spark lists files twice when one has a pattern's mark in its name, whatever `__globPaths__` says."""
    return file.name if PATTERN_MARKS.intersection(file.name) else ""


def _is_blank() -> Column:
    """Nothing but blanks and tabs; the first character tells for nearly every line."""
    first = F.substring("line", 1, 1)
    return F.when(first.isin("", " ", "\t"), F.btrim("line", F.lit(" \t")) == "").otherwise(False)


def _layout(delivery: Received, file: SourceFile, columns: Sequence[str]) -> Layout:
    if file.format == "csv":
        return Layout(
            delivery.kind, "csv", file.encoding, file.header, file.header_line, file.has_overlong_lines
        )
    header = tuple(c for c in columns if c in file.header)
    return Layout(delivery.kind, "parquet", "UTF-8", header, b"", has_overlong_lines=False)


def _csv(spark: SparkSession, layout: Layout, files: Sequence[SourceFile]) -> DataFrame:
    text = _text(spark, files)
    records = _records(text.where(~_is_overlong()) if layout.has_overlong_lines else text, layout)
    repeated = [file for file in files if file.header_repeats]
    return records.unionByName(_repeated_headers(spark, layout, repeated)) if repeated else records


def _text(spark: SparkSession, files: Sequence[SourceFile]) -> DataFrame:
    # A file's name is a name, not a pattern.
    reader = spark.read.option("lineSep", "\n").option("__globPaths__", "false")
    return reader.text([file.url for file in files])


def _records(text: DataFrame, layout: Layout) -> DataFrame:
    sent = _placed(text, F.col("value").alias("sent")).where(~_is_header(layout))
    return _lines(sent, layout.encoding).where(~_is_blank())


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


def _is_overlong() -> Column:
    return F.octet_length("value") - F.col("value").endswith("\r").cast("int") > LONGEST_RECORD


def _parquet(spark: SparkSession, layout: Layout, files: Sequence[SourceFile]) -> DataFrame:
    columns = [F.col(f"`{name}`") for name in layout.header]
    schema = ", ".join(f"`{name}` string" for name in layout.header)
    reader = spark.read.option("__globPaths__", "false").schema(schema)
    rows = reader.parquet(*(file.url for file in files))
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


def _repeated_headers(spark: SparkSession, layout: Layout, files: Sequence[SourceFile]) -> DataFrame:
    """A further line equal to the header is a record like any other; the header's filter took it too."""
    header = layout.header_line.decode(layout.encoding)
    rows = [(*_place(file.url), header, False, header, file.header_repeats) for file in files]
    schema = (
        "region string, business_date date, delivery_no int, raw string, undecodable boolean, line string"
    )
    once = spark.createDataFrame(rows, f"{schema}, repeats int")
    # Counted out by Spark: a hostile file may be nothing but its header, ten million times.
    each = F.explode(F.sequence(F.lit(1), "repeats"))
    return once.withColumn("repeat", each).drop("repeat", "repeats")
