"""Codes in words: what a reason means to somebody who has never read the design."""

from __future__ import annotations

REJECTIONS = {
    "manifest.unreadable": "the manifest is no JSON object with all fields of the right type",
    "manifest.version": "the manifest is of a version that popbase does not know",
    "manifest.path": "the manifest names another feed, region, date or number than its folder",
    "contract.version": "it was made for a contract version that is not in force",
    "date.future": "its business date lies after the day on which it was prepared",
    "file.outside": "a file's name leads out of the folder or is hidden",
    "file.link": "a file is a link",
    "file.missing": "a listed file is not there",
    "file.extra": "there is a file that the manifest does not list",
    "file.too_large": "a file is over the size limit or expands too much",
    "file.bytes": "a file's size differs from the manifest",
    "file.checksum": "a file's SHA-256 differs from the manifest",
    "file.unreadable": "a file cannot be read as what the manifest says it is",
    "column.missing": "a required column is missing",
    "file.rows": "a file holds another number of rows than the manifest says",
    "quarantine.share": "more of its rows were refused than the contract allows",
}

ROW_REASONS = {
    "citizen_id.missing": "no citizen number",
    "citizen_id.malformed": "not 17 digits and a check character",
    "citizen_id.bad_date": "the number holds no possible birth date",
    "citizen_id.bad_check": "wrong check character",
    "citizen_id.unknown_area": "the number's area code never existed",
    "row.malformed": "the line cannot be split into its columns",
    "row.encoding": "bytes that the file's encoding does not know",
    "op.required": "操作 is empty",
    "op.code": "操作 is neither U nor D",
}

NOTICES = {
    "manifest.changed": "the folder changed after it was judged; what was judged stands",
    "region.replaced": "the bureau says to have taken others over, whose records are now its own or ended",
    "delivery.moved": "a file was written to while it was read, so it waits for the next night",
    "delivery.closed": "the folder or a file in it may not be read, so it waits; the sender must open it",
    "column.unknown": "an extra column that the contract does not know was ignored",
}

# Somebody has to ask the sender; the others explain themselves.
NOTICES_FOR_TODAY = frozenset({"region.replaced", "delivery.closed"})

_ENDINGS = {"required": "is empty", "format": "is not of its type", "code": "is no known code"}


def rejection(code: str) -> str:
    return REJECTIONS.get(code, code)


def row_reason(code: str) -> str:
    """`hukou_nature.code` -> 'hukou_nature is no known code'; an unknown code stays what it is."""
    field, _, ending = code.rpartition(".")
    return ROW_REASONS.get(code) or (f"{field} {_ENDINGS[ending]}" if ending in _ENDINGS else code)


def notice(code: str) -> str:
    return NOTICES.get(code, code)


def count(number: int, noun: str) -> str:
    """`count(1, "day")` -> '1 day'; `count(12000, "row")` -> '12,000 rows'."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {_plural(noun)}"


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"
