"""Read-only SQL over a publication, without Spark: DuckDB over Arrow from delta-rs at the published versions.

Nothing but the tables that a statement names is opened, and DuckDB has no way out: no files, no network,
no settings. It never repeats a row's value: what fails on values is reported by its kind alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from popbase.clock import DUCKDB_ZONE
from popbase.errors import UsageError
from popbase.publish.at_date import SERVED, View, views
from popbase.publish.publication import Publication
from popbase.publish.tables import damaged, open_table
from popbase.zone import Zone

_READS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI)

# Their texts are about the statement alone. Any other may quote a row: a failed cast, `error(name)`.
_ABOUT_THE_STATEMENT = (duckdb.ParserException, duckdb.CatalogException, duckdb.BinderException)

_LOCKS = (
    "SET python_enable_replacements = false",  # else a table's name may mean a variable of this program
    f"SET TimeZone = '{DUCKDB_ZONE}'",
    "SET temp_directory = ''",  # spilling would leave rows in a file outside the tables
    "SET autoinstall_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


@dataclass(frozen=True)
class Result:
    """One statement's answer; `rows` is read while it is shown."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


class Reader:
    """One publication as the schemas of a zone; `on`: its world of an earlier date. Use it with `with`."""

    def __init__(
        self, lake: str, publication: Publication, *, on: date | None = None, zone: Zone = Zone.restricted
    ) -> None:
        schemas = zone.schemas
        self.publication = publication
        self._lake = lake
        self._published = [table for table in publication.tables if table.split("/")[0] in schemas]
        self._views = {t: View(t) for t in self._published} if on is None else views(publication, on)
        self._opened: set[str] = set()
        self._duckdb = duckdb.connect(":memory:")
        for schema in schemas:
            self._duckdb.execute(f"CREATE SCHEMA {schema}")
        for lock in _LOCKS:
            self._duckdb.execute(lock)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._duckdb.close()

    def run(self, sql: str) -> Iterator[Result]:
        """The answer to each statement in turn; raises UsageError with one sentence for a mistake."""
        with _one_sentence():
            statements = duckdb.extract_statements(sql)
        for statement in statements:
            if statement.type not in _READS:
                kind = statement.type.name.replace("_", " ")
                raise UsageError(f"{kind} is not possible here: popbase open reads, it changes nothing.")
            self._open(_named(statement.query, self._views) or self._views)
            yield self._answer(statement)

    def _answer(self, statement: duckdb.Statement) -> Result:
        with _one_sentence():
            try:
                cursor = self._duckdb.execute(statement)
            except duckdb.CatalogException:
                self._refuse_unserved(statement.query)
                raise
        columns = tuple(column[0] for column in cursor.description or ())
        return Result(columns, _rows(cursor))

    def _refuse_unserved(self, sql: str) -> None:
        """UsageError where the statement means a table that has no history."""
        for table in _named(sql, set(self._published) - self._views.keys()):
            raise UsageError(f"{table.replace('/', '.')} has no history; as of a date there are {SERVED}.")

    def _open(self, tables: Iterable[str]) -> None:
        for table in tables:
            if table not in self._opened:
                self._register(table, self._views[table])
                self._opened.add(table)

    def _register(self, table: str, seen: View) -> None:
        schema, name = table.split("/", 1)
        # The source's own name is what SHOW TABLES lists: it reads like the view it stands behind.
        source = f"{schema}.{name}"
        version = self.publication.tables[seen.source]
        self._duckdb.register(source, open_table(self._lake, seen.source, version))
        sql = seen.sql.replace("{source}", f'temp.main."{source}"')
        self._duckdb.execute(f'CREATE VIEW "{schema}"."{name}" AS {sql}')


def _named(sql: str, tables: Iterable[str]) -> list[str]:
    """The tables whose names occur in the statement; none as in SHOW TABLES, which means all.

    A word too many costs one log read and no data; the parser's own list would have to bind first.
    """
    words = {word.casefold() for word in re.findall(r"\w+", sql)}
    return sorted(table for table in tables if table.split("/", 1)[1].casefold() in words)


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while True:
        with _one_sentence():
            batch = cursor.fetchmany(1000)
        if not batch:
            return
        yield from batch


class _one_sentence:  # noqa: N801 - reads as a word in a with statement
    """DuckDB's exceptions as ours, without their text where it may quote a row (invariant I5)."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, duckdb.Error):
            raise damaged(error) or UsageError(_sentence(error)) from None


def _sentence(error: duckdb.Error) -> str:
    if isinstance(error, duckdb.PermissionException):
        return "Files and other systems are out of reach; popbase open reads the publication alone."
    first = str(error).split("\n", 1)[0].strip()
    if isinstance(error, _ABOUT_THE_STATEMENT):
        return re.sub(r"\d{12,}[\dXx]?", "…", first)  # a number that the statement itself spelt out
    kind = first.split(":", 1)[0]
    return f"{kind}: its text is left out as it may quote a row; TRY_CAST or TRY() shows where it fails."
