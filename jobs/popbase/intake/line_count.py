"""Counting a CSV's records while its bytes pass by, at the speed of hashing them (design section 4).

One record is one physical line ended by LF, a CR before it dropped; lines of nothing but spaces and tabs are
none; the first other line is the header. In UTF-8 and GB18030 alike, these bytes are in no other character.
"""

from __future__ import annotations

import codecs
import re

import numpy as np
from numpy.typing import NDArray

MIB = 1024**2
LONGEST_HEADER = MIB
# Design section 4: a longer line is no record, but refused.
LONGEST_RECORD = MIB
# Spark could not even hold a line much longer than this, to refuse it.
LONGEST_LINE = 64 * MIB

TAB, LF, CR, SPACE = b"\t\n\r "
BLANKS = b" \t"
# Possessive, so that a line of a million spaces is walked once.
FIRST_LINE = re.compile(rb"\n(?![ \t]*+\r?\n)([^\n]*+)\n")


class LineCounter:
    """Takes a file's chunks of any size; every line is looked at with the LF that ended the one before."""

    def __init__(
        self,
        bom: bytes,
        *,
        longest_header: int = LONGEST_HEADER,
        longest_record: int = LONGEST_RECORD,
        longest_line: int = LONGEST_LINE,
    ) -> None:
        self.header_line: bytes | None = None  # without its BOM
        self.header_repeats = 0  # further such lines, with a BOM or without
        self.has_overlong_lines = False  # over a record's length, give or take a CR and a BOM
        self.too_long = False
        self._bom = bom
        self._longest_header = longest_header
        self._longest_record = longest_record
        self._longest_line = longest_line
        self._lines = 0  # that are not blank, the header among them
        self._carry = b"\n"  # the unfinished line
        self._carried = 0  # its length, of which `_carry` may hold less
        self._begun = False

    @property
    def rows(self) -> int:
        return max(self._lines - 1, 0)

    def feed(self, chunk: bytes) -> None:
        if self.too_long:  # refused, whatever follows
            return
        block = self._carry + chunk
        if not self._begun:
            if len(block) <= len(codecs.BOM_UTF8):
                self._carry, self._carried = block, len(block) - 1
                return
            block = self._begin(block)
        self.has_overlong_lines |= self._carried + self._most(chunk) > self._longest_record
        end = block.rfind(b"\n")
        self._carried = len(block) - end - 1 if end else self._carried + len(chunk)
        self.too_long |= self._carried > self._longest_line
        if end:
            self._count(block[: end + 1])
        self._carry = self._shortened(block[end:])

    def finish(self) -> None:
        """The last line may lack its LF."""
        line = self._carry if self._begun else self._begin(self._carry)
        if line != b"\n":
            self._count(line + b"\n")

    def _begin(self, block: bytes) -> bytes:
        """Spark's line reader drops a UTF-8 BOM unasked, so it is no part of the first line here either."""
        self._begun = True
        return b"\n" + block[1:].removeprefix(codecs.BOM_UTF8)

    def _count(self, block: bytes) -> None:
        """`block` is whole lines, each with the LF before it."""
        self._lines += _solid_lines(np.frombuffer(block, np.uint8))
        start = 0
        if self.header_line is None:
            first = FIRST_LINE.search(block)
            if not first:
                return
            self.header_line = first[1].removesuffix(b"\r").removeprefix(self._bom)
            start = first.end(1)
        if len(self.header_line) <= self._longest_header:
            repeats = (_repeats(block, start, b"\n" + bom + self.header_line) for bom in (b"", self._bom))
            self.header_repeats += sum(repeats)

    def _most(self, chunk: bytes) -> int:
        """How long a line can be that ends in the chunk, or goes on after it."""
        if len(chunk) > self._longest_record:
            return max(map(len, chunk.split(b"\n")))
        first = chunk.find(b"\n")  # no line inside can be too long, only the one that began before
        return len(chunk) if first < 0 else first

    def _shortened(self, line: bytes) -> bytes:
        """A line without end must not fill the memory: beyond a header's length only its kind matters."""
        if len(line) <= self._longest_header + len(self._bom) + len(b"\n\r"):
            return line
        solid = line.translate(None, BLANKS)
        blank_so_far = solid == b"\n" or (solid == b"\n\r" and line.endswith(b"\r"))
        kept = self._longest_header + len(self._bom) + 1
        return b"\n" + (b" " * kept + solid[1:] if blank_so_far else b"x" * kept)


def _solid_lines(codes: NDArray[np.uint8]) -> int:
    """The lines that are not blank. Most blocks have none that could be: it would begin with a control."""
    feeds = codes == LF
    lines = int(np.count_nonzero(feeds)) - 1
    if np.any(feeds[:-1] & (codes[1:] <= SPACE)):
        lines -= _blank_lines(codes, feeds)
    return lines


def _blank_lines(codes: NDArray[np.uint8], feeds: NDArray[np.bool_]) -> int:
    solid = ~feeds & (codes != SPACE) & (codes != TAB)
    solid[:-1] &= ~((codes[:-1] == CR) & feeds[1:])
    starts = np.flatnonzero(feeds)[:-1]
    return int(np.count_nonzero(~np.logical_or.reduceat(solid, starts)))


def _repeats(block: bytes, start: int, line: bytes) -> int:
    """How often `line`, given with the LF before it, stands whole in the block."""
    found = 0
    at = block.find(line, start)
    while at != -1:
        end = at + len(line)
        found += block.startswith((b"\n", b"\r\n"), end)
        at = block.find(line, end)
    return found
