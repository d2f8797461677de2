"""Deliveries that must be rejected: a good one is written, then broken in exactly one way."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from popbase import contracts
from popbase.generate.chance import Chance
from popbase.generate.deliver import PLAIN, Delivery, Row, write, write_manifest
from popbase.generate.truth import Bad

Manifest = dict[str, Any]

SAMPLE = 40  # rows of the delivery that is copied; enough for a share of bad ones
BOMB_LINES = 60_000


def make(landing: Path, delivery: Delivery, variant: str, chance: Chance) -> tuple[Delivery, list[Bad]]:
    """Writes a copy of the delivery's first rows that must be rejected; returns it, and its bad rows."""
    few = _sample(delivery)
    if variant == "quarantine.share":
        few = replace(few, rows=[row if i % 2 else _spoilt(row) for i, row in enumerate(few.rows)])
        write(landing, few, PLAIN, chance)
        return few, [_bad(few, row) for row in few.rows[::2]]
    folder = write(landing, few, PLAIN, chance)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    REASONS[variant](folder, manifest)
    return few, []


def reason_of(variant: str) -> str | None:
    """The reason the night must give; None where it follows from the rows alone."""
    return None if variant == "quarantine.share" else variant.partition(":")[0]


def _sample(delivery: Delivery) -> Delivery:
    rows = [row for row in delivery.rows if row.raw is None and not row.broken][:SAMPLE]
    if delivery.table is not None and len(rows) < SAMPLE:
        names = [n for n in delivery.table.column_names if not n.startswith("_")]
        op = "U" if delivery.kind == "changes" else None
        rows += [Row(cells, op=op) for cells in delivery.table.select(names).slice(0, SAMPLE).to_pylist()]
    return replace(delivery, table=None, rows=rows)


def _spoilt(row: Row) -> Row:
    return replace(row, cells=row.cells | {"updated_at": "昨天"})


def _bad(delivery: Delivery, row: Row) -> Bad:
    key = "|".join(row.cells.get(f.name) or "" for f in contracts.feed(delivery.feed).key)
    return Bad(key, ("updated_at.format",))


def _text(folder: Path, change: Callable[[Manifest], None], manifest: Manifest) -> None:
    change(manifest)
    write_manifest(folder, manifest)


def _unreadable(folder: Path, _manifest: Manifest) -> None:
    (folder / "manifest.json").write_text('{"manifest_version": 1, "feed":', encoding="utf-8")


def _incomplete(folder: Path, manifest: Manifest) -> None:
    _text(folder, lambda m: m.pop("kind"), manifest)


def _version(folder: Path, manifest: Manifest) -> None:
    _text(folder, lambda m: m.update(manifest_version=2), manifest)


def _path(folder: Path, manifest: Manifest) -> None:
    _text(folder, lambda m: m.update(region="110100"), manifest)


def _contract(folder: Path, manifest: Manifest) -> None:
    _text(folder, lambda m: m.update(contract_version="99.0.0"), manifest)


def _future(folder: Path, manifest: Manifest) -> None:
    before = date.fromisoformat(manifest["business_date"]) - timedelta(days=1)
    _text(folder, lambda m: m.update(prepared_at=f"{before}T23:59:00+08:00"), manifest)


def _outside(folder: Path, manifest: Manifest) -> None:
    _text(folder, lambda m: m["files"][0].update(name="../part-0001.csv"), manifest)


def _link(folder: Path, _manifest: Manifest) -> None:
    part = folder / "part-0001.csv"
    part.rename(folder / "_part-0001.csv")  # unlisted, and ignored for its first character
    part.symlink_to("_part-0001.csv")


def _missing(folder: Path, _manifest: Manifest) -> None:
    (folder / "part-0001.csv").unlink()


def _extra(folder: Path, _manifest: Manifest) -> None:
    (folder / "part-0002.csv").write_bytes((folder / "part-0001.csv").read_bytes())


def _bytes(folder: Path, manifest: Manifest) -> None:
    _text(folder, lambda m: m["files"][0].update(bytes=m["files"][0]["bytes"] + 1), manifest)


def _checksum(folder: Path, manifest: Manifest) -> None:
    turned = manifest["files"][0]["sha256"][::-1]
    _text(folder, lambda m: m["files"][0].update(sha256=turned), manifest)


def _rows(folder: Path, manifest: Manifest) -> None:
    _text(folder, lambda m: m["files"][0].update(rows=m["files"][0]["rows"] + 1), manifest)


def _bomb(folder: Path, manifest: Manifest) -> None:
    """Megabytes of one line in some kilobytes: over a hundred times its size."""
    header = (folder / "part-0001.csv").read_bytes().split(b"\n")[0]
    line = b"0," * header.count(b",") + b"0\n"
    _put(
        folder, manifest, gzip.compress(header + b"\n" + line * BOMB_LINES, mtime=0), name="part-0001.csv.gz"
    )


def _torn_gz(folder: Path, manifest: Manifest) -> None:
    packed = gzip.compress((folder / "part-0001.csv").read_bytes(), mtime=0)
    _put(folder, manifest, packed[: len(packed) // 2], name="part-0001.csv.gz")


def _header_twice(folder: Path, manifest: Manifest) -> None:
    header, _, body = (folder / "part-0001.csv").read_bytes().partition(b"\n")
    names = header.split(b",")
    _put(folder, manifest, b",".join([*names[:-1], names[1]]) + b"\n" + body)


def _column_missing(folder: Path, manifest: Manifest) -> None:
    """The last column, `updated_at`, under a name that no contract has."""
    header, _, body = (folder / "part-0001.csv").read_bytes().partition(b"\n")
    names = header.split(b",")
    _put(folder, manifest, b",".join([*names[:-1], "备注".encode()]) + b"\n" + body)


def _put(folder: Path, manifest: Manifest, content: bytes, *, name: str = "part-0001.csv") -> None:
    """The content in place of the one part, honestly described."""
    (folder / "part-0001.csv").unlink()
    (folder / name).write_bytes(content)
    facts = {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    _text(folder, lambda m: m["files"][0].update(facts), manifest)


def _by_rows(_folder: Path, _manifest: Manifest) -> None:
    raise AssertionError("quarantine.share is made of rows")


# In the order in which design section 4 tries them; what stands behind a colon is a further way.
REASONS: dict[str, Callable[[Path, Manifest], None]] = {
    "manifest.unreadable": _unreadable,
    "manifest.unreadable:field": _incomplete,
    "manifest.version": _version,
    "manifest.path": _path,
    "contract.version": _contract,
    "date.future": _future,
    "file.outside": _outside,
    "file.link": _link,
    "file.missing": _missing,
    "file.extra": _extra,
    "file.too_large": _bomb,
    "file.bytes": _bytes,
    "file.checksum": _checksum,
    "file.unreadable": _torn_gz,
    "file.unreadable:header": _header_twice,
    "column.missing": _column_missing,
    "file.rows": _rows,
    "quarantine.share": _by_rows,
}
