"""Pages and suites that are made from, or must agree with, the contracts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from popbase import contracts, table_contracts

ROOT = Path(__file__).resolve().parents[2]
SUITES = {path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "expectations").glob("*.json")}
EXPECTATIONS = [(name, e) for name, suite in sorted(SUITES.items()) for e in suite["expectations"]]

# What an expectation may judge of a table; a row's own rules (required, format, codes) are no such kind.
JUDGES = {
    "count", "contract", "unique", "coverage", "consistency", "completeness", "plausibility", "change",
    "identity", "privacy",
}  # fmt: skip

# The one field rule said twice: invariant I4 is proven without trusting identity or the contract.
WRITTEN_EXCEPTION = {("person", "unique_without_number")}


def test_the_data_dictionary_is_up_to_date() -> None:
    page = (ROOT / "docs/tables.md").read_text("utf-8")
    assert page == table_contracts.render(), f"docs/tables.md is out of date: {table_contracts.REGENERATE}"


def test_what_the_makefile_runs_comes_with_the_project() -> None:
    named = set(re.findall(r"(?:infra|tests)/[\w./]*\w", (ROOT / "Makefile").read_text("utf-8")))
    assert "infra/demo/demo.py" in named
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_every_suite_is_named_like_its_file() -> None:
    assert {name: suite["name"] for name, suite in SUITES.items()} == {name: name for name in SUITES}


def test_every_table_has_a_suite() -> None:
    judged = {table_contracts.suite_of(table) for table in table_contracts.tables()}
    assert judged | {"conformed"} == SUITES.keys()


def test_names_of_expectations_are_unique_in_their_suite() -> None:
    for suite in SUITES.values():
        names = [e["meta"]["name"] for e in suite["expectations"]]
        assert len(names) == len(set(names))


def _name(value: str | dict[str, Any]) -> str:
    return value if isinstance(value, str) else value["meta"]["name"]


@pytest.mark.parametrize(("suite", "expectation"), EXPECTATIONS, ids=_name)
def test_an_expectation_judges_a_table_and_repeats_no_rule_of_a_field(
    suite: str, expectation: dict[str, Any]
) -> None:
    meta, metric = expectation["meta"], expectation["kwargs"]["column"]
    # Over a table's own column it could only be a rule of rows; it judges a count made of the table.
    assert expectation["type"] == "expect_column_max_to_be_between"
    assert metric not in _columns(suite)
    assert meta["judges"] in JUDGES
    assert set(meta["columns"]) <= _columns(suite)
    if meta["judges"] == "completeness" and (suite, meta["name"]) not in WRITTEN_EXCEPTION:
        assert expectation["severity"] == "warning", "what must be filled is required by the contract"
        assert not set(meta["columns"]) & _required(suite), "the contract already requires it"


def test_the_written_exception_exists() -> None:
    assert {(suite, e["meta"]["name"]) for suite, e in EXPECTATIONS} >= WRITTEN_EXCEPTION


def test_the_glossary_names_every_feed_and_every_word_of_the_registers_codes() -> None:
    glossary = (ROOT / "GLOSSARY.md").read_text("utf-8")
    assert [feed for feed in contracts.feed_names() if f"`{feed}`" not in glossary] == []
    kinds = next(f for f in contracts.feed(contracts.REGISTER).fields if f.name == "household_kind").codes
    assert [label for code, label in kinds.items() if code != "90" and label not in glossary] == []


def _contracts_of(suite: str) -> list[table_contracts.TableContract]:
    return [c for t, c in table_contracts.tables().items() if table_contracts.suite_of(t) == suite]


def _columns(suite: str) -> set[str]:
    return {name for contract in _contracts_of(suite) for name in contract.names}


def _required(suite: str) -> set[str]:
    return {c.name for contract in _contracts_of(suite) for c in contract.columns if c.required}
