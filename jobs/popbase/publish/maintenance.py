"""Maintenance: what no kept publication shows is removed (design sections 3b and 9, invariant I3).

Kept are the newest publications and of every year the one that readers see of its 31 December. Of a table
stay the files of its head, of what those publications name, and of the draft. All else is garbage: rows
replaced long ago, and what killed runs have staged. Pointers go before files, so a maintenance that is killed
leaves no publication with a hole in it, and the next one does the rest. What is refused and what senders left
goes after its days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from popbase import clock, lineage
from popbase.contracts import feed_names
from popbase.control import exists, opened, version
from popbase.delta_log import has_vectors
from popbase.errors import StorageError
from popbase.lease import BASE, leased, of_feed
from popbase.publish import draft
from popbase.publish.publication import Publication, Publications
from popbase.publish.retention import expire_folders, expire_rows
from popbase.publish.run_report import DATA, REPORTS, is_of_a_publication
from popbase.publish.vectors import vector_files
from popbase.settings import Settings
from popbase.storage import FileInfo, Store, reached, store

# Folders whose folders are tables.
_BY_FEED = ("conformed", "quarantine", "control/delivery", "control/taken_in")
_AREAS = ("base", "statistics", "published", "control", *_BY_FEED)
_LOG = "/_delta_log/"
_OF_FILES = ("publications", REPORTS, lineage.FOLDER)


@dataclass(frozen=True)
class Removal:
    """What is removed, or would be: numbers of publications, files of tables, and their bytes; rows of
    quarantine and folders of landing that are kept no longer (`retention.py`)."""

    publications: tuple[int, ...]
    kept: int
    files: int
    bytes: int
    quarantined_rows: int
    landing_folders: int


def maintain(settings: Settings, *, dry_run: bool = False) -> Removal:
    """Removes what nothing kept needs; LeaseError where a run writes: its staged files look like garbage."""
    with ExitStack() as leases:
        for name in (BASE, *map(of_feed, sorted(_feeds(settings.lake)))):
            leases.enter_context(leased(settings.lake, name))
        if dry_run:
            return _removal(settings, remove=False)
        with lineage.job(settings, "maintenance", clock.today()):
            return _removal(settings, remove=True)


def _feeds(lake: str) -> set[str]:
    """Those with a contract, and those without one that were ever delivered."""
    with reached("the lake's tables"):
        return {*feed_names(), *(name for area in _BY_FEED for name in store(lake).folders(area))}


def kept_of(publications: Sequence[Publication], newest: int) -> list[Publication]:
    """The `newest` ones, and of every year what readers see of its 31 December."""
    years = {p.business_date.year for p in publications}
    year_ends = {year: p for year in years for p in publications if p.business_date <= date(year, 12, 31)}
    # A rollback is held against what it took readers back from.
    before_rollbacks = [p for p in publications if p.kind != "rollback"][-1:]
    wanted = {p.seq for p in [*publications[-newest:], *year_ends.values(), *before_rollbacks]}
    return [p for p in publications if p.seq in wanted]


def _removal(settings: Settings, *, remove: bool) -> Removal:
    files, publications = store(settings.lake), Publications(settings.lake).all()
    kept = kept_of(publications, settings.keep_publications)
    dropped = [p for p in publications if p not in kept]
    feeds = sorted(_feeds(settings.lake))
    rows = sum(
        expire_rows(settings, feed, remove=remove) for feed in feeds
    )  # before: their files are garbage
    tables = _tables(settings.lake, files)
    garbage = [file for table in tables for file in unneeded(settings.lake, table, kept, files)]
    with reached("the lake's files"):
        garbage += [file for area in _OF_FILES for file in files.drafts(area)]
    if remove:
        _drop(settings.lake, dropped, kept, files)
        with reached("the lake's files"):
            files.delete(file.path for file in garbage)
    return Removal(
        publications=tuple(p.seq for p in dropped),
        kept=len(kept),
        files=len(garbage),
        bytes=sum(file.size for file in garbage),
        quarantined_rows=rows,
        landing_folders=sum(expire_folders(settings, feed, remove=remove) for feed in feeds),
    )


def _drop(lake: str, dropped: Iterable[Publication], kept: Sequence[Publication], files: Store) -> None:
    """The pointers first; then the run reports of publications that are no more, whoever removed those."""
    Publications(lake).remove(p.seq for p in dropped)
    shown = {p.report for p in kept}
    with reached("the run reports"):
        for name in sorted(files.folders(REPORTS)):
            report = f"{REPORTS}/{name}"
            if report not in shown and is_of_a_publication(lake, report):
                # What tells whose it is goes last: a maintenance that is killed is not done with it.
                paths = sorted(file.path for file in files.files(report))
                files.delete(sorted(paths, key=lambda path: path.endswith(f"/{DATA}")))


def _tables(lake: str, files: Store) -> list[str]:
    with reached("the lake's tables"):
        named = [f"{area}/{name}" for area in _AREAS for name in files.folders(area)]
    return [table for table in named if exists(lake, table)]


def unneeded(lake: str, table: str, kept: Iterable[Publication], files: Store) -> list[FileInfo]:
    """Raises StorageError where a needed file is gone: nothing else may go before somebody has looked."""
    made = draft.read(lake)
    shown = {p.tables.get(table) for p in kept} | {made.tables.get(table) if made else None}
    needed = {path for at in (shown | {version(lake, table)}) - {None} for path in _paths(lake, table, at)}
    if has_vectors(opened(lake, table)):
        needed |= vector_files(files, table, needed)
    with reached(table):
        there = {file.path: file for file in files.files(table) if _LOG not in file.path}
    if lost := needed - there.keys():
        raise StorageError(
            f"{table} has lost {len(lost)} files that a kept publication needs: restore them. "
            "Nothing was removed."
        )
    return [there[path] for path in sorted(there.keys() - needed)]


def _paths(lake: str, table: str, at: int | None) -> list[str]:
    """The files of a version, below the lake."""
    actions = pa.table(opened(lake, table, at).get_add_actions())
    return [f"{table}/{path}" for path in actions.column("path").to_pylist()]
