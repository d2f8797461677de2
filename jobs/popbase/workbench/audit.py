"""Who looked at names and numbers, when and why: one row a look, written before anything is shown (I5)."""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence

import pyarrow as pa

from popbase import clock
from popbase.control import append_small
from popbase.errors import UsageError

LOG = "control/audit"
_SCHEMA = pa.schema([
    ("looked_at", pa.timestamp("us", "UTC")), ("who", pa.string()), ("what", pa.string()),
    ("subjects", pa.list_(pa.string())), ("reason", pa.string()), ("publication", pa.int64()),
])  # fmt: skip


def note(lake: str, what: str, subjects: Sequence[str], *, reason: str | None, publication: int) -> None:
    """Writes down a look at the `subjects`, cases or a file; raises UsageError without a reason."""
    if not (reason or "").strip():
        raise UsageError("Who looks at names and numbers says what for: --reason WHY, which is written down.")
    row = {
        "looked_at": clock.now(), "who": _user(), "what": what, "subjects": sorted(subjects),
        "reason": reason, "publication": publication,
    }  # fmt: skip
    append_small(lake, LOG, [row], _SCHEMA)


def _user() -> str:
    """As the system knows them, whatever their environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
