"""Writes deliveries as departments send them (design section 4): files, then the manifest."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from popbase import contracts
from popbase.contracts import OP_COLUMN, Contract
from popbase.generate.chance import Chance

Cells = dict[str, str | None]

# Stands where bytes will be broken: a character that both encodings know and no made-up row uses.
BROKEN_MARK = "\uf8f1"
BROKEN_BYTES = b"\xff"

ROWS_PER_PART = 400_000
SMALL_DELIVERY = 5_000  # up to here one file is enough


@dataclass(frozen=True)
class Style:
    """How one sender writes its files."""

    format: str = "csv"
    encoding: str = "UTF-8"
    bom: bool = False
    crlf: bool = False
    gz: bool = False
    shuffled: bool = False
    extra_column: bool = False
    parts: int = 1


PLAIN = Style()
GB = Style(encoding="GB18030", parts=3)
_STYLES: dict[str, tuple[Style, Style, Style]] = {
    contracts.REGISTER: (GB, Style(bom=True, parts=2), Style(format="parquet", parts=2)),
    "residence_permit": (GB, Style(crlf=True), PLAIN),
    "education": (
        Style(encoding="GB18030", gz=True),
        Style(crlf=True, bom=True),
        Style(shuffled=True, extra_column=True),
    ),
    "social_security": (Style(encoding="GB18030", parts=2), Style(gz=True, parts=2), Style(format="parquet")),
    "housing": (Style(encoding="GB18030", shuffled=True), PLAIN, Style(encoding="GB18030", crlf=True)),
    "tax": (Style(format="parquet"), Style(gz=True, crlf=True), PLAIN),
}  # fmt: skip


def style_of(feed: str, region: int, *, plain: bool) -> Style:
    """The manner of the nth sender of a feed; national feeds and `plain` are UTF-8 CSV."""
    styles = (PLAIN,) if plain else _STYLES.get(feed, (PLAIN,))
    return styles[region % len(styles)]


@dataclass(frozen=True)
class Row:
    """One row as text, field by field; `raw` is a line sent in its place ({rest}: the commas)."""

    cells: Cells
    op: str | None = None
    person: int = -1
    raw: str | None = None
    broken: bool = False  # carries bytes that cannot be decoded


@dataclass(frozen=True)
class Delivery:
    """One delivery before it is written: many plain rows as a table, the others one by one."""

    feed: str
    region: str
    business_date: date
    kind: str
    table: pa.Table | None = None
    rows: Sequence[Row] = field(default_factory=list)
    number: int = 1

    @property
    def received(self) -> int:
        return (len(self.table) if self.table is not None else 0) + len(self.rows)

    @property
    def place(self) -> Path:
        return Path(self.feed, self.region, self.business_date.isoformat(), f"{self.number:03d}")


def prepared_at(business_date: date) -> str:
    return f"{business_date + timedelta(days=1)}T01:12:00+08:00"


def write(landing: Path, delivery: Delivery, style: Style, chance: Chance) -> Path:
    """The delivery's folder; the manifest is written last."""
    contract = contracts.feed(delivery.feed)
    folder = landing / delivery.place
    folder.mkdir(parents=True, exist_ok=True)
    headers = _columns(contract, delivery, style, chance)
    if style.format == "parquet" and any(row.raw is not None for row in delivery.rows):
        raise AssertionError("a malformed line cannot stand in a Parquet file")
    parts = style.parts if delivery.received > SMALL_DELIVERY else 1
    entries = []
    for i, (part, count) in enumerate(_split(_wide(contract, delivery, headers), parts)):
        name = f"part-{i + 1:04d}.{style.format}{'.gz' if style.gz else ''}"
        lines = delivery.rows if i == 0 else []
        _write_part(
            folder / name, part, style, raw=[r.raw for r in lines if r.raw is not None], chance=chance
        )
        entries.append(_entry(folder / name, style, count + sum(r.raw is not None for r in lines)))
    write_manifest(folder, manifest(delivery, contract.version, entries))
    return folder


def manifest(delivery: Delivery, version: str, files: Sequence[dict[str, object]]) -> dict[str, object]:
    return {
        "manifest_version": 1,
        "feed": delivery.feed,
        "contract_version": version,
        "region": delivery.region,
        "business_date": delivery.business_date.isoformat(),
        "delivery_no": delivery.number,
        "kind": delivery.kind,
        "prepared_at": prepared_at(delivery.business_date),
        "replaces_regions": [],
        "files": list(files),
    }


