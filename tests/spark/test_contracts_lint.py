"""Every contract is a valid Open Data Contract Standard document by the standard's own linter.

Here rather than in tests/unit because the linter takes seconds.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from datacontract.data_contract import DataContract
from datacontract.model.run import ResultEnum

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
CONTRACTS = sorted(SCHEMAS.glob("*/*.odcs.yaml"))


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_contract_passes_the_standards_linter(path: Path) -> None:
    run = DataContract(data_contract_file=str(path)).lint()
    assert [c.reason for c in run.checks or [] if c.result != ResultEnum.passed] == []
    assert run.result == ResultEnum.passed


def test_the_linter_refuses_what_is_no_contract(tmp_path: Path) -> None:
    broken = tmp_path / "broken.odcs.yaml"
    broken.write_text(
        CONTRACTS[0].read_text("utf-8").replace("apiVersion: v3.1.0", "apiVersion: 31"), "utf-8"
    )
    assert DataContract(data_contract_file=str(broken)).lint().result != ResultEnum.passed
