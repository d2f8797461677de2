"""Erasure: a record that was withdrawn goes from everything that is kept, and the log says so (issue 5).

Its rows go from conformed and quarantine. Every kept publication is issued again under its own number, at
versions of its tables without the record (`cuts.py`). Folders of the landing that carried it go whole, as no
part of a sender's file can be taken out; so do the bureau's rejected ones, for nobody can tell what is in
them. With them gone, nothing that is judged again can bring it back, and the next night makes the base from
what is left. What its department delivers from now on is a new statement.

The order is such that whoever is killed can begin again: publications first, then landing, log, ledger, rows,
and the files that nothing needs any more. The ledger counts a delivery's erased rows as withheld (I1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import chain

import pyarrow as pa

from popbase import clock, lineage
from popbase.control import append_small, exists, version
from popbase.errors import UsageError
from popbase.intake import ledger
from popbase.intake.landing import MANIFEST, Place, landed
from popbase.intake.ledger import Identity, Judgement
from popbase.intake.manifest import harmless
from popbase.lease import BASE, leased, of_feed
from popbase.publish import draft
from popbase.publish.cut import Cut, Record
from popbase.publish.cuts import cuts, taken_in
from popbase.publish.draft import Draft
from popbase.publish.maintenance import unneeded
from popbase.publish.publication import Publication, Publications
from popbase.publish.rewrite import File, Known, files_of, reissue, rewrite
from popbase.settings import Settings
from popbase.storage import reached, store

LOG = "control/erasure"
_NAME = "erased-"
_SCHEMA = pa.schema([
    ("erased_at", pa.timestamp("us", tz="UTC")), ("feed", pa.string()), ("region", pa.string()),
    ("reason", pa.string()), ("deliveries", pa.list_(pa.string())), ("rows", pa.int64()),
    ("publications", pa.list_(pa.int64())), ("landing_folders", pa.int64()),
])  # fmt: skip


@dataclass(frozen=True)
class Erasure:
    """A line of the log. `rows`: of conformed and quarantine; `deliveries`: those that carried them."""

    erased_at: datetime
    feed: str
    region: str
    reason: str
    deliveries: tuple[str, ...]
    rows: int
    publications: tuple[int, ...]
    landing_folders: int


def erase(settings: Settings, record: Record, reason: str) -> Erasure:
    """Takes the record out of all that is kept; UsageError where nothing holds it."""
    feed = record.contract.feed
    if record.contract.kind not in ("register", "sector"):
        raise UsageError(f"'{feed}' holds no records of persons that could be erased.")
    job = lineage.job(settings, "erase", clock.today())
    with leased(settings.lake, BASE), leased(settings.lake, of_feed(feed)), job:
        return _erased(settings, record, harmless(reason))


def _erased(settings: Settings, record: Record, reason: str) -> Erasure:
    lake, feed = settings.lake, record.contract.feed
    there = landed(settings.landing, feed, date.max).places  # before anything goes, for it may not be mounted
    rows = {table: _rows(lake, table, cut) for table, cut in taken_in(record).items()}
    publications = _reissued(lake, record)
    if not publications and not any(rows.values()):
        _remove_files(lake, rows)  # a first try may have been killed before them
        raise UsageError(f"Nothing that is kept of {feed} at {record.region} holds this record.")
    carried = set(chain.from_iterable(rows.values()))
    told = Erasure(
        erased_at=clock.now(),
        feed=feed,
        region=record.region,
        reason=reason,
        deliveries=tuple(f"{region}/{on}/{number:03d}" for region, on, number in sorted(carried)),
        rows=sum(sum(count.values()) for count in rows.values()),
        publications=tuple(publications),
        landing_folders=_remove_folders(lake, record, there, carried),
    )
    append_small(lake, LOG, [asdict(told)], _SCHEMA)
    _count_as_withheld(lake, feed, rows[f"conformed/{feed}"])
    for table, cut in taken_in(record).items():
        if rows[table]:
            rewrite(lake, table, partial(_changed, cut, [cut]), name=_NAME)
    _remove_files(lake, rows)
    return told


def _rows(lake: str, table: str, cut: Cut) -> Counter[Identity]:
    """By delivery, how many of the table's rows the cut touches."""
    found: Counter[Identity] = Counter()
    for file in files_of(lake, table) if exists(lake, table) else ():
        place = file.place["region"], file.place["business_date"], file.place["delivery_no"]
        if touched := _touched(file, cut):
            found[place] += touched
    return found


