"""One honest delivery, written as a department would write it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from popbase.contracts import Contract


def deliver(
    landing: Path,
    contract: Contract,
    lines: Sequence[str],
    *,
    region: str,
    day: date,
    kind: str = "snapshot",
    number: int = 1,
    **said: Any,
) -> Path:
    """`lines` are records in the contract's order of fields, without a header; `said` is in the manifest."""
    folder = landing / contract.feed / region / day.isoformat() / f"{number:03d}"
    folder.mkdir(parents=True)
    header = ",".join(field.header for field in contract.fields)
    data = "".join(f"{line}\n" for line in (header, *lines)).encode()
    (folder / "part-0001.csv").write_bytes(data)
    manifest = {
        "manifest_version": 1, "feed": contract.feed, "contract_version": contract.version, "region": region,
        "business_date": day.isoformat(), "delivery_no": number, "kind": kind,
        "prepared_at": f"{day + timedelta(days=1)}T01:12:00+08:00",
        "files": [
            {"name": "part-0001.csv", "format": "csv", "encoding": "UTF-8", "bytes": len(data),
             "rows": len(lines), "sha256": hashlib.sha256(data).hexdigest()},
        ],
        **said,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    return folder
