"""Deliveries of whole feeds on disk, and what intake made of them as plain rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lib.landing import entry, manifest
from popbase.control import read_small
from popbase.intake.landing import MANIFEST
from popbase.lake import Lake

DAY = "2015-12-31"


def send(
    landing: Path,
    feed: str,
    files: Mapping[str, bytes],
    *,
    region: str = "330100",
    number: int = 1,
    entries: Mapping[str, Mapping[str, Any]] | None = None,
    **said: Any,
) -> Path:
    """Writes a delivery of the day; `entries` overrides what the manifest says of a file."""
    folder = landing / feed / region / DAY / f"{number:03d}"
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    listed = [entry(name, data, **(entries or {}).get(name, {})) for name, data in files.items()]
    whole = manifest(**{"feed": feed, "region": region, "delivery_no": number, "files": listed, **said})
    (folder / MANIFEST).write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return folder


def csv_of(header: str, *rows: str, encoding: str = "UTF-8") -> bytes:
    return "".join(f"{line}\n" for line in (header, *rows)).encode(encoding)


def rows_of(lake: Lake, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """The table's rows, sorted; read without Spark, as the next reader might."""
    rows = read_small(lake.root, table)
    return sorted((tuple(row[name] for name in columns) for row in rows), key=repr)


def by_region(rows: Sequence[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    """Rows whose first column is the region, gathered by it."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for region, *rest in rows:
        found.setdefault(region, []).append(tuple(rest))
    return found
