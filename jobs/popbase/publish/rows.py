"""A table's rows as DuckDB scans them: filters and columns reach the files, also below deletion vectors.

pyarrow refuses tables with deletion vectors, delta-rs streams whole tables, and DuckDB must not touch files
itself (`reader.py`). So this reads a file's filtered columns first, and its others only where rows are left:
of five million persons one is found by reading two columns of thirty.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import accumulate
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import deltalake
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pa_fs
from deltalake.fs import DeltaStorageHandler

from popbase.delta_log import has_vectors
from popbase.errors import StorageError
from popbase.storage import is_s3

T = TypeVar("T")
_AT = "__at"  # where a row stands in its group
_WORKERS = os.cpu_count() or 1


class Rows(ds.Dataset):  # type: ignore[misc] # pyarrow has no types
    """A version of a Delta table. DuckDB takes it for a dataset of pyarrow's, and asks `scanner` alone."""

    def __init__(self, delta: deltalake.DeltaTable) -> None:
        self._schema = pa.schema(delta.schema().to_arrow())
        self._files, self._kept = _files(delta, self._schema), kept_rows(delta)
        if lost := self._kept.keys() - {unquote(path) for path in self._files.files}:
            # Rather no answer than one with rows that are deleted.
            raise StorageError(f"{len(lost)} deletion vectors belong to no file of their table.")

    @property
    def schema(self) -> pa.Schema:
        return self._schema

    def scanner(
        self,
        columns: Sequence[str] | None = None,
        filter: ds.Expression | None = None,
        **_: object,
    ) -> ds.Scanner:
        names = self._schema.names if columns is None else list(columns)
        asked = _Asked(self._schema, names, filter)
        # By their places alone: none is opened for it.
        fragments = self._files.get_fragments(filter=filter)
        files = (_File(fragment, self._kept.get(unquote(fragment.path))) for fragment in fragments)
        return ds.Scanner.from_batches(_batches(asked, files), schema=asked.told)


@dataclass(frozen=True)
class _File:
    """`kept`: which of its rows no deletion vector hides; None where all are."""

    fragment: ds.ParquetFileFragment
    kept: pa.BooleanArray | None


@dataclass(frozen=True)
class _Asked:
    schema: pa.Schema
    names: Sequence[str]
    filter: ds.Expression | None

    @property
    def told(self) -> pa.Schema:
        return pa.schema([self.schema.field(name) for name in self.names])

    @cached_property
    def filtered(self) -> list[str]:
        """The columns that the filter names; a value that is called like one costs a column more."""
        words = set(re.findall(r"\w+", str(self.filter)))
        return [name for name in self.schema.names if name in words]


def _files(delta: deltalake.DeltaTable, schema: pa.Schema) -> ds.FileSystemDataset:
    """The version's files, none of them opened yet."""
    filesystem = _filesystem(delta)
    options = ds.ParquetFragmentScanOptions(pre_buffer=True)
    form = ds.ParquetFileFormat(default_fragment_scan_options=options)
    fragments = [
        form.make_fragment(path, filesystem=filesystem, partition_expression=place)
        for path, place in delta._table.dataset_partitions(schema, None)
    ]
    return ds.FileSystemDataset(fragments, schema, form, filesystem)


def _filesystem(delta: deltalake.DeltaTable) -> pa_fs.FileSystem:
    """The table's folder; on a disk without delta-rs between, which costs as much as reading (measured)."""
    if is_s3(delta.table_uri):
        sizes = delta._table.get_add_file_sizes()
        return pa_fs.PyFileSystem(DeltaStorageHandler.from_table(delta._table, None, sizes))
    return pa_fs.SubTreeFileSystem(_address(delta.table_uri), pa_fs.LocalFileSystem(use_mmap=True))


def _address(uri: str) -> str:
    """Without its scheme, of which S3 has two."""
    parts = urlsplit(uri)
    return unquote(parts.netloc + parts.path).rstrip("/")


def kept_rows(delta: deltalake.DeltaTable) -> dict[str, pa.BooleanArray]:
    """By file the rows that its deletion vector leaves."""
    if not has_vectors(delta):
        return {}
    # `pa.table` would import pandas, which takes as long as a question may.
    vectors = pa.RecordBatchReader.from_stream(delta.deletion_vectors()).read_all().to_batches()
    return {
        _address(str(uri)).removeprefix(f"{_address(delta.table_uri)}/"): kept.values
        for batch in vectors
        for uri, kept in zip(*batch.columns, strict=True)
    }


def _batches(asked: _Asked, files: Iterable[_File]) -> Iterator[pa.RecordBatch]:
    groups = (partial(_of_group, asked, file, *group) for file in files for group in _groups(asked, file))
    for table in _in_order(groups):
        yield from table.to_batches()


def _in_order(work: Iterable[Callable[[], T]]) -> Iterator[T]:
    """What each returns, some of them at once; no more is kept than the reader takes."""
    ahead: deque[Future[T]] = deque()
    with ThreadPoolExecutor(_WORKERS) as pool:
        for each in work:
            ahead.append(pool.submit(each))
            if len(ahead) > _WORKERS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _groups(asked: _Asked, file: _File) -> Iterator[tuple[ds.ParquetFileFragment, int]]:
    """The file's row groups that by their statistics may hold what is asked, and the rows before each."""
    parts = file.fragment.split_by_row_group(filter=asked.filter, schema=asked.schema)
    before = [0, *accumulate(group.num_rows for group in file.fragment.row_groups)]
    for part in parts:
        (group,) = part.row_groups
        yield part, before[group.id]


def _of_group(asked: _Asked, file: _File, part: ds.ParquetFileFragment, before: int) -> pa.Table:
    read = partial(part.to_table, schema=asked.schema)
    if asked.filter is None:
        table = read(columns=asked.names)
        return table if file.kept is None else table.filter(file.kept.slice(before, len(table)))
    first = read(columns=asked.filtered, use_threads=False)  # the other cores are at other groups
    found = first.append_column(_AT, pa.arange(0, len(first))).filter(asked.filter)
    if file.kept is not None:
        found = found.filter(file.kept.slice(before, len(first)).take(found[_AT]))
    rest = [name for name in asked.names if name not in asked.filtered]
    if not rest:
        return found.select(asked.names)
    if not len(found):
        return asked.told.empty_table()
    others = read(columns=rest).take(found[_AT])
    columns = [(others if name in rest else found)[name] for name in asked.names]
    return pa.Table.from_arrays(columns, schema=asked.told)
