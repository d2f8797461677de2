"""Records counted while the bytes pass by are those that a plain reading finds (design section 4)."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from popbase.intake.line_count import LineCounter

BOM = {"UTF-8": b"\xef\xbb\xbf", "GB18030": b"\x84\x31\x95\x33"}
LONGEST_HEADER = 12
LONGEST_RECORD = 20

# Short pieces that meet at every kind of border: of lines, of blanks, of headers and of their repetitions.
PIECES = [
    b"\n",
    b"\r\n",
    b"\r",
    b" ",
    b"\t",
    b"a",
    b"a,b",
    b"a,b\n",
    b"\na,b\r\n",
    b" " * 20,
    b"x" * 20,
    b"\0",
]
FILES = st.lists(st.sampled_from([*PIECES, *BOM.values()]) | st.binary(max_size=2), max_size=20).map(b"".join)


def counted(chunks: Iterable[bytes], bom: bytes) -> LineCounter:
    lines = LineCounter(bom, longest_header=LONGEST_HEADER, longest_record=LONGEST_RECORD, longest_line=1000)
    for chunk in chunks:
        lines.feed(chunk)
    lines.finish()
    return lines


def naive(data: bytes, bom: bytes) -> tuple[int, bytes | None, int]:
    """(rows, header, its repetitions), line by line."""
    lines = data.removeprefix(BOM["UTF-8"]).split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    records = [line for line in (each.removesuffix(b"\r") for each in lines) if line.strip(b" \t")]
    if not records:
        return 0, None, 0
    header = records[0].removeprefix(bom)
    return len(records) - 1, header, sum(line in (header, bom + header) for line in records[1:])


@settings(max_examples=100, deadline=None)
@given(data=FILES, size=st.integers(1, 40), encoding=st.sampled_from(sorted(BOM)))
def test_the_count_is_that_of_a_plain_reading_however_the_bytes_arrive(data, size, encoding):
    bom = BOM[encoding]
    found = counted((data[at : at + size] for at in range(0, len(data), size)), bom)
    rows, header, repeats = naive(data, bom)
    assert found.rows == rows
    if header and len(header) > LONGEST_HEADER:  # refused: only that it is too long must be known
        assert len(found.header_line or b"") > LONGEST_HEADER
        return
    assert found.header_line == header
    if header and b"\r" not in header:  # others are refused as unreadable
        assert found.header_repeats == repeats


@settings(max_examples=200, deadline=None)
@given(data=FILES, size=st.integers(1, 40))
def test_no_line_that_is_too_long_goes_unnoticed_and_short_chunks_raise_no_alarm(data, size):
    found = counted((data[at : at + size] for at in range(0, len(data), size)), BOM["UTF-8"])
    longest = max(map(len, data.split(b"\n")))
    if longest > LONGEST_RECORD + len(BOM["UTF-8"]):
        assert found.has_overlong_lines
    if longest <= LONGEST_RECORD and size <= LONGEST_RECORD:
        assert not found.has_overlong_lines


@pytest.mark.parametrize("byte", [b"x", b" ", b"\r"], ids=["text", "blanks", "CRs"])
def test_a_line_of_fifty_megabytes_is_one_row_and_fills_no_memory(byte):
    lines = LineCounter(BOM["UTF-8"])
    lines.feed(b"a,b\n")
    for _ in range(50):
        lines.feed(byte * 1_000_000)
        assert len(lines._carry) < 3_000_000
    lines.feed(b"x\na,b")
    lines.finish()
    assert (lines.rows, lines.header_repeats, lines.too_long) == (2, 1, False)


def test_a_line_that_never_ends_is_noticed():
    lines = LineCounter(BOM["UTF-8"], longest_line=100)
    for _ in range(11):
        lines.feed(b"0123456789")
    lines.finish()
    assert lines.too_long