def write_manifest(folder: Path, content: dict[str, object]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _columns(contract: Contract, delivery: Delivery, style: Style, chance: Chance) -> list[str]:
    headers = [f.header for f in contract.fields]
    if delivery.kind == "changes":
        headers.insert(0, OP_COLUMN)
    if style.extra_column:
        headers.append("备注")
    return [str(h) for h in chance.permutation(headers)] if style.shuffled else headers


def _wide(contract: Contract, delivery: Delivery, headers: Sequence[str]) -> pa.Table:
    """All rows but the malformed ones, with the file's headers, the odd rows spread among the plain."""
    well_formed = [r for r in delivery.rows if r.raw is None]
    odd = {
        f.header: pa.array([r.cells.get(f.name) for r in well_formed], pa.string()) for f in contract.fields
    } | {OP_COLUMN: pa.array([r.op for r in well_formed], pa.string())}
    odd |= {h: pa.array(["无"] * len(well_formed), pa.string()) for h in headers if h not in odd}
    few = pa.table({h: odd[h] for h in headers})
    if delivery.table is None:
        return few
    named = {f.header: delivery.table[f.name] for f in contract.fields}
    named |= {
        h: pa.repeat("无" if h != OP_COLUMN else "U", len(delivery.table)) for h in headers if h not in named
    }
    many = pa.table({h: named[h] for h in headers})
    return _spread(many, few)


def _spread(many: pa.Table, few: pa.Table) -> pa.Table:
    """The few at even distances among the many."""
    if len(few) == 0:
        return many
    position = np.concatenate(
        [np.arange(len(many), dtype=np.float64), (np.arange(len(few)) + 0.5) * len(many) / len(few)]
    )
    return pa.concat_tables([many, few]).take(pa.array(np.argsort(position, kind="stable")))


def _split(table: pa.Table, parts: int) -> list[tuple[pa.Table, int]]:
    parts = max(parts, -(-len(table) // ROWS_PER_PART), 1)
    size = -(-len(table) // parts) or 1
    pieces = [table.slice(i * size, size) for i in range(parts)]
    return [(piece, len(piece)) for piece in pieces]


def _write_part(path: Path, part: pa.Table, style: Style, *, raw: Sequence[str], chance: Chance) -> None:
    if style.format == "parquet":
        pq.write_table(part, path, compression="snappy")
        return
    content = _csv(part, style, raw, chance)
    path.write_bytes(gzip.compress(content, compresslevel=4, mtime=0) if style.gz else content)


def _csv(part: pa.Table, style: Style, raw: Sequence[str], chance: Chance) -> bytes:
    """RFC 4180 lines. Those of one Arrow array stand one after the other in its buffer: the file."""
    ending = "\r\n" if style.crlf else "\n"
    cells = [_quoted(part[name]) for name in part.column_names]
    joined = pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    lines = pc.binary_join_element_wise(joined, pa.scalar(ending), "").combine_chunks()
    if raw:
        at = int(chance.integers(0, len(lines) + 1))
        rest = "," * (len(part.column_names) - 1)
        bad = pa.array([line.replace("{rest}", rest) + ending for line in raw])
        lines = pa.concat_arrays([*_chunks(lines.slice(0, at)), bad, *_chunks(lines.slice(at))])
    text = ",".join(part.column_names) + ending + "".join(_text(chunk) for chunk in _chunks(lines))
    content = (("\ufeff" if style.bom else "") + text).encode(style.encoding)
    return content.replace(BROKEN_MARK.encode(style.encoding), BROKEN_BYTES)


def _chunks(values: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    return values.chunks if isinstance(values, pa.ChunkedArray) else [values]


def _text(lines: pa.Array) -> str:
    if len(lines) == 0:
        return ""
    whole = pa.concat_arrays([lines])
    offsets = np.frombuffer(whole.buffers()[1], dtype=np.int32)
    start, end = int(offsets[whole.offset]), int(offsets[whole.offset + len(whole)])
    return bytes(whole.buffers()[2].slice(start, end - start)).decode()


def _quoted(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Quoted where a comma or a quotation mark stands in it, inner ones doubled."""
    special = pc.match_substring_regex(values, '[,"\r\n]')
    if not pc.any(special).as_py():
        return values
    doubled = pc.replace_substring(values, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), values)


def _entry(path: Path, style: Style, rows: int) -> dict[str, object]:
    content = path.read_bytes()
    return {
        "name": path.name,
        "format": style.format,
        "encoding": style.encoding,
        "bytes": len(content),
        "rows": rows,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
