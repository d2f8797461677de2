"""Small lakes without a JVM: delta-rs writes the tables, as a night would have left them."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from popbase.clock import ZONE
from popbase.control import TABLE_PROPERTIES
from popbase.intake import ledger
from popbase.intake.ledger import Judgement
from popbase.publish.publication import Publication, Publications

NEW_YEARS_EVE = date(2015, 12, 31)
MADE_AT = datetime(2016, 1, 1, 2, 30, tzinfo=ZONE)

QUARANTINE = pa.schema(
    [
        ("region", pa.string()), ("business_date", pa.date32()), ("delivery_no", pa.int32()),
        ("key", pa.string()), ("reasons", pa.list_(pa.string())), ("raw", pa.string()),
    ]
)  # fmt: skip


def judgement(feed: str = "tax", region: str = "330100", **changes: Any) -> Judgement:
    """An accepted delivery of ten rows; `changes` say what differs."""
    usual: dict[str, Any] = {
        "business_date": NEW_YEARS_EVE, "delivery_no": 1, "kind": "changes",
        "status": "accepted", "reason": None,
        "rows_received": 10, "rows_accepted": 10,
        "rows_quarantined": 0, "rows_superseded": 0, "rows_withheld": 0,
        "manifest_sha256": "0" * 64, "contract_version": "1.0.0", "rules_version": "1",
        "judged_at": MADE_AT,
    }  # fmt: skip
    return Judgement(feed=feed, region=region, **(usual | changes))


def write(lake: Path, table: str, rows: pa.Table) -> int:
    """Replaces the table's rows in one commit and tells its version."""
    how = {"mode": "overwrite", "schema_mode": "overwrite", "configuration": TABLE_PROPERTIES}
    write_deltalake(f"{lake}/{table}", rows, **how)
    return DeltaTable(f"{lake}/{table}").version()


def write_ledger(lake: Path, *judged: Judgement) -> None:
    for j in judged:
        ledger.append(str(lake), j.feed, [j])


def write_quarantine(lake: Path, feed: str, *refused: Mapping[str, Any]) -> None:
    usual = {"region": "330100", "business_date": NEW_YEARS_EVE, "delivery_no": 1}
    rows = [usual | dict(row) for row in refused]
    write(lake, f"quarantine/{feed}", pa.Table.from_pylist(rows, schema=QUARANTINE))


def publish(lake: Path, tables: Mapping[str, int], **changes: Any) -> Publication:
    """The next publication of a lake."""
    everything = Publications(lake)
    usual: dict[str, Any] = {
        "seq": everything.next_seq(), "business_date": NEW_YEARS_EVE, "created_at": MADE_AT, "tables": tables,
        "deliveries": (), "code_version": "0.1.0",
    }  # fmt: skip
    return everything.add(Publication(**(usual | changes)))


def delete_by_vector(lake: Path, table: str, rows: Iterable[int], *, in_file: bool = False) -> int:
    """Deletes rows of a one-file table by a deletion vector, as Spark does and delta-rs cannot.

    `in_file`: the vector lies beside the data, as Spark's do, instead of in the log.
    """
    log = lake / table / "_delta_log"
    entries = [json.loads(line) for line in (log / f"{0:020d}.json").read_text().splitlines()]
    added = next(entry["add"] for entry in entries if "add" in entry)
    removed = {k: added[k] for k in ("path", "size", "partitionValues")}
    removed |= {"dataChange": True, "deletionTimestamp": 0, "extendedFileMetadata": True}
    deleted = sorted(rows)
    vector = _vector(deleted)
    descriptor = {
        "storageType": "i", "pathOrInlineDv": _z85(vector + b"\0" * (-len(vector) % 4)),
        "sizeInBytes": len(vector), "cardinality": len(deleted),
    }  # fmt: skip
    if in_file:
        name = uuid4()
        checked = struct.pack(">BI", 1, len(vector)) + vector + struct.pack(">I", zlib.crc32(vector))
        (lake / table / f"deletion_vector_{name}.bin").write_bytes(checked)
        descriptor |= {"storageType": "u", "pathOrInlineDv": _z85(name.bytes), "offset": 1}
    features = {"readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, **features}
    commit = [{"protocol": protocol}, {"remove": removed}, {"add": added | {"deletionVector": descriptor}}]
    (log / f"{1:020d}.json").write_text("\n".join(map(json.dumps, commit)))
    return 1


def _vector(rows: list[int]) -> bytes:
    """Delta's RoaringBitmapArray with one bitmap that has one array container."""
    bitmap = struct.pack("<IIHHI", 12346, 1, 0, len(rows) - 1, 16)
    bitmap += b"".join(struct.pack("<H", row) for row in rows)
    return struct.pack("<IQI", 1681511377, 1, 0) + bitmap


def _z85(content: bytes) -> str:
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    words = (int.from_bytes(content[at : at + 4], "big") for at in range(0, len(content), 4))
    return "".join(letters[word // 85**place % 85] for word in words for place in (4, 3, 2, 1, 0))
