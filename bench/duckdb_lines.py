"""Lines that DuckDB's CSV reader cannot be trusted with: found in the bytes, read one by one.

The reader ends a row at a lone CR, swallows lines after an unclosed quote, drops a column too many if it is
empty, and keeps no row as it was sent. So such lines are cut out of what it reads, and everything it rejects
is looked up again by its offset.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import mmap
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
from duckdb_rules import ODD_BLANKS, SEPARATOR

from popbase.contracts import Contract

MIB = 1024 * 1024

_ANY_FIELD = rb'(?:"(?:[^"]|"")*"|[^",]*)'
# Quoted where a comma or a quote stands inside, and only there: such a line can be put together again.
_TIDY_FIELD = rb'(?:"[^",]*(?:,|"")(?:[^"]|"")*"|[^",]*)'
_STRICT = re.compile(_ANY_FIELD + rb"(?:," + _ANY_FIELD + rb")*")
_TIDY = re.compile(_TIDY_FIELD + rb"(?:," + _TIDY_FIELD + rb")*")

csv.field_size_limit(MIB)


@dataclass(frozen=True)
class Part:
    """A file of a delivery, its bytes proved: the CSV reader may read `path`, but not the lines in `cut`."""

    place: int
    path: Path
    header: tuple[str, ...]
    cut: tuple[bytes, ...]
    rows: int


@dataclass(frozen=True)
class Record:
    """One line and its cells; a malformed one has none."""

    place: int
    raw: str
    unreadable: str | None
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sent:
    """A delivery as its sender describes it; `place` counts the feed's deliveries."""

    place: int
    folder: Path
    manifest: dict[str, Any]

    @property
    def partition(self) -> Path:
        names = ("region", "business_date", "delivery_no")
        return Path(*(f"{name}={self.manifest[name]}" for name in names))

    @property
    def rows(self) -> int:
        return sum(entry["rows"] for entry in self.manifest["files"])


def deliveries(landing: Path, feed: str) -> list[Sent]:
    paths = sorted((landing / feed).glob("*/*/*/manifest.json"))
    return [Sent(i, path.parent, json.loads(path.read_text("utf-8"))) for i, path in enumerate(paths)]


def inspect(sent: Sent, entry: dict[str, Any], scratch: Path) -> Part:
    """Size and checksum held against the manifest; lines cut out where need be."""
    place, path = sent.place, sent.folder / entry["name"]
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if len(data) != entry["bytes"] or hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise ValueError(f"{path.name} in {sent.folder} is not what its manifest says")
        header = tuple(data[: _end(data, 0)].decode().split(","))
        spans = sorted(_untidy(data))
        cut = tuple(data[start:end] for start, end in spans)
        if spans:
            path = scratch / f"{place}-{path.name}"
            _copy_without(data, spans, path)
    return Part(place, path, header, cut, entry["rows"])


def _untidy(data: mmap.mmap) -> set[tuple[int, int]]:
    """(start, end) of the lines with a CR, a U+001F, quotes where none are needed, or a comma at the end."""
    found = set()
    for mark in (b'"', b"\r", SEPARATOR.encode(), b",\n"):
        at = data.find(mark)
        while at != -1:
            start, end = data.rfind(b"\n", 0, at) + 1, _end(data, at)
            if mark != b'"' or not _TIDY.fullmatch(data, start, end):
                found.add((start, end))
            at = data.find(mark, end)
    if data[-1:] == b",":
        found.add((data.rfind(b"\n") + 1, len(data)))
    return found


def _end(data: mmap.mmap, at: int) -> int:
    end = data.find(b"\n", at)
    return len(data) if end == -1 else end


def _copy_without(data: mmap.mmap, spans: list[tuple[int, int]], path: Path) -> None:
    with memoryview(data) as view, path.open("wb") as copy:
        for (_, start), (end, _) in pairwise([(0, 0), *spans, (len(data), len(data))]):
            # Between two cuts the LF of the first goes with it.
            copy.write(view[start + (start > 0) : end])


def lines_at(path: Path, offsets: Iterable[int]) -> Iterator[bytes]:
    """The lines in which the offsets lie: of a rejected row the reader tells its start, or one byte after it.

    It also counts empty lines before a row to that row, so these are passed over.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for offset in offsets:
            start = data.rfind(b"\n", 0, offset) + 1
            while data[start : start + 1] == b"\n":
                start += 1
            yield data[start : _end(data, start)]


def records(place: int, lines: Iterable[bytes], width: int) -> Iterator[Record]:
    """The lines as RFC 4180 has them; blank ones are no rows."""
    for sent in lines:
        line = sent.removesuffix(b"\r")
        if line.strip(b" \t"):
            yield _record(place, sent, line, width)


def _record(place: int, sent: bytes, line: bytes, width: int) -> Record:
    try:
        raw, undecodable = line.decode(), False
    except UnicodeDecodeError:
        raw, undecodable = "base64:" + base64.b64encode(sent).decode(), True
    cells: list[str] = []
    if len(line) <= MIB and b"\r" not in line and _STRICT.fullmatch(line):
        cells = next(csv.reader([line.decode(errors="replace")], strict=True))
    if len(cells) != width:
        return Record(place, raw, "row.malformed", ())
    return Record(place, raw, "row.encoding" if undecodable else None, tuple(cells))


def rebuilt(place: int, sent: str) -> Record:
    """A row of the CSV reader as the line it was: tidy lines can be put together again."""
    cells = tuple(sent.split(SEPARATOR))
    return Record(place, ",".join(map(_quoted, cells)), None, cells)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if "," in cell or '"' in cell else cell


def as_source(found: Iterable[Record], contract: Contract) -> pa.Table:
    """The records as a source of `duckdb_rules.judged`, every cell in NFKC and trimmed."""
    width = len(contract.fields)
    rows = [(record, _normalised(record, width)) for record in found]
    columns: dict[str, list[Any]] = {
        "place": [record.place for record, _ in rows],
        "raw": [record.raw for record, _ in rows],
        "unreadable": [record.unreadable for record, _ in rows],
        "sent": [SEPARATOR.join(cells) for _, cells in rows],
        **{f"t_{f.name}": [cells[i] or None for _, cells in rows] for i, f in enumerate(contract.fields)},
    }
    schema = pa.schema([(name, pa.int32() if name == "place" else pa.string()) for name in columns])
    return pa.table(columns, schema=schema)


def _normalised(record: Record, width: int) -> list[str]:
    if record.unreadable:
        return [""] * width
    return [unicodedata.normalize("NFKC", cell).strip(" " + ODD_BLANKS) for cell in record.cells]
