"""The row rules once more, in plain Python, one row at a time (design sections 5 and 6).

Written from the design's text alone and slow on purpose: what the night must find is checked against this.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from popbase.contracts import Contract, Field
from popbase.generate import areas, numbers

EAST_8 = timezone(timedelta(hours=8))
HMT_AREAS = ("810000", "820000", "830000")
# Domain facts 6.2; the pairs after the first: GB 18030-2022.
PRIVATE_USE = {
    "\ue863": "䶮", "\ue81e": "\u9fb4", "\ue826": "\u9fb5", "\ue82b": "\u9fb6", "\ue82c": "\u9fb7",
    "\ue832": "\u9fb8", "\ue843": "\u9fb9", "\ue854": "\u9fba", "\ue864": "\u9fbb",
}  # fmt: skip
SEPARATORS = "·•・‧．.･"

Cells = dict[str, str | None]


@dataclass(frozen=True)
class Judged:
    """A row's fate: refused with `reasons`, or accepted with typed `values` and `flags`."""

    key: tuple[str, ...]
    reasons: tuple[str, ...]
    flags: tuple[str, ...]
    values: dict[str, Any]
    text: Cells

    @property
    def accepted(self) -> bool:
        return not self.reasons


class Refused(Exception):  # noqa: N818 - a verdict, not a failure
    """Carries the rule that a value breaks."""


def normalised(raw: str | None) -> str | None:
    return (unicodedata.normalize("NFKC", raw).strip() or None) if raw is not None else None


def match_name(name: str | None) -> str | None:
    if name is None:
        return None
    text = unicodedata.normalize("NFKC", name)
    text = "".join(PRIVATE_USE.get(c, c) for c in text).upper()
    return "".join(c for c in text if not c.isspace() and c not in SEPARATORS)


def judge(
    contract: Contract, cells: Cells, *, business_date: date, op: str | None = None, changes: bool = False
) -> Judged:
    """One well-formed row under its contract."""
    text = {f.name: normalised(cells.get(f.name)) for f in contract.fields}
    reasons = _op_reasons(normalised(op)) if changes else []
    deleted = changes and normalised(op) == "D"
    judged = [f for f in contract.fields if not deleted or f.key or f.role == "updated_at"]
    values: dict[str, Any] = dict.fromkeys(text)
    flags: list[str] = []
    for field in judged:
        try:
            values[field.name] = _value(field, text[field.name], business_date, flags)
        except Refused as refused:
            reasons.append(str(refused))
    if not deleted:
        flags += _number_flags(contract, values, business_date)
    key = tuple(text[f.name] or "" for f in contract.key)
    return Judged(key, tuple(sorted(set(reasons))), tuple(sorted(set(flags))), values, text)


def _op_reasons(op: str | None) -> list[str]:
    if op is None:
        return ["op.required"]
    return [] if op in ("U", "D") else ["op.code"]


def _value(field: Field, text: str | None, business_date: date, flags: list[str]) -> Any:
    if text is None:
        if field.required:
            raise Refused("citizen_id.missing" if field.type == "id" else f"{field.name}.required")
        return None
    if field.type in ("id", "oldid"):
        return _number(text, field.type, business_date, flags)
    if field.type in ("code", "code2"):
        known = text in field.codes if field.type == "code" else re.fullmatch("[0-9]{2}", text) is not None
        return text if known else _unknown_code(field, flags)
    try:
        return _PARSERS[field.type](text)
    except ValueError as error:
        raise Refused(f"{field.name}.format") from error


def _unknown_code(field: Field, flags: list[str]) -> None:
    if field.unknown_code == "error":
        raise Refused(f"{field.name}.code")
    flags.append(f"{field.name}.code")


def _number(text: str, kind: str, business_date: date, flags: list[str]) -> str:
    """The number of 18 characters; the first rule it breaks names the reason."""
    number = "".join(text.split()).upper()
    if re.fullmatch("[0-9]{15}", number):
        number = numbers.upgraded(number)
        flags.append("citizen_id.upgraded")
    if not re.fullmatch("[0-9]{17}[0-9X]", number):
        raise Refused("citizen_id.malformed")
    if kind == "oldid":
        return number
    born = _date_within(number)
    if born is None or born.year < 1800 or born > business_date:
        raise Refused("citizen_id.bad_date")
    if numbers.check_character(number[:17]) != number[17]:
        raise Refused("citizen_id.bad_check")
    if not _known_area(number[:6]):
        raise Refused("citizen_id.unknown_area")
    return number


def _date_within(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def _known_area(code: str) -> bool:
    if code.startswith("71"):
        return False
    return code in HMT_AREAS or code.startswith("9") or code in areas.years()


def _number_flags(contract: Contract, values: dict[str, Any], business_date: date) -> list[str]:
    """What is odd about an accepted number beside the rest of its row."""
    field = contract.with_role("number") or next((f for f in contract.fields if f.type == "id"), None)
    number = values.get(field.name) if field else None
    born = _date_within(number) if number else None
    if number is None or born is None:
        return []
    flags = []
    registered = values.get("registered_on") or business_date
    first, last = areas.years().get(number[:6], (areas.BEGINNING, areas.OPEN_END))
    if last < born.year or first > registered.year:
        flags.append("citizen_id.area_not_in_force")
    if completed_years(born, business_date) > 120:
        flags.append("citizen_id.age")
    return flags + contradictions(values, number)


def contradictions(values: dict[str, Any], number: str) -> list[str]:
    """Where a declared sex or birth date is not the number's."""
    flags = []
    if values.get("sex") in ("1", "2") and int(values["sex"]) % 2 != int(number[16]) % 2:
        flags.append("citizen_id.sex")
    if values.get("birth_date") is not None and values["birth_date"] != _date_within(number):
        flags.append("citizen_id.birth_date")
    return flags


def completed_years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _full(pattern: str, text: str) -> re.Match[str]:
    found = re.fullmatch(pattern, text, re.ASCII)
    if found is None:
        raise ValueError
    return found


def _date(text: str) -> date:
    year, month, day = _full(r"(\d{4})-(\d{2})-(\d{2})", text).groups() if "-" in text else _full(
        r"(\d{4})(\d{2})(\d{2})", text).groups()  # fmt: skip
    return date(int(year), int(month), int(day))


def _timestamp(text: str) -> datetime:
    _full(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?", text)
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=EAST_8)


def _year_month(text: str) -> date:
    year, month = _full(r"(\d{4})(\d{2})", text).groups()
    return date(int(year), int(month), 1)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "date": _date,
    "yearmonth": _year_month,
    "timestamp": _timestamp,
    "integer": lambda text: int(_full(r"-?\d+", text)[0]),
    "decimal": lambda text: Decimal(_full(r"-?\d{1,16}(\.\d{1,2})?", text)[0]),
    "area12": lambda text: _full(r"\d{12}", text)[0],
    "area6": lambda text: _full(r"\d{6}", text)[0],
    "area": lambda text: _full(r"\d{6}|\d{9}|\d{12}", text)[0],
}
