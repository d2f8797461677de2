"""Airflow in a home of its own, without examples; the DAG files are read as its DAG processor reads them."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

ROOT = Path(__file__).resolve().parents[2]

# Airflow reads its environment while it is imported, before any fixture can run.
_HOME = tempfile.TemporaryDirectory(prefix="popbase-airflow-")
os.environ |= {
    "AIRFLOW_HOME": _HOME.name,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
}


@pytest.fixture(scope="session")
def bag() -> Iterator[DagBag]:
    from airflow.dag_processing.dagbag import DagBag

    # The DAG processor puts the bundle's folder on the path, so that DAG files find what they share.
    sys.path.append(str(ROOT / "dags"))
    yield DagBag(dag_folder=ROOT / "dags")
    _HOME.cleanup()


@pytest.fixture(scope="session")
def dags(bag: DagBag) -> dict[str, DAG]:
    return dict(bag.dags)
