"""Every contract and suite, judged as the standard has it and as popbase can work from it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from popbase import contracts, table_contracts
from popbase.errors import ContractError, MachineError


@dataclass(frozen=True)
class Checked:
    """One file; `fault` is empty where it is sound."""

    file: str
    fault: str = ""


def check_all(home: Path | None = None) -> Iterator[Checked]:
    """Every file below `schemas` and `expectations`, in the order of their names."""
    root = home or contracts.home()
    for folder, parse in (("feeds", contracts.parse), ("tables", table_contracts.parse)):
        for path in sorted((root / "schemas" / folder).glob("*.odcs.yaml")):
            usable = partial(parse, path.read_text(encoding="utf-8"), where=path.name)
            yield Checked(str(path.relative_to(root)), _lint(path) or _refusal(usable))
    for path in sorted((root / "expectations").glob("*.json")):
        yield Checked(str(path.relative_to(root)), _refusal(partial(_suite, path.stem)))


def _lint(path: Path) -> str:
    """The Open Data Contract Standard's own judgment."""
    try:
        from datacontract.data_contract import DataContract  # noqa: PLC0415 - three seconds
    except ImportError:
        raise MachineError("datacontract-cli is not installed; run 'make setup' first.") from None
    logging.getLogger("datacontract").setLevel(logging.CRITICAL)  # it repeats as a log what it returns
    run = DataContract(data_contract_file=str(path)).lint()
    return "; ".join(f"{c.reason}" for c in run.checks or [] if c.result != "passed")


def _refusal(usable: Callable[[], object]) -> str:
    try:
        usable()
    except ContractError as error:
        return str(error)
    return ""


def _suite(name: str) -> object:
    from popbase.expectations import suite  # noqa: PLC0415 - Great Expectations takes seconds

    return suite(name)
