"""The row rules of design section 6 as DuckDB SQL, written apart from popbase's: each side checks the other.

Shared with popbase is only what a contract says (fields, types, codes) and the list of area codes.
"""

# ruff: noqa: S608 - the SQL is put together from contracts and our own paths, never from what was sent

from __future__ import annotations

from collections.abc import Iterable, Sequence

from popbase.contracts import Contract, Field

SEPARATOR = "\x1f"
# White space that NFKC leaves as it is, beside the plain blank.
ODD_BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029"
# NFKC changes none of these characters, nor any text made of them: ASCII, Han, the name separator.
STABLE = r"\x20-\x7e\x{4e00}-\x{9fff}·"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

_CHECK = " + ".join(f"n // {10 ** (16 - i)} % 10 * {weight}" for i, weight in enumerate(WEIGHTS))
_ZONED = "t || CASE WHEN regexp_matches(t, '(Z|[+-][0-9]{2}:[0-9]{2})$') THEN '' ELSE '+08:00' END"
_TIME = r"([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?"

MACROS = f"""
CREATE MACRO dashed(t) AS t[1:4] || '-' || t[5:6] || '-' || t[7:8];
CREATE MACRO as_date(t) AS CASE
    WHEN starts_with(t, '0000') THEN NULL
    WHEN regexp_full_match(t, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') THEN try_cast(t AS DATE)
    WHEN regexp_full_match(t, '[0-9]{{8}}') THEN try_cast(dashed(t) AS DATE) END;
CREATE MACRO as_month(t) AS CASE
    WHEN regexp_full_match(t, '[0-9]{{6}}') AND NOT starts_with(t, '0000')
    THEN try_cast(dashed(t || '01') AS DATE) END;
CREATE MACRO as_timestamp(t) AS CASE
    WHEN regexp_full_match(t, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]{_TIME}') AND NOT starts_with(t, '0000')
    THEN try_cast({_ZONED} AS TIMESTAMPTZ) END;
CREATE MACRO compacted(t) AS CASE
    WHEN regexp_full_match(t, '[0-9]{{17}}[0-9X]') THEN t ELSE upper(translate(t, ' {ODD_BLANKS}', '')) END;
CREATE MACRO as_number(c) AS CASE
    WHEN regexp_full_match(c, '[0-9]{{17}}[0-9X]') THEN c[1:17]::BIGINT
    WHEN regexp_full_match(c, '[0-9]{{15}}') THEN (c[1:6] || '19' || c[7:15])::BIGINT END;
CREATE MACRO check_character(n) AS '10X98765432'[({_CHECK}) % 11 + 1];
CREATE MACRO born(n) AS CASE
    WHEN n // 10000000 % 10000 >= 1800
    THEN TRY(make_date(n // 10000000 % 10000, n // 100000 % 100, n // 1000 % 100)) END;
CREATE MACRO age(b, d) AS
    year(d) - year(b) - (month(d) * 100 + day(d) < month(b) * 100 + day(b))::INTEGER;
CREATE MACRO gathered(codes) AS list_distinct(list_filter(codes, lambda code: code IS NOT NULL));
"""

# A full match of one of these is the type; what else must hold stands in `_value`.
_SHAPES = {
    "integer": "-?[0-9]+",
    "decimal": r"-?[0-9]{1,16}(\.[0-9]{1,2})?",
    "area12": "[0-9]{12}",
    "area6": "[0-9]{6}",
    "area": "[0-9]{6}|[0-9]{9}|[0-9]{12}",
    "code2": "[0-9]{2}",
}
_CASTS = {"integer": "BIGINT", "decimal": "DECIMAL(18, 2)"}
_PARSERS = {"date": "as_date", "yearmonth": "as_month", "timestamp": "as_timestamp"}
_NUMBERS = ("id", "oldid")


def judged(contract: Contract, source: str, *, day: str) -> str:
    """SQL: one row is a row of `source`, judged; the contract's fields typed, flags, reasons, sent, key, ...

    `source` has place, raw, unreadable, sent (the normalised cells joined by U+001F) and a text `t_<field>`
    for every field, null where empty.
    """
    fields, numbers = contract.fields, [f for f in contract.fields if f.type in _NUMBERS]
    compact = "".join(f", compacted(t_{f.name}) AS c_{f.name}" for f in numbers)
    seventeen = "".join(f", as_number(c_{f.name}) AS n_{f.name}" for f in numbers)
    birth = "".join(f", born(n_{f.name}) AS b_{f.name}" for f in numbers)
    areas = "".join(
        f" LEFT JOIN area a_{f.name} ON a_{f.name}.code = n_{f.name} // 100000000000" for f in numbers
    )
    years = "".join(
        f", a_{f.name}.first AS first_{f.name}, a_{f.name}.last AS last_{f.name}" for f in numbers
    )
    values = "".join(f", {_value(f)} AS {f.name}" for f in fields)
    errors = [error for f in fields if (error := _error(f, day))]
    flags = [flag for f in fields for flag in _flags(f, contract, day)]
    return f"""
    WITH compact AS (SELECT *{compact} FROM {source}), seventeen AS (SELECT *{seventeen} FROM compact),
    numbered AS (SELECT *{birth}{years} FROM seventeen{areas}),
    valued AS (SELECT *{values} FROM numbered),
    coded AS (
        SELECT *, {_gathered(flags)} AS flags,
            CASE WHEN unreadable IS NOT NULL THEN [unreadable] ELSE {_gathered(errors)} END AS reasons
        FROM valued)
    SELECT {", ".join(f.name for f in fields)}, flags, reasons, place, raw, sent,
        CASE WHEN unreadable IS NOT NULL THEN '' WHEN len(reasons) > 0 THEN {_key(contract)} END AS key
    FROM coded"""


