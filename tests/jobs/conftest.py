"""Nights over a small made-up country, run once for every test that looks at them."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from popbase.generate import generate, release
from popbase.publish.run_report import NightReport
from popbase.settings import Settings

FAULTS = Path(__file__).parent / "faults.yaml"
SNAPSHOTS, CHANGES, YEAR_END = date(2014, 12, 31), date(2015, 12, 30), date(2015, 12, 31)
DAYS = (SNAPSHOTS, CHANGES, YEAR_END)


@dataclass(frozen=True)
class Nights:
    """What three nights left behind, and what they said while they ran."""

    settings: Settings
    reports: dict[date, NightReport]
    output: str

    @property
    def lake(self) -> Path:
        return Path(self.settings.lake)

    @property
    def landing(self) -> Path:
        return Path(self.settings.landing)

    @property
    def truth(self) -> Path:
        return self.landing.with_name("landing.truth")


def run_nights(settings: Settings, *, persons: int, faults: Path | None) -> Nights:
    from popbase.night import run_night

    landing, output, reports = Path(settings.landing), io.StringIO(), {}
    generate(landing, persons=persons, seed=11, first=DAYS[0], last=DAYS[-1], days=DAYS, faults=faults)
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        for day in DAYS:
            release(landing, day)
            reports[day] = run_night(settings, day)
    return Nights(settings, reports, output.getvalue())


@pytest.fixture(scope="session")
def nights(_session: object, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    home = tmp_path_factory.mktemp("nights")
    key = home / "key"
    key.write_bytes(b"a secret of tests, known to all who read them")
    own = replace(settings, landing=str(home / "landing"), lake=str(home / "lake"), key_file=str(key))
    return run_nights(own, persons=1_500, faults=FAULTS)
