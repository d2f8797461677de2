"""Deliveries on disk for tests: sound ones in one line, hostile ones by naming what is wrong with them."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from popbase.contracts import Contract, Field
from popbase.intake.delivery import Received, Rejected, receive
from popbase.intake.landing import MANIFEST, Place
from popbase.intake.sender_folder import DiskFolder
from popbase.settings import Settings

FEED = "social_security"
CSV = "part-0001.csv"
REQUIRED = ("AAC001", "AAC002", "AAC003", "更新时间")
OPTIONAL = "AAC150"
HEADER = ",".join(REQUIRED)
ROW = "P1,,,2016-01-01 00:00:00"

CONTRACT = Contract(
    feed=FEED,
    version="1.0.0",
    kind="sector",
    cadence="daily",
    title="",
    fields=(
        *(Field(name, name, "text", required=True, key=name == "AAC001") for name in REQUIRED),
        Field(OPTIONAL, OPTIONAL, "decimal"),
    ),
)
SETTINGS = Settings(landing="landing", lake="lake", max_file_bytes=2_000_000)


def csv_bytes(*rows: str, header: str = HEADER, encoding: str = "UTF-8") -> bytes:
    return "".join(f"{line}\n" for line in (header, *rows)).encode(encoding)


def entry(name: str, data: bytes, /, **said: Any) -> dict[str, Any]:
    """What an honest manifest says of the file; `said` overrides it."""
    plain = gzip.decompress(data) if name.endswith(".gz") and "rows" not in said else data
    honest = {
        "name": name,
        "format": "csv",
        "encoding": "UTF-8",
        "bytes": len(data),
        "rows": max(plain.count(b"\n") - 1, 0),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return {**honest, **said}


def manifest(**said: Any) -> dict[str, Any]:
    """A sound manifest of no files; `said` overrides its fields, and one said to be `...` is left out."""
    whole = {
        "manifest_version": 1,
        "feed": FEED,
        "contract_version": "1.0.0",
        "region": "330100",
        "business_date": "2015-12-31",
        "delivery_no": 1,
        "kind": "snapshot",
        "prepared_at": "2016-01-01T01:12:00+08:00",
        "files": [],
        **said,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def deliver(
    landing: Path,
    files: Mapping[str, bytes],
    *,
    entries: Mapping[str, Mapping[str, Any]] | None = None,
    text: bytes | None = None,
    **said: Any,
) -> Place:
    """Writes a delivery; `entries` overrides what the manifest says of a file, `text` the whole manifest."""
    folder = landing / FEED / "330100/2015-12-31/001"
    place = Place(FEED, "330100", date(2015, 12, 31), 1, DiskFolder(folder))
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    listed = [entry(name, data, **(entries or {}).get(name, {})) for name, data in files.items()]
    honest = json.dumps(manifest(**{"files": listed, **said}), ensure_ascii=False).encode()
    written = honest if text is None else text
    (folder / MANIFEST).write_bytes(written)
    return place


def disk(place: Place) -> Path:
    """Where a delivery of these tests lies."""
    assert isinstance(place.folder, DiskFolder)
    return place.folder.path


def accepted(landing: Path, files: Mapping[str, bytes], **said: Any) -> Received:
    found = receive(deliver(landing, files, **said), CONTRACT, SETTINGS)
    assert isinstance(found, Received), found
    return found


def rejected(place: Place) -> Rejected:
    found = receive(place, CONTRACT, SETTINGS)
    assert isinstance(found, Rejected), found
    return found
