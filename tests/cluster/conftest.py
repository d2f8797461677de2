"""A cluster of the tests' own: its folder, its ports, its database."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-airflow/bin/python"
PORT = 8890


@dataclass(frozen=True)
class Cluster:
    """What `make cluster` starts, seen from outside."""

    home: Path

    @property
    def sent(self) -> Path:
        """What departments deliver, before they do."""
        return self.home / "sent"

    @property
    def truth(self) -> Path:
        return self.home / "sent.truth"

    @property
    def lake(self) -> str:
        return self.environment["POPBASE_LAKE"]

    @cached_property
    def environment(self) -> dict[str, str]:
        """That of the cluster's own processes."""
        told = self.run("env", "-0").split("\0")
        return dict(line.split("=", 1) for line in told if line)

    def deliver(self) -> None:
        self.run(str(ROOT / ".venv/bin/python"), str(ROOT / "infra/cluster/deliver.py"), str(self.sent))

    def manage(self, command: str) -> None:
        subprocess.run([PYTHON, ROOT / "infra/cluster/cluster.py", command], env=self._env, check=True)

    def run(self, *command: str) -> str:
        """A command in the cluster's environment, such as Airflow's own."""
        told = subprocess.run(
            [ROOT / "infra/cluster/run", *command],
            env=self._env,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return told.stdout

    def backfill(self, dag_id: str, first: str, last: str, *options: str) -> None:
        between = ("--from-date", first, "--to-date", last)
        self.run(
            "airflow", "backfill", "create", "--dag-id", dag_id, *between, "--max-active-runs", "1", *options
        )

    def runs(self, dag_id: str = "~") -> list[dict[str, Any]]:
        """Airflow's runs, as its page shows them."""
        found: list[dict[str, Any]] = self.get(f"/api/v2/dags/{dag_id}/dagRuns?limit=500")["dag_runs"]
        return found

    def get(self, path: str) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORT}{path}", headers={"Authorization": f"Bearer {self._token()}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def _token(self) -> str:
        password = json.loads((self.home / "passwords.json").read_text("utf-8"))["operator"]
        login = json.dumps({"username": "operator", "password": password}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORT}/auth/token", data=login, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return str(json.load(answer)["access_token"])

    def logs(self) -> Iterator[Path]:
        """Every file that the cluster wrote beside the tables and its secrets."""
        kept = {self.sent, self.truth, self.home / "s3", self.home / "secrets"}
        for path in self.home.rglob("*"):
            if path.is_file() and not kept & set(path.parents):
                yield path

    @property
    def _env(self) -> dict[str, str]:
        return {**os.environ, "POPBASE_CLUSTER": str(self.home), "POPBASE_CLUSTER_PORT": str(PORT)}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    # Not below pytest's own folder: another run of pytest closes that to PostgreSQL, which is another user.
    with tempfile.TemporaryDirectory(prefix="popbase-cluster-") as home:
        own = Cluster(Path(home))
        own.manage("start")
        with pytest.MonkeyPatch.context() as environ:
            for name, value in own.environment.items():
                if name.startswith("AWS_"):
                    environ.setenv(name, value)
            yield own
        own.manage("stop")


def wait_until(what: Callable[[], bool], *, seconds: float, every: float = 3) -> None:
    """Looks every few seconds; fails when the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if what():
                return
        except (urllib.error.URLError, ConnectionError):  # a page may be away while a part starts again
            pass
        time.sleep(every)
    pytest.fail(f"not within {seconds:.0f} s")
