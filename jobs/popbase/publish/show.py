"""How answers reach people and machines: a table in the terminal, JSON or CSV."""

from __future__ import annotations

import csv
import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

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
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1, default=_plain) + "\n")


def _json(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """An array with a row a line, written as it is read."""
    separator = "[\n"
    for line in lines:
        record = dict(zip(columns, line, strict=True))
        sys.stdout.write(separator + json.dumps(record, ensure_ascii=False, default=_plain))
        separator = ",\n"
    sys.stdout.write("[]\n" if separator == "[\n" else "\n]\n")


def _csv(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows([_cell(value) if value is not None else "" for value in line] for line in lines)


def _table(columns: Sequence[str], lines: Iterator[Sequence[Any]], most: int) -> None:
    shown = list(islice(lines, most))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(columns):
        numeric = any(isinstance(line[number], int | float) for line in shown)
        table.add_column(Text(_visible(name)), justify="right" if numeric else "left", max_width=_WIDEST)
    for line in shown:
        table.add_row(*(Text(_visible(_cell(value))) for value in line))
    out = console()
    out.print(table)
    if rest := sum(1 for _ in lines):
        out.print(f"... and {rest:,} more; --limit, --json or --csv shows them.")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    return str(value)


def _visible(text: str) -> str:
    """Without control characters: a name must not move the cursor of whoever looks at it."""
    return "".join(c if c.isprintable() else " " for c in text)


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
