"""Design section 4: which physical lines are records, and what stands between their commas."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import date
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from lib import csv_model
from lib.csv_model import MAX_LINE_BYTES

from popbase.intake.csv_file import BOM
from popbase.intake.files import SourceFile
from popbase.intake.line_count import LineCounter
from popbase.intake.lines import Layout, Sent, _csv, key_cells, with_cells

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

HEADER = ("编号", "文字", "说明")


class Found(NamedTuple):
    """A record: None for the cells of a malformed one."""

    cells: list[str] | None
    undecodable: bool
    raw: str


Reader = Callable[[bytes, str], list[Found]]


@pytest.fixture
def found(spark: SparkSession, tmp_path: Path) -> Reader:
    """found(bytes, encoding): the file's records, in order; both counters of rows agree."""
    numbers = count(1)

    def read(data: bytes, encoding: str) -> list[Found]:
        folder = tmp_path / "330100/2015-12-31" / f"{next(numbers):03d}"
        folder.mkdir(parents=True)
        path = folder / "part-0001.csv"
        path.write_bytes(data)
        lines = LineCounter(BOM[encoding])
        lines.feed(data)
        lines.finish()
