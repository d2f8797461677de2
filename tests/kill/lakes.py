"""What a reader sees of a lake, and whether two lakes hold the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import deltalake
import duckdb

from popbase import contracts
from popbase.intake import ledger, taken
from popbase.killpoints import named
from popbase.publish.publication import Publication, Publications
from popbase.publish.reader import Reader
from popbase.publish.tables import open_table

_OF_ROWS = ("conformed", "quarantine", "base", "statistics")
# Publication -> table -> rows.
Seen = dict[int, dict[str, int]]


def seen(lake: str) -> Seen:
    """Every publication, all of its tables opened and counted as a reader does."""
    return {publication.seq: _counted(lake, publication) for publication in Publications(lake).all()}


def _counted(lake: str, publication: Publication) -> dict[str, int]:
    with Reader(lake, publication) as reader:
        return {
            table: int(row[0])
            for table in publication.tables
            for answer in reader.run("SELECT count(*) FROM {}.{}".format(*table.split("/")))
            for row in answer.rows
        }


def left(lake: str) -> set[str]:
    """What a killed run left, in what its rerun may tell lakes apart by.

    One: of each table the version and how many data files lie there that its commits name, and the plain
    files that are read again, so none of lineage. The other: whether data files lie there that no commit
    names, which nobody finds who does not look for them.
    """
    tables, strays = {}, False
    for log in sorted(Path(lake).glob("**/_delta_log")):
        commits = list(log.glob("*.json"))
        data = (file for file in log.parent.glob("**/*.parquet") if file.parent != log)
        lying = {file.relative_to(log.parent).as_posix() for file in data}
        known = lying & _files_of(commits)
        tables[log.parent.relative_to(lake).as_posix()] = len(commits), len(known)
        strays |= lying != known
    plain = (file for area in ("publications", "reports") for file in Path(lake, area).glob("**/[!.]*.*"))
    files = sorted(named(file.relative_to(lake).as_posix()) for file in plain)
    return {f"{tables} {files}", f"data files that no commit names: {strays}"}


def _files_of(commits: Iterable[Path]) -> set[str]:
    """The data files that the commits name, below their table."""
    actions = (json.loads(line) for commit in commits for line in commit.read_text("utf-8").splitlines())
    return {unquote(action["add"]["path"]) for action in actions if "add" in action}


def differences(here: str, there: str) -> list[str]:
    """In words: rows lost or doubled, deliveries judged otherwise, publications that are others."""
    return [
        *_of_tables(here, there),
        *_of_ledgers(here, there),
        *_of_pairs("publication", _publications(here), _publications(there)),
        *_of_pairs("run report", _told(here), _told(there)),
    ]


def unbalanced(lake: str) -> list[str]:
    """Deliveries of which rows disappeared (invariant I1), or that were judged at the same moment twice."""
    judged = [j for feed in contracts.feed_names() for j in ledger.read(lake, feed)]
    times = Counter((j.feed, j.identity, j.judged_at) for j in judged)
    lost = [f"{j.feed} {j.identity}" for j in judged if j.accounted != j.rows_received]
    return [*lost, *(f"{feed} {identity} twice" for (feed, identity, _), n in times.items() if n > 1)]


def _of_tables(here: str, there: str) -> Iterator[str]:
    tables, others = _tables(here), _tables(there)
    yield from (f"{table} stands in one lake alone" for table in sorted(tables ^ others))
    for table in sorted(tables & others):
        if _files(here, table) != _files(there, table):
            more, fewer = _rows_apart(table, here, there)
            if more or fewer:
                yield f"{table}: {more} rows too many, {fewer} missing"


def _tables(lake: str) -> set[str]:
    logs = (log.parent for area in _OF_ROWS for log in Path(lake, area).glob("*/_delta_log"))
    return {table.relative_to(lake).as_posix() for table in logs}


def _files(lake: str, table: str) -> set[str]:
    return {uri.rpartition(f"/{table}/")[2] for uri in deltalake.DeltaTable(f"{lake}/{table}").file_uris()}


def _rows_apart(table: str, *lakes: str) -> tuple[int, int]:
    counted = "SELECT count(*) FROM (SELECT * FROM {0} EXCEPT ALL SELECT * FROM {1})"
    with duckdb.connect(":memory:") as connection:
        for name, lake in zip("ab", lakes, strict=True):
            connection.register(name, open_table(lake, table))
        more, fewer = (connection.sql(counted.format(*pair)).fetchall()[0][0] for pair in ("ab", "ba"))
    return more, fewer


def _of_ledgers(here: str, there: str) -> Iterator[str]:
    for feed in contracts.feed_names():
        yield from _of_pairs(f"ledger of {feed}", _judged(here, feed), _judged(there, feed))
        one, other = ({t.remarks for t in taken.since(lake, [feed], {})} for lake in (here, there))
        if one != other:
            yield f"what intake came upon in {feed}"


def _judged(lake: str, feed: str) -> dict[Any, Any]:
    """By delivery, every judgment of it but for its time."""
    found: dict[Any, list[str]] = {}
    for judgement in ledger.read(lake, feed):
        said = {name: value for name, value in asdict(judgement).items() if name != "judged_at"}
        found.setdefault(judgement.identity, []).append(str(said))
    return {identity: sorted(said) for identity, said in found.items()}


def _publications(lake: str) -> dict[Any, Any]:
    return {
        p.seq: (p.kind, p.of, p.business_date, frozenset(p.deliveries), p.warnings, _forms(lake, p))
        for p in Publications(lake).all()
    }


def _forms(lake: str, publication: Publication) -> Mapping[str, bytes]:
    """The official forms: workbooks by name, tables by their bytes."""
    files = sorted(Path(lake, str(publication.report)).glob("T?-*"))
    return {file.name: file.read_bytes() if file.suffix == ".csv" else b"" for file in files}


def _told(lake: str) -> dict[Any, Any]:
    """The deliveries that run reports tell of: of each, what the operator reads."""
    reports = [json.loads(file.read_bytes()) for file in Path(lake, "reports").glob("*/night.json")]
    lines = [line for report in reports for line in report["deliveries"]]
    return {
        tuple(line[name] for name in ("feed", "region", "business_date", "delivery_no")): str(line)
        for line in lines
    }


def _of_pairs(what: str, mine: Mapping[Any, Any], its: Mapping[Any, Any]) -> Iterator[str]:
    for key in mine.keys() | its.keys():
        if mine.get(key) != its.get(key):
            kind = "differs" if key in mine and key in its else "too many" if key in mine else "missing"
            yield f"{what} {key} {kind}"
