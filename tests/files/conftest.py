"""Runs a command as a user would: files on both ends, still no JVM."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


class Ran(SimpleNamespace):
    code: int
    out: str
    err: str


@pytest.fixture
def popbase(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    """Runs a command on the lake `tmp_path`."""
    from popbase import cli

    monkeypatch.setenv("POPBASE_LAKE", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["popbase", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Ran(code=ended.value.code, out=out, err=err)

    return run
