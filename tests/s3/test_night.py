"""A night whose landing and lake are in S3 is the night on a disk, row for row."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from jobs.conftest import FAULTS
from lib.same import differing_tables
from s3.conftest import SECRET

from popbase.generate import generate
from popbase.publish.publication import Publications
from popbase.settings import Settings
from popbase.storage import store

pytestmark = pytest.mark.long

DAY = date(2015, 12, 31)


@dataclass(frozen=True)
class Night:
    """What `popbase night` left in S3 and said, and where the same deliveries lie on a disk."""

    landing: Path
    lake: str
    said: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def night(s3: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Night:
    home = tmp_path_factory.mktemp("night")
    landing = home / "landing"
    generate(landing, persons=300, seed=21, first=DAY, last=DAY, faults=FAULTS)
    sent = store(f"{s3}/landing")
    for file in store(landing).files(""):
        sent.write(file.path, store(landing).read(file.path))
    said = popbase(settings, f"{s3}/landing", f"{s3}/lake", "night", "--date", str(DAY))
    assert said.returncode == 0, said.stderr
    return Night(landing, f"{s3}/lake", said)


def popbase(settings: Settings, landing: str, lake: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: the JVM reads AWS's variables when it starts."""
    environ = {
        **os.environ,
        "POPBASE_LANDING": landing, "POPBASE_LAKE": lake, "POPBASE_JARS": settings.jars,
        "POPBASE_PROFILE": "small", "POPBASE_DRIVER_MEMORY": "2g",
    }  # fmt: skip
    command = [Path(sys.executable).with_name("popbase"), *arguments]
    return subprocess.run(command, check=False, env=environ, capture_output=True, text=True)


def test_the_tables_are_those_of_a_night_on_a_disk(
    night: Night, settings: Settings, tmp_path: Path, _session: object
) -> None:
    from popbase.night import run_night

    own = replace(settings, landing=str(night.landing), lake=str(tmp_path / "lake"))
    run_night(own, DAY)
    assert differing_tables(own.lake, night.lake) == {}


def test_the_run_report_and_the_forms_stand_beside_the_tables(night: Night) -> None:
    publication = Publications(night.lake).current()
    assert publication is not None
    folder = str(publication.report)
    found = {file.path.removeprefix(f"{folder}/"): file.size for file in store(night.lake).files(folder)}
    assert {"index.html", "night.json"} < set(found)
    assert {name[-5:] for name in found} >= {".xlsx", "5.csv"}
    assert all(found.values())


def test_a_second_night_finds_nothing_to_do(night: Night, settings: Settings) -> None:
    landing = night.lake.replace("/lake", "/landing")
    again = popbase(settings, landing, night.lake, "night", "--date", str(DAY), "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["outcome"] == "unchanged"
    asked = popbase(settings, landing, night.lake, "status")
    assert asked.returncode == 0, asked.stderr
    assert "publication 1" in asked.stdout


def test_no_secret_is_in_what_a_night_says_or_leaves(night: Night) -> None:
    assert SECRET not in night.said.stdout + night.said.stderr
    files = store(night.lake)
    texts = [files.read(f.path) for f in files.files("") if f.path.endswith((".json", ".html"))]
    assert len(texts) > 10
    assert not [text for text in texts if SECRET.encode() in text]
