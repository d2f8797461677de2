"""A version issued again without some rows: other files, vectors and versions stay as they are."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable, write_deltalake
from lib.lakes import delete_by_vector, write

from popbase.errors import LeaseError
from popbase.publish import rewrite
from popbase.publish.rewrite import File, Known, files_of, reissue
from popbase.publish.tables import open_table, query

TABLE = "base/t"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Three rows of which a vector hides the first, then two more in a file of their own."""
    write(tmp_path, TABLE, pa.table({"name": ["a", "b", "c"]}))
    delete_by_vector(tmp_path, TABLE, [0], in_file=True)
    write_deltalake(f"{tmp_path}/{TABLE}", pa.table({"name": ["d", "e"]}), mode="append")
    return tmp_path


def without(name: str, file: File) -> pa.Table | None:
    rows = file.read()
    left = rows.filter(pc.not_equal(rows["name"], name))
    return left if len(left) < len(rows) else None


def names(lake: Path, version: int) -> list[str]:
    return [
        row["name"] for row in query("SELECT name FROM t ORDER BY 1", t=open_table(str(lake), TABLE, version))
    ]


def again(lake: Path, version: int, name: str, known: Known | None = None) -> int | None:
    known = {} if known is None else known
    return reissue(str(lake), TABLE, version, lambda file: without(name, file), name="new-", known=known)


def test_a_file_that_no_row_goes_from_stays_with_its_vector(lake: Path) -> None:
    before = {file.path for file in files_of(str(lake), TABLE)}
    made = again(lake, 2, "d")
    assert made == 4
    assert names(lake, made) == ["b", "c", "e"]
    assert names(lake, 2) == ["b", "c", "d", "e"]
    assert len(before & {file.path for file in files_of(str(lake), TABLE)}) == 1
    vectors = pa.RecordBatchReader.from_stream(DeltaTable(f"{lake}/{TABLE}").deletion_vectors()).read_all()
    assert vectors["selection_vector"].to_pylist() == [[False, True, True]]


def test_a_file_is_written_anew_without_what_its_vector_hides(lake: Path) -> None:
    made = again(lake, 2, "c")
    assert made is not None
    assert names(lake, made) == ["b", "d", "e"]
    assert all(file.vector is None for file in files_of(str(lake), TABLE))


def test_versions_share_the_files_that_were_written_anew(lake: Path) -> None:
    known: Known = {}
    first, second = (again(lake, version, "c", known) for version in (1, 2))
    assert first is not None
    assert second is not None
    assert (names(lake, first), names(lake, second)) == (["b"], ["b", "d", "e"])
    assert len(list((lake / TABLE).glob("new-*"))) == 1


def test_a_version_that_loses_nothing_is_not_issued_again(lake: Path) -> None:
    assert again(lake, 2, "z") is None
    assert DeltaTable(f"{lake}/{TABLE}").version() == 2


def test_of_two_that_write_a_version_one_ends(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stale(root: str, table: str, at: int | None = None) -> DeltaTable:
        return DeltaTable(f"{root}/{table}", version=at or 1)

    monkeypatch.setattr(rewrite, "_commit", lambda *_: None)
    monkeypatch.setattr(rewrite, "opened", stale)
    with pytest.raises(LeaseError, match="base/t"):
        again(lake, 1, "c")
