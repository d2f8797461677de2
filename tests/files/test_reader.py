"""SQL over a publication: the published versions, only what is named, no way out, no row in a message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from lib.lakes import delete_by_vector, publish, write

from popbase.errors import StorageError, UsageError
from popbase.publish import reader as module
from popbase.publish.publication import Publication
from popbase.publish.reader import Reader

NUMBER = "33010019900101123X"  # made up


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="module")
def published(lake: Path) -> Publication:
    """Two people as published; the head of the table already holds a third."""
    people = pa.table({"person_id": ["a", "b"], "citizen_id": [NUMBER, None], "sex": ["1", "2"]})
    tables = {
        "base/person": write(lake, "base/person", people),
        "statistics/report": write(
            lake, "statistics/report", pa.table({"measure": ["population"], "value": [2]})
        ),
        "conformed/tax": write(lake, "conformed/tax", pa.table({"record_no": ["1"]})),
    }
    write(lake, "base/person", pa.table({"person_id": ["c"], "citizen_id": [None], "sex": ["1"]}))
    return publish(lake, tables)


def ask(lake: Path, publication: Publication, sql: str) -> list[tuple[Any, ...]]:
    with Reader(str(lake), publication) as reader:
        return [row for answer in reader.run(sql) for row in answer.rows]


def mistake(lake: Path, publication: Publication, sql: str) -> str:
    with pytest.raises(UsageError) as caught:
        ask(lake, publication, sql)
    return str(caught.value)


def test_readers_see_the_published_version_and_not_the_head(lake: Path, published: Publication) -> None:
    assert ask(lake, published, "SELECT person_id FROM base.person ORDER BY 1") == [("a",), ("b",)]


def test_two_tables_and_two_statements_answer_together(lake: Path, published: Publication) -> None:
    sql = 'SELECT count(*) = max(value) FROM "base"."person", Statistics.REPORT; SELECT 7;'
    assert ask(lake, published, sql) == [(True,), (7,)]


def test_only_the_tables_that_a_statement_names_are_opened(
    lake: Path, published: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    really = module.open_table
    monkeypatch.setattr(module, "open_table", lambda *a: opened.append(a[1]) or really(*a))
    ask(lake, published, "SELECT value FROM statistics.report; SELECT value FROM statistics.report")
    assert opened == ["statistics/report"]


def test_show_tables_lists_what_readers_may_see_and_no_more(lake: Path, published: Publication) -> None:
    assert ask(lake, published, "SHOW TABLES") == [("base.person",), ("statistics.report",)]


@pytest.mark.parametrize(
    "sql", ["SUMMARIZE base.person", "PIVOT base.person ON sex", "EXPLAIN FROM base.person"]
)
def test_what_a_statistician_is_used_to_works(lake: Path, published: Publication, sql: str) -> None:
    assert ask(lake, published, sql)


def test_rows_deleted_by_a_deletion_vector_are_gone(tmp_path: Path) -> None:
    write(tmp_path, "base/person", pa.table({"person_id": ["a", "b", "c"]}))
    publication = publish(tmp_path, {"base/person": delete_by_vector(tmp_path, "base/person", [0, 2])})
    twice = "SELECT p.person_id, q.person_id FROM base.person AS p, base.person AS q"
    assert ask(tmp_path, publication, twice) == [("b", "b")]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP VIEW base.person",
        "CREATE TABLE t AS SELECT 1",
        "INSERT INTO base.person SELECT * FROM base.person",
        "COPY base.person TO 'out.csv'",
        "ATTACH 'other.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "EXPORT DATABASE 'out'",
        "EXPLAIN ANALYZE COPY base.person TO 'out.csv'",
    ],
)
def test_whatever_is_no_question_is_refused(
    lake: Path, published: Publication, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lake)
    before = sorted(lake.rglob("*"))
    assert "\n" not in mistake(lake, published, sql)
    assert sorted(lake.rglob("*")) == before


@pytest.mark.parametrize("function", ["read_csv", "read_text", "read_parquet", "glob"])
def test_files_beside_the_publication_cannot_be_read(
    lake: Path, published: Publication, function: str
) -> None:
    secret = lake / "secret.csv"
    secret.write_text("a\n1\n")
    assert "out of reach" in mistake(lake, published, f"FROM {function}('{secret}')")


def test_a_variable_of_this_program_is_no_table(lake: Path, published: Publication) -> None:
    people = pa.table({"x": [1]})
    assert "does not exist" in mistake(lake, published, "SELECT * FROM people")
    assert people.num_rows == 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT citizen_id::INT FROM base.person",
        "SELECT error(citizen_id) FROM base.person",
        "SELECT strptime(citizen_id, '%Y') FROM base.person",
        "SELECT citizen_id::DATE FROM base.person",
        f"SELECT {NUMBER[:17]} {NUMBER[:17]}",
    ],
)
def test_no_message_repeats_a_citizens_number(lake: Path, published: Publication, sql: str) -> None:
    told = mistake(lake, published, sql)
    assert NUMBER[:17] not in told
    assert "\n" not in told


def test_a_misspelt_column_is_named(lake: Path, published: Publication) -> None:
    assert '"hukou"' in mistake(lake, published, "SELECT hukou FROM base.person")


def test_a_version_whose_files_are_gone_is_said_so(lake: Path, published: Publication) -> None:
    gone = published.model_copy(update={"tables": {"base/person": 99}})
    with pytest.raises(StorageError, match="base/person at version 99"):
        ask(lake, gone, "FROM base.person")
