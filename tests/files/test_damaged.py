"""A data file that is cut short, emptied or gone: one sentence and the storage's exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pytest
from lib.lakes import delete_by_vector, publish, write

from popbase import table_contracts
from popbase.control import read_small
from popbase.errors import StorageError

NUMBER = "33010019900101123X"  # made up
_TYPES = {"record_nos": pa.list_(pa.string()), "opened_on": pa.date32(), "closed_on": pa.date32()}
_COLUMNS = [(name, _TYPES.get(name, pa.string())) for name in table_contracts.table("id_case").names]
CASES = pa.Table.from_pylist([{}], schema=pa.schema(_COLUMNS))


@pytest.fixture(params=["half", "nothing", "gone", "half of one with a deletion vector"])
def damaged(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A lake whose only publication has lost a part of its persons."""
    people = pa.table({"citizen_id": [NUMBER] * 1000, "n": range(1000)})
    version = write(tmp_path, "base/person", people)
    if request.param.endswith("vector"):
        version = delete_by_vector(tmp_path, "base/person", [1])
    publish(tmp_path, {"base/person": version})
    (name,) = deltalake.DeltaTable(f"{tmp_path}/base/person").file_uris()
    if request.param == "gone":
        Path(name).unlink()
    else:
        Path(name).write_bytes(Path(name).read_bytes()[: 200 if request.param.startswith("half") else 0])
    return tmp_path


def test_a_statistician_is_told_that_the_storage_failed_and_not_the_statement(
    popbase: Any, damaged: Path
) -> None:
    ran = popbase("open", "-c", "SELECT max(n), min(citizen_id) FROM base.person")
    assert (ran.code, ran.out) == (30, "")
    said = "popbase: storage: A file of 'base.person' is damaged or gone; restore the lake's files"
    assert ran.err == f"{said} from a copy.\n"


def test_a_control_table_says_so_too(damaged: Path) -> None:
    with pytest.raises(StorageError, match="base/person cannot be read"):
        read_small(str(damaged), "base/person")


def test_a_question_of_popbase_itself_says_so_too(popbase: Any, tmp_path: Path) -> None:
    publish(tmp_path, {"base/id_case": write(tmp_path, "base/id_case", CASES)})
    (name,) = deltalake.DeltaTable(f"{tmp_path}/base/id_case").file_uris()
    Path(name).write_bytes(b"PAR1")
    ran = popbase("cases")
    assert ran.code == 30
    assert ran.err.startswith("popbase: storage: A file of '")
    assert ran.err.count("\n") == 1