def _touched(file: File, cut: Cut) -> int:
    """Rows of the file that the cut touches, those too that a deletion vector hides: they lie in it."""
    (region,) = cut.sources["asked"]["region"].to_pylist()
    named = [name for name in file.schema.names if name in cut.words]
    if file.place.get("region", region) != region:  # conformed has a file a delivery
        return 0
    return cut.rows_touched(replace(file, kept=None).read(named)) if named else 0


def _changed(cut: Cut, every: Sequence[Cut], file: File) -> pa.Table | None:
    return cut.of(file.read()) if any(_touched(file, each) for each in every) else None


def _reissued(lake: str, record: Record) -> list[int]:
    """Issues every publication again whose tables hold the record; their numbers.

    A base that was never published comes first, for the current publication's tables to be the heads.
    """
    everything = Publications(lake)
    kept = everything.all()
    base = _base_tables(lake)
    heads = {table: at for table in base if (at := version(lake, table)) is not None}
    told = [(tables, cuts(lake, tables, record)) for tables in (heads, *(p.tables for p in kept))]
    again = _Again(lake, {table: _different(c[table] for _, c in told if table in c) for table in base})
    new = [again.tables(tables, cut) for tables, cut in told][1:]
    changed = [p.model_copy(update={"tables": t, "reissued_at": clock.now(), "passed": ""})
               for p, t in zip(kept, new, strict=True) if t != p.tables]  # fmt: skip
    for publication in changed:
        everything.reissue(publication)
    _forget_the_draft(lake, everything.current())
    return [p.seq for p in changed]


def _base_tables(lake: str) -> list[str]:
    with reached("the lake's tables"):
        named = [f"base/{name}" for name in store(lake).folders("base")]
    return sorted(table for table in named if exists(lake, table))


def _different(cut: Iterable[Cut]) -> list[Cut]:
    return list({each.name: each for each in cut}.values())


class _Again:
    """Versions of tables without the record, each made once."""

    def __init__(self, lake: str, every: Mapping[str, Sequence[Cut]]) -> None:
        self._lake, self._every = lake, every
        self._made: dict[tuple[str, int, str], int] = {}
        self._files: dict[tuple[str, str], Known] = {}

    def tables(self, tables: Mapping[str, int], cut: Mapping[str, Cut]) -> dict[str, int]:
        return {t: self._version(t, at, cut[t]) if t in cut else at for t, at in tables.items()}

    def _version(self, table: str, at: int, cut: Cut) -> int:
        made = table, at, cut.name
        if made not in self._made:
            known = self._files.setdefault((table, cut.name), {})
            every = self._every[table]
            new = reissue(self._lake, table, at, lambda f: _changed(cut, every, f), name=_NAME, known=known)
            self._made[made] = at if new is None else new
        return self._made[made]


def _forget_the_draft(lake: str, current: Publication | None) -> None:
    """What was made and not published is made again: its versions are about to go."""
    made = draft.read(lake)
    if made and current:
        Draft(current.business_date, made.ledgers, current.tables).write(lake)


def _remove_folders(lake: str, record: Record, there: Iterable[Place], carried: set[Identity]) -> int:
    feed = record.contract.feed
    judged = ledger.standing(ledger.read(lake, feed))
    unread = {j.identity for j in judged if (j.status, j.region) == ("rejected", record.region)}
    gone = [p for p in there if p.identity in carried | unread and not p.folder.links()]
    for place in gone:
        with reached(f"landing/{feed}/{place.region}/{place.business_date}/{place.delivery_no:03d}"):
            place.folder.remove(last=MANIFEST)
    return len(gone)


def _count_as_withheld(lake: str, feed: str, touched: Counter[Identity]) -> None:
    """Before the rows go: by what is stored now, so that a second try says the same."""
    stored: Counter[Identity] = Counter()
    for file in files_of(lake, f"conformed/{feed}") if touched else ():
        stored[file.place["region"], file.place["business_date"], file.place["delivery_no"]] += file.rows
    judged = [j for j in ledger.standing(ledger.read(lake, feed)) if touched[j.identity]]
    lines = [_without(j, stored[j.identity] - touched[j.identity]) for j in judged if j.status == "accepted"]
    ledger.append(lake, feed, [line for line in lines if line not in judged])


def _without(judged: Judgement, left: int) -> Judgement:
    if judged.rows_accepted == left:
        return judged
    withheld = judged.rows_withheld + judged.rows_accepted - left
    line = replace(judged, rows_accepted=left, rows_withheld=withheld, judged_at=clock.now())
    return line.balanced()


def _remove_files(lake: str, tables: Iterable[str]) -> None:
    files, kept = store(lake), Publications(lake).all()
    for table in [*_base_tables(lake), *(t for t in tables if exists(lake, t))]:
        garbage = unneeded(lake, table, kept, files)
        with reached(table):
            files.delete(file.path for file in garbage)
