"""One file of a delivery, read once: its bytes, checksum, header and rows (design section 4)."""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace
from typing import Literal

from popbase.intake import csv_file, parquet_file
from popbase.intake.landing import unreadable
from popbase.intake.manifest import ABSENT, Entry, Refusal
from popbase.intake.meter import BrokenError, Meter
from popbase.intake.sender_folder import Opened, SenderFolder, Stamp
from popbase.settings import Settings


@dataclass(frozen=True)
class SourceFile:
    """A file that can be read row by row.

    `header_line` is without the LF, a CR before it and a BOM; `header_repeats` further lines are equal to it,
    with a BOM or without: they are rows. `has_overlong_lines` may be true of a file whose longest just fits.
    `stamp` is that of the moment at which its reading began.
    """

    folder: SenderFolder
    name: str
    format: Literal["csv", "parquet"]
    encoding: Literal["UTF-8", "GB18030"]
    header: tuple[str, ...] = ()
    header_line: bytes = b""
    header_repeats: int = 0
    rows: int = 0
    has_overlong_lines: bool = False
    stamp: Stamp | None = None

    def stands(self) -> bool:
        """Whether the file is still the one whose bytes were checked."""
        try:
            return self.folder.stamp(self.name) == self.stamp
        except OSError:
            return False

    @property
    def url(self) -> str:
        """Where Spark finds it."""
        return self.folder.url(self.name)


@dataclass(frozen=True)
class Reading:
    """What one pass over a file found; `fault` says why its rows cannot be read."""

    entry: Entry
    size: int
    sha256: str
    source: SourceFile
    fault: str | None


def read(folder: SenderFolder, entry: Entry, settings: Settings) -> Reading:
    """Raises the Refusals `file.link`, `file.missing` and `file.too_large`, which come before all others.

    Whatever else is wrong stands in the Reading, for the caller to judge in the order of the reasons.
    """
    try:
        opened = folder.open(entry.name)
        with opened.stream:
            return _read(folder, entry, opened, settings)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refusal("file.link", f"'{entry.name}' is a link; send the file itself.") from error
        if error.errno in ABSENT:
            raise Refusal("file.missing", f"'{entry.name}' is missing or no regular file.") from error
        raise unreadable(folder.url(""), error) from error  # not the file's name: it is the sender's


def _read(folder: SenderFolder, entry: Entry, opened: Opened, settings: Settings) -> Reading:
    meter = Meter(opened.stream, entry.name, settings.max_file_bytes)
    source = SourceFile(folder, entry.name, entry.format, entry.encoding, stamp=opened.stamp)
    fault = None
    try:
        read_rows = _csv if entry.format == "csv" else _parquet
        source = read_rows(source, opened, meter, settings)
    except BrokenError as broken:
        fault = f"'{entry.name}' {broken}."
    return Reading(entry, meter.size, meter.sha256, source, fault)


def _csv(source: SourceFile, opened: Opened, meter: Meter, settings: Settings) -> SourceFile:
    limit = min(settings.max_file_bytes, settings.max_expansion * opened.size)
    try:
        lines = csv_file.count(meter, source.name, encoding=source.encoding, limit=limit)
    finally:
        meter.drain()  # bytes and checksum are judged over the whole file, however broken it is
    return replace(
        source,
        header=csv_file.column_names(lines.header_line, source.encoding),
        header_line=lines.header_line or b"",
        header_repeats=lines.header_repeats,
        rows=lines.rows,
        has_overlong_lines=lines.has_overlong_lines,
    )


def _parquet(source: SourceFile, opened: Opened, meter: Meter, settings: Settings) -> SourceFile:
    meter.drain()
    opened.stream.seek(0)
    header, rows = parquet_file.read(opened, source.name, settings)
    return replace(source, header=header, rows=rows)
