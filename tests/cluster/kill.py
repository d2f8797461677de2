"""SIGKILL to one of a cluster's processes, as soon as it is there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from cluster.conftest import Cluster, wait_until


def kill(found: Callable[[], int | None]) -> None:
    """SIGKILL to one process, as soon as it is there."""
    pids: list[int] = []

    def look() -> bool:
        pids.extend([pid] if (pid := found()) else [])
        return bool(pids)

    wait_until(look, seconds=600, every=0.5)
    os.kill(pids[0], signal.SIGKILL)


def process(cluster: Cluster, *words: bytes) -> int | None:
    """A process that was started with this cluster's environment, by words of its command line."""
    mine = f"AIRFLOW_HOME={cluster.home / 'airflow'}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            if all(w in command for w in words) and mine in (folder / "environ").read_bytes().split(b"\0"):
                return int(folder.name)
        except OSError:  # gone meanwhile
            continue
    return None


def worker_of_an_executor(cluster: Cluster) -> int | None:
    """Spark's worker that has an application's executor under it."""
    executor = process(cluster, b"CoarseGrainedExecutorBackend")
    if executor is None:
        return None
    status = Path(f"/proc/{executor}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))
