"""A made-up country of one delivery day, taken in by one night: what several benchmarks look at."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from popbase_load import JARS

from popbase.generate import generate
from popbase.night import run_night
from popbase.settings import Settings
from popbase.terminal.progress import Progress

ON = date(2015, 12, 31)


def settings_of(home: Path) -> Settings:
    return Settings(landing=str(home / "landing"), lake=str(home / "lake"), jars=str(JARS))


def country(home: Path, *, persons: int, seed: int, multiplier: float = 1) -> Settings:
    """The country in `home`, made where it is not there yet; faults at so many times the historical rates.
    Ends the process where its night publishes nothing.
    """
    settings = settings_of(home)
    if (home / "lake").exists():
        return settings
    home.mkdir(parents=True, exist_ok=True)
    faults = home / "faults.yaml"
    faults.write_text(f"multiplier: {multiplier}\n", encoding="utf-8")
    landing = home / "landing"
    generate(landing, persons=persons, seed=seed, first=ON, last=ON, faults=faults, plain=True)
    report = run_night(settings, ON, progress=Progress())
    if report.outcome != "published":
        sys.exit(f"The night published nothing: {report.why}")
    return settings
