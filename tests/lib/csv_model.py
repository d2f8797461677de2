"""CSV as design section 4 words it, one character at a time: what intake's columns must equal."""

from __future__ import annotations

import unicodedata
from enum import Enum, auto

MAX_LINE_BYTES = 1024 * 1024


class At(Enum):
    """What stands before the next character."""

    START = auto()  # a comma, or nothing yet
    PLAIN = auto()  # text of a field without quotes
    QUOTED = auto()  # a quote that opened a field, or text within it
    CLOSED = auto()  # a quote within a quoted field: its end, unless another follows


# (state, character) -> state; any other character is None. What is not here is malformed.
NEXT: dict[tuple[At, str | None], At] = {
    (At.START, ","): At.START,
    (At.START, '"'): At.QUOTED,
    (At.START, None): At.PLAIN,
    (At.PLAIN, ","): At.START,
    (At.PLAIN, None): At.PLAIN,
    (At.QUOTED, ","): At.QUOTED,
    (At.QUOTED, '"'): At.CLOSED,
    (At.QUOTED, None): At.QUOTED,
    (At.CLOSED, ","): At.START,
    (At.CLOSED, '"'): At.QUOTED,
}


def records(data: bytes) -> list[bytes]:
    """The lines below the header that are not blank, without the LF that ends each and a CR before it."""
    lines = (line.removesuffix(b"\r") for line in data.split(b"\n"))
    return [line for line in lines if line.strip(b" \t")]


def cells(line: bytes, encoding: str, width: int) -> list[str] | None:
    """The record's normalised texts; None where the line is malformed."""
    found = None if len(line) > MAX_LINE_BYTES else fields(line.decode(encoding))
    if found is None or len(found) != width:
        return None
    return [unicodedata.normalize("NFKC", text).strip() for text in found]


def fields(line: str) -> list[str] | None:
    """The fields of a line as sent; None where its quotes or a CR make it malformed."""
    found, at = [""], At.START
    for character in line:
        before, kind = at, character if character in ',"' else None
        if character == "\r" or (before, kind) not in NEXT:
            return None
        at = NEXT[before, kind]
        if at is At.START:
            found.append("")
        elif kind is None or (before is At.QUOTED and kind == ",") or before is At.CLOSED:
            found[-1] += character
    return None if at is At.QUOTED else found
