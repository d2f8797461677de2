"""A landing folder's CSV files re-encoded in place, their manifests with them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path


def recode(landing: Path) -> None:
    for manifest in sorted(landing.glob("*/*/*/*/manifest.json")):
        told = json.loads(manifest.read_text("utf-8"))
        told["files"] = [entry | _recoded(manifest.with_name(entry["name"])) for entry in told["files"]]
        manifest.write_text(json.dumps(told, ensure_ascii=False), "utf-8")


def _recoded(path: Path) -> dict[str, str | int]:
    """Bytes that cannot be decoded stay what they are: undecodable."""
    digest, size = hashlib.sha256(), 0
    copy = path.with_name("_recoded")
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as text, copy.open("wb") as stream:
        for line in text:
            data = line.encode("gb18030", errors="surrogateescape")
            digest.update(data)
            size += stream.write(data)
    copy.replace(path)
    return {"encoding": "GB18030", "bytes": size, "sha256": digest.hexdigest()}
