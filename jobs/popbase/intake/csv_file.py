"""A CSV file's header and number of rows, in one pass over its bytes (design section 4)."""

from __future__ import annotations

import codecs
import csv
import zlib
from collections.abc import Iterable, Iterator

from popbase.intake.line_count import LONGEST_HEADER, LineCounter
from popbase.intake.meter import CHUNK, BrokenError, within

# Spark's reader goes by the name, in any case of letters; it finds no rows in a plain file called so.
OTHER_PACKINGS = (".bz2", ".deflate", ".lz4", ".lzo", ".snappy", ".zst")

# Each is a column of Spark's parser: a header of a million commas would keep it busy for hours.
MOST_COLUMNS = 2000

SLICE = 16 * 1024

BOM = {"UTF-8": codecs.BOM_UTF8, "GB18030": "\ufeff".encode("gb18030")}


def count(chunks: Iterable[bytes], name: str, *, encoding: str, limit: int) -> LineCounter:
    """The file's lines; a gzip file's are those inside it, at most `limit` bytes of them."""
    if name.lower().endswith(OTHER_PACKINGS):
        raise BrokenError("is named like a compressed file; of these only .gz is taken")
    lines = LineCounter(BOM[encoding])
    for chunk in _inflated(chunks, name, limit) if name.lower().endswith(".gz") else chunks:
        lines.feed(chunk)
    lines.finish()
    if lines.too_long:
        raise BrokenError("has a line of more than 64 MiB")
    return lines


def column_names(line: bytes | None, encoding: str) -> tuple[str, ...]:
    """The header's names in the file's order, without white space around them."""
    if line is None:
        raise BrokenError("has no header line")
    if len(line) > LONGEST_HEADER:
        raise BrokenError(f"has a header line of more than {LONGEST_HEADER} bytes")
    try:
        text = line.decode(encoding)
        names = [name.strip() for name in next(csv.reader([text], strict=True), [""])]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BrokenError(f"has a header line that is not CSV in {encoding}") from error
    if len(names) > MOST_COLUMNS:
        raise BrokenError(f"has a header line of more than {MOST_COLUMNS} columns")
    # U+FFFD is what is left of characters that an earlier program could not decode.
    if "\r" in text or "\ufffd" in text:
        raise BrokenError("has a CR or undecodable characters inside its header line")
    return tuple(names)


def _inflated(chunks: Iterable[bytes], name: str, limit: int) -> Iterator[bytes]:
    """What is inside a gzip file of one or more members; stops at the limit, so no bomb goes off."""
    member, inside, size = _member(), False, 0
    for piece in _slices(chunks):
        packed = piece
        while packed:
            plain = _decompressed(member, packed)
            size += len(plain)
            within(limit, size, name=name)
            yield plain
            packed, inside = member.unconsumed_tail, True
            if member.eof:
                packed, member, inside = member.unused_data, _member(), False
    if inside or not size:
        raise BrokenError("is a gzip file that is empty or cut off")


def _slices(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Small ones: zlib copies what is left of a slice at the end of every member, and there may be many."""
    for chunk in chunks:
        yield from (chunk[start : start + SLICE] for start in range(0, len(chunk), SLICE))


def _member() -> zlib._Decompress:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)  # the header and checksum of gzip


def _decompressed(member: zlib._Decompress, packed: bytes) -> bytes:
    try:
        return member.decompress(packed, CHUNK)
    except zlib.error as error:
        raise BrokenError("is not a sound gzip file") from error
