"""Fixtures for every layer; nothing here starts a JVM until a test asks for `spark`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from popbase.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A worker of pytest-xdist has a main module without a file, which pyspark takes for a doctest run: it exits.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT.parent / "shared" / "reference"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cases", type=int, default=250, help="countries drawn for the model of the whole base")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("popbase")
    return Settings(
        landing=str(home / "landing"),
        lake=str(home / "lake"),
        jars=str(ROOT / ".jars"),
        driver_memory="3g",
        shuffle_partitions=1,
        profile="small",
    )


@pytest.fixture(scope="session")
def _session(settings: Settings) -> Iterator[SparkSession]:
    from popbase.session import spark_session

    session = spark_session(settings)
    yield session
    session.stop()


@pytest.fixture
def spark(_session: SparkSession) -> Iterator[SparkSession]:
    """The run's one session, clean of what an earlier test cached."""
    yield _session
    _session.catalog.clearCache()


@pytest.fixture(scope="session")
def reference() -> Path:
    """Real public code lists beside the project; tests that need them skip where they are missing."""
    if not REFERENCE.is_dir():
        pytest.skip("the reference data is not beside this checkout")
    return REFERENCE
