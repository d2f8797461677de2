"""A disk that fills up: one clear sentence, readers keep what they see, and with room the night goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from kill.conftest import Nights
from kill.lakes import differences, seen

from popbase.errors import StorageError
from popbase.settings import Settings

pytestmark = pytest.mark.kill

HERE = Path(__file__).parent
UNSHARED = ("unshare", "--map-root-user", "--mount")


@pytest.fixture(scope="module", autouse=True)
def _namespace() -> None:
    """Whoever may not mount a disk of his own cannot fill one."""
    allowed = subprocess.run(
        [*UNSHARED, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=False, capture_output=True
    )
    if allowed.returncode:
        pytest.skip("this machine lets nobody mount a disk of his own")


# Kilobytes that are free: none for a line of lineage, or too few for the files and commits of a step.
@pytest.mark.parametrize(
    ("command", "stage", "done", "room"),
    [
        (("ingest", "--feed", "tax", "--date", "2015-12-31"), "ingest_tax", "ingest_housing", "0,40"),
        (("base", "--date", "2015-12-31"), "base", "publish", "100"),
        (("publish", "--reports-too", "--date", "2015-12-31"), "publish", "done", "60"),
    ],
    ids=["ingest", "base", "publish"],
)
def test_a_full_disk_is_one_sentence_and_with_room_the_night_goes_on(
    nights: Nights, tmp_path: Path, command: tuple[str, ...], stage: str, done: str, room: str
) -> None:
    world, out = nights.world, tmp_path / "lake"
    *full, roomy = on_small_disk(world.settings, room, world.stage(stage), str(out), *command)
    before = seen(world.stage(stage))
    for ran in full:
        assert ran["code"] == StorageError.exit_code, ran["err"]
        assert ran["err"].splitlines()[-1].startswith("popbase: storage: ")
        assert "Traceback" not in ran["err"]
        assert not [value for value in planted(world.home) if value in ran["err"] + ran["out"]]
        assert {int(seq): rows for seq, rows in ran["seen"].items()} == before
    assert roomy["code"] == 0, roomy["err"]
    assert differences(str(out), world.stage(done)) == []


def on_small_disk(settings: Settings, room: str, stage: str, out: str, *command: str) -> list[dict]:
    environ = {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "POPBASE_LANDING": settings.landing,
        "POPBASE_JARS": settings.jars, "POPBASE_PROFILE": settings.profile, "POPBASE_DRIVER_MEMORY": "1g",
    }  # fmt: skip
    script = [*UNSHARED, sys.executable, HERE / "small_disk.py", room, stage, out, *command]
    ran = subprocess.run(script, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def planted(home: Path) -> set[str]:
    """Numbers, and names too long to be a word of ours."""
    people = pq.read_table(home / "landing.truth" / "world" / "persons.parquet").to_pylist()
    names = {p["name"] for p in people if p["name"] and len(p["name"]) > 2}
    return names | {p["citizen_id"] for p in people if p["citizen_id"]}
