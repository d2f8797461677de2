"""A real S3 store on loopback, for the tests of this folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRET = "made-up-secret-of-the-tests"  # noqa: S105 - opens nothing but the store that is started here


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty bucket, which this process and those it starts find by AWS's own variables."""
    home, port = tmp_path_factory.mktemp("s3"), _eight_free_ports()
    address = f"http://127.0.0.1:{port}"
    with pytest.MonkeyPatch.context() as environ, (home / "log").open("wb") as log:
        environ.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        environ.setenv("AWS_ACCESS_KEY_ID", "popbase")
        environ.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        environ.setenv("AWS_ENDPOINT_URL", address)
        environ.setenv("AWS_REGION", "us-east-1")
        environ.setenv("AWS_ALLOW_HTTP", "true")
        command = [ROOT / "infra/cluster/s3.sh", home / "data", str(port)]
        with subprocess.Popen(command, stdout=log, stderr=log) as server:
            _wait(f"{address}/status", server)
            yield "s3a://tests"
            server.kill()  # it would take its time, for data that nobody needs


@pytest.fixture
def bucket(s3: str, request: pytest.FixtureRequest) -> str:
    """A folder of the bucket for one test alone."""
    return f"{s3}/{request.node.name.partition('[')[0]}"


def _eight_free_ports() -> int:
    """The first of eight in a row; other runs of these tests begin their search elsewhere."""
    for first in range(21_000 + os.getpid() % 1000 * 8, 31_000, 8):
        if all(_is_free(port) for port in range(first, first + 8)):
            return first
    pytest.fail("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) != 0


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - loopback
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
        else:
            return
    pytest.fail("the S3 store did not start")