# What NFKC or trimming may change stands out: another character, or a blank at a cell's end.
IS_UNSTABLE = f"regexp_matches(sent, '(^|{SEPARATOR}) | ({SEPARATOR}|$)|[^{STABLE}{SEPARATOR}]')"
IS_ODD = f"len(reasons) > 0 OR len(flags) > 0 OR {IS_UNSTABLE}"


def key_hash(contract: Contract) -> str:
    return f"hash(place, {', '.join(f.name for f in contract.key)})"


def _gathered(codes: Sequence[str]) -> str:
    """Lists are made only of the few rows that have codes."""
    if not codes:
        return "[]::VARCHAR[]"
    listed = ", ".join(codes)
    return f"CASE WHEN coalesce({listed}) IS NULL THEN []::VARCHAR[] ELSE gathered([{listed}]) END"


def _value(f: Field) -> str:
    text = f"t_{f.name}"
    if f.type == "text":
        return f"CASE WHEN NOT contains({text}, chr(0)) THEN {text} END"
    if f.type == "code":
        return f"CASE WHEN {text} IN ({_listed(f.codes)}) THEN {text} END"
    if f.type in _NUMBERS:
        upgraded = f"lpad(n_{f.name}::VARCHAR, 17, '0') || check_character(n_{f.name})"
        return f"CASE WHEN strlen(c_{f.name}) = 15 THEN {upgraded} WHEN n_{f.name} > 0 THEN c_{f.name} END"
    if f.type in _PARSERS:
        return f"{_PARSERS[f.type]}({text})"
    typed = f"TRY_CAST({text} AS {_CASTS.get(f.type, 'VARCHAR')})"
    return f"CASE WHEN regexp_full_match({text}, '{_SHAPES[f.type]}') THEN {typed} END"


def _error(f: Field, day: str) -> str:
    """SQL: the code of what is wrong with the field, or null."""
    if f.type in _NUMBERS:
        return _number_error(f, day)
    missing = f"WHEN t_{f.name} IS NULL THEN '{f.name}.required'" if f.required else ""
    kind = "code" if f.unknown_code else "format"
    wrong = f"WHEN t_{f.name} IS NOT NULL AND {f.name} IS NULL THEN '{f.name}.{kind}'"
    whens = missing + ("" if f.unknown_code == "warning" else wrong)
    return f"CASE {whens} END" if whens else ""


def _number_error(f: Field, day: str) -> str:
    n, c = f"n_{f.name}", f"c_{f.name}"
    missing = "'citizen_id.missing'" if f.required else "NULL"
    malformed = f"WHEN t_{f.name} IS NULL THEN {missing} WHEN {n} IS NULL THEN 'citizen_id.malformed'"
    if f.type == "oldid":  # a number to be corrected may be wrong in every other way
        return f"CASE {malformed} END"
    return f"""CASE {malformed}
        WHEN b_{f.name} IS NULL OR b_{f.name} > DATE '{day}' THEN 'citizen_id.bad_date'
        WHEN strlen({c}) = 18 AND {c}[18] <> check_character({n}) THEN 'citizen_id.bad_check'
        WHEN first_{f.name} IS NULL AND {n} < 90000000000000000 THEN 'citizen_id.unknown_area' END"""


def _flags(f: Field, contract: Contract, day: str) -> list[str]:
    """SQL: the codes of what is noted and forgiven, each null where it does not hold."""
    if f.type in _NUMBERS:
        held = _number_flags(f, contract, day) if f.type == "id" else {"upgraded": _is_old(f)}
        return [f"CASE WHEN {holds} THEN 'citizen_id.{code}' END" for code, holds in held.items()]
    if f.unknown_code != "warning":
        return []
    return [f"CASE WHEN t_{f.name} IS NOT NULL AND {f.name} IS NULL THEN '{f.name}.code' END"]


def _number_flags(f: Field, contract: Contract, day: str) -> dict[str, str]:
    names = [field.name for field in contract.fields]
    registered = f"coalesce(registered_on, DATE '{day}')" if "registered_on" in names else f"DATE '{day}'"
    born, n = f"b_{f.name}", f"n_{f.name}"
    flags = {
        "upgraded": _is_old(f),
        "area_not_in_force": f"last_{f.name} < year({born}) OR first_{f.name} > year({registered})",
        "age": f"age({born}, DATE '{day}') > 120",
    }
    if f.role == "number" and "sex" in names:
        flags["sex"] = f"sex IN ('1', '2') AND (sex = '1') <> ({n} % 2 = 1)"
    if f.role == "number" and "birth_date" in names:
        flags["birth_date"] = f"birth_date <> {born}"
    return flags


def _is_old(f: Field) -> str:
    return f"n_{f.name} IS NOT NULL AND strlen(c_{f.name}) = 15"


def _key(contract: Contract) -> str:
    parts = (f"coalesce({f.name}::VARCHAR, t_{f.name}, '')" for f in contract.key)
    return f"concat_ws('|', {', '.join(parts)})"


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes)
