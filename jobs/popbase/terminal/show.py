"""How answers reach people and machines: a table in the terminal, JSON or CSV."""

from __future__ import annotations

import csv
import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from math import isfinite
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from popbase.clock import ZONE

Format = Literal["table", "json", "csv"]

_WIDEST = 48


def console() -> Console:
    return Console(highlight=False)


def rows(columns: Sequence[str], lines: Iterable[Sequence[Any]], how: Format, *, most: int) -> None:
    """All lines for a machine; for people the first `most`, and a word about the rest."""
    if how == "json":
        _json(columns, lines)
    elif how == "csv":
        _csv(columns, lines)
    else:
        _table(columns, iter(lines), most)


def dicts(found: Sequence[dict[str, Any]], how: Format, *, most: int, nothing: str) -> None:
    """The same for rows with names; `nothing` is what people read where there are none."""
    if not found and how == "table":
        console().print(nothing)
        return
    columns = list(found[0]) if found else []
    rows(columns, ([row[c] for c in columns] for row in found), how, most=most)


def document(content: object) -> None:
    """One JSON value."""
    sys.stdout.write(json.dumps(_jsonable(content), ensure_ascii=False, indent=1) + "\n")


def _json(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """An array with a row a line, written as it is read."""
    separator = "[\n"
    for line in lines:
        record = _jsonable(dict(zip(columns, line, strict=True)))
        sys.stdout.write(separator + json.dumps(record, ensure_ascii=False))
        separator = ",\n"
    sys.stdout.write("[]\n" if separator == "[\n" else "\n]\n")


def _csv(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows(["" if value is None else _plain(value) for value in line] for line in lines)


def _table(columns: Sequence[str], lines: Iterator[Sequence[Any]], most: int) -> None:
    shown = list(islice(lines, most))
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for number, name in enumerate(columns):
        kinds = {type(line[number]) for line in shown} - {type(None)}
        right, whole = bool(kinds & {int, float}), bool(kinds) and not kinds & {str, list, dict, tuple}
        table.add_column(
            Text(_visible(name)),
            justify="right" if right else "left",
            no_wrap=whole,
            overflow="fold",  # a number cut short would be another number
            max_width=_WIDEST,
        )
    for line in shown:
        table.add_row(*(Text(_visible(_text(value))) for value in line))
    out = console()
    out.print(table)
    if rest := sum(1 for _ in lines):
        out.print(f"... and {rest:,} more; --limit or --json shows them.")


def _text(value: object) -> str:
    """A value for people: empty where there is none, times as the country's clocks have them."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        here = value.astimezone(ZONE) if value.tzinfo else value
        return f"{here:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return str(value)


def _visible(text: str) -> str:
    """Without control characters: a name must not move the cursor of whoever looks at it."""
    return "".join(c if c.isprintable() else " " for c in text)


def _jsonable(value: object) -> object:
    """JSON has no dates, decimals, infinities, nor keys that are no text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, dict):
        return {str(_plain(key)): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(ZONE).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
