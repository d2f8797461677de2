from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

import pytest
from spec.identity.registers import NO_DECISIONS, Case, Cases, decision_rows, register_rows, resolved

from popbase.identity.persons import Identity

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture
def identity(spark: SparkSession) -> Callable[..., Identity]:
    """`resolve` over text tables, once for each pair of them."""

    @cache
    def build(records: str, decisions: str = NO_DECISIONS) -> Identity:
        return resolved(spark, register_rows(records), decision_rows(decisions))

    return build


@pytest.fixture(scope="module")
def cases(_session: SparkSession, request: pytest.FixtureRequest) -> Cases:
    """The module's CASES, resolved at once."""
    table: Mapping[str, Case] = request.module.CASES
    return Cases(_session, table)
