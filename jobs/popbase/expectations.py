"""Great Expectations judges tables: one suite over the one row of counts that Spark made of a table.

The only module that imports it. A suite over a one-row pandas frame costs 0.1 s, over a one-row Spark
frame 1 s (bench/gates.py), and no row of the lake comes near a validation result (invariant I5).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from popbase.errors import ContractError
from popbase.table_contracts import suite_document, suite_of

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from pyspark.sql import DataFrame

Metrics = Mapping[str, float | None]

COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}

# Great Expectations keeps one context for the whole process.
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True)
class Finding:
    """What one expectation found about a table: a count or a share, never a value of a row."""

    table: str
    expectation: str
    severity: str
    passed: bool
    observed: float | None
    expected: str
    says: str

    @property
    def critical(self) -> bool:
        return self.severity == "critical"

    def __str__(self) -> str:
        observed = "nothing to judge" if self.observed is None else f"{self.observed:g}"
        return f"{self.table}: {self.expectation} is {observed}, expected {self.expected}"


def check(table: str, metrics: Metrics | DataFrame) -> list[Finding]:
    """A finding for every expectation of the table's suite, in the suite's order."""
    name, row = suite_of(table), _numbers(metrics)
    expectations = suite_document(name)["expectations"]
    absent = sorted({e["kwargs"]["column"] for e in expectations} - row.keys())
    if absent:
        raise ContractError(f"expectations/{name}.json: {', '.join(absent)} is not measured.")
    with _ONE_AT_A_TIME:
        results = _validate(suite(name), row)
    found = {f.expectation: f for f in (_finding(table, r) for r in results)}
    return [found[e["meta"]["name"]] for e in expectations]


def stopping(findings: Iterable[Finding], accepted: Collection[str] = ()) -> list[Finding]:
    """Critical expectations that failed, but for those accepted by name: one is enough to stop."""
    return [f for f in findings if f.critical and not f.passed and f.expectation not in accepted]


def warm_up() -> Thread:
    """Imports Great Expectations beside the night's first stage: it takes seconds and waits on no one."""
    thread = Thread(target=_great_expectations, name="great-expectations", daemon=True)
    thread.start()
    return thread


@cache
def _great_expectations() -> Any:
    # Read once, at import; settings cannot carry it, as the night must not report to anyone whatever its
    # environment says.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # It imports sre_constants, which is on its way out; not ours to mend, and nothing for a night's log.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"great_expectations\.")
    import great_expectations as gx  # noqa: PLC0415 - seconds, and only after the line above

    return gx


@cache
def suite(name: str) -> ExpectationSuite:
    """The suite of `expectations/<name>.json` with its expectations typed."""
    gx = _great_expectations()
    try:
        loaded = gx.ExpectationSuite(**suite_document(name))
    except (TypeError, ValueError, KeyError, gx.exceptions.GreatExpectationsError) as error:
        raise ContractError(f"expectations/{name}.json is not a suite: {type(error).__name__}.") from error
    for expectation in loaded.expectations:
        if not hasattr(expectation, "column") or not {"name", "says"} <= (expectation.meta or {}).keys():
            raise ContractError(f"expectations/{name}.json: an expectation lacks its column, name or says.")
    return loaded  # type: ignore[no-any-return]


def _numbers(metrics: Metrics | DataFrame) -> Metrics:
    """The one row as plain numbers: the only collect of a gate."""
    row = metrics if isinstance(metrics, Mapping) else metrics.collect()[0].asDict()
    return {name: None if value is None else float(value) for name, value in row.items()}


def _validate(judged_by: ExpectationSuite, row: Metrics) -> list[ExpectationValidationResult]:
    import pandas as pd  # noqa: PLC0415 - a command without gates does not pay for it

    context = _great_expectations().get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    # As floats: a column of one None would have no type, and its maximum would be an error, not a failure.
    frame = pd.DataFrame([row], dtype="float64")
    source = context.data_sources.add_pandas("metrics").add_dataframe_asset(judged_by.name)
    whole = source.add_batch_definition_whole_dataframe("row")
    batch = whole.get_batch(batch_parameters={"dataframe": frame})
    return batch.validate(judged_by, result_format=COUNTS_ONLY).results  # type: ignore[no-any-return]


def _finding(table: str, result: ExpectationValidationResult) -> Finding:
    config, observed = result.expectation_config, result.result.get("observed_value")
    if config is None or config.meta is None or result.exception_info.get("raised_exception", True):
        raise ContractError(f"{table}: an expectation of its suite could not be computed.")
    return Finding(
        table=table,
        expectation=config.meta["name"],
        severity=config.severity.value,
        passed=bool(result.success),
        observed=None if observed is None else float(observed),
        expected=_expected(config.kwargs),
        says=config.meta["says"],
    )


def _expected(bounds: dict[str, Any]) -> str:
    low, high = bounds.get("min_value"), bounds.get("max_value")
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"
