"""Retention: what was refused and what senders left stays as long as somebody may ask about it (design 9).

Counted is from the last judgment of a delivery. One that nobody has judged stays, however old, and so does a
folder without a manifest, for it is still arriving, and one whose manifest is not the one that was judged.

Of quarantine go the rows. But a row that a snapshot was refused for says that the record was still there: it
spares the record, at that date, from being ended (`base/state.py`). So of an accepted snapshot's rows only
the raw text goes, and key and reasons stay: without the key that date would one day be made differently. A
hash in its place would hide nothing, as there are few enough numbers to try them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pyarrow as pa

from popbase import clock
from popbase.control import exists
from popbase.intake import ledger
from popbase.intake.landing import MANIFEST, ClosedError, Place, landed
from popbase.intake.ledger import Identity, Judgement
from popbase.intake.manifest import changed
from popbase.publish.rewrite import File, files_of, rewrite
from popbase.settings import Settings
from popbase.storage import reached

_BARE = "without-text-"


def expire_rows(settings: Settings, feed: str, *, remove: bool) -> int:
    """Rows of quarantine that go, or lose their text. The feed's lease is held, as below."""
    old = _old(settings.lake, feed, settings.keep_quarantine_days)
    table = f"quarantine/{feed}"
    if not old or not exists(settings.lake, table):
        return 0
    return _quarantine(settings.lake, table, old, remove=remove)


def expire_folders(settings: Settings, feed: str, *, remove: bool) -> int:
    """Folders of landing that go; StorageError where one may not be removed, for somebody must know that."""
    old = _old(settings.lake, feed, settings.keep_landing_days)
    due = list(_due(settings.landing, feed, old)) if old else []
    for place in due if remove else ():
        with reached(f"landing/{feed}/{place.region}/{place.business_date}/{place.delivery_no:03d}"):
            place.folder.remove(last=MANIFEST)
    return len(due)


def _old(lake: str, feed: str, days: int) -> dict[Identity, Judgement]:
    """The deliveries last judged longer ago."""
    since = clock.now() - timedelta(days=days)
    return {j.identity: j for j in ledger.standing(ledger.read(lake, feed)) if j.judged_at < since}


def _quarantine(lake: str, table: str, old: dict[Identity, Judgement], *, remove: bool) -> int:
    due = [f for f in files_of(lake, table) if _identity(f) in old and not f.path.startswith(_BARE)]
    paths = {f.path for f in due}
    if remove:
        rewrite(lake, table, lambda f: _without_text(f, old) if f.path in paths else None, name=_BARE)
    return sum(f.rows for f in due)


def _identity(file: File) -> Identity:
    return file.place["region"], file.place["business_date"], file.place["delivery_no"]


def _without_text(file: File, old: dict[Identity, Judgement]) -> pa.Table:
    judged, rows = old[_identity(file)], file.read()
    if (judged.status, judged.kind) != ("accepted", "snapshot"):
        return rows.slice(0, 0)
    at = rows.schema.get_field_index("raw")
    return rows.set_column(at, rows.schema.field(at), pa.nulls(len(rows), pa.string()))


def _due(landing: str, feed: str, old: dict[Identity, Judgement]) -> Iterator[Place]:
    for place in landed(landing, feed, max(on for _, on, _ in old)).places:
        judged = old.get(place.identity)
        # What a link points at may lie anywhere.
        if judged and not place.folder.links() and not _is_changed(place, judged):
            yield place


def _is_changed(place: Place, judged: Judgement) -> bool:
    try:
        # Files may be gone by a removal that was cut short: it goes on.
        return changed(place, judged.manifest_sha256, accepted=False)
    except ClosedError:  # its sender is asked to open it; until then nobody can tell
        return True
