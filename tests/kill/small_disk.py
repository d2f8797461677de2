"""Commands on a disk that is all but full, then on one with room: `small_disk.py ROOM STAGE OUT COMMAND...`.

Runs in a mount namespace of its own (`unshare`): the disk is a tmpfs that nobody else sees, and that is gone
with it. Writes one JSON document: how the command ended for every amount of free kilobytes in ROOM.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from kill.lakes import seen

DISK = 64 * 1024**2


def main(room: str, stage: str, out: str, *command: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", disk], check=True)
        lake = shutil.copytree(stage, disk / "lake")
        tries = [
            {**on_full_disk(disk, int(kib), command), "seen": seen(str(lake))} for kib in room.split(",")
        ]
        tries.append({**run(lake, command), "seen": seen(str(lake))})
        shutil.copytree(lake, out)
        subprocess.run(["umount", disk], check=True)
    print(json.dumps(tries))  # noqa: T201 - it is read by the test that started this


def on_full_disk(disk: Path, free_kib: int, command: tuple[str, ...]) -> dict[str, object]:
    ballast, status = disk / "ballast", os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_frsize - free_kib * 1024)
    ended = run(disk / "lake", command)
    ballast.unlink()
    return ended


def run(lake: Path, command: tuple[str, ...]) -> dict[str, object]:
    environ = {**os.environ, "POPBASE_LAKE": str(lake)}
    popbase = Path(sys.executable).with_name("popbase")
    ran = subprocess.run([popbase, *command], env=environ, capture_output=True, text=True, check=False)
    return {"code": ran.returncode, "out": ran.stdout, "err": ran.stderr}


if __name__ == "__main__":
    main(*sys.argv[1:])
