"""A Parquet file's columns and number of rows, every value read once (design section 4).

A corrupt page would otherwise come to light only in the night's job, and stop the other senders' files too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from popbase.intake.meter import BrokenError, within
from popbase.intake.sender_folder import Opened
from popbase.settings import Settings

BATCH = 16_384  # rows

# What the Parquet reader behind us has too; brotli, for one, would fail in Spark.
PACKINGS = frozenset({"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "LZ4", "LZ4_RAW"})


def read(opened: Opened, name: str, settings: Settings) -> tuple[tuple[str, ...], int]:
    """(column names in the file's order, rows)."""
    try:
        metadata = pq.read_metadata(opened.stream)
        columns = _columns(metadata)
        within(settings.max_expansion * opened.size, _unpacked(metadata), name=name)
        return columns, _rows(opened.stream, columns, name, settings.max_file_bytes)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's, not the file's: Arrow's own errors carry no number
        raise BrokenError("is not a sound Parquet file") from error


def _columns(metadata: pq.FileMetaData) -> tuple[str, ...]:
    columns = [metadata.schema.column(i) for i in range(metadata.num_columns)]
    if not columns:
        raise BrokenError("has no columns")
    others = sum(not _is_text(column) for column in columns)
    if others:
        raise BrokenError(f"has columns of another type than string ({others} of {len(columns)})")
    unknown = {chunk.compression for chunk in _chunks(metadata)} - PACKINGS
    if unknown:
        raise BrokenError(f"is compressed with {', '.join(sorted(unknown))}, which is not taken")
    return tuple(column.name for column in columns)


def _is_text(column: pq.ColumnSchema) -> bool:
    nested = column.path != column.name or column.max_repetition_level > 0
    return not nested and column.physical_type == "BYTE_ARRAY" and column.logical_type.type == "STRING"


def _unpacked(metadata: pq.FileMetaData) -> int:
    return sum(chunk.total_uncompressed_size for chunk in _chunks(metadata))


def _chunks(metadata: pq.FileMetaData) -> Iterator[pq.ColumnChunkMetaData]:
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        yield from (group.column(i) for i in range(group.num_columns))


def _rows(stream: BinaryIO, columns: tuple[str, ...], name: str, limit: int) -> int:
    # As dictionary and indices: a long text repeated a million times stands in memory once.
    file = pq.ParquetFile(stream, read_dictionary=list(columns), page_checksum_verification=True)
    rows = size = 0
    for batch in file.iter_batches(BATCH):
        rows += batch.num_rows
        size += sum(_text_bytes(column) for column in batch.columns)
        within(limit, size, name=name)
    return rows


def _text_bytes(column: pa.Array) -> int:
    lengths = pc.binary_length(column.dictionary).take(column.indices)
    return pc.sum(lengths).as_py() or 0
