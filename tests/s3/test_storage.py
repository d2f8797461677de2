"""Files in a folder and in S3 behave alike: what holds of one store is asked of both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier

import pyarrow as pa
import pytest
from lib.lakes import delete_by_vector, write

from popbase.control import append_small, read_small
from popbase.errors import StorageError
from popbase.intake.landing import landed
from popbase.publish.publication import Publications
from popbase.publish.rewrite import rewrite
from popbase.publish.tables import open_table, query
from popbase.storage import Bucket, Store, store


@pytest.fixture(params=["a folder", "S3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return store(request.getfixturevalue("bucket") if request.param == "S3" else tmp_path)


def test_what_is_created_is_read_back_and_never_replaced(files: Store) -> None:
    assert files.create("a/例 1.json", b"first")
    assert not files.create("a/例 1.json", b"second")
    assert files.read("a/例 1.json") == b"first"


def test_what_is_written_takes_the_place_of_what_stood_there(files: Store) -> None:
    files.write("a/b.json", b"first")
    files.write("a/b.json", b"second")
    assert files.read("a/b.json") == b"second"


def test_of_many_that_create_a_file_exactly_one_does(files: Store) -> None:
    start = Barrier(8)

    def race(turn: int) -> bool:
        start.wait()
        return files.create("race", str(turn).encode())

    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(race, range(8)))
    assert created.count(True) == 1
    assert files.read("race") == str(created.index(True)).encode()


def test_files_and_folders_are_found_by_their_names(files: Store) -> None:
    for path in ("a/1", "a/b/22", "a/c/d/333", "ab/4"):
        files.write(path, path.rpartition("/")[2].encode())
    assert sorted((file.path, file.size) for file in files.files("a")) == [
        ("a/1", 1), ("a/b/22", 2), ("a/c/d/333", 3),
    ]  # fmt: skip
    assert sorted(files.folders("a")) == ["b", "c"]
    assert sorted(files.folders("")) == ["a", "ab"]


def test_where_nothing_is_nothing_is_found(files: Store) -> None:
    assert list(files.files("none")) == []
    assert files.folders("none") == []
    files.delete(["none"])
    with pytest.raises(FileNotFoundError):
        files.read("none")
    with pytest.raises(FileNotFoundError):
        files.open("none")


def test_what_is_deleted_is_gone(files: Store) -> None:
    files.write("a", b"1")
    files.write("b", b"2")
    files.delete(["a"])
    assert [file.path for file in files.files("")] == ["b"]


def test_a_file_can_be_read_from_anywhere_in_it(files: Store) -> None:
    content = bytes(range(256)) * 64 * 1024  # more than is asked for at once
    files.write("large", content)
    with files.open("large") as stream:
        assert stream.read(3) == content[:3]
        stream.seek(-5, 2)
        assert stream.read() == content[-5:]
        stream.seek(8 * 1024**2 - 2)
        assert stream.read(4) == content[8 * 1024**2 - 2 : 8 * 1024**2 + 2]


def test_a_version_is_replaced_by_whoever_has_seen_it_last(bucket: str) -> None:
    files = Bucket(bucket)
    first = files.replace("a", b"1", None)
    assert first is not None
    assert files.replace("a", b"2", None) is None
    second = files.replace("a", b"3", first)
    assert second is not None
    assert files.replace("a", b"4", first) is None
    assert files.read_version("a") == (b"3", second)


Asked = Callable[[str], object]
_LAST = date(2015, 12, 31)


@pytest.mark.parametrize(
    "ask",
    [lambda root: Publications(root).current(), lambda root: landed(root, "tax", until=_LAST)],
    ids=["publications", "landing"],
)
def test_a_wrong_key_is_one_sentence_that_does_not_name_it(
    bucket: str, monkeypatch: pytest.MonkeyPatch, ask: Asked
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    with pytest.raises(StorageError, match="does not permit") as refused:
        ask(bucket)
    assert "another-secret" not in str(refused.value)


def test_a_table_that_may_not_be_read_is_no_table_without_rows(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a night with a wrong key would find an empty ledger, and judge everything anew."""
    append_small(bucket, "control/t", [{"n": 1}], pa.schema([("n", pa.int32())]))
    assert read_small(bucket, "control/t") == [{"n": 1}]
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    with pytest.raises(StorageError, match="control/t cannot be read") as refused:
        read_small(bucket, "control/t")
    assert "another-secret" not in str(refused.value)


def test_an_empty_landing_is_no_night_without_deliveries(bucket: str) -> None:
    with pytest.raises(StorageError, match="nothing in the landing"):
        landed(bucket, "tax", until=_LAST)


def test_a_senders_folder_is_removed_and_its_neighbour_stays(bucket: str) -> None:
    files = store(bucket)
    for name in ("001/manifest.json", "001/a.csv", "002/manifest.json"):
        files.write(f"tax/330100/2015-12-31/{name}", b"{}")
    first, second = landed(bucket, "tax", date(2015, 12, 31)).places
    first.folder.remove(last="manifest.json")
    assert landed(bucket, "tax", date(2015, 12, 31)).places == (second,)
    assert [file.path for file in files.files("tax")] == ["tax/330100/2015-12-31/002/manifest.json"]


def test_a_table_answers_and_is_rewritten_alike(files: Store, tmp_path: Path, bucket: str) -> None:
    root = bucket if isinstance(files, Bucket) else str(tmp_path)
    rows = [{"name": "a", "n": 1}, {"name": "b", "n": 2}]
    append_small(root, "control/t", rows, pa.schema([("name", pa.string()), ("n", pa.int32())]))
    asked = "SELECT * FROM t WHERE n > 1"
    assert query(asked, t=open_table(root, "control/t")) == rows[1:]
    assert rewrite(root, "control/t", lambda file: file.read().slice(0, 1), name="less-") == 1
    assert query("SELECT * FROM t", t=open_table(root, "control/t")) == rows[:1]


def test_rows_below_a_deletion_vector_are_gone_in_s3_too(bucket: str, tmp_path: Path) -> None:
    write(tmp_path, "base/t", pa.table({"n": [1, 2, 3]}))
    delete_by_vector(tmp_path, "base/t", [0, 2], in_file=True)
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        store(bucket).write(str(path.relative_to(tmp_path)), path.read_bytes())
    assert query("SELECT n FROM t WHERE n > 0", t=open_table(bucket, "base/t")) == [{"n": 2}]
